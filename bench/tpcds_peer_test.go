//go:build cgo && unix

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

	"golang.org/x/sys/unix"
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
// same rows in one process, and reports the median time of each and their ratio,
// and that of the processor time, which other processes hardly disturb.
// The last line has the geometric mean of the ratios and their largest.
func BenchmarkTPCDS(b *testing.B) {
	s, peer := openTPCDS(b)
	var ratios []float64
	for _, q := range tpcds.Queries() {
		b.Run("query="+q.Name, func(b *testing.B) {
			var own, peers times
			for b.Loop() {
				own.add(b, func() error { _, err := query(s, q.SQL); return err })
				peers.add(b, func() error { _, err := peer.Query(b.Context(), q.SQL); return err })
			}
			ratio := median(own.wall) / median(peers.wall)
			b.ReportMetric(median(own.wall), "htapdb-ms")
			b.ReportMetric(median(peers.wall), "duckdb-ms")
			b.ReportMetric(ratio, "ratio")
			b.ReportMetric(median(own.cpu)/median(peers.cpu), "cpu-ratio")
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

// times are how long runs took, in milliseconds, and for how long of it processors
// were busy with this process.
type times struct{ wall, cpu []float64 }

// add times a run.
func (t *times) add(b *testing.B, run func() error) {
	start, busy := time.Now(), processorTime(b)
	if err := run(); err != nil {
		b.Fatal(err)
	}
	t.wall = append(t.wall, time.Since(start).Seconds()*1e3)
	t.cpu = append(t.cpu, (processorTime(b)-busy).Seconds()*1e3)
}

// processorTime is the processor time of this process so far.
func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// median returns the middle of values.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
