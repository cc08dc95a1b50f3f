//go:build unix

package olap

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"htapdb/sql/types"
	"htapdb/vector"
)

// BenchmarkWindowFrame slides frames of k rows over one partition.
func BenchmarkWindowFrame(b *testing.B) {
	const n = 3_000_000
	rng := rand.New(rand.NewPCG(1, 2))
	scan := newBenchTable([]types.Type{types.TInt4, types.TInt4, types.TNumeric(15, 2), types.TFloat8}, n, func(x *vector.Batch, i, row int) {
		x.Cols[0].I32[i], x.Cols[1].I32[i] = int32(row), rng.Int32N(1e6)
		x.Cols[2].I64[i], x.Cols[3].F64[i] = rng.Int64N(1e9), rng.Float64()
	})
	for _, a := range []struct {
		name string
		agg  AggSpec
	}{
		{"count", benchAgg(b, "count")}, {"sum(int)", benchAgg(b, "sum", col(scan, 1))}, {"sum(numeric)", benchAgg(b, "sum", col(scan, 2))},
		{"avg(int)", benchAgg(b, "avg", col(scan, 1))}, {"min(int)", benchAgg(b, "min", col(scan, 1))}, {"max(int)", benchAgg(b, "max", col(scan, 1))},
		{"sum(float8)", benchAgg(b, "sum", col(scan, 3))}, {"stddev(float8)", benchAgg(b, "stddev", col(scan, 3))},
	} {
		for _, k := range []int64{10, 100, 1000, 10_000, 100_000} {
			w := &Window{Input: scan, OrderBy: []SortKey{{Expr: col(scan, 0)}}, Funcs: []WindowFunc{{Agg: a.agg, Result: a.agg.Agg.Result,
				Frame: Frame{Mode: FrameRows, Start: Preceding, StartOffset: intLit(k), End: CurrentRow}}}}
			b.Run(fmt.Sprintf("agg=%s/k=%d", a.name, k), func(b *testing.B) {
				ex := &Exec{Workers: 2, Pool: testPool()}
				b.ReportAllocs()
				start := cpuTime()
				for b.Loop() {
					rows := 0
					if err := Run(b.Context(), w, ex, func(x *vector.Batch) error { rows += x.Rows(); return nil }); err != nil || rows != n {
						b.Fatal(rows, err)
					}
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
				b.ReportMetric(float64(cpuTime()-start)/float64(b.N)/n, "cpu-ns/row")
			})
		}
	}
}
