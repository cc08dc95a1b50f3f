package vector

import "htapdb/sql/types"

// Mangle overwrites the elements and codes of v, which has expired and which the
// caller owns. A dictionary is shared and stays. For builds with Invariants.
func (v *Vector) Mangle() {
	v.MangleElements()
	MangleSlice(v.Codes, 0xeeeeeeee)
}

// MangleElements is Mangle for a vector whose codes another one owns.
func (v *Vector) MangleElements() {
	MangleSlice(v.Bool, 0xee)
	MangleSlice(v.I16, -0x1112)
	MangleSlice(v.I32, -0x11111112)
	MangleSlice(v.I64, -0x1111111111111112)
	MangleSlice(v.I128, types.Int128{Hi: -0x1111111111111112, Lo: 0xeeeeeeeeeeeeeeee})
	MangleSlice(v.F32, -1e30)
	MangleSlice(v.F64, -1e300)
	MangleSlice(v.Str, "\xeemangled")
	MangleSlice(v.Iv, types.IntervalValue{Months: -0x11111112, Days: -0x11111112, Micros: -0x1111111111111112})
}

// MangleSlice sets every element, up to the capacity, to x.
func MangleSlice[T any](s []T, x T) {
	s = s[:cap(s)]
	for i := range s {
		s[i] = x
	}
}
