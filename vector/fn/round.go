package fn

import (
	"math"
	"strconv"

	"htapdb/sql/types"
)

// roundFunctions are round, trunc, ceil, floor and sign of NUMERIC, exact.
//
// round and trunc to a literal number of places have that scale: round(x, 2)
// prints two decimals. Where the number of places varies by row the argument's scale stays.
// A DOUBLE PRECISION stays one.
func roundFunctions() []overload {
	one, two := []types.Kind{types.Numeric}, []types.Kind{types.Numeric, types.Int4}
	var out []overload
	for _, r := range []struct {
		name string
		mode roundMode
	}{{"round", roundHalfUp}, {"trunc", roundZero}, {"ceil", roundUp}, {"ceiling", roundUp}, {"floor", roundDown}} {
		out = append(out, overload{name: r.name, args: one, result: types.Numeric, bind: func(b *binding) error {
			bindRound(b, r.mode, 0)
			return nil
		}})
		if r.mode == roundHalfUp || r.mode == roundZero {
			out = append(out, overload{name: r.name, args: []types.Kind{types.Float8, types.Int4}, result: types.Float8,
				kernel: try2(func(x float64, places int32) (float64, error) { return roundFloat(x, int(places), r.mode), nil })})
			for _, k := range []types.Kind{types.Int2, types.Int4, types.Int8} {
				out = append(out, overload{name: r.name, args: []types.Kind{k, types.Int4}, result: types.Numeric, bind: bindRoundLiteral(r.mode)})
			}
			out = append(out, overload{name: r.name, args: two, result: types.Numeric, bind: bindRoundLiteral(r.mode)})
		}
	}
	return append(out,
		overload{name: "sign", args: one, result: types.Numeric, bind: func(b *binding) error {
			b.Result = types.TNumeric(1, 0)
			if b.Args[0].Physical() == types.PhysInt64 {
				b.Kernel = map1(func(v int64) int64 { return int64(types.Int128From(v).Sign()) })
			} else {
				b.Kernel = map1(func(v types.Int128) int64 { return int64(v.Sign()) })
			}
			return nil
		}},
		overload{name: "scale", args: one, result: types.Int4, bind: func(b *binding) error {
			b.Kernel = map0(int32(b.Args[0].Scale))
			return nil
		}})
}

// bindRoundLiteral rounds a NUMERIC or an integer to places that are literal, or vary.
func bindRoundLiteral(mode roundMode) func(*binding) error {
	return func(b *binding) error {
		b.Args[0] = numericOf(b.Args[0])
		if lit := b.lits[1]; lit != nil && !lit.Value.IsNull() {
			bindRound(b, mode, int(lit.Value.Int()))
			return nil
		}
		bindRoundVarying(b, mode)
		return nil
	}
}

// roundFloat rounds a double at a decimal place, going by its shortest decimal
// digits: 2.675 to two places is 2.68 although the double is a little below. (PostgreSQL has
// this function for NUMERIC only; here averages and quotients are doubles.)
func roundFloat(x float64, places int, mode roundMode) float64 {
	if x-x != 0 || places > 22 || math.Abs(x) >= 1<<53 && places >= 0 {
		return x
	}
	var buf [32]byte
	d, _, ok := types.ParseDecimal(string(strconv.AppendFloat(buf[:0], x, 'e', -1, 64)))
	if !ok || d.Scale <= places {
		return x
	}
	places = max(places, -types.MaxPrecision)
	v := dropDigits(d.Value, d.Scale-places, mode)
	if places < 0 {
		w, ok := v.Mul(types.Pow10(-places))
		if !ok {
			return x
		}
		return w.Float64()
	}
	return math.Copysign(NumericToFloat(v, places), x)
}

// roundMode says which way decimals are dropped.
type roundMode uint8

const (
	roundHalfUp roundMode = iota // half away from zero
	roundZero
	roundUp   // toward +∞
	roundDown // toward −∞
)

// dropDigits is v/10ⁿ rounded by mode.
func dropDigits(v types.Int128, n int, mode roundMode) types.Int128 {
	if n == 0 {
		return v
	}
	if n > types.MaxPrecision {
		if mode == roundUp && v.Sign() > 0 {
			return types.Int128From(1)
		}
		if mode == roundDown && v.Sign() < 0 {
			return types.Int128From(-1)
		}
		return types.Int128{}
	}
	if mode == roundHalfUp {
		return v.DivRound(types.Pow10(n))
	}
	q, r := v.QuoRem(types.Pow10(n))
	switch {
	case mode == roundUp && r.Sign() > 0:
		q, _ = q.Add(types.Int128From(1))
	case mode == roundDown && r.Sign() < 0:
		q, _ = q.Add(types.Int128From(-1))
	}
	return q
}

// roundTo drops decimals of a number of scale from so that places are left (negative:
// digits before the point become 0), and returns it at scale to.
func roundTo(v types.Int128, from, places, to int, mode roundMode) (types.Int128, error) {
	places = max(min(places, from), -types.MaxPrecision-1)
	v = dropDigits(v, from-places, mode)
	up := to - places
	if v.Sign() == 0 {
		return v, nil
	}
	if up > types.MaxPrecision {
		return v, numericOverflow()
	}
	w, ok := v.Mul(types.Pow10(up))
	if !ok || !w.FitsPrecision(types.MaxPrecision) {
		return w, numericOverflow()
	}
	return w, nil
}

// bindRound rounds to a number of places that is known.
func bindRound(b *binding, mode roundMode, places int) {
	arg := b.Args[0]
	from := int(arg.Scale)
	to := max(min(places, types.MaxPrecision), 0)
	// One more whole digit: 9.99 rounds to 10. More places than there are add zeros.
	whole := int(arg.Precision-arg.Scale) + 1
	b.Result = types.TNumeric(min(whole+to, types.MaxPrecision), to)
	bindRoundKernel(b, func(v types.Int128) (types.Int128, error) {
		return roundTo(v, from, min(places, from), to, mode)
	})
	// The usual case of rates and prices: 64 bits throughout.
	if drop := from - to; arg.Physical() == types.PhysInt64 && b.Result.Physical() == types.PhysInt64 && mode == roundHalfUp && places >= 0 && drop >= 0 {
		div := shortPow10(drop)
		b.Total = true
		b.Kernel = map1(func(v int64) int64 { return roundDiv(v, div) })
	}
}

// bindRoundKernel makes the kernel for the argument's and the result's representation.
func bindRoundKernel(b *binding, f func(types.Int128) (types.Int128, error)) {
	arg, res := b.Args[0].Physical() == types.PhysInt64, b.Result.Physical() == types.PhysInt64
	short := func(v types.Int128, err error) (int64, error) { i, _ := v.Int64(); return i, err }
	switch {
	case arg && res:
		b.Kernel = try1(func(v int64) (int64, error) { return short(f(types.Int128From(v))) })
	case arg:
		b.Kernel = try1(func(v int64) (types.Int128, error) { return f(types.Int128From(v)) })
	case res:
		b.Kernel = try1(func(v types.Int128) (int64, error) { return short(f(v)) })
	default:
		b.Kernel = try1(f)
	}
}

// bindRoundVarying rounds to a number of places that varies: the scale stays.
func bindRoundVarying(b *binding, mode roundMode) {
	scale := int(b.Args[0].Scale)
	whole := int(b.Args[0].Precision) - scale + 1
	b.Result = types.TNumeric(whole+scale, scale)
	round := func(v types.Int128, places int32) (types.Int128, error) {
		return roundTo(v, scale, int(max(min(places, math.MaxInt16), math.MinInt16)), scale, mode)
	}
	if b.Result.Physical() != types.PhysInt64 {
		b.Args[0] = types.TNumeric(max(int(b.Args[0].Precision), types.MaxShortPrecision+1), scale)
		b.Kernel = try2(round)
		return
	}
	b.Kernel = try2(func(v int64, places int32) (int64, error) {
		w, err := round(types.Int128From(v), places)
		return int64(w.Lo), err
	})
}
