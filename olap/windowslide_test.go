package olap

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"htapdb/internal/memory"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// slidingAggregates are aggregates of each algebra over the columns of slidingTable.
func slidingAggregates(t testing.TB, scan *Scan) []AggSpec {
	sep := &fn.Literal{Value: types.NewString("-"), Typ: types.TText}
	return []AggSpec{
		agg(t, "count"), agg(t, "count", col(scan, 2)), agg(t, "sum", col(scan, 2)), agg(t, "avg", col(scan, 2)),
		agg(t, "sum", col(scan, 3)), agg(t, "avg", col(scan, 3)), agg(t, "bool_or", call(t, "<", col(scan, 2), int4(-80))),
		agg(t, "min", col(scan, 2)), agg(t, "max", col(scan, 5)), agg(t, "sum", col(scan, 4)), agg(t, "avg", col(scan, 4)),
		agg(t, "stddev", col(scan, 2)), agg(t, "corr", col(scan, 1), col(scan, 2)), agg(t, "first", col(scan, 5)),
		agg(t, "bit_xor", col(scan, 2)), agg(t, "median", col(scan, 2)), agg(t, "string_agg", col(scan, 5), sep),
	}
}

// slidingTable has n rows of partition, order, integer, numeric, double and text, in order.
func slidingTable(rng *rand.Rand, n, partition int) *Scan {
	cols := []types.Type{types.TInt4, types.TInt4, types.TInt4, types.TNumeric(38, 2), types.TFloat8, types.TText}
	part, order := int32(0), int32(0)
	return newBenchTable(cols, n, func(b *vector.Batch, i, row int) {
		if rng.IntN(partition) == 0 {
			part, order = part+1, 0
		}
		if rng.IntN(3) > 0 {
			order++
		}
		b.Cols[0].I32[i], b.Cols[1].I32[i] = part, order
		b.Cols[2].I32[i] = int32(rng.IntN(200) - 100)
		b.Cols[3].I128[i] = types.Int128From(rng.Int64N(1e6))
		if rng.IntN(50) == 0 { // two of them leave 128 bits
			b.Cols[3].I128[i] = types.Pow10(37)
			if rng.IntN(2) == 0 {
				b.Cols[3].I128[i] = b.Cols[3].I128[i].Neg()
			}
		}
		b.Cols[4].F64[i] = float64(rng.IntN(1000)) / 8
		if rng.IntN(100) == 0 {
			b.Cols[4].F64[i] = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[rng.IntN(3)]
		}
		b.Cols[5].Str[i] = string(rune('a' + rng.IntN(26)))
		for c := 2; c < 6; c++ {
			if rng.IntN(10) == 0 {
				b.Cols[c].SetNull(i)
			}
		}
	})
}

// wideFrame is a random frame of up to width rows or groups.
func wideFrame(rng *rand.Rand, width int) Frame {
	f := randomFrame(rng, true)
	if f.Mode != FrameRange {
		f.StartOffset, f.EndOffset = intLit(int64(rng.IntN(width+1))), intLit(int64(rng.IntN(width+1)))
	}
	return f
}

// TestSlidingFrames compares each aggregate over random frames that span
// batches with one that is fed each frame anew.
func TestSlidingFrames(t *testing.T) {
	checkGoroutines(t)
	const rows = 4500
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 7))
		scan := slidingTable(rng, rows, []int{5, 300, 3 * rows}[seed%3])
		w := &Window{Input: scan, PartitionBy: []fn.Expr{col(scan, 0)}, OrderBy: []SortKey{{Expr: col(scan, 1)}}}
		anew := &Window{Input: scan, PartitionBy: w.PartitionBy, OrderBy: w.OrderBy}
		for _, a := range slidingAggregates(t, scan) {
			if rng.IntN(3) == 0 {
				a.Filter = call(t, "<", col(scan, 2), int4(rng.Int32N(200)-100))
			}
			f := WindowFunc{Agg: a, Result: a.Agg.Result, Frame: wideFrame(rng, 100)}
			if a.Agg.Name == "median" || a.Agg.Name == "string_agg" {
				f.Frame = wideFrame(rng, 5)
			}
			w.Funcs = append(w.Funcs, f)
			plain := *a.Agg
			plain.Algebra = fn.Collects
			plain.IgnoresOrder = false
			f.Agg.Agg = &plain
			anew.Funcs = append(anew.Funcs, f)
		}
		run := func(w *Window, workers int) []row {
			ex := &Exec{Workers: workers, Pool: testPool(), Memory: memory.NewRoot(0)}
			got, err := result(w, ex)
			if err != nil || len(got) != rows || ex.Memory.Used() != 0 {
				t.Fatalf("seed %d: %d rows, %d bytes, %v", seed, len(got), ex.Memory.Used(), err)
			}
			return got
		}
		got, want := run(w, 1+int(seed%3)), run(anew, 1)
		for i := range got {
			for c := range got[i] {
				if !closeTo(got[i][c], want[i][c]) {
					f := w.Funcs[c-6]
					t.Fatalf("seed %d row %d: %s over %+v (filter %v): %v, want %v", seed, i, f.Agg.Agg.Name, f.Frame, f.Agg.Filter != nil, got[i][c], want[i][c])
				}
			}
		}
	}
}

// closeTo allows doubles to differ in their last digits.
func closeTo(a, b types.Datum) bool {
	if a.Physical() == types.PhysFloat64 && b.Physical() == types.PhysFloat64 {
		x, y := a.Float(), b.Float()
		return x == y || x != x && y != y || math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y), 1)
	}
	return key(row{a}) == key(row{b})
}

// countingState counts the rows and groups that go through states.
type countingState struct {
	fn.AggState
	n *atomic.Int64
}

// countingInverse is a countingState that is Inverse.
type countingInverse struct{ countingState }

func (s countingState) Add(groups []uint32, args []*vector.Vector, sel []int32, n int) error {
	s.n.Add(int64(len(groups)))
	return s.AggState.Add(groups, args, sel, n)
}

func (s countingState) AddAll(args []*vector.Vector, sel []int32, n int) error {
	fed := n
	if sel != nil {
		fed = len(sel)
	}
	s.n.Add(int64(fed))
	return s.AggState.AddAll(args, sel, n)
}

func (s countingInverse) Remove(groups []uint32, args []*vector.Vector, sel []int32, n int) error {
	s.n.Add(int64(len(groups)))
	return s.AggState.(fn.Inverse).Remove(groups, args, sel, n)
}

func (s countingState) Merge(other fn.AggState, from []int32, to []uint32) error {
	s.n.Add(int64(len(to)))
	switch o := other.(type) {
	case countingInverse:
		other = o.AggState
	case countingState:
		other = o.AggState
	}
	return s.AggState.Merge(other, from, to)
}

// The number of operations on states is linear in the rows, whatever the width
// of the frames: at most maxFrameOperations a row and range.
func TestFrameCostIsLinear(t *testing.T) {
	checkGoroutines(t)
	const maxFrameOperations = 8
	rng := rand.New(rand.NewPCG(1, 1))
	check := func(rows int64, excludes ...FrameExclusion) {
		scan := slidingTable(rng, int(rows), 3*int(rows))
		for _, a := range []AggSpec{
			agg(t, "count"), agg(t, "sum", col(scan, 2)), agg(t, "min", col(scan, 2)), agg(t, "stddev", col(scan, 2)), agg(t, "first", col(scan, 5)),
		} {
			for _, exclude := range excludes {
				for _, f := range framesOfWidths(10, rows/3, rows) {
					f.Exclude = exclude
					n := stateOperations(t, scan, a, f)
					if n > maxFrameOperations*rows*3 || n > maxFrameOperations*rows && exclude == ExcludeNoOthers {
						t.Errorf("%s over %+v: %d operations for %d rows", a.Agg.Name, f, n, rows)
					}
				}
			}
		}
	}
	check(10_000, ExcludeNoOthers, ExcludeCurrentRow, ExcludeGroup, ExcludeTies)
	check(3*minFramePiece, ExcludeNoOthers)
}

// framesOfWidths are frames that slide, grow and shrink.
func framesOfWidths(widths ...int64) (out []Frame) {
	for _, k := range widths {
		for _, mode := range []FrameMode{FrameRows, FrameGroups} {
			out = append(out,
				Frame{Mode: mode, Start: Preceding, StartOffset: intLit(k), End: CurrentRow},
				Frame{Mode: mode, Start: CurrentRow, End: Following, EndOffset: intLit(k)},
				Frame{Mode: mode, Start: UnboundedPreceding, End: Following, EndOffset: intLit(k)},
				Frame{Mode: mode, Start: Following, StartOffset: intLit(k), End: UnboundedFollowing})
		}
	}
	return out
}

// stateOperations counts the operations on states for an aggregate over frames.
func stateOperations(t *testing.T, scan *Scan, a AggSpec, frame Frame) int64 {
	t.Helper()
	var n atomic.Int64
	agg, counted := a.Agg, *a.Agg
	counted.NewState = func(ctx *fn.Context) fn.AggState {
		s := countingState{agg.NewState(ctx), &n}
		if agg.Algebra == fn.Inverts {
			return countingInverse{s}
		}
		return s
	}
	a.Agg = &counted
	w := &Window{Input: scan, PartitionBy: []fn.Expr{col(scan, 0)}, OrderBy: []SortKey{{Expr: col(scan, 1)}},
		Funcs: []WindowFunc{{Agg: a, Result: a.Agg.Result, Frame: frame}}}
	if err := Run(t.Context(), w, &Exec{}, func(*vector.Batch) error { return nil }); err != nil {
		t.Fatalf("%s over %+v: %v", agg.Name, frame, err)
	}
	return n.Load()
}

// A partition that is cut into pieces gives the same with any number of workers,
// and what its rows say.
func TestFramesOfALargePartition(t *testing.T) {
	checkGoroutines(t)
	const rows, k = 150_000, 500
	rng := rand.New(rand.NewPCG(3, 3))
	scan := newBenchTable([]types.Type{types.TInt4, types.TInt8, types.TFloat8}, rows, func(b *vector.Batch, i, row int) {
		b.Cols[0].I32[i], b.Cols[1].I64[i], b.Cols[2].F64[i] = int32(row), rng.Int64N(1e12), rng.NormFloat64()
	})
	w := &Window{Input: scan, OrderBy: []SortKey{{Expr: col(scan, 0)}}}
	for _, f := range []Frame{
		{Mode: FrameRows, Start: Preceding, StartOffset: intLit(k), End: CurrentRow},
		{Mode: FrameRows, Start: UnboundedPreceding, End: CurrentRow},
	} {
		for _, a := range []AggSpec{agg(t, "sum", col(scan, 1)), agg(t, "sum", col(scan, 2)), agg(t, "max", col(scan, 1))} {
			w.Funcs = append(w.Funcs, WindowFunc{Agg: a, Result: a.Agg.Result, Frame: f})
		}
	}
	w.Funcs = append(w.Funcs, WindowFunc{Kind: LastValue, Args: []fn.Expr{col(scan, 1)}, Result: types.TInt8,
		Frame: Frame{Mode: FrameRows, Start: Preceding, StartOffset: intLit(k), End: Preceding, EndOffset: intLit(1)}})
	var first []string
	for _, workers := range []int{1, 2, 3} {
		got, err := result(w, &Exec{Workers: workers, Pool: testPool()})
		if err != nil || len(got) != rows {
			t.Fatalf("%d rows, %v", len(got), err)
		}
		keys := keysOf(got, true)
		if first == nil {
			first = keys
			checkRunningSums(t, got, k)
		} else if d := difference(keys, first); d != "" {
			t.Fatalf("%d workers: %s", workers, d)
		}
	}
}

// checkRunningSums recomputes the sums of the integers, over k rows before and
// over all, and the value of the row before.
func checkRunningSums(t *testing.T, got []row, k int) {
	t.Helper()
	total := make([]int64, len(got)+1)
	for i, r := range got {
		total[i+1] = total[i] + r[1].Int()
		sum, all := r[3].Int128(), r[6].Int128()
		if want := types.Int128From(total[i+1] - total[max(0, i-k)]); sum != want || all != types.Int128From(total[i+1]) {
			t.Fatalf("row %d: %v and %v, want %v and %v", i, sum, all, want, total[i+1])
		}
		if i > 0 && r[9].Int() != got[i-1][1].Int() {
			t.Fatalf("row %d: last value %v, want %v", i, r[9], got[i-1][1])
		}
	}
}
