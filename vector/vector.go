// Package vector holds what flows between operators: typed column vectors and
// batches of them, with selections.
//
// A Vector is a column of up to MaxBatch rows (larger only inside blocking
// operators) in one of three encodings: flat (one element a row), constant (one
// element for all rows) or dictionary (a code a row into a flat Dict). A Batch
// is vectors of equal length with an optional selection: the row indexes that
// are alive.
//
//	Batch{Len: 5, Sel: [0 2 4]}
//	  Cols[0] flat  I64   [ 7  8  9 10 11]     valid nil: no nulls
//	  Cols[1] dict  Codes [ 0  0  1  0  2] → Dict.Str ["AA" "DL" "UA"]
//	  Cols[2] const F64   [0.5]
//
// Invariants: exactly the element slice of Type.Physical() is in use; Valid is
// nil when no row is null, else one byte a row (1 valid, 0 null); the element
// under a null is unspecified but harmless to read (a valid code, a valid string).
//
// Ownership and lifetime: an operator's output batch is valid until its next
// call. Strings may point into memory that a scan has pinned (a mapped
// segment): who keeps them past the query's end clones them. Vectors are not
// safe for concurrent writes; reading is.
//
// Not here: functions over vectors (vector/fn), Arrow conversion of whole
// results (arrow.go holds the type table), storage encodings (colstore).
package vector

import "htapdb/sql/types"

// MaxBatch is the largest number of rows of a batch in flight.
const MaxBatch = 2048

// Encoding says how a vector's rows map to its elements.
type Encoding uint8

// The encodings in flight.
const (
	Flat  Encoding = iota // element i is row i
	Const                 // element 0 is every row
	Dict                  // Codes[i] is the index in Dict of row i
)

// Vector is a column of Len rows. The zero value is unusable: use New.
type Vector struct {
	Type types.Type
	Enc  Encoding
	// Len is the number of rows.
	Len int
	// Valid is nil when no row is null, else a byte per row, 1 valid and 0 null
	// (a single byte for Const). Nulls of a Dict vector are here, by row; its
	// Dict has none.
	Valid []uint8

	// One of these holds the elements, as Type.Physical() says.
	Bool []uint8
	I16  []int16
	I32  []int32
	I64  []int64
	I128 []types.Int128
	F32  []float32
	F64  []float64
	Str  []string
	Iv   []types.IntervalValue

	// Codes and Dict are used by encoding Dict only. Dict is flat and without
	// nulls; DictID names it: two vectors with the same non-zero DictID have
	// the same dictionary, so that code → value work is done once.
	Codes  []uint32
	Dict   *Vector
	DictID uint64
}

// New returns a flat vector of n rows, zero and without nulls.
func New(t types.Type, n int) *Vector {
	v := &Vector{Type: t}
	v.Resize(n)
	return v
}

// NewConst returns a vector of n rows that all hold d.
func NewConst(t types.Type, d types.Datum, n int) *Vector {
	v := New(t, 1)
	v.Set(0, d)
	v.Enc, v.Len = Const, n
	return v
}

// NewDict returns a dictionary vector over codes; valid may be nil.
func NewDict(dict *Vector, id uint64, codes []uint32, valid []uint8) *Vector {
	return &Vector{Type: dict.Type, Enc: Dict, Len: len(codes), Valid: valid, Codes: codes, Dict: dict, DictID: id}
}

// Resize makes v flat with n rows and no nulls, keeping capacity; existing
// elements below min(old, n) keep their values.
func (v *Vector) Resize(n int) {
	v.Enc, v.Len, v.Valid, v.Codes, v.Dict, v.DictID = Flat, n, nil, nil, nil, 0
	switch v.Type.Physical() {
	case types.PhysBool:
		v.Bool = grow(v.Bool, n)
	case types.PhysInt16:
		v.I16 = grow(v.I16, n)
	case types.PhysInt32:
		v.I32 = grow(v.I32, n)
	case types.PhysInt64:
		v.I64 = grow(v.I64, n)
	case types.PhysInt128:
		v.I128 = grow(v.I128, n)
	case types.PhysFloat32:
		v.F32 = grow(v.F32, n)
	case types.PhysFloat64:
		v.F64 = grow(v.F64, n)
	case types.PhysString:
		v.Str = grow(v.Str, n)
	case types.PhysInterval:
		v.Iv = grow(v.Iv, n)
	}
}

// grow returns s with length n, reallocating by doubling when it must.
func grow[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	t := make([]T, n, max(n, 2*cap(s)))
	copy(t, s)
	return t
}

// HasNulls reports whether any row may be null.
func (v *Vector) HasNulls() bool { return v.Valid != nil }

// IsNull reports whether row i is null.
func (v *Vector) IsNull(i int) bool {
	if v.Valid == nil {
		return false
	}
	if v.Enc == Const {
		return v.Valid[0] == 0
	}
	return v.Valid[i] == 0
}

// EnsureValid returns Valid, allocated as all valid if it was nil.
func (v *Vector) EnsureValid() []uint8 {
	if v.Valid == nil {
		n := v.Len
		if v.Enc == Const {
			n = 1
		}
		v.Valid = make([]uint8, n)
		for i := range v.Valid {
			v.Valid[i] = 1
		}
	}
	return v.Valid
}

// SetNull makes row i of a flat vector null.
func (v *Vector) SetNull(i int) { v.EnsureValid()[i] = 0 }

// index maps a row to its element.
func (v *Vector) index(i int) int {
	switch v.Enc {
	case Const:
		return 0
	case Dict:
		return int(v.Codes[i])
	}
	return i
}

// Datum returns row i as a scalar.
func (v *Vector) Datum(i int) types.Datum {
	if v.IsNull(i) {
		return types.NullDatum
	}
	src, i := v, v.index(i)
	if v.Enc == Dict {
		src = v.Dict
	}
	switch v.Type.Physical() {
	case types.PhysBool:
		return types.NewBool(src.Bool[i] != 0)
	case types.PhysInt16:
		return types.NewInt16(src.I16[i])
	case types.PhysInt32:
		return types.NewInt32(src.I32[i])
	case types.PhysInt64:
		return types.NewInt64(src.I64[i])
	case types.PhysInt128:
		return types.NewInt128(src.I128[i])
	case types.PhysFloat32:
		return types.NewFloat32(src.F32[i])
	case types.PhysFloat64:
		return types.NewFloat64(src.F64[i])
	case types.PhysString:
		return types.NewString(src.Str[i])
	case types.PhysInterval:
		return types.NewInterval(src.Iv[i])
	}
	return types.NullDatum
}

// Set stores d, whose representation must be the vector's or NULL, in row i of
// a flat vector.
func (v *Vector) Set(i int, d types.Datum) {
	if d.IsNull() {
		v.SetNull(i)
		return
	}
	if v.Valid != nil {
		v.Valid[i] = 1
	}
	switch v.Type.Physical() {
	case types.PhysBool:
		v.Bool[i] = uint8(d.Int())
	case types.PhysInt16:
		v.I16[i] = int16(d.Int())
	case types.PhysInt32:
		v.I32[i] = int32(d.Int())
	case types.PhysInt64:
		v.I64[i] = d.Int()
	case types.PhysInt128:
		v.I128[i] = d.Int128()
	case types.PhysFloat32:
		v.F32[i] = float32(d.Float())
	case types.PhysFloat64:
		v.F64[i] = d.Float()
	case types.PhysString:
		v.Str[i] = d.Str()
	case types.PhysInterval:
		v.Iv[i] = d.Interval()
	}
}

// Append adds d as a new last row of a flat vector.
func (v *Vector) Append(d types.Datum) {
	valid := v.Valid
	v.Resize(v.Len + 1)
	if valid != nil {
		v.Valid = append(valid[:v.Len-1], 1)
	}
	v.Set(v.Len-1, d)
}
