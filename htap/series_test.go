package htap

import (
	"context"
	"testing"
)

// A series comes in its order without an ORDER BY, also through filters and joins
// that it is the larger side of.
func TestSeriesInOrder(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "SET htap.workers = 4")
	for _, sql := range []string{
		"SELECT g FROM generate_series(1, 100000) AS x(g)",
		"SELECT g + 0 FROM generate_series(1, 100000) AS x(g) WHERE g % 7 < 5",
		"SELECT g FROM generate_series(1, 100000) AS x(g) JOIN (VALUES (1), (2)) AS y(v) ON g % 3 = v",
	} {
		rows, err := s.Query(context.Background(), sql)
		if err != nil {
			t.Fatal(err)
		}
		last, n := int64(0), 0
		for rows.Next() {
			g := rows.Datum(0).Int()
			if g <= last {
				t.Fatalf("%s: %d after %d", sql, g, last)
			}
			last = g
			n++
		}
		if err := rows.Err(); err != nil || n < 60_000 {
			t.Fatalf("%s: %d rows, %v", sql, n, err)
		}
	}
}
