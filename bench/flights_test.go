//go:build cgo

package bench

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/htap"
	"htapdb/internal/testutil"
	"htapdb/internal/testutil/duckdb"
)

// flightsFile is the path of the 3 million flights.
func flightsFile(t testing.TB) string { return testutil.Shared(t, "data", "flights-3m.parquet") }

// quoted is a SQL string literal.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// importFlights fills the engine's table from the file.
func importFlights(t testing.TB, s *htap.Session) {
	t.Helper()
	exec(t, s, "CREATE TABLE flights AS SELECT * FROM "+quoted(flightsFile(t)))
}

// flightQueries run on both engines with the same text.
var flightQueries = []struct{ name, sql string }{
	{"FilteredSum", "SELECT sum(distance) FROM flights WHERE delay BETWEEN 15 AND 60"},
	{"GroupedAggregate", "SELECT origin, count(*) AS n, sum(delay) AS delay, avg(distance) AS distance FROM flights GROUP BY origin ORDER BY origin"},
	{"TwoKeys", "SELECT origin, destination, count(*) AS n FROM flights GROUP BY origin, destination ORDER BY n DESC, origin, destination LIMIT 10"},
	{"ByDay", "SELECT date_trunc('day', date) AS day, count(*) AS n, max(delay) AS worst FROM flights WHERE origin = 'ORD' GROUP BY 1 ORDER BY 1"},
	{"Like", "SELECT count(*) FROM flights WHERE origin LIKE 'S%' AND delay > 0"},
	{"TopN", "SELECT date, origin, destination, delay FROM flights ORDER BY delay DESC, date, origin, destination LIMIT 20"},
}

// Every query gives one answer on all 3 million flights by the row path, the
// column path and DuckDB over the same rows.
func TestFlights(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short leaves out 3 million rows")
	}
	_, s := openEngine(t, "")
	importFlights(t, s)
	peer := openPeer(t)
	for _, q := range flightQueries {
		want, err := peer.Query(t.Context(), q.sql)
		if err != nil {
			t.Fatalf("DuckDB, %s: %v", q.name, err)
		}
		for _, route := range []string{"row", "column", "auto"} {
			exec(t, s, "SET htap.route = '"+route+"'")
			got, err := query(s, q.sql)
			if err != nil {
				t.Errorf("%s, %s: %v", q.name, route, err)
				continue
			}
			if d := diff(got, want.Rows); d != "" {
				t.Errorf("%s, %s against DuckDB: %s", q.name, route, d)
			}
		}
	}
	exec(t, s, "RESET ALL")
	rows, err := query(s, "CHECK TABLE flights")
	if err != nil || rows[0][3] != "ok" || rows[0][1] != "3000000" {
		t.Errorf("CHECK TABLE: %v %v", rows, err)
	}
}

// openPeer returns DuckDB with the same flights in memory.
func openPeer(t testing.TB) *duckdb.DB {
	t.Helper()
	peer, err := duckdb.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := peer.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := peer.Exec(t.Context(), "CREATE TABLE flights AS SELECT * FROM read_parquet("+quoted(filepath.ToSlash(flightsFile(t)))+")"); err != nil {
		t.Fatal(err)
	}
	return peer
}

// BenchmarkFlights compares the queries with DuckDB in one process, in turns.
func BenchmarkFlights(b *testing.B) {
	_, s := openEngine(b, "")
	importFlights(b, s)
	peer := openPeer(b)
	for _, q := range flightQueries {
		want, err := peer.Query(b.Context(), q.sql)
		if err != nil {
			b.Fatal(err)
		}
		got, err := query(s, q.sql)
		if err != nil {
			b.Fatal(err)
		}
		if d := diff(got, want.Rows); d != "" {
			b.Fatalf("%s: %s", q.name, d)
		}
		b.Run(fmt.Sprintf("query=%s/engine=htapdb", q.name), func(b *testing.B) {
			for b.Loop() {
				if _, err := query(s, q.sql); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(3e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run(fmt.Sprintf("query=%s/engine=duckdb", q.name), func(b *testing.B) {
			for b.Loop() {
				if _, err := peer.Query(b.Context(), q.sql); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(3e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkImport reads the Parquet file into a new table, in both engines.
func BenchmarkImport(b *testing.B) {
	file := quoted(flightsFile(b))
	b.Run("engine=htapdb", func(b *testing.B) {
		_, s := openEngine(b, b.TempDir())
		for b.Loop() {
			if res := exec(b, s, "CREATE OR REPLACE TABLE flights AS SELECT * FROM "+file); res.RowsAffected != 3_000_000 {
				b.Fatal(res)
			}
		}
		b.ReportMetric(3e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("engine=duckdb", func(b *testing.B) {
		peer, err := duckdb.Open()
		if err != nil {
			b.Fatal(err)
		}
		defer peer.Close()
		for b.Loop() {
			if err := peer.Exec(b.Context(), "CREATE OR REPLACE TABLE flights AS SELECT * FROM read_parquet("+file+")"); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(3e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkCheckTable compares both copies of the flights.
func BenchmarkCheckTable(b *testing.B) {
	_, s := openEngine(b, "")
	importFlights(b, s)
	for b.Loop() {
		rows, err := query(s, "CHECK TABLE flights")
		if err != nil || rows[0][3] != "ok" || rows[0][1] != "3000000" {
			b.Fatal(rows, err)
		}
	}
	b.ReportMetric(3e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
