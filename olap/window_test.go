package olap

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

func int4(x int32) fn.Expr { return &fn.Literal{Value: types.NewInt32(x), Typ: types.TInt4} }

// TestWindow compares every window function, with random frames over random
// partitions, with the reference. The order is total where rows are counted.
func TestWindow(t *testing.T) {
	checkGoroutines(t)
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h := newHarness(t)
		cols := []types.Type{types.TInt4, types.TText, types.TInt8, types.TInt4}
		m := randomTable(rng, cols, 1+rng.IntN(120), 4, h.shape)
		for i, r := range m.rows {
			r[3] = types.NewInt32(int32(i)) // makes the order total
		}
		h.tables = append(h.tables, m)
		scan := &Scan{Source: m}
		total := []SortKey{{Expr: col(scan, 1), Desc: true}, {Expr: col(scan, 3)}}
		value := func(k WindowKind, args ...fn.Expr) WindowFunc {
			f := WindowFunc{Kind: k, Args: args, Frame: randomFrame(rng, true)}
			switch k {
			case RowNumber, Rank, DenseRank:
				f.Result = types.TInt8
			case PercentRank, CumeDist:
				f.Result = types.TFloat8
			case Ntile:
				f.Result = types.TInt4
			default:
				f.Result = args[0].Type()
			}
			return f
		}
		aggregate := func(s AggSpec, total bool) WindowFunc {
			if rng.IntN(3) == 0 {
				s.Filter = call(t, "<", col(scan, 3), int4(40))
			}
			return WindowFunc{Agg: s, Result: s.Agg.Result, Frame: randomFrame(rng, total)}
		}
		w := &Window{Input: scan, PartitionBy: []fn.Expr{col(scan, 0)}, OrderBy: total, Funcs: []WindowFunc{
			value(RowNumber), value(Rank), value(DenseRank), value(PercentRank), value(CumeDist),
			value(Ntile, int4(1+rng.Int32N(5))), value(Lag, col(scan, 1)), value(Lead, col(scan, 3), int4(2), int4(-1)),
			value(Lag, col(scan, 2), col(scan, 0)), value(FirstValue, col(scan, 1)), value(LastValue, col(scan, 3)),
			value(NthValue, col(scan, 2), int4(2)), aggregate(agg(t, "count"), true), aggregate(agg(t, "sum", col(scan, 3)), true),
			aggregate(agg(t, "min", col(scan, 1)), true), aggregate(agg(t, "first", col(scan, 1)), true), aggregate(agg(t, "median", col(scan, 3)), true),
			aggregate(agg(t, "bool_and", call(t, "<", col(scan, 0), int4(2))), true), aggregate(agg(t, "bit_or", col(scan, 3)), true), aggregate(agg(t, "string_agg", col(scan, 1), &fn.Literal{Value: types.NewString("-"), Typ: types.TText}), true),
		}}
		h.check("seed "+strconv.FormatUint(seed, 10), w, true)
		// With ties, only what does not count rows is determined.
		ties := &Window{Input: scan, PartitionBy: []fn.Expr{col(scan, 0)}, OrderBy: []SortKey{{Expr: col(scan, 1), NullsFirst: true}}, Funcs: []WindowFunc{
			value(Rank), value(DenseRank), value(PercentRank), value(CumeDist),
			aggregate(agg(t, "count"), false), aggregate(agg(t, "sum", col(scan, 3)), false), aggregate(agg(t, "max", col(scan, 2)), false),
		}}
		h.check("ties, seed "+strconv.FormatUint(seed, 10), ties, false)
		whole := &Window{Input: scan, Funcs: []WindowFunc{aggregate(agg(t, "sum", col(scan, 3)), false)}}
		h.check("no partitions", whole, false)
	}
}

// randomFrame returns a valid frame; without rows only frames of peers.
func randomFrame(rng *rand.Rand, rows bool) Frame {
	f := Frame{Mode: FrameMode(rng.IntN(3))}
	switch {
	case rng.IntN(2) == 0:
	case rows:
		f.Exclude = FrameExclusion(rng.IntN(4))
	default:
		f.Exclude = []FrameExclusion{ExcludeNoOthers, ExcludeGroup}[rng.IntN(2)]
	}
	if f.Mode == FrameRows && !rows {
		f.Mode = FrameGroups
	}
	if f.Mode == FrameRange {
		f.Start = []FrameBound{UnboundedPreceding, CurrentRow}[rng.IntN(2)]
		f.End = []FrameBound{UnboundedPreceding, CurrentRow, UnboundedFollowing}[rng.IntN(3)]
		return f
	}
	f.Start, f.End = FrameBound(rng.IntN(4)), CurrentRow+FrameBound(rng.IntN(3))
	if f.Start <= Preceding && rng.IntN(3) == 0 {
		f.End = Preceding
	}
	f.StartOffset, f.EndOffset = intLit(int64(rng.IntN(4))), intLit(int64(rng.IntN(4)))
	return f
}

func TestWindowErrors(t *testing.T) {
	h := newHarness(t)
	scan := h.table([]types.Type{types.TInt4}, 3, func(i int) row { return row{types.NewInt32(int32(i))} })
	distinct := agg(t, "count", col(scan, 0))
	distinct.Distinct = true
	for _, x := range []struct {
		f    WindowFunc
		code sqlstate.Code
	}{
		{WindowFunc{Kind: Ntile, Args: []fn.Expr{int4(0)}, Result: types.TInt4}, sqlstate.InvalidArgumentForNtile},
		{WindowFunc{Kind: NthValue, Args: []fn.Expr{col(scan, 0), int4(0)}, Result: types.TInt4}, sqlstate.InvalidArgumentForNthValue},
		{WindowFunc{Agg: distinct, Result: types.TInt8}, sqlstate.FeatureNotSupported},
		{WindowFunc{Kind: FirstValue, Args: []fn.Expr{col(scan, 0)}, Result: types.TInt4,
			Frame: Frame{Mode: FrameRange, Start: Preceding, StartOffset: intLit(1)}}, sqlstate.FeatureNotSupported},
		{WindowFunc{Kind: FirstValue, Args: []fn.Expr{col(scan, 0)}, Result: types.TInt4,
			Frame: Frame{Mode: FrameRows, Start: Preceding, StartOffset: intLit(-1)}}, sqlstate.InvalidFrameOffset},
	} {
		_, err := result(&Window{Input: scan, OrderBy: []SortKey{{Expr: col(scan, 0)}}, Funcs: []WindowFunc{x.f}}, &Exec{})
		if !sqlstate.Is(err, x.code) {
			t.Errorf("kind %d: error %v, want %s", x.f.Kind, err, x.code)
		}
	}
}
