//go:build cgo

package bench

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"htapdb/bench/tpcds"
	"htapdb/htap"
	"htapdb/internal/testutil/duckdb"
)

// openTPCDS fills both engines from the Parquet files of the folder HTAPDB_TPCDS.
// Without the variable the test is skipped, also where others may not be: the
// data comes from a generator that is not the project's.
func openTPCDS(t testing.TB) (*htap.Session, *duckdb.DB) {
	t.Helper()
	dir := os.Getenv("HTAPDB_TPCDS")
	if dir == "" {
		t.Skip("skipped: HTAPDB_TPCDS names no folder with the tables of TPC-DS (CONTRIBUTING.md tells how to make one)")
	}
	_, s := openEngine(t, "")
	peer, err := duckdb.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := peer.Close(); err != nil {
			t.Error(err)
		}
	})
	// PostgreSQL's order of nulls and division of integers.
	statements := []string{"SET default_null_order = 'nulls_last_on_asc_first_on_desc'", "SET integer_division = true"}
	for _, table := range tpcds.Tables() {
		path, err := filepath.Abs(filepath.Join(dir, table+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		create := "CREATE TABLE " + table + " AS SELECT * FROM " + quoted(path)
		exec(t, s, create)
		statements = append(statements, create)
	}
	for _, sql := range statements {
		if err := peer.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return s, peer
}

// Every query of TPC-DS has the rows that DuckDB gives.
func TestTPCDS(t *testing.T) {
	s, peer := openTPCDS(t)
	for _, q := range tpcds.Queries() {
		t.Run(q.Name, func(t *testing.T) {
			want, err := peer.Query(t.Context(), q.Unlimited())
			if err != nil {
				t.Fatal(err)
			}
			got, err := query(s, q.Unlimited())
			if err != nil {
				t.Fatal(err)
			}
			if err := tpcds.Compare(q, want.Rows, got); err != nil {
				t.Error(err)
			}
		})
	}
}

// BenchmarkTPCDS runs the queries on both engines in turns, the same text on the
// same rows in one process, and reports the median time of each and their ratio.
// The last line has the geometric mean of the ratios and their largest.
func BenchmarkTPCDS(b *testing.B) {
	s, peer := openTPCDS(b)
	var ratios []float64
	for _, q := range tpcds.Queries() {
		b.Run("query="+q.Name, func(b *testing.B) {
			var own, peers []float64
			timed := func(run func() error) float64 {
				start := time.Now()
				if err := run(); err != nil {
					b.Fatal(err)
				}
				return float64(time.Since(start)) / 1e6
			}
			for b.Loop() {
				own = append(own, timed(func() error { _, err := query(s, q.SQL); return err }))
				peers = append(peers, timed(func() error { _, err := peer.Query(b.Context(), q.SQL); return err }))
			}
			ratio := median(own) / median(peers)
			b.ReportMetric(median(own), "htapdb-ms")
			b.ReportMetric(median(peers), "duckdb-ms")
			b.ReportMetric(ratio, "ratio")
			ratios = append(ratios, ratio)
		})
	}
	if len(ratios) < len(tpcds.Queries()) {
		return // a part was asked for
	}
	b.Run("all", func(b *testing.B) {
		sum := 0.0
		for _, r := range ratios {
			sum += math.Log(r)
		}
		for b.Loop() {
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(math.Exp(sum/float64(len(ratios))), "geomean-ratio")
		b.ReportMetric(slices.Max(ratios), "largest-ratio")
	})
}

// median returns the middle of values.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
