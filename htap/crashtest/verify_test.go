package crashtest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"htapdb/htap"
)

// verifier holds a reopened database against a promise.
type verifier struct {
	db       *htap.DB
	s        *htap.Session
	promise  promise
	state    [numWriters]int64
	problems []string
}

// verify returns the last transaction of each writer that is in the database,
// and what is wrong with it.
func verify(db *htap.DB, p promise) (state [numWriters]int64, problems []string) {
	v := &verifier{db: db, s: db.Session(context.Background()), promise: p}
	defer v.s.Close()
	v.progress()
	for _, w := range []int{kvWriter, heapWriter} {
		v.slots(w)
	}
	v.accounts()
	v.unique()
	v.identities()
	v.bulk()
	v.ddl()
	v.tables()
	return v.state, v.problems
}

func (v *verifier) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// read returns a query's rows in order, as text, by one route.
func (v *verifier) read(route, sql string, args ...any) ([]string, error) {
	if err := v.s.Set("htap.route", route); err != nil {
		return nil, err
	}
	rows, err := v.s.Query(context.Background(), sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []string{}
	for rows.Next() {
		var b strings.Builder
		for i, x := range rows.Values() {
			if i > 0 {
				b.WriteByte('|')
			}
			fmt.Fprint(&b, x)
		}
		out = append(out, b.String())
	}
	slices.Sort(out)
	return out, rows.Err()
}

// rows reads by both routes, which must agree.
func (v *verifier) rows(sql string, args ...any) []string {
	byRow, err := v.read("row", sql, args...)
	if err != nil {
		v.problem("%s by rows: %v", sql, err)
		return nil
	}
	byColumn, err := v.read("column", sql, args...)
	if err != nil {
		v.problem("%s by columns: %v", sql, err)
		return byRow
	}
	if !slices.Equal(byRow, byColumn) {
		v.problem("%s %v: the row store has\n  %s\nthe column store\n  %s", sql, args, brief(byRow), brief(byColumn))
	}
	return byRow
}

// brief shortens a long list for a message.
func brief(rows []string) string {
	more := ""
	if n := len(rows); n > 30 {
		rows, more = rows[:30], fmt.Sprintf(" … %d rows", n)
	}
	return strings.Join(rows, ", ") + more
}

// expect compares a query's rows, by both routes, with what has to be there.
func (v *verifier) expect(what string, want []string, sql string, args ...any) {
	got := v.rows(sql, args...)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		v.problem("%s: %s %v gives\n  %s\ninstead of\n  %s", what, sql, args, brief(got), brief(want))
	}
}

// progress reads the numbers that transactions of several statements leave.
func (v *verifier) progress() {
	half := map[int][2]int64{}
	for _, row := range v.rows(`SELECT writer, half, n FROM progress`) {
		var w, h int
		var n int64
		if _, err := fmt.Sscanf(row, "%d|%d|%d", &w, &h, &n); err != nil {
			v.problem("progress has a row %q", row)
			continue
		}
		pair := half[w]
		pair[h] = n
		half[w] = pair
	}
	for w := transferA; w < numWriters; w++ {
		pair, ok := half[w]
		n := pair[0]
		v.state[w] = n
		switch least, most := v.promise.Least[w], v.promise.Most[w]; {
		case !ok:
			v.problem("writer %d has lost its progress", w)
		case pair[0] != pair[1]:
			v.problem("writer %d: a transaction is torn, its halves are %d and %d", w, pair[0], pair[1])
		case n < least:
			v.problem("writer %d: transaction %d was acknowledged, only %d are there", w, least, n)
		case n > most:
			v.problem("writer %d: transaction %d is there, only %d were tried", w, n, most)
		}
	}
}

// slots finds the last transaction of a single-row writer.
func (v *verifier) slots(w int) {
	sql := map[int]string{kvWriter: `SELECT id, v, pad FROM kv`, heapWriter: `SELECT slot, v, pad FROM heap`}[w]
	got := v.rows(sql)
	least, most := v.promise.Least[w], v.promise.Most[w]
	for n := most; n >= least; n-- {
		if slices.Equal(got, slotRows(n)) {
			v.state[w] = n
			return
		}
	}
	v.state[w] = least
	v.problem("writer %d: %s gives\n  %s\nwhich is no state between those after transactions %d and %d:\n  %s\n  %s",
		w, sql, brief(got), least, most, brief(slotRows(least)), brief(slotRows(most)))
}

// slotRows are the rows of a single-row writer after transaction n.
func slotRows(n int64) []string {
	rows := []string{}
	for m := max(n-slots+1, 1); m <= n; m++ {
		if slot, phase := cycle(m); phase != 3 {
			rows = append(rows, fmt.Sprintf("%d|%d|%s", slot, m, pad(m)))
		}
	}
	slices.Sort(rows)
	return rows
}

// accounts checks that no money was lost and that the history has no gap.
func (v *verifier) accounts() {
	v.expect("accounts", []string{fmt.Sprintf("%d|%d", accounts, accounts*balance)}, `SELECT count(*), sum(balance) FROM accounts`)
	for _, w := range []int{transferA, transferB} {
		n := v.state[w]
		want := []string{}
		for m := max(n-historyKept+1, 1); m <= n; m++ {
			want = append(want, fmt.Sprint(m))
		}
		v.expect("history", want, `SELECT n FROM history WHERE writer = $1`, w)
	}
}

// unique checks the table with secondary indexes, and the indexes against it.
func (v *verifier) unique() {
	n := v.state[uniqueWriter]
	want := []string{}
	labels, codes := map[string][]string{}, map[string][]string{}
	for id := max(n-uniqueKept+1, 1); id <= n; id++ {
		want = append(want, fmt.Sprintf("%d|%s|%s|%d", id, code(id, n), label(id, n), id))
		labels[label(id, n)] = append(labels[label(id, n)], fmt.Sprint(id))
		codes[code(id, n)] = append(codes[code(id, n)], fmt.Sprint(id))
	}
	v.expect("uniq", want, `SELECT id, code, label, v FROM uniq`)
	for id := max(n-uniqueKept-5, 1); id <= n+3; id++ {
		for _, k := range []string{code(id, id), code(id, id+5)} {
			v.expect("unique index", codes[k], `SELECT id FROM uniq WHERE code = $1`, k)
		}
	}
	for _, k := range []string{"N", "L0", "L1", "L2", "L3"} {
		v.expect("index", labels[k], `SELECT id FROM uniq WHERE label = $1`, k)
	}
	for id := max(n-uniqueKept-1, 1); id <= n+1; id++ {
		rows := []string{}
		if id > n-uniqueKept && id <= n {
			rows = append(rows, fmt.Sprint(id))
		}
		v.expect("index", rows, `SELECT id FROM uniq WHERE v = $1`, id)
	}
}

// identities checks how many rows each transaction with an identity column left.
func (v *verifier) identities() {
	n := v.state[identityWriter]
	want := []string{}
	for m := max(latest(n, 0, 5)-9, 1); m <= n; m++ {
		want = append(want, fmt.Sprintf("%d|%d", m, identities(m)))
	}
	v.expect("idents", want, `SELECT n, count(*) FROM idents GROUP BY n`)
}

// bulk checks that loads are all there or not at all.
func (v *verifier) bulk() {
	for table, column := range map[string]string{"bulk": "into_bulk", "pile": "into_pile"} {
		want := v.rows(`SELECT n, ` + column + ` FROM loads WHERE ` + column + ` > 0`)
		v.expect(table, want, `SELECT load, count(*) FROM `+table+` GROUP BY load`)
	}
	v.expect("bulk", nil, `SELECT load, count(*) FROM bulk GROUP BY load HAVING count(*) <> count(DISTINCT code) OR count(*) <> count(DISTINCT id)`)
	v.expect("changed rows of loads", v.rows(fmt.Sprintf(`SELECT n, %d FROM loads WHERE n %% 6 = 0`, ownRows)),
		`SELECT load, count(*) FROM bulk WHERE pad = $1 GROUP BY load`, ownPad)
	for _, row := range v.rows(`SELECT max(n) FROM loads WHERE into_bulk > 0`) {
		if row == "<nil>" {
			continue
		}
		v.expect("unique index of bulk", []string{row}, `SELECT load FROM bulk WHERE code = $1`, "c"+row+"-7")
	}
	if m := latest(v.state[bulkWriter], 4, 6); m > 0 {
		rows := madeRows(m)
		v.expect("made", []string{fmt.Sprintf("%d|%d|%d|%d", rows, m, m, rows*(rows+1)/2)}, `SELECT count(*), min(n), max(n), sum(a) FROM made`)
	}
}

// ddl checks which objects exist.
func (v *verifier) ddl() {
	n := v.state[ddlWriter]
	exists := func(what string, want bool, sql string) {
		rows, err := v.read("row", sql)
		if err != nil || len(rows) != 1 || (rows[0] == "1") != want {
			v.problem("after transaction %d of ddl: exists %s is %v (%v) instead of %v", n, what, rows, err, want)
		}
	}
	columns := `SELECT count(*) FROM information_schema.columns WHERE column_name = 'extra' AND table_name = `
	exists("shifty.extra", extraShifty(n), columns+`'shifty'`)
	exists("accounts.extra", extraAccounts(n), columns+`'accounts'`)
	exists("uniq_v", indexExists(n), `SELECT count(*) FROM pg_indexes WHERE indexname = 'uniq_v'`)
	exists("brief", briefExists(n), `SELECT count(*) FROM information_schema.tables WHERE table_name = 'brief'`)
	if _, err := v.read("row", `SELECT n FROM seen`); (err == nil) != viewExists(n) {
		v.problem("after transaction %d of ddl the view gives %v", n, err)
	}
	if extraAccounts(n) {
		v.expect("accounts.extra", []string{fmt.Sprint(accounts)}, `SELECT count(*) FROM accounts WHERE extra = 'seven'`)
	}
	if briefExists(n) {
		made := latest(n, 4, ddlSteps)
		v.expect("brief", []string{fmt.Sprintf("%d|%d", briefRows, made+briefRows)}, `SELECT count(*), max(n) FROM brief`)
		v.expect("index of brief", []string{"3"}, `SELECT id FROM brief WHERE n = $1`, made+3)
	}
	exists("line", modelExists(n), `SELECT count(*) FROM ml.models WHERE name = 'line'`)
	if modelExists(n) {
		made := latest(n, 1, ddlSteps)
		if n%ddlSteps >= 3 {
			made = latest(n, 3, ddlSteps)
		}
		v.expect("line", []string{"true"}, `SELECT abs(predict('line', x => 2) - $1) < 0.001`, 2*made)
	}
	if m := latest(n, 5, ddlSteps); m > 0 {
		v.expect("emptied", []string{fmt.Sprint(m)}, `SELECT n FROM emptied`)
	}
	k := v.state[shiftyWriter]
	sql, suffix := `SELECT n, v FROM shifty`, ""
	if extraShifty(n) {
		sql, suffix = `SELECT n, v, extra FROM shifty`, "|7"
	}
	want := []string{}
	for i := max(k-shiftyKept+1, 1); i <= k; i++ {
		want = append(want, fmt.Sprintf("%d|%d%s", i, shiftyValue(i, k), suffix))
	}
	v.expect("shifty", want, sql)
}

// tables runs CHECK TABLE on every table.
func (v *verifier) tables() {
	names, err := v.read("row", `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	if err != nil || len(names) < len(schema)-1 {
		v.problem("the tables are %v (%v)", names, err)
		return
	}
	rows, err := v.read("auto", `CHECK TABLE `+strings.Join(names, ", "))
	if err != nil || len(rows) != len(names) {
		v.problem("CHECK TABLE %v: %v (%v)", names, rows, err)
		return
	}
	for _, row := range rows {
		if part := strings.Split(row, "|"); part[3] != "ok" {
			v.problem("CHECK TABLE: %s", row)
		}
	}
}
