// The status page: reads api/status every second and shows it. Nothing is
// fetched from elsewhere.
"use strict";

const $ = id => document.getElementById(id);
const points = 120; // seconds of history
const maxTables = 500; // rows of the list
const series = { tps: [], qps: [], lag: [], memory: [] };
let last = null;
let sort = { key: "Name", down: false };
let tables = [];

// number formats n with at most one decimal when it is small.
const number = n => n.toLocaleString("en", { maximumFractionDigits: n < 10 && n % 1 ? 1 : 0 });

// scaled returns n in the largest fitting unit, as [text, unit].
function scaled(n, step, units) {
  let i = 0;
  while (n >= step && i < units.length - 1) { n /= step; i++; }
  return [n.toLocaleString("en", { maximumFractionDigits: n < 100 && n % 1 ? 1 : 0 }), units[i]];
}
const bytes = n => scaled(n, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
const micros = n => n < 1e6 ? scaled(n, 1000, ["µs", "ms"]) : scaled(n / 1e6, 1e9, ["s"]);
const seconds = s => s < 90 ? number(Math.floor(s)) + " s" : s < 5400 ? number(Math.round(s / 60)) + " min" : s < 172800 ? number(Math.round(s / 3600)) + " h" : number(Math.round(s / 86400)) + " days";

// draw shows a series as a line over an area; top is the value at the upper edge.
// A short history gets half a minute's width, not a corner of two.
function draw(id, values, top) {
  const step = points - 1, width = step / (Math.max(values.length, 30) - 1), x = i => (step - width * (values.length - 1 - i)).toFixed(2), y = v => 38 - 34 * Math.min(v / top, 1);
  const line = values.map((v, i) => x(i) + "," + y(v).toFixed(2)).join(" ");
  const svg = $(id);
  if (values.length < 2) { svg.replaceChildren(); return; }
  const shape = (name, className, coordinates) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", name);
    e.setAttribute("class", className);
    e.setAttribute("points", coordinates);
    return e;
  };
  svg.replaceChildren(
    shape("polygon", "area", x(0) + ",40 " + line + " " + step + ",40"),
    shape("polyline", "line", line));
}

// push adds a value to a series and draws it.
function push(name, value, top) {
  const s = series[name];
  s.push(value);
  if (s.length > points) s.shift();
  draw(name + "-line", s, top || Math.max(...s, 1e-9));
  return Math.max(...s);
}

// rates shows counters per second since the last answer.
function rates(counters, now) {
  const done = { tps: counters.commits_total, qps: counters.queries_total };
  if (last) {
    const dt = (now - last.now) / 1000;
    for (const k of ["tps", "qps"]) {
      const v = Math.max(0, (done[k] - last[k]) / dt);
      $(k).textContent = number(v);
      $(k + "-note").textContent = "peak " + number(push(k, v)) + " · " + number(done[k]) + " in all";
    }
  }
  last = { now, ...done };
}

// gauges shows lag and memory.
function gauges(s) {
  const set = (id, [text, unit]) => { $(id).textContent = text; $(id + "-unit").textContent = unit; };
  set("lag", micros(s.LagMicros));
  const waits = s.Counters.freshness_waits_total || 0, waited = s.Counters.freshness_wait_seconds_total || 0;
  $("lag-note").textContent = "peak " + micros(push("lag", s.LagMicros)).join(" ") + (waits ? " · " + number(waits) + " waits, " + micros(1e6 * waited / waits).join(" ") + " each" : "");
  const used = s.Gauges.memory_used_bytes, limit = s.Gauges.memory_limit_bytes;
  set("memory", bytes(used));
  push("memory", used, 1.3 * Math.max(used, ...series.memory));
  $("memory-note").textContent = number(100 * used / Math.max(limit, 1)) + " % of " + bytes(limit).join(" ");
}

// cell makes a table cell.
function cell(text, className) {
  const td = document.createElement("td");
  td.textContent = text;
  if (className) td.className = className;
  return td;
}

// row makes the row of a table.
function row(t) {
  const tr = document.createElement("tr"), state = cell("");
  const pill = document.createElement("span");
  pill.className = "pill " + t.State;
  pill.textContent = t.State;
  state.append(pill);
  if (t.Reason) {
    const reason = document.createElement("span");
    reason.className = "reason";
    reason.textContent = t.Reason;
    state.append(reason);
  }
  tr.append(cell(t.Name), state, cell(number(t.Rows), "num"), cell(number(t.DeltaRows), "num"), cell(number(t.Segments), "num"),
    cell(bytes(t.ColumnBytes).join(" "), "num"), cell(micros(t.LagMicros).join(" "), "num"));
  return tr;
}

// showTables lists the tables in the chosen order.
function showTables() {
  const { key, down } = sort;
  const order = (a, b) => typeof a[key] === "string" ? a[key].localeCompare(b[key]) : a[key] - b[key];
  const list = [...tables].sort((a, b) => (down ? -1 : 1) * order(a, b) || a.Name.localeCompare(b.Name));
  const rows = list.slice(0, maxTables).map(row);
  if (!rows.length || list.length > maxTables) {
    const tr = document.createElement("tr"), td = cell(rows.length ? "and " + number(list.length - maxTables) + " more" : "No tables yet.", "empty");
    td.colSpan = 7;
    tr.append(td);
    rows.push(tr);
  }
  $("tables").replaceChildren(...rows);
  $("tables-count").textContent = tables.length ? number(tables.length) + " · " + number(tables.reduce((n, t) => n + t.Rows, 0)) + " rows · " + bytes(tables.reduce((n, t) => n + t.ColumnBytes, 0)).join(" ") : "";
  for (const b of document.querySelectorAll("th button")) {
    const th = b.parentElement;
    if (b.dataset.key === key) th.setAttribute("aria-sort", down ? "descending" : "ascending");
    else th.removeAttribute("aria-sort");
  }
}

// shownTotals are the counters and gauges of the last section: label, value, and
// whether more than zero is a matter of concern.
function shownTotals(c, g) {
  const list = [
    ["Sessions", g.sessions], ["Row locks held", g.locks_held], ["Open snapshots", g.open_snapshots],
    ["Commits", c.commits_total], ["Rollbacks", c.rollbacks_total], ["Queries", c.queries_total], ["Writing statements", c.writes_total],
    ["Rows written", c.rows_written_total], ["Rows loaded", c.rows_loaded_total], ["Lock waits", c.lock_waits_total],
    ["Deadlocks", c.deadlocks_total, true], ["Serialization failures", c.serialization_failures_total],
    ["Log syncs", c.syncs_total], ["Wait for a sync", c.syncs_total ? micros(1e6 * c.sync_seconds_total / c.syncs_total).join(" ") : "–"],
    ["Row store", bytes(g.row_store_bytes || 0).join(" ")], ["Analytic workers", g.workers],
  ];
  for (const name of Object.keys(c).sort()) {
    const m = name.match(/^errors_(\w\w)_total$/);
    if (m) list.push(["Errors of class " + m[1], c[name], m[1] === "XX" || m[1] === "58"]);
  }
  return list.filter(([, value]) => value !== undefined);
}

function showTotals(s) {
  $("totals").replaceChildren(...shownTotals(s.Counters, s.Gauges).map(([label, value, concern]) => {
    const div = document.createElement("div"), dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = label;
    dd.textContent = typeof value === "number" ? number(value) : value;
    if (concern && value > 0) div.className = "bad";
    div.append(dt, dd);
    return div;
  }));
}

// tick asks for the status and shows it.
async function tick() {
  if (document.hidden) { last = null; return; }
  try {
    const answer = await fetch("api/status", { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.status + " " + answer.statusText);
    const s = await answer.json();
    rates(s.Counters, performance.now());
    gauges(s);
    tables = s.Tables || [];
    showTables();
    showTotals(s);
    $("version").textContent = s.Version;
    $("state").className = "state " + (s.Draining ? "down" : "up");
    const up = Date.now() / 1000 - s.StartMicros / 1e6;
    $("state-text").textContent = s.Draining ? "shutting down" : "up for " + seconds(Math.max(up, 0));
    $("state").title = "since " + new Date(s.StartMicros / 1000).toLocaleString();
  } catch (e) {
    last = null;
    $("state").className = "state down";
    $("state-text").textContent = "no answer: " + e.message;
  }
}

document.querySelector("thead").addEventListener("click", e => {
  const key = e.target.dataset.key;
  if (!key) return;
  sort = { key, down: sort.key === key ? !sort.down : key !== "Name" && key !== "State" };
  showTables();
});
(async () => { for (;;) { await tick(); await new Promise(done => setTimeout(done, 1000)); } })();
