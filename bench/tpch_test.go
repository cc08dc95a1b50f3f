package bench

import (
	"testing"
	"time"

	"htapdb/bench/tpch"
	"htapdb/internal/testutil"
)

// notYet are the queries that cannot run, by name; at most three.
var notYet = map[string]string{}

// Every TPC-H query gives the published answer by the row path, by the column
// path and under every configuration of the matrix. (That DuckDB gives the same
// answers on the same rows is checked in internal/testutil/duckdb.)
func TestTPCH(t *testing.T) {
	sf := 0.01
	answers, err := tpch.Answers(testutil.Shared(t, "tpch", "answers"), sf)
	if err != nil {
		t.Fatal(err)
	}
	_, s := openEngine(t, "")
	loadTPCH(t, s, sf)
	if len(notYet) > 3 {
		t.Errorf("%d queries are left out", len(notYet))
	}
	for _, c := range matrix {
		c.configure(t, s)
		for _, q := range tpch.Queries() {
			if why, ok := notYet[q.Name]; ok {
				t.Logf("%s is left out: %s", q.Name, why)
				continue
			}
			start := time.Now()
			rows, err := query(s, q.SQL)
			if err != nil {
				t.Errorf("%s, %s: %v", q.Name, c.name, err)
				continue
			}
			if err := tpch.Compare(q, answers[q.Name], rows); err != nil {
				t.Errorf("%s, %s: %v", q.Name, c.name, err)
			}
			if testing.Verbose() {
				t.Logf("%s, %s: %d rows in %v", q.Name, c.name, len(rows), time.Since(start).Round(10*time.Microsecond))
			}
		}
	}
	exec(t, s, "RESET ALL")
	for _, table := range tpch.Tables() {
		rows, err := query(s, "CHECK TABLE "+table.Name)
		if err != nil || rows[0][3] != "ok" {
			t.Errorf("CHECK TABLE %s: %v %v", table.Name, rows, err)
		}
	}
}
