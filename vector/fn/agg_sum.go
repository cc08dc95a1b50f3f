package fn

import (
	"math"
	"math/big"
	"math/bits"

	"htapdb/sql/types"
	"htapdb/vector"
)

// sumAggregates are sum and avg. All sums are exact: of integers and NUMERICs in
// 128 bits, of floats as floatSum has them. Averages are one division of the exact sum.
func sumAggregates() []aggregateOverload {
	var out []aggregateOverload
	for _, k := range []types.Kind{types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8, types.Interval} {
		sumKind, avgKind := types.Float8, types.Float8
		switch k {
		case types.Int2, types.Int4:
			sumKind = types.Int8
		case types.Int8, types.Numeric:
			sumKind = types.Numeric
		case types.Float4:
			sumKind = k
		case types.Interval:
			sumKind, avgKind = k, k
		}
		out = append(out,
			aggregateOverload{name: "sum", args: []types.Kind{k}, result: sumKind, algebra: Inverts, bind: bindSum(false)},
			aggregateOverload{name: "avg", args: []types.Kind{k}, result: avgKind, algebra: Inverts, bind: bindSum(true)})
	}
	return out
}

// bindSum binds sum or avg.
func bindSum(avg bool) func(*Aggregate) {
	return func(a *Aggregate) {
		arg := a.Args[0]
		finish := finishKind{avg: avg, scale: int(arg.Scale)}
		switch {
		case arg.Kind == types.Interval:
			a.NewState = func(*Context) AggState { return &intervalSum{avg: avg} }
			return
		case arg.Kind == types.Float4:
			a.NewState = func(*Context) AggState { return &floatSum[float32]{avg: avg} }
			return
		case arg.Kind == types.Float8:
			a.NewState = func(*Context) AggState { return &floatSum[float64]{avg: avg} }
			return
		}
		if !avg && a.Result.Kind == types.Numeric {
			a.Result = types.TNumeric(types.MaxPrecision, int(arg.Scale))
		}
		switch arg.Physical() {
		case types.PhysInt16:
			a.NewState = func(*Context) AggState { return &wideSum[int16]{finishKind: finish, toInt8: !avg} }
		case types.PhysInt32:
			a.NewState = func(*Context) AggState { return &wideSum[int32]{finishKind: finish, toInt8: !avg} }
		case types.PhysInt64:
			a.NewState = func(*Context) AggState { return &wideSum[int64]{finishKind: finish} }
		default:
			a.NewState = func(*Context) AggState { return &longSum{finishKind: finish} }
		}
	}
}

// finishKind says how an exact sum becomes the result.
type finishKind struct {
	avg   bool
	scale int
}

// result writes the sum of count values to row i of out.
func (f finishKind) result(out *vector.Vector, i int, sum types.Int128, count int64) error {
	switch {
	case count == 0:
		out.SetNull(i)
	case f.avg:
		out.F64[i] = exactAverage(sum, f.scale, count)
	case !sum.FitsPrecision(types.MaxPrecision):
		return numericOverflow()
	default:
		out.I128[i] = sum
	}
	return nil
}

// exactAverage is the double nearest to sum·10^−scale/count.
func exactAverage(sum types.Int128, scale int, count int64) float64 {
	if scale <= 18 {
		if d := types.Mul64(count, shortPow10(scale)); d.Hi == 0 {
			return divideRounded(sum, d.Lo)
		}
	}
	return bigAverage(bigFixed(new(big.Int), []uint64{sum.Lo, uint64(sum.Hi)}), scale, count)
}

// divideRounded is the double nearest to sum/d, d > 0.
func divideRounded(sum types.Int128, d uint64) float64 {
	const exact = 1 << 53
	if v, ok := sum.Int64(); ok && v > -exact && v < exact && d < exact {
		return float64(v) / float64(d)
	}
	negative := sum.Hi < 0
	if negative {
		sum = sum.Neg()
	}
	// With all of 127 bits the quotient has more than a double's, and its last one
	// may stand for the rest.
	hi, lo := uint64(sum.Hi), sum.Lo
	shift := bits.LeadingZeros64(hi) - 1
	if hi == 0 {
		shift = 63 + bits.LeadingZeros64(lo)
	}
	shift = max(shift, 0)
	if shift >= 64 {
		hi, lo = lo<<(shift-64), 0
	} else {
		hi, lo = hi<<shift|lo>>(64-shift), lo<<shift
	}
	high, rest := hi/d, hi%d
	low, rest := bits.Div64(rest, lo, d)
	if rest != 0 {
		low |= 1
	}
	v := math.Ldexp(types.Int128{Hi: int64(high), Lo: low}.Float64(), -shift)
	if negative {
		return -v
	}
	return v
}

// bigAverage is exactAverage for sums and divisors of any size.
func bigAverage(sum *big.Int, scale int, count int64) float64 {
	d := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	return new(ratios).quotient(sum, d.Mul(d, big.NewInt(count)), 0)
}

// wideSum sums integers of up to 64 bits in 128, the words in two arrays.
type wideSum[T integer] struct {
	finishKind
	// toInt8 makes the result a BIGINT.
	toInt8 bool
	hi, lo []uint64
	n      []int64
	in     input[T]
}

func (s *wideSum[T]) Grow(n int) {
	s.hi, s.lo, s.n = extend(s.hi, n), extend(s.lo, n), extend(s.n, n)
}

func (s *wideSum[T]) add(g uint32, v int64) {
	lo, carry := bits.Add64(s.lo[g], uint64(v), 0)
	s.lo[g] = lo
	s.hi[g] += uint64(v>>63) + carry
	s.n[g]++
}

func (s *wideSum[T]) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	in := &s.in
	in.set(args[0])
	a, m := in.a, in.mask
	switch {
	case sel == nil && in.valid == nil:
		for k, g := range groups {
			s.add(g, int64(a[k&m]))
		}
	case in.valid == nil:
		for k, g := range groups {
			s.add(g, int64(a[int(sel[k])&m]))
		}
	default:
		for k, g := range groups {
			if i := rowOf(sel, k) & m; in.valid[i] != 0 {
				s.add(g, int64(a[i]))
			}
		}
	}
	return nil
}

func (s *wideSum[T]) AddAll(args []*vector.Vector, sel []int32, n int) error {
	v := args[0]
	if v.Enc != vector.Flat {
		return s.Add(groupZero(sel, n), args, sel, n)
	}
	var sum types.Int128
	var count int
	switch v.Type.Physical() {
	case types.PhysInt32:
		var short int64
		short, count = vector.SumInt32(v.I32[:n], v.Valid, sel)
		sum = types.Int128From(short)
	case types.PhysInt64:
		sum, count = vector.SumInt64(v.I64[:n], v.Valid, sel)
	default:
		return s.Add(groupZero(sel, n), args, sel, n)
	}
	s.addSum(0, sum, int64(count))
	return nil
}

func (s *wideSum[T]) addSum(g uint32, sum types.Int128, count int64) {
	lo, carry := bits.Add64(s.lo[g], sum.Lo, 0)
	s.lo[g] = lo
	s.hi[g] += uint64(sum.Hi) + carry
	s.n[g] += count
}

// Remove implements Inverse. Between the two the words wrap, which does not
// matter: 2⁶⁴ rows of 64 bits fit 128.
func (s *wideSum[T]) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	in := &s.in
	in.set(args[0])
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid != nil && in.valid[i] == 0 {
			continue
		}
		v := int64(in.a[i])
		lo, borrow := bits.Sub64(s.lo[g], uint64(v), 0)
		s.lo[g] = lo
		s.hi[g] -= uint64(v>>63) + borrow
		s.n[g]--
	}
	return nil
}

func (s *wideSum[T]) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*wideSum[T])
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		s.addSum(t, types.Int128{Hi: int64(o.hi[g]), Lo: o.lo[g]}, o.n[g])
	}
	return nil
}

func (s *wideSum[T]) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		sum := types.Int128{Hi: int64(s.hi[g]), Lo: s.lo[g]}
		if s.toInt8 && s.n[g] > 0 {
			v, ok := sum.Int64()
			if !ok {
				return outOfRange(types.Int8)
			}
			out.I64[g-from] = v
			continue
		}
		if err := s.result(out, g-from, sum, s.n[g]); err != nil {
			return err
		}
	}
	return nil
}

func (s *wideSum[T]) Bytes() int64 { return sliceBytes(s.hi) + sliceBytes(s.lo) + sliceBytes(s.n) }
