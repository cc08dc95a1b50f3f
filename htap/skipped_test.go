package htap

import "testing"

// What volatile functions below a LIMIT with an OFFSET are computed for: all rows up
// to the last one, whether the limit is a constant or a parameter, and whether the
// function is in the query or below it.
func TestVolatileBelowOffset(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE SEQUENCE s; CREATE TABLE t AS SELECT i FROM generate_series(1, 3000) AS g(i)")
	next := func() (n int64) {
		t.Helper()
		rows, err := s.Query(t.Context(), "SELECT nextval('s')")
		if err != nil || !rows.Next() {
			t.Fatal(err)
		}
		n = rows.Datum(0).Int()
		_ = rows.Close()
		return n
	}
	const late = "SELECT nextval('s') - $1, i FROM t ORDER BY i LIMIT $2 OFFSET $3"
	const below = "SELECT n - $1, i FROM (SELECT nextval('s') AS n, i FROM t ORDER BY i) x LIMIT "
	for _, q := range []struct {
		sql  string
		args []any
		want string
		runs int64
	}{
		{late, []any{2, 3}, "4|4\n5|5", 5},
		{late, []any{nil, 2998}, "2999|2999\n3000|3000", 3000},
		{late, []any{2, nil}, "1|1\n2|2", 2},
		{late, []any{int64(1<<63 - 1), 2999}, "3000|3000", 3000},
		{below + "2 OFFSET 3", nil, "4|4\n5|5", 5},
		{below + "$2 OFFSET $3", []any{2, 3}, "4|4\n5|5", 5},
	} {
		before := next()
		if got := queryText(t, s, q.sql, append([]any{before}, q.args...)...); got != q.want {
			t.Errorf("%s %v: %s, want %s", q.sql, q.args, got, q.want)
		}
		if runs := next() - before - 1; runs != q.runs {
			t.Errorf("%s %v: nextval ran %d times, want %d", q.sql, q.args, runs, q.runs)
		}
	}
}
