package fn

import (
	"unsafe"

	"htapdb/vector"
)

// zeroGroups sends every row of a batch to group 0.
var zeroGroups [vector.MaxBatch]uint32

// groupZero returns a groups slice of zeros for the rows of sel (n rows if nil).
func groupZero(sel []int32, n int) []uint32 {
	if sel != nil {
		n = len(sel)
	}
	if n <= len(zeroGroups) {
		return zeroGroups[:n]
	}
	return make([]uint32, n)
}

// input reads one argument of an aggregate: a is indexed by row & mask.
type input[T element] struct {
	a     []T
	valid []uint8 // nil: no nulls
	mask  int
	flat  vector.Vector
}

// set points in at v, flattening a dictionary.
func (in *input[T]) set(v *vector.Vector) {
	if v.Enc == vector.Dict {
		v = flatten(v, &in.flat)
	}
	in.a, in.valid, in.mask = vals[T](v), v.Valid, step(v)
}

// null reports whether row i is null.
func (in *input[T]) null(i int) bool { return in.valid != nil && in.valid[i&in.mask] == 0 }

// rowOf is the row of the k-th group entry.
func rowOf(sel []int32, k int) int {
	if sel != nil {
		return int(sel[k])
	}
	return k
}

// extend returns s with length n, new elements zero.
func extend[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		old := len(s)
		s = s[:n]
		clear(s[old:])
		return s
	}
	t := make([]T, n, max(n, 2*cap(s)))
	copy(t, s)
	return t
}

// sliceBytes is the memory of s.
func sliceBytes[T any](s []T) int64 {
	var z T
	return int64(cap(s)) * int64(unsafe.Sizeof(z))
}
