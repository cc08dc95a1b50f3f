//go:build unix

package olap

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"

	"golang.org/x/sys/unix"
)

// cpuTime is the processor time of this process so far.
func cpuTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bench runs plan on the calling goroutine and, if workers > 1, in a pool.
func bench(b *testing.B, plan Node, rows, wantRows int) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			ex := &Exec{Workers: workers, Pool: testPool()}
			b.ReportAllocs()
			start := cpuTime()
			for b.Loop() {
				got := 0
				err := Run(context.Background(), plan, ex, func(x *vector.Batch) error { got += x.Rows(); return nil })
				if err != nil || got != wantRows {
					b.Fatalf("%d rows, want %d, error %v", got, wantRows, err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			// Unlike the line above, this is hardly disturbed by other processes.
			b.ReportMetric(float64(cpuTime()-start)/float64(b.N)/float64(rows), "cpu-ns/row")
		})
	}
}

func benchAgg(b *testing.B, name string, args ...fn.Expr) AggSpec { return agg(b, name, args...) }

func BenchmarkFilterSum(b *testing.B) {
	const n = 1 << 20
	scan := newBenchTable([]types.Type{types.TInt4, types.TInt8}, n, func(x *vector.Batch, i, row int) {
		x.Cols[0].I32[i], x.Cols[1].I64[i] = int32(row*7919%1000), int64(row)
	})
	f := &Filter{Input: scan, Pred: call(b, "<", col(scan, 0), &fn.Literal{Value: types.NewInt32(300), Typ: types.TInt4})}
	bench(b, &HashAggregate{Input: f, Aggs: []AggSpec{benchAgg(b, "sum", col(f, 1))}}, n, 1)
}

// BenchmarkFloatAgg aggregates three million doubles of 53 random bits: of all
// rows, of a third of them, and by 1000 groups.
func BenchmarkFloatAgg(b *testing.B) {
	const n = 3_000_000
	r := rand.New(rand.NewPCG(1, 2))
	scan := newBenchTable([]types.Type{types.TInt4, types.TFloat8}, n, func(x *vector.Batch, i, row int) {
		x.Cols[0].I32[i], x.Cols[1].F64[i] = int32(row*7919%1000), r.Float64()*1000
	})
	third := &Filter{Input: scan, Pred: call(b, "<", col(scan, 0), &fn.Literal{Value: types.NewInt32(333), Typ: types.TInt4})}
	for _, name := range []string{"sum", "avg", "var_samp", "corr"} {
		args := []fn.Expr{col(scan, 1)}
		if name == "corr" {
			args = append(args, call(b, "+", col(scan, 0), col(scan, 1)))
		}
		b.Run(name+"/all", func(b *testing.B) {
			bench(b, &HashAggregate{Input: scan, Aggs: []AggSpec{benchAgg(b, name, args...)}}, n, 1)
		})
		b.Run(name+"/third", func(b *testing.B) {
			bench(b, &HashAggregate{Input: third, Aggs: []AggSpec{benchAgg(b, name, args...)}}, n, 1)
		})
		b.Run(name+"/groups=1000", func(b *testing.B) {
			bench(b, &HashAggregate{Input: scan, GroupBy: []fn.Expr{col(scan, 0)}, Aggs: []AggSpec{benchAgg(b, name, args...)}}, n, 1000)
		})
	}
}

func BenchmarkHashAgg(b *testing.B) {
	const n = 1 << 20
	for _, groups := range []int{4, 1000, 100_000, 1 << 20} {
		scan := newBenchTable([]types.Type{types.TInt8, types.TInt8}, n, func(x *vector.Batch, i, row int) {
			k := int64(uint32(row*2654435761) % uint32(groups))
			x.Cols[0].I64[i], x.Cols[1].I64[i] = k*1_000_003, int64(row)
		})
		distinct := map[int64]bool{}
		for _, x := range scan.Source.(*benchTable).batches {
			for _, k := range x.Cols[0].I64 {
				distinct[k] = true
			}
		}
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			bench(b, &HashAggregate{Input: scan, GroupBy: []fn.Expr{col(scan, 0)},
				Aggs: []AggSpec{benchAgg(b, "sum", col(scan, 1)), benchAgg(b, "count")}}, n, len(distinct))
		})
	}
}

// BenchmarkClusteredAgg groups rows whose equal keys follow each other, as those
// of a table do that was written in the order of the key.
func BenchmarkClusteredAgg(b *testing.B) {
	const n, perGroup = 1 << 20, 4
	scan := newBenchTable([]types.Type{types.TInt8, types.TInt8}, n, func(x *vector.Batch, i, row int) {
		x.Cols[0].I64[i], x.Cols[1].I64[i] = int64(row/perGroup)*4, int64(row)
	})
	bench(b, &HashAggregate{Input: scan, GroupBy: []fn.Expr{col(scan, 0)},
		Aggs: []AggSpec{benchAgg(b, "sum", col(scan, 1)), benchAgg(b, "count")}}, n, n/perGroup)
}

// BenchmarkDictAgg groups by two dictionary columns, as TPC-H's first query does.
func BenchmarkDictAgg(b *testing.B) {
	const n = 1 << 20
	dict := vector.New(types.TText, 3)
	copy(dict.Str, []string{"A", "N", "R"})
	id := vector.NewDictID()
	scan := newBenchTable([]types.Type{types.TText, types.TText, types.TInt8}, n, func(x *vector.Batch, i, row int) {
		if i == 0 {
			for c := range 2 {
				x.Cols[c] = vector.NewDict(dict, id, make([]uint32, x.Len), nil)
			}
		}
		x.Cols[0].Codes[i], x.Cols[1].Codes[i], x.Cols[2].I64[i] = uint32(row%3), uint32(row/3%2), int64(row)
	})
	bench(b, &HashAggregate{Input: scan, GroupBy: []fn.Expr{col(scan, 0), col(scan, 1)},
		Aggs: []AggSpec{benchAgg(b, "sum", col(scan, 2)), benchAgg(b, "count")}}, n, 6)
}

func BenchmarkStringAgg(b *testing.B) {
	const n, groups = 1 << 20, 10_000
	keys := make([]string, groups)
	for i := range keys {
		keys[i] = fmt.Sprintf("Customer#%09d", i)
	}
	scan := newBenchTable([]types.Type{types.TText, types.TInt8}, n, func(x *vector.Batch, i, row int) {
		x.Cols[0].Str[i], x.Cols[1].I64[i] = keys[uint32(row*2654435761)%groups], int64(row)
	})
	bench(b, &HashAggregate{Input: scan, GroupBy: []fn.Expr{col(scan, 0)}, Aggs: []AggSpec{benchAgg(b, "sum", col(scan, 1))}}, n, groups)
}

func BenchmarkHashJoin(b *testing.B) {
	const n = 1 << 20
	for _, build := range []int{1000, 100_000, 1 << 20} {
		for _, keys := range []string{"dense", "sparse"} {
			factor := int64(1)
			if keys == "sparse" {
				factor = 1_000_003
			}
			cols := []types.Type{types.TInt8, types.TInt8}
			right := newBenchTable(cols, build, func(x *vector.Batch, i, row int) {
				x.Cols[0].I64[i], x.Cols[1].I64[i] = int64(row)*factor, int64(row)
			})
			left := newBenchTable(cols, n, func(x *vector.Batch, i, row int) {
				x.Cols[0].I64[i], x.Cols[1].I64[i] = int64(uint32(row*2654435761)%uint32(build))*factor, int64(row)
			})
			j := &HashJoin{Probe: left, Build: right, ProbeKeys: []fn.Expr{col(left, 0)}, BuildKeys: []fn.Expr{col(right, 0)}, ProbeOut: []int{1}, BuildOut: []int{1}}
			b.Run(fmt.Sprintf("build=%d/keys=%s", build, keys), func(b *testing.B) {
				bench(b, &HashAggregate{Input: j, Aggs: []AggSpec{benchAgg(b, "sum", col(j, 1))}}, n+build, 1)
			})
		}
	}
}

func BenchmarkSort(b *testing.B) {
	const n = 1 << 20
	rng := rand.New(rand.NewPCG(1, 1))
	scan := newBenchTable([]types.Type{types.TInt8, types.TText, types.TFloat8}, n, func(x *vector.Batch, i, row int) {
		x.Cols[0].I64[i], x.Cols[1].Str[i], x.Cols[2].F64[i] = rng.Int64N(1e12), fmt.Sprintf("Customer#%09d", rng.IntN(1e9)), rng.Float64()
	})
	for c, name := range []string{"int8", "text", "float8"} {
		b.Run("key="+name, func(b *testing.B) {
			bench(b, &Sort{Input: scan, Keys: []SortKey{{Expr: col(scan, c)}}}, n, n)
		})
	}
	b.Run("top=100", func(b *testing.B) {
		bench(b, &TopN{Input: scan, Keys: []SortKey{{Expr: col(scan, 0)}}, Count: intLit(100)}, n, 100)
	})
}

// BenchmarkPoint is what the executor adds to a statement that touches one row.
func BenchmarkPoint(b *testing.B) {
	scan := newBenchTable([]types.Type{types.TInt8, types.TText}, 1, func(x *vector.Batch, i, row int) { x.Cols[1].Str[i] = "x" })
	f := &Filter{Input: scan, Pred: call(b, "=", col(scan, 0), intLit(0))}
	plan := &Project{Input: f, Exprs: []fn.Expr{col(f, 1)}}
	for name, p := range map[string]Node{"scan": scan, "scan-project": &Project{Input: scan, Exprs: plan.Exprs}, "scan-filter-project": plan,
		"aggregate": &HashAggregate{Input: scan, GroupBy: []fn.Expr{col(scan, 1)}, Aggs: []AggSpec{benchAgg(b, "count")}},
		"sort":      &Sort{Input: scan, Keys: []SortKey{{Expr: col(scan, 0)}}},
		"join":      &HashJoin{Probe: scan, Build: scan, ProbeKeys: []fn.Expr{col(scan, 0)}, BuildKeys: []fn.Expr{col(scan, 0)}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ex := &Exec{Workers: 2, Pool: testPool()}
			for b.Loop() {
				if err := Run(ctx, p, ex, func(*vector.Batch) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestSteadyStateAllocations checks that a scan-filter-aggregate pipeline
// allocates nothing per batch.
func TestSteadyStateAllocations(t *testing.T) {
	plan := func(n int) (Node, *Exec) {
		scan := newBenchTable([]types.Type{types.TInt4, types.TInt8}, n, func(x *vector.Batch, i, row int) {
			x.Cols[0].I32[i], x.Cols[1].I64[i] = int32(row%1000), int64(row)
		})
		f := &Filter{Input: scan, Pred: call(t, "<", col(scan, 0), &fn.Literal{Value: types.NewInt32(300), Typ: types.TInt4})}
		return &HashAggregate{Input: f, GroupBy: []fn.Expr{col(f, 0)}, Aggs: []AggSpec{agg(t, "sum", col(f, 1)), agg(t, "count")}}, &Exec{}
	}
	allocs := func(n int) float64 {
		p, ex := plan(n)
		return testing.AllocsPerRun(5, func() {
			if err := Run(context.Background(), p, ex, func(*vector.Batch) error { return nil }); err != nil {
				t.Fatal(err)
			}
		})
	}
	few, many := allocs(10*vector.MaxBatch), allocs(210*vector.MaxBatch)
	if perBatch := (many - few) / 200; perBatch > 0.05 {
		t.Errorf("%.2f allocations per batch (%v for 10 batches, %v for 210)", perBatch, few, many)
	}
}
