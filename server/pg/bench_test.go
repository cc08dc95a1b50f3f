package pg

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// BenchmarkPoint measures a round trip of SELECT by primary key over loopback:
// prepared, the allocations are those of client and server together.
func BenchmarkPoint(b *testing.B) {
	_, addr := startEngine(b, Options{})
	c := dialPgx(b, addr, pgx.QueryExecModeExec)
	mustExec(b, c, "CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT)", "INSERT INTO t SELECT g, g FROM generate_series(1, 100000) AS x(g)")
	raw := c.PgConn()
	if _, err := raw.Prepare(b.Context(), "p", "SELECT v FROM t WHERE id = $1", nil); err != nil {
		b.Fatal(err)
	}
	param := [][]byte{[]byte("777")}
	b.Run("prepared", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if res := raw.ExecPrepared(b.Context(), "p", param, nil, nil).Read(); res.Err != nil || len(res.Rows) != 1 {
				b.Fatal(res.Err)
			}
		}
	})
	b.Run("simple", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			res, err := raw.Exec(b.Context(), fmt.Sprintf("SELECT v FROM t WHERE id = %d", 1+i%100000)).ReadAll()
			if err != nil || len(res[0].Rows) != 1 {
				b.Fatal(err)
			}
		}
	})
	b.Run("nothing", func(b *testing.B) { // the floor: an empty query
		b.ReportAllocs()
		for b.Loop() {
			if _, err := raw.Exec(b.Context(), ";").ReadAll(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkStream measures a large result in both formats.
func BenchmarkStream(b *testing.B) {
	_, addr := startEngine(b, Options{})
	c := dialPgx(b, addr, pgx.QueryExecModeExec)
	raw := c.PgConn()
	const rows = 1_000_000
	for _, format := range []int16{formatText, formatBinary} {
		b.Run(fmt.Sprintf("format=%d", format), func(b *testing.B) {
			for b.Loop() {
				r := raw.ExecParams(b.Context(), "SELECT g, g * 2 AS h FROM generate_series(1, 1000000) AS x(g)", nil, nil, nil, []int16{format})
				n := 0
				for r.NextRow() {
					n++
				}
				if _, err := r.Close(); err != nil || n != rows {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
