package fn

import (
	"math"

	"htapdb/sql/types"
)

// Place says where a constant lies among the values of a narrower type.
type Place uint8

// The places.
const (
	// Exact is one of the values.
	Exact Place = iota
	// Between lies above one value and below the next one of the type.
	Between
	// Below and Above lie outside all of them.
	Below
	Above
)

// integerDigits is how many decimal digits a value of the type can have.
var integerDigits = map[types.Kind]int{types.Int2: 5, types.Int4: 10, types.Int8: 19}

// Widens reports a conversion under which a < b, and a = b, hold exactly if they did before.
func Widens(from, to types.Type) bool {
	switch {
	case from.IsString() && to.IsString():
		return to.Length == 0 || from.Kind == to.Kind && from.Length > 0 && from.Length <= to.Length
	case from.IsInteger() && to.IsInteger():
		return from.Kind <= to.Kind
	case from.IsInteger() && to.Kind == types.Numeric:
		return int(to.Precision-to.Scale) >= integerDigits[from.Kind]
	case from.IsInteger() && to.Kind == types.Float8:
		return from.Kind <= types.Int4
	case from.Kind == types.Numeric && to.Kind == types.Numeric:
		return to.Scale >= from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale
	case from.Kind == types.Date:
		return to.Kind == types.Timestamp
	case from.Kind == types.Float4:
		return to.Kind == types.Float8
	}
	return false
}

// PlaceOf finds where a value d of type wide, not NULL, lies among the values of
// type narrow: floor is the greatest of them that is not above d, if there is one.
// Comparing a column of type narrow with d is then comparing it with floor. wide need
// not be a type that narrow widens to: NUMERIC values of any precision and scale are
// compared with one another exactly. ok is false for types that are not compared so.
func PlaceOf(d types.Datum, wide, narrow types.Type) (floor types.Datum, place Place, ok bool) {
	switch {
	case narrow.IsString() || wide.IsString():
		return d, Exact, narrow.IsString() && wide.IsString()
	case narrow.IsInteger() && wide.IsInteger():
		return placeInteger(types.Int128From(d.Int()), narrow, true)
	case narrow.IsInteger() && wide.Kind == types.Numeric:
		v, exact := floorScale(d.Int128(), int(wide.Scale), 0)
		return placeInteger(v, narrow, exact)
	case narrow.IsInteger() && wide.Kind == types.Float8 && narrow.Kind <= types.Int4:
		return placeFloat(d.Float(), narrow)
	case narrow.Kind == types.Numeric && wide.Kind == types.Numeric:
		return placeNumeric(d.Int128(), int(wide.Scale), narrow)
	case narrow.Kind == types.Date && wide.Kind == types.Timestamp:
		days, of := types.SplitMicros(d.Int())
		return types.NewInt32(int32(days)), exactness(of == 0), true
	case narrow.Kind == types.Float4 && wide.Kind == types.Float8:
		return placeReal(d.Float())
	}
	return d, Exact, narrow.Kind == wide.Kind && narrow.Kind != types.Numeric
}

// exactness is Exact or Between.
func exactness(exact bool) Place {
	if exact {
		return Exact
	}
	return Between
}

// placeInteger places v, or what lies between v and v+1.
func placeInteger(v types.Int128, t types.Type, exact bool) (types.Datum, Place, bool) {
	lo, hi := types.IntRange(t.Kind)
	switch {
	case v.Cmp(types.Int128From(lo)) < 0:
		return types.NullDatum, Below, true
	case v.Cmp(types.Int128From(hi)) > 0, !exact && v.Cmp(types.Int128From(hi)) == 0:
		return types.NullDatum, Above, true
	}
	return types.NewInt(t.Physical(), int64(v.Lo)), exactness(exact), true
}

// placeFloat places f among SMALLINTs or INTEGERs; NaN is above all numbers.
func placeFloat(f float64, t types.Type) (types.Datum, Place, bool) {
	lo, hi := types.IntRange(t.Kind)
	switch floor := math.Floor(f); {
	case f != f, floor > float64(hi):
		return types.NullDatum, Above, true
	case floor < float64(lo):
		return types.NullDatum, Below, true
	default:
		return placeInteger(types.Int128From(int64(floor)), t, floor == f)
	}
}

// placeReal places f among REALs.
func placeReal(f float64) (types.Datum, Place, bool) {
	r := float32(f)
	if float64(r) > f {
		r = math.Nextafter32(r, float32(math.Inf(-1)))
	}
	return types.NewFloat32(r), exactness(float64(r) == f || f != f), true
}

// placeNumeric places v·10^−scale among the NUMERICs of type t.
func placeNumeric(v types.Int128, scale int, t types.Type) (types.Datum, Place, bool) {
	outside := Above
	if v.Sign() < 0 {
		outside = Below
	}
	exact := true
	if scale > int(t.Scale) {
		v, exact = floorScale(v, scale, int(t.Scale))
	} else {
		var fits bool
		if v, fits = v.Rescale(scale, int(t.Scale)); !fits {
			return types.NullDatum, outside, true
		}
	}
	if !v.FitsPrecision(precisionOf(t)) {
		return types.NullDatum, outside, true
	}
	return types.NumericDatum(v, t), exactness(exact), true
}

// precisionOf is how many digits a value of a NUMERIC type can have.
func precisionOf(t types.Type) int {
	if t.Precision > 0 {
		return int(t.Precision)
	}
	return types.MaxPrecision
}

// floorScale is v·10^−from at the smaller scale to, rounded down.
func floorScale(v types.Int128, from, to int) (floor types.Int128, exact bool) {
	q, r := v.QuoRem(types.Pow10(from - to))
	if r.Sign() < 0 {
		q, _ = q.Add(types.Int128From(-1))
	}
	return q, r.Sign() == 0
}
