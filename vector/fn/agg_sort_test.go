package fn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

func never() error { return nil }

// sortDoubles orders as CompareFloat does, whatever the values have in common.
func TestSortDoubles(t *testing.T) {
	r := newRand(t)
	special := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), -math.NaN(), 5e-324, -5e-324, math.MaxFloat64}
	for name, value := range map[string]func(i int) float64{
		"any bits":   func(int) float64 { return math.Float64frombits(r.Uint64()) },
		"near":       func(int) float64 { return 1 + r.Float64() },
		"few":        func(int) float64 { return float64(r.IntN(3) - 1) },
		"same":       func(int) float64 { return 0.7 },
		"descending": func(i int) float64 { return -float64(i) },
		"special":    func(int) float64 { return special[r.IntN(len(special))] },
	} {
		for _, n := range []int{0, 1, 2, 1000, sortBlock, sortBlock + 1, 3*sortBlock + r.IntN(sortBlock)} {
			got := make([]float64, n)
			for i := range got {
				got[i] = value(i)
			}
			want := slices.Clone(got)
			slices.SortFunc(want, vector.CompareFloat)
			if err := sortDoubles(got, never); err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if vector.CompareFloat(got[i], want[i]) != 0 {
					t.Fatalf("%s, %d values: %v at %d, want %v", name, n, got[i], i, want[i])
				}
			}
		}
	}
}

// The aggregates that sort in the end look at the context on the way: a cancel does
// not wait for the sort of a whole group, whichever look it comes at.
func TestSortsAreCancelled(t *testing.T) {
	const n = 8 * sortBlock
	r := newRand(t)
	f := types.TFloat8
	scores, classes := vector.New(f, n), vector.New(f, n)
	for i := range n {
		scores.F64[i], classes.F64[i] = r.Float64(), float64(i%2)
	}
	for name, args := range map[string][]*vector.Vector{"median": {scores}, "roc_auc": {classes, scores}, "pr_auc": {classes, scores}} {
		agg, err := ResolveAggregate(name, vectorTypes(args))
		if err != nil {
			t.Fatal(err)
		}
		for _, cancelAt := range []int{1, 5, n / sortBlock, 2 * n / sortBlock} {
			looks := 0
			s := agg.NewState(&Context{Interrupted: func() bool {
				looks++
				return looks >= cancelAt
			}})
			s.Grow(1)
			if err := s.AddAll(args, nil, n); err != nil {
				t.Fatal(err)
			}
			if err := s.Finish(vector.New(f, 0), 0, 1); !sqlstate.Is(err, sqlstate.QueryCanceled) || looks != cancelAt {
				t.Errorf("%s, cancelled at look %d: %v after %d", name, cancelAt, err, looks)
			}
		}
	}
}

func BenchmarkSortDoubles(b *testing.B) {
	for _, n := range []int{1 << 12, 1 << 22} {
		values, scratch := make([]float64, n), make([]float64, n)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range values {
			values[i] = r.Float64()
		}
		for name, sort := range map[string]func(v []float64){
			"radix":  func(v []float64) { _ = sortDoubles(v, never) },
			"slices": slices.Sort[[]float64],
		} {
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				for b.Loop() {
					copy(scratch, values)
					sort(scratch)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/value")
				if !slices.IsSorted(scratch) {
					b.Error("not sorted")
				}
			})
		}
	}
}
