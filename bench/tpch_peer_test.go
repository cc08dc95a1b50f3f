//go:build cgo

package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"htapdb/bench/tpch"
	"htapdb/htap"
	"htapdb/internal/testutil/duckdb"
)

// tpchScale is the scale factor of BenchmarkTPCH: HTAPDB_TPCH_SF, or 0.1.
func tpchScale(b *testing.B) float64 {
	text := os.Getenv("HTAPDB_TPCH_SF")
	if text == "" {
		return 0.1
	}
	sf, err := strconv.ParseFloat(text, 64)
	if err != nil || sf <= 0 {
		b.Fatalf("HTAPDB_TPCH_SF is %q: it takes a scale factor such as 0.1 or 1", text)
	}
	return sf
}

// loadTPCHTwins fills both engines from the same files.
func loadTPCHTwins(b *testing.B, s *htap.Session, peer *duckdb.DB, sf float64) {
	b.Helper()
	for _, ddl := range tpch.DDL() {
		exec(b, s, ddl)
		if err := peer.Exec(b.Context(), ddl); err != nil {
			b.Fatal(err)
		}
	}
	for _, table := range tpch.Tables() {
		path := filepath.Join(b.TempDir(), table.Name+".csv")
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := tpch.WriteCSV(f, table.Name, sf); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		exec(b, s, "COPY "+table.Name+" FROM "+quoted(path)+" (FORMAT csv, HEADER true)")
		if err := peer.Exec(b.Context(), "COPY "+table.Name+" FROM "+quoted(path)+" (FORMAT csv, HEADER true)"); err != nil {
			b.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTPCH compares the 22 queries with DuckDB on the same rows in one
// process, in turns. Both answers are compared first.
func BenchmarkTPCH(b *testing.B) {
	sf := tpchScale(b)
	_, s := openEngine(b, "")
	peer, err := duckdb.Open()
	if err != nil {
		b.Fatal(err)
	}
	defer peer.Close()
	loadTPCHTwins(b, s, peer, sf)
	for _, q := range tpch.Queries() {
		want, err := peer.Query(b.Context(), q.SQL)
		if err != nil {
			b.Fatal(err)
		}
		got, err := query(s, q.SQL)
		if err != nil {
			b.Fatal(err)
		}
		if err := tpch.Compare(q, tpch.Answer{Rows: want.Rows}, got); err != nil {
			b.Errorf("%s: htapdb against DuckDB: %v", q.Name, err)
		}
		b.Run("query="+q.Name+"/engine=htapdb", func(b *testing.B) {
			for b.Loop() {
				if _, err := query(s, q.SQL); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("query="+q.Name+"/engine=duckdb", func(b *testing.B) {
			for b.Loop() {
				if _, err := peer.Query(b.Context(), q.SQL); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
