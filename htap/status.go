package htap

import (
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/htap/setting"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Status is what the status page and the metrics show.
type Status struct {
	// Version is the program's version, StartMicros when the database was
	// opened, in µs since 1970.
	Version     string
	StartMicros int64
	Tables      []TableStatus
	// LagMicros is how far the columns are behind the visible timestamp now.
	LagMicros int64
	// Counters are monotonic, by Prometheus-like name: commits_total, queries_total …
	Counters map[string]float64
	// Gauges are current values by name: memory_used_bytes, sessions …
	Gauges map[string]float64
}

// TableStatus describes one table.
type TableStatus struct {
	Name string
	Rows int64
	// State is that of the columns: building, live, detached, rebuilding.
	State string
	// Reason says why a table is detached.
	Reason      string
	LagMicros   int64
	DeltaRows   int64
	Segments    int
	ColumnBytes int64
}

// counters count what sessions do.
type counters struct {
	commits, rollbacks       atomic.Uint64
	queries, writes, utility atomic.Uint64
	plans                    atomic.Uint64
	waits, waitNanos         atomic.Uint64
	waitMu                   sync.Mutex
	recentWaits              []time.Duration // of the last waitSamples waits
	nextWait                 int
	errorsMu                 sync.Mutex
	errors                   map[string]uint64 // by SQLSTATE class
}

func (c *counters) transaction(committed bool) {
	if committed {
		c.commits.Add(1)
	} else {
		c.rollbacks.Add(1)
	}
}

func (c *counters) statement(stmt parser.Stmt, _ time.Duration, err error) {
	switch stmt.(type) {
	case *parser.SelectStmt:
		c.queries.Add(1)
	case *parser.InsertStmt, *parser.UpdateStmt, *parser.DeleteStmt:
		c.writes.Add(1)
	default:
		c.utility.Add(1)
	}
	if err == nil {
		return
	}
	c.errorsMu.Lock()
	defer c.errorsMu.Unlock()
	if c.errors == nil {
		c.errors = map[string]uint64{}
	}
	c.errors[string(sqlstate.CodeOf(err))[:2]]++
}

// waited notes a wait for fresh columns.
func (c *counters) waited(d time.Duration) {
	c.waits.Add(1)
	c.waitNanos.Add(uint64(d))
	c.waitMu.Lock()
	defer c.waitMu.Unlock()
	if len(c.recentWaits) < waitSamples {
		c.recentWaits = append(c.recentWaits, d)
		return
	}
	c.recentWaits[c.nextWait] = d
	c.nextWait = (c.nextWait + 1) % waitSamples
}

// waitSamples is how many recent waits Waits returns.
const waitSamples = 8192

// Waits returns how long recent scans waited for the columns to reach their
// snapshot; scans that did not have to wait are not among them.
func (db *DB) Waits() []time.Duration {
	db.counts.waitMu.Lock()
	defer db.counts.waitMu.Unlock()
	return append([]time.Duration(nil), db.counts.recentWaits...)
}

// Status returns the current figures; of a closed database there are none.
func (db *DB) Status() Status {
	if db.begin() != nil {
		return Status{Version: Version, StartMicros: db.started.UnixMicro()}
	}
	defer db.working.Done()
	rm := db.engine.Rows.Metrics()
	visible := db.engine.Rows.Visible()
	s := Status{Version: Version, StartMicros: db.started.UnixMicro(),
		LagMicros: lagMicros(uint64(visible), uint64(db.engine.Feed.Applied()))}
	c := &db.counts
	s.Counters = map[string]float64{
		"commits_total": float64(c.commits.Load()), "rollbacks_total": float64(c.rollbacks.Load()),
		"queries_total": float64(c.queries.Load()), "writes_total": float64(c.writes.Load()),
		"utility_statements_total": float64(c.utility.Load()), "plans_total": float64(c.plans.Load()),
		"freshness_waits_total": float64(c.waits.Load()), "freshness_wait_seconds_total": float64(c.waitNanos.Load()) / 1e9,
		"rows_written_total": float64(rm.RowsWritten), "rows_loaded_total": float64(rm.LoadedRows),
		"lock_waits_total": float64(rm.LockWaits), "deadlocks_total": float64(rm.Deadlocks),
		"serialization_failures_total": float64(rm.SerializationFailures), "unique_violations_total": float64(rm.UniqueViolations),
		"syncs_total": float64(rm.Syncs), "sync_seconds_total": float64(rm.SyncWaitNanos) / 1e9,
		"feed_events_total": float64(db.engine.Feed.Events()), "versions_collected_total": float64(rm.Collected),
	}
	r := db.engine.Feed.Recovery()
	s.Counters["replayed_commits_total"], s.Counters["replayed_loads_total"] = float64(r.Replayed), float64(r.Reloaded)
	s.Counters["column_fills_total"], s.Counters["columns_shed_total"] = float64(r.Filled), float64(r.Shed)
	c.errorsMu.Lock()
	for class, n := range c.errors {
		s.Counters["errors_"+class+"_total"] = float64(n)
	}
	c.errorsMu.Unlock()
	db.mu.Lock()
	sessions := len(db.sessions)
	db.mu.Unlock()
	s.Gauges = map[string]float64{
		"memory_used_bytes": float64(db.memory.Used()), "memory_limit_bytes": float64(db.memory.Limit()),
		"sessions": float64(sessions), "locks_held": float64(rm.LocksHeld), "open_snapshots": float64(rm.OpenSnapshots),
		"row_store_bytes": float64(rm.DiskBytes), "row_cache_bytes": float64(rm.CacheBytes),
		"feed_lag_seconds": float64(s.LagMicros) / 1e6, "workers": float64(db.pool.Size()),
	}
	plans, bytes := db.plans.size()
	s.Gauges["plans_cached"], s.Gauges["plan_cache_bytes"] = float64(plans), float64(bytes)
	s.Tables = db.tableStatus(uint64(visible))
	return s
}

// lagMicros is the distance of two timestamps in µs, at least 0.
func lagMicros(ahead, behind uint64) int64 {
	if behind >= ahead {
		return 0
	}
	return int64((ahead - behind) >> timestampShift)
}

// tableStatus describes all tables of the newest catalog.
func (db *DB) tableStatus(visible uint64) []TableStatus {
	snap := db.engine.Rows.Snapshot()
	defer snap.Close()
	cat, err := db.engine.Catalog.At(snap)
	if err != nil {
		return nil
	}
	var out []TableStatus
	for _, t := range cat.Tables() {
		ts := TableStatus{Name: catalog.QualifiedName(t.Schema, t.Name), State: "building"}
		if ct, ok := db.engine.Feed.Columns().Table(t.StorageID); ok {
			state, reason := ct.State()
			ts.State, ts.Reason = state.String(), reason
			if state == colstore.Live {
				st := ct.Stats()
				ts.Rows, ts.DeltaRows, ts.Segments, ts.ColumnBytes = st.Rows, st.DeltaRows, st.Segments, st.Bytes
				ts.LagMicros = lagMicros(visible, ct.Safe())
			}
		}
		out = append(out, ts)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Lags returns how long recent commits took from commit to the columns.
func (db *DB) Lags() []time.Duration { return db.engine.Feed.Lags() }

// ResetLags forgets the lags and waits so far, for measurements.
func (db *DB) ResetLags() {
	db.engine.Feed.ResetLags()
	db.counts.waitMu.Lock()
	defer db.counts.waitMu.Unlock()
	db.counts.recentWaits = nil
}

// infoVars are what information functions read. The map is
// made again after a setting has changed, and for each statement if the schemas
// of search_path may come and go; else statements share it.
func (s *Session) infoVars(cat *catalog.Snapshot) map[string]string {
	if s.info != nil {
		return s.info
	}
	path := s.pathWithSystem(cat)
	quoted := make([]string, len(path))
	for i, schema := range path {
		quoted[i] = types.QuoteArrayElement(schema)
	}
	info := map[string]string{
		"current_user": setting.User, "session_user": setting.User, "user": setting.User, "current_role": setting.User,
		"current_database": "htap", "current_catalog": "htap",
		fn.SchemasVar: strings.Join(quoted, ","), "version": "PostgreSQL " + setting.ServerVersion,
		"pg_backend_pid": strconv.FormatUint(s.id, 10),
	}
	if len(path) > 0 {
		info["current_schema"] = path[0]
	}
	if setting.SearchPath.Get(&s.vars).Default {
		s.info = info
	}
	return info
}

// pathWithSystem is the search path with those of the system's schemas that it
// names; what stands first is what current_schema is.
func (s *Session) pathWithSystem(cat *catalog.Snapshot) []string {
	var out []string
	for _, schema := range setting.SearchPath.Get(&s.vars).Schemas {
		known := cat.HasSchema(schema) || catalog.IsSystemSchema(schema) && schema != setting.User
		if known && !slices.Contains(out, schema) {
			out = append(out, schema)
		}
	}
	return out
}

// tags are the command tags by statement; %d is the number of rows.
var tags = map[reflect.Type]string{
	reflect.TypeFor[*parser.SelectStmt](): "SELECT %d",
	reflect.TypeFor[*parser.InsertStmt](): "INSERT 0 %d",
	reflect.TypeFor[*parser.UpdateStmt](): "UPDATE %d",
	reflect.TypeFor[*parser.DeleteStmt](): "DELETE %d",
}

// commandTag is PostgreSQL's tag of a planned statement.
func commandTag(stmt parser.Stmt, n int64) string {
	return strings.Replace(tags[reflect.TypeOf(stmt)], "%d", strconv.FormatInt(n, 10), 1)
}
