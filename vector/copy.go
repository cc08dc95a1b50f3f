package vector

import "htapdb/sql/types"

// CopyInto gathers the rows sel of src (all rows if sel is nil) into dst, which
// must be flat and of the same representation, beginning at row at; dst must
// be long enough. Any encoding of src is accepted.
func CopyInto(dst *Vector, at int, src *Vector, sel []int32) {
	n := len(sel)
	if sel == nil {
		n = src.Len
	}
	copyValid(dst, at, src, sel, n)
	vals, codes := src, []uint32(nil)
	if src.Enc == Dict {
		vals, codes = src.Dict, src.Codes
	}
	isConst := src.Enc == Const
	switch src.Type.Physical() {
	case types.PhysBool:
		gather(dst.Bool[at:at+n], vals.Bool, codes, sel, isConst)
	case types.PhysInt16:
		gather(dst.I16[at:at+n], vals.I16, codes, sel, isConst)
	case types.PhysInt32:
		gather(dst.I32[at:at+n], vals.I32, codes, sel, isConst)
	case types.PhysInt64:
		gather(dst.I64[at:at+n], vals.I64, codes, sel, isConst)
	case types.PhysInt128:
		gather(dst.I128[at:at+n], vals.I128, codes, sel, isConst)
	case types.PhysFloat32:
		gather(dst.F32[at:at+n], vals.F32, codes, sel, isConst)
	case types.PhysFloat64:
		gather(dst.F64[at:at+n], vals.F64, codes, sel, isConst)
	case types.PhysString:
		gather(dst.Str[at:at+n], vals.Str, codes, sel, isConst)
	case types.PhysInterval:
		gather(dst.Iv[at:at+n], vals.Iv, codes, sel, isConst)
	}
}

// copyValid is CopyInto for the validity bytes.
func copyValid(dst *Vector, at int, src *Vector, sel []int32, n int) {
	if src.Valid == nil {
		if dst.Valid != nil {
			fill(dst.Valid[at:at+n], 1)
		}
		return
	}
	valid := dst.EnsureValid()[at : at+n]
	gather(valid, src.Valid, nil, sel, src.Enc == Const)
}

// gather copies src[i] for the rows i of sel (nil: 0, 1, 2 …), through codes
// if there are any, or src[0] throughout.
func gather[T any](dst, src []T, codes []uint32, sel []int32, isConst bool) {
	switch {
	case isConst:
		fill(dst, src[0])
	case codes != nil && sel != nil:
		for i, r := range sel[:len(dst)] {
			dst[i] = src[codes[r]]
		}
	case codes != nil:
		for i, c := range codes[:len(dst)] {
			dst[i] = src[c]
		}
	case sel != nil:
		for i, r := range sel[:len(dst)] {
			dst[i] = src[r]
		}
	default:
		copy(dst, src[:len(dst)])
	}
}

// fill sets every element of dst to x.
func fill[T any](dst []T, x T) {
	for i := range dst {
		dst[i] = x
	}
}

// Flatten returns v if it is flat, else a flat copy of it in scratch (a new
// vector if scratch is nil).
func (v *Vector) Flatten(scratch *Vector) *Vector {
	if v.Enc == Flat {
		return v
	}
	if scratch == nil {
		scratch = &Vector{}
	}
	scratch.Type = v.Type
	scratch.Resize(v.Len)
	CopyInto(scratch, 0, v, nil)
	return scratch
}

// Slice returns rows [from, to) as a vector that shares v's memory.
func (v *Vector) Slice(from, to int) *Vector {
	s := *v
	s.Len = to - from
	if v.Enc == Const {
		return &s
	}
	s.Valid = cut(v.Valid, from, to)
	if v.Enc == Dict {
		s.Codes = v.Codes[from:to]
		return &s
	}
	s.Bool, s.I16, s.I32, s.I64 = cut(v.Bool, from, to), cut(v.I16, from, to), cut(v.I32, from, to), cut(v.I64, from, to)
	s.I128, s.F32, s.F64 = cut(v.I128, from, to), cut(v.F32, from, to), cut(v.F64, from, to)
	s.Str, s.Iv = cut(v.Str, from, to), cut(v.Iv, from, to)
	return &s
}

func cut[T any](s []T, from, to int) []T {
	if s == nil {
		return nil
	}
	return s[from:to:to]
}
