package olap

import (
	"slices"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Membership in a build side, for run-time filters: which rows of a scan have a
// key that may occur among the build rows. It is asked for far more rows than
// the join itself sees, so it touches as little memory as it can.

// markPresent makes t.present of a dense table, if there is none. Its memory is
// in what indexDense has reserved, eight bytes for each bucket.
func (t *joinTable) markPresent() {
	if !t.dense || t.present != nil {
		return
	}
	buckets := len(t.direct)
	if t.direct == nil {
		buckets = len(t.directory) - 1
	}
	t.present = make([]uint64, (buckets+63)/64)
	for b := range buckets {
		if t.direct != nil && t.direct[b] != 0 || t.direct == nil && t.directory[b]>>16 != t.directory[b+1]>>16 {
			t.present[b/64] |= 1 << (b % 64)
		}
	}
}

// mayContain appends to dst, which is empty, the rows of sel (of the first n if
// nil) whose key a build row may have; dst may begin where sel does.
func (t *joinTable) mayContain(v *vector.Vector, sel []int32, n int, dst []int32) []int32 {
	if v.Enc == vector.Const || v.Enc == vector.Dict && t.dense {
		v = v.Flatten(nil)
	}
	if v.Valid != nil {
		rows := n
		if sel != nil {
			rows = v.Len
		}
		dst = vector.SelectValid(v.Valid, rows, sel, dst)
		sel = dst
	}
	if !t.dense {
		return t.keepHashed(v, sel, n, dst)
	}
	switch v.Type.Physical() {
	case types.PhysInt16:
		return keepPresent(t, v.I16, sel, n, dst)
	case types.PhysInt32:
		return keepPresent(t, v.I32, sel, n, dst)
	}
	return keepPresent(t, v.I64, sel, n, dst)
}

// keepPresent keeps the rows whose key's bit is set.
func keepPresent[T int16 | int32 | int64](t *joinTable, keys []T, sel []int32, n int, dst []int32) []int32 {
	present, base := t.present, uint64(t.base)
	k := 0
	if sel != nil {
		dst = slices.Grow(dst[:0], len(sel))[:len(sel)]
		for i, r := range sel {
			b := uint64(int64(keys[r])) - base
			dst[k] = sel[i]
			if b>>6 < uint64(len(present)) {
				k += int(present[b>>6] >> (b & 63) & 1)
			}
		}
		return dst[:k]
	}
	dst = slices.Grow(dst[:0], n)[:n]
	for i, x := range keys[:n] {
		b := uint64(int64(x)) - base
		dst[k] = int32(i)
		if b>>6 < uint64(len(present)) {
			k += int(present[b>>6] >> (b & 63) & 1)
		}
	}
	return dst[:k]
}

// keepHashed keeps the rows whose hash's tag is in the directory.
func (t *joinTable) keepHashed(v *vector.Vector, sel []int32, n int, dst []int32) []int32 {
	var buf [vector.MaxBatch]uint64
	hashes := hashRows([]*vector.Vector{v}, sel, n, buf[:0])
	dst = slices.Grow(dst[:0], len(hashes))[:len(hashes)]
	k := 0
	for i, h := range hashes {
		dst[k] = int32(rowOf(sel, i))
		k += int(t.directory[h>>t.shift] >> (h & 15) & 1)
	}
	return dst[:k]
}
