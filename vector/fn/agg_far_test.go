package fn

import (
	"fmt"
	"testing"

	"htapdb/sql/types"
	"htapdb/vector"
)

// slide gives the states of frames of width rows as a window makes them: each group
// is what its frame has more and less than the one before, then come running totals.
// As many rows as a batch has lie between two states; the last one's frame is empty.
func slide(t *testing.T, agg *Aggregate, args []*vector.Vector, width, batch int) []AggState {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatalf("%s%v: %v", agg.Name, agg.Args, err)
		}
	}
	n := args[0].Len
	carry := agg.state(1)
	var out []AggState
	for from := 0; from < n+width; from += batch {
		s, ok := agg.state(batch).(Inverse)
		if !ok {
			t.Fatalf("%s has no inverse", agg.Name)
		}
		must(s.Merge(carry, nil, []uint32{0}))
		for j := range batch {
			if row := from + j; row < n {
				must(s.Add([]uint32{uint32(j)}, args, []int32{int32(row)}, n))
			}
			if row := from + j - width; row >= 0 && row < n {
				must(s.Remove([]uint32{uint32(j)}, args, []int32{int32(row)}, n))
			}
		}
		for j := range batch - 1 {
			must(s.Merge(s, []int32{int32(j)}, []uint32{uint32(j + 1)}))
		}
		carry = agg.state(1)
		must(carry.Merge(s, []int32{int32(batch - 1)}, []uint32{0}))
		out = append(out, s)
	}
	return out
}

// A value that has no place beside the others makes the frames dear that it is in,
// and no frame behind them: the state has no far part then.
func TestFarPartLeavesTheWindow(t *testing.T) {
	const n, width, batch = 90, 7, 10
	r := newRand(t)
	for _, name := range []string{"sum", "avg", "stddev", "covar_pop", "regr_slope", "mae", "rmse"} {
		for _, odd := range []string{"NaN", "Infinity", "1e250", "-1e-280"} {
			for _, at := range []int{0, 1, 12, 39} {
				var args []*vector.Vector
				args = append(args, vector.New(types.TFloat8, n))
				agg, err := ResolveAggregate(name, vectorTypes(args))
				if err != nil {
					args = append(args, vector.New(types.TFloat8, n))
					if agg, err = ResolveAggregate(name, vectorTypes(args)); err != nil {
						t.Fatal(err)
					}
				}
				for _, v := range args {
					for i := range v.F64 {
						v.F64[i] = float64(r.IntN(2000)-1000) / 10
					}
				}
				v := args[r.IntN(len(args))]
				v.Set(at, column(t, types.TFloat8, odd).Datum(0))
				plain := agg.state(batch)
				states := slide(t, agg, args, width, batch)
				for i, s := range states {
					// The first group holds what the batch before carried on.
					if i*batch > at+width && s.Bytes() > plain.Bytes() {
						t.Fatalf("%s with %s in row %d: frames from row %d on have %d bytes, those without such a value %d",
							name, odd, at, i*batch, s.Bytes(), plain.Bytes())
					}
					for g := range batch {
						checkFrame(t, agg, args, s, g, i*batch+g, width)
					}
				}
			}
		}
	}
}

// checkFrame compares group g with the aggregate of the rows (row−width, row].
func checkFrame(t *testing.T, agg *Aggregate, args []*vector.Vector, s AggState, g, row, width int) {
	t.Helper()
	want, got := agg.state(1), agg.state(1)
	sel := []int32{}
	for i := max(0, row-width+1); i <= row && i < args[0].Len; i++ {
		sel = append(sel, int32(i))
	}
	if err := want.AddAll(args, sel, args[0].Len); err != nil {
		t.Fatal(err)
	}
	if err := got.Merge(s, []int32{int32(g)}, []uint32{0}); err != nil {
		t.Fatal(err)
	}
	checkSame(t, agg, fmt.Sprintf("frame of row %d", row), got, want, sameDatum)
}
