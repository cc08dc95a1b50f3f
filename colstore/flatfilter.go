package colstore

import (
	"math"
	"slices"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// flatFilter evaluates a predicate.Predicate on vectors in flight: those of the
// delta and of overlays. Segments have their own evaluation on encoded data;
// both must select the same rows.
type flatFilter struct {
	p    predicate.Predicate
	phys types.Physical
	// ints and strs are the list of an In as a set; other representations are
	// searched in list, sorted.
	ints map[int64]bool
	strs map[string]bool
	list []types.Datum
}

// newFlatFilter prepares p for vectors of the type.
func newFlatFilter(p predicate.Predicate, t types.Type) *flatFilter {
	f := &flatFilter{p: p, phys: t.Physical()}
	if p.Kind != predicate.In {
		return f
	}
	switch {
	case isSmallInt(f.phys):
		f.ints = make(map[int64]bool, len(p.List))
	case f.phys == types.PhysString:
		f.strs = make(map[string]bool, len(p.List))
	}
	for _, d := range p.List {
		switch {
		case d.IsNull():
		case f.ints != nil:
			if x, ok := d.Int128().Int64(); ok { // no element is beyond 64 bits
				f.ints[x] = true
			}
		case f.strs != nil:
			f.strs[d.Str()] = true
		default:
			f.list = append(f.list, f.widen(d))
		}
	}
	slices.SortFunc(f.list, vector.CompareDatum)
	return f
}

// isSmallInt reports a representation that Datum.Int returns.
func isSmallInt(p types.Physical) bool {
	return p == types.PhysBool || p == types.PhysInt16 || p == types.PhysInt32 || p == types.PhysInt64
}

// widen gives an integer constant the column's representation.
func (f *flatFilter) widen(d types.Datum) types.Datum {
	if f.phys == types.PhysInt128 && isSmallInt(d.Physical()) {
		return types.NewInt128(types.Int128From(d.Int()))
	}
	return d
}

// apply returns the rows of sel (nil: the first n) that pass, in out's memory.
func (f *flatFilter) apply(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
	p := &f.p
	switch p.Kind {
	case predicate.Compare:
		return f.compare(p.Op, v, p.Value, sel, n, out), nil
	case predicate.Range:
		return f.between(v, sel, n, out), nil
	case predicate.In:
		return f.in(v, sel, n, out), nil
	case predicate.IsNull:
		return pick(n, sel, out, v.IsNull), nil
	case predicate.Never:
		return out[:0], nil
	case predicate.IsNotNull:
		return pick(n, sel, out, func(i int) bool { return !v.IsNull(i) }), nil
	}
	return p.Select(v, sel, n, out)
}

// compare is vector.SelectCmp with a constant of any integer width.
func (f *flatFilter) compare(op vector.CmpOp, v *vector.Vector, c types.Datum, sel []int32, n int, out []int32) []int32 {
	if c.IsNull() {
		return out[:0]
	}
	if lo, hi, isInt := intLimits(f.phys); isInt {
		// A constant outside the lane compares alike with every element.
		x := c.Int128()
		below, above := x.Cmp(types.Int128From(lo)) < 0, x.Cmp(types.Int128From(hi)) > 0
		switch {
		case below && op.Holds(1), above && op.Holds(-1):
			return pick(n, sel, out, func(i int) bool { return !v.IsNull(i) })
		case below, above:
			return out[:0]
		}
		v64, _ := x.Int64()
		c = types.NewInt(f.phys, v64)
	}
	return vector.SelectCmp(op, v, f.widen(c), sel, n, out)
}

// intLimits returns the range of a lane of up to 64 bits.
func intLimits(p types.Physical) (lo, hi int64, isInt bool) {
	switch p {
	case types.PhysBool:
		return 0, 1, true
	case types.PhysInt16:
		return math.MinInt16, math.MaxInt16, true
	case types.PhysInt32:
		return math.MinInt32, math.MaxInt32, true
	case types.PhysInt64:
		return math.MinInt64, math.MaxInt64, true
	}
	return 0, 0, false
}

// between evaluates a Range as its one or two comparisons.
func (f *flatFilter) between(v *vector.Vector, sel []int32, n int, out []int32) []int32 {
	p := &f.p
	lower, upper := vector.Ge, vector.Le
	if p.LoOpen {
		lower = vector.Gt
	}
	if p.HiOpen {
		upper = vector.Lt
	}
	if p.Lo.IsNull() && p.Hi.IsNull() {
		return pick(n, sel, out, func(i int) bool { return !v.IsNull(i) })
	}
	if !p.Lo.IsNull() {
		sel = f.compare(lower, v, p.Lo, sel, n, out)
		if len(sel) == 0 {
			return out[:0]
		}
		out = sel
	}
	if p.Hi.IsNull() {
		return sel
	}
	return f.compare(upper, v, p.Hi, sel, n, out)
}

// in evaluates an In.
func (f *flatFilter) in(v *vector.Vector, sel []int32, n int, out []int32) []int32 {
	switch {
	case f.ints != nil:
		return pick(n, sel, out, func(i int) bool { return !v.IsNull(i) && f.ints[v.Datum(i).Int()] })
	case f.strs != nil:
		return pick(n, sel, out, func(i int) bool { return !v.IsNull(i) && f.strs[v.Datum(i).Str()] })
	}
	return pick(n, sel, out, func(i int) bool {
		if v.IsNull(i) {
			return false
		}
		_, ok := slices.BinarySearchFunc(f.list, v.Datum(i), vector.CompareDatum)
		return ok
	})
}

// pick returns the rows of sel (nil: the first n) for which keep holds.
func pick(n int, sel, out []int32, keep func(int) bool) []int32 {
	out = out[:0]
	if sel == nil {
		for i := range n {
			if keep(i) {
				out = append(out, int32(i))
			}
		}
		return out
	}
	for _, r := range sel {
		if keep(int(r)) {
			out = append(out, r)
		}
	}
	return out
}
