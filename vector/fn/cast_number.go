package fn

import (
	"math"
	"strconv"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// castNumber returns the conversion between two number types and whether it is total.
func castNumber(from, to types.Type) (k Kernel, total bool) {
	switch from.Kind {
	case types.Int2:
		return castInt[int16](from.Kind, to)
	case types.Int4:
		return castInt[int32](from.Kind, to)
	case types.Int8:
		return castInt[int64](from.Kind, to)
	case types.Float4:
		return castFloat[float32](to)
	case types.Float8:
		return castFloat[float64](to)
	}
	if from.Physical() == types.PhysInt64 {
		return castShort(from, to)
	}
	return castLong(from, to)
}

// castInt converts from an integer kind.
func castInt[A integer](from types.Kind, to types.Type) (k Kernel, total bool) {
	switch to.Kind {
	case types.Int2:
		return narrowInt[A, int16](to.Kind), from <= to.Kind
	case types.Int4:
		return narrowInt[A, int32](to.Kind), from <= to.Kind
	case types.Int8:
		return narrowInt[A, int64](to.Kind), from <= to.Kind
	case types.Float4:
		return map1(func(v A) float32 { return float32(v) }), true
	case types.Float8:
		return map1(func(v A) float64 { return float64(v) }), true
	}
	// NUMERIC: check the digits unless the type has room for every value.
	roomy := int(to.Precision-to.Scale) >= int(numericOf(types.Type{Kind: from}).Precision)
	if to.Physical() == types.PhysInt64 {
		limit, factor := shortPow10(int(to.Precision-to.Scale)), shortPow10(int(to.Scale))
		if roomy {
			return map1(func(v A) int64 { return int64(v) * factor }), true
		}
		return try1(func(v A) (int64, error) {
			if w := int64(v); w >= limit || w <= -limit {
				return 0, types.NumericOverflow(to)
			}
			return int64(v) * factor, nil
		}), false
	}
	factor := types.Pow10(int(to.Scale))
	if roomy {
		return map1(func(v A) types.Int128 { w, _ := types.Int128From(int64(v)).Mul(factor); return w }), true
	}
	return try1(func(v A) (types.Int128, error) {
		w, ok := types.Int128From(int64(v)).Mul(factor)
		if !ok || !w.FitsPrecision(int(to.Precision)) {
			return w, types.NumericOverflow(to)
		}
		return w, nil
	}), false
}

// shortPow10 is 10ⁿ for n ≤ 18.
func shortPow10(n int) int64 { return int64(types.Pow10(n).Lo) }

// narrowInt converts between integer kinds with a range check.
func narrowInt[A, B integer](to types.Kind) Kernel {
	if lo, hi := types.IntRange(to); lo <= lowest[A]() && hi >= highest[A]() {
		return map1(func(v A) B { return B(v) })
	}
	return try1(func(v A) (B, error) {
		w := B(v)
		if int64(w) != int64(v) {
			return 0, outOfRange(to)
		}
		return w, nil
	})
}

func highest[A integer]() int64 { return -(lowest[A]() + 1) }

func lowest[A integer]() int64 {
	var z A
	switch any(z).(type) {
	case int16:
		return math.MinInt16
	case int32:
		return math.MinInt32
	}
	return math.MinInt64
}

// castFloat converts from a float kind.
func castFloat[A float](to types.Type) (k Kernel, total bool) {
	switch to.Kind {
	case types.Int2:
		return floatToInt[A, int16](to.Kind), false
	case types.Int4:
		return floatToInt[A, int32](to.Kind), false
	case types.Int8:
		return floatToInt[A, int64](to.Kind), false
	case types.Float8:
		return map1(func(v A) float64 { return float64(v) }), true
	case types.Float4:
		return try1(func(v A) (float32, error) {
			w := float32(v)
			if math.IsInf(float64(w), 0) && !math.IsInf(float64(v), 0) {
				return 0, overflow()
			}
			if w == 0 && v != 0 {
				return 0, underflow()
			}
			return w, nil
		}), false
	}
	if to.Physical() == types.PhysInt64 {
		return try1(func(v A) (int64, error) {
			w, err := floatToNumeric(v, to)
			return int64(w.Lo), err
		}), false
	}
	return try1(func(v A) (types.Int128, error) { return floatToNumeric(v, to) }), false
}

// floatToInt rounds half to even, as PostgreSQL's rint does.
func floatToInt[A float, B integer](to types.Kind) Kernel {
	lo, _ := types.IntRange(to)
	bound := -float64(lo) // 2^15, 2^31, 2^63: exact
	return try1(func(v A) (B, error) {
		f := math.RoundToEven(float64(v))
		if !(f >= -bound && f < bound) {
			return 0, outOfRange(to)
		}
		return B(f), nil
	})
}

// floatToNumeric converts through the 15 (REAL: 6) significant decimal digits that
// a float certainly has, as PostgreSQL does: 0.1 + 0.2 is 0.3.
func floatToNumeric[A float](v A, to types.Type) (types.Int128, error) {
	f, digits := float64(v), 15
	var z A
	if _, ok := any(z).(float32); ok {
		digits = 6
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return types.Int128{}, sqlstate.New(sqlstate.FeatureNotSupported, "%s is not supported in type numeric", types.AppendFloat(nil, f, 64))
	}
	var buf [40]byte
	d, outOfRange, ok := types.ParseDecimal(string(strconv.AppendFloat(buf[:0], f, 'e', digits-1, 64)))
	if !ok || outOfRange {
		return types.Int128{}, types.NumericOverflow(to)
	}
	w, ok := d.Rescale(int(to.Scale))
	if !ok || !w.FitsPrecision(int(to.Precision)) {
		return types.Int128{}, types.NumericOverflow(to)
	}
	return w, nil
}

// castShort converts from a NUMERIC in an int64.
func castShort(from, to types.Type) (k Kernel, total bool) {
	scale := int(from.Scale)
	div := shortPow10(scale)
	switch to.Kind {
	case types.Int2:
		return shortToInt[int16](div, to.Kind), false
	case types.Int4:
		return shortToInt[int32](div, to.Kind), false
	case types.Int8:
		return shortToInt[int64](div, to.Kind), true
	case types.Float4:
		return map1(func(v int64) float32 { return float32(ShortToFloat(v, scale)) }), true
	case types.Float8:
		return map1(func(v int64) float64 { return ShortToFloat(v, scale) }), true
	}
	up := int(to.Scale) - scale
	fits := int(to.Precision-to.Scale) >= int(from.Precision-from.Scale)
	if to.Physical() == types.PhysInt64 {
		if up >= 0 && fits {
			factor := shortPow10(up)
			return map1(func(v int64) int64 { return v * factor }), true
		}
		return try1(func(v int64) (int64, error) {
			w, err := rescaleTo(types.Int128From(v), scale, to)
			return int64(w.Lo), err
		}), false
	}
	if up == 0 && fits {
		return map1(types.Int128From), true
	}
	if up > 0 && up <= types.MaxShortPrecision && fits {
		factor := shortPow10(up)
		return map1(func(v int64) types.Int128 { return types.Mul64(v, factor) }), true
	}
	return try1(func(v int64) (types.Int128, error) { return rescaleTo(types.Int128From(v), scale, to) }), false
}

// roundDiv is v/div rounded half away from zero, div a power of ten up to 10^18.
func roundDiv(v, div int64) int64 {
	q, r := v/div, v%div
	switch {
	case r >= div-r:
		return q + 1
	case -r >= div+r && r != 0:
		return q - 1
	}
	return q
}

func shortToInt[B integer](div int64, to types.Kind) Kernel {
	if div == 1 {
		return narrowInt[int64, B](to)
	}
	return try1(func(v int64) (B, error) {
		w := roundDiv(v, div)
		if int64(B(w)) != w {
			return 0, outOfRange(to)
		}
		return B(w), nil
	})
}

// rescaleTo brings v to to's scale, rounding, and checks its precision.
func rescaleTo(v types.Int128, scale int, to types.Type) (types.Int128, error) {
	w, ok := v.Rescale(scale, int(to.Scale))
	if !ok || !w.FitsPrecision(int(to.Precision)) {
		return types.Int128{}, types.NumericOverflow(to)
	}
	return w, nil
}

// castLong converts from a NUMERIC in 128 bits.
func castLong(from, to types.Type) (k Kernel, total bool) {
	scale := int(from.Scale)
	switch to.Kind {
	case types.Int2:
		return longToInt[int16](scale, to.Kind), false
	case types.Int4:
		return longToInt[int32](scale, to.Kind), false
	case types.Int8:
		return longToInt[int64](scale, to.Kind), false
	case types.Float4:
		return map1(func(v types.Int128) float32 { return float32(NumericToFloat(v, scale)) }), true
	case types.Float8:
		return map1(func(v types.Int128) float64 { return NumericToFloat(v, scale) }), true
	}
	if to.Physical() == types.PhysInt64 {
		return try1(func(v types.Int128) (int64, error) {
			w, err := rescaleTo(v, scale, to)
			return int64(w.Lo), err
		}), false
	}
	if to.Scale == from.Scale && to.Precision >= from.Precision {
		return map1(func(v types.Int128) types.Int128 { return v }), true
	}
	return try1(func(v types.Int128) (types.Int128, error) { return rescaleTo(v, scale, to) }), false
}

func longToInt[B integer](scale int, to types.Kind) Kernel {
	return try1(func(v types.Int128) (B, error) {
		w, _ := v.Rescale(scale, 0)
		i, ok := w.Int64()
		if !ok || int64(B(i)) != i {
			return 0, outOfRange(to)
		}
		return B(i), nil
	})
}

// exactPow10 are the powers of ten that a double holds exactly.
var exactPow10 = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// ShortToFloat returns the double nearest to v·10^−scale.
func ShortToFloat(v int64, scale int) float64 {
	const exact = 1 << 53
	if v > -exact && v < exact || scale == 0 {
		return float64(v) / exactPow10[scale] // both exact, so one rounding
	}
	return decimalToFloat(types.Int128From(v), scale)
}

// NumericToFloat returns the double nearest to v·10^−scale.
func NumericToFloat(v types.Int128, scale int) float64 {
	if scale == 0 {
		return v.Float64()
	}
	if i, ok := v.Int64(); ok && scale < len(exactPow10) {
		return ShortToFloat(i, scale)
	}
	return decimalToFloat(v, scale)
}

// decimalToFloat reads the number's text: correctly rounded for any size.
func decimalToFloat(v types.Int128, scale int) float64 {
	var buf [48]byte
	b := types.AppendInt128(buf[:0], v)
	b = append(b, 'e')
	b = strconv.AppendInt(b, int64(-scale), 10)
	f, _ := strconv.ParseFloat(string(b), 64) // at most 39 digits: always in range
	return f
}
