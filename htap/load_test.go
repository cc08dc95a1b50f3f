package htap

import (
	"strings"
	"testing"
)

// The first query after CREATE TABLE AS is planned for the columns: they were
// written with the rows.
func TestFirstQueryAfterLoad(t *testing.T) {
	_, s := openTest(t, "")
	for range 20 {
		mustExec(t, s, "CREATE TABLE loaded AS SELECT i, i % 7 AS k FROM generate_series(1, 100000) AS g(i)")
		if got := queryText(t, s, "EXPLAIN SELECT k, sum(i) FROM loaded GROUP BY k"); !strings.Contains(got, "Column Scan on loaded") {
			t.Fatal(got)
		}
		mustExec(t, s, "DROP TABLE loaded")
	}
}
