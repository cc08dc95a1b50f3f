package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// inScalar is the membership test of an IN node as a function, so that it is
// evaluated (dictionaries, nulls, constants) like any other.
func inScalar(e *In) *Scalar {
	s := &Scalar{Name: "in", Op: OpIn, Args: []types.Type{e.Arg.Type()}, Result: types.TBool, Strict: true, Total: true}
	switch e.Arg.Type().Physical() {
	case types.PhysBool:
		s.Kernel = membership(e, func(d types.Datum) uint8 { return uint8(d.Int()) }, same[uint8])
	case types.PhysInt16:
		s.Kernel = membership(e, func(d types.Datum) int16 { return int16(d.Int()) }, same[int16])
	case types.PhysInt32:
		s.Kernel = membership(e, func(d types.Datum) int32 { return int32(d.Int()) }, same[int32])
	case types.PhysInt64:
		s.Kernel = membership(e, types.Datum.Int, same[int64])
	case types.PhysInt128:
		s.Kernel = membership(e, types.Datum.Int128, same[types.Int128])
	case types.PhysFloat32:
		s.Kernel = membership(e, func(d types.Datum) uint64 { return canonicalBits(d.Float()) },
			func(f float32) uint64 { return canonicalBits(float64(f)) })
	case types.PhysFloat64:
		s.Kernel = membership(e, func(d types.Datum) uint64 { return canonicalBits(d.Float()) }, canonicalBits)
	case types.PhysInterval:
		s.Kernel = membership(e, func(d types.Datum) types.Int128 { return vector.IntervalLength(d.Interval()) }, vector.IntervalLength)
	default:
		s.Kernel = membership(e, types.Datum.Str, same[string])
	}
	return s
}

func same[T any](v T) T { return v }

// smallList is up to how many constants a linear search beats the hash set.
const smallList = 8

// membership tests rows against the list. K is a form of the value in which
// equality is SQL's.
func membership[T element, K comparable](e *In, constant func(types.Datum) K, key func(T) K) Kernel {
	list := make([]K, len(e.List))
	for i, d := range e.List {
		list[i] = constant(d)
	}
	var set map[K]struct{}
	if len(list) > smallList {
		set = make(map[K]struct{}, len(list))
		for _, k := range list {
			set[k] = struct{}{}
		}
	}
	hit, miss := b2u(!e.Negated), b2u(e.Negated)
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, m, r := vals[T](args[0]), step(args[0]), out.Bool
		one := func(i int) {
			k, found := key(a[i&m]), false
			if set != nil {
				_, found = set[k]
			} else {
				for _, c := range list {
					if c == k {
						found = true
						break
					}
				}
			}
			if r[i] = miss; found {
				r[i] = hit
			} else if e.HasNull {
				out.SetNull(i)
			}
		}
		if sel == nil {
			for i := 0; i < n; i++ {
				one(i)
			}
		}
		for _, i := range sel {
			one(int(i))
		}
		return nil
	}
}
