//go:build amd64 && !purego

package vector

import "unsafe"

// The entry points of the kernels over selections. They rely on a selection
// being ascending and within the elements; the plain Go twins would panic.

// gatherable returns how many rows of sel a kernel may gather in blocks of size
// rows: not those in the last bytes of a, where gathering 32 bits of narrower
// elements would read beyond it.
func gatherable[T any](a []T, sel []int32, size int) int {
	var x T
	n := len(sel)
	for beyond := int32(len(a) - 4/int(unsafe.Sizeof(x))); n > 0 && unsafe.Sizeof(x) < 4 && sel[n-1] > beyond; {
		n--
	}
	return n &^ (size - 1)
}

func selectRangeSel[T Int](a []T, lo, hi T, negate bool, sel, out []int32) int {
	l := simdLevel(len(sel))
	if l == LevelGo {
		return selectRangeSelGo(a, 0, 0, lo, hi, negate, sel, out)
	}
	out = out[:len(sel)]
	n, k, flip, wide := gatherable(a, sel, 16), 0, flipMask(negate), l == LevelAVX512
	switch unsafe.Sizeof(lo) {
	case 1:
		k = pick(wide, selectInt8SelAVX512, selectInt8SelAVX2)(ptr[uint8](a), &sel[0], n, uint8(lo), uint8(hi)-uint8(lo), flip, &out[0])
	case 2:
		k = pick(wide, selectInt16SelAVX512, selectInt16SelAVX2)(ptr[uint16](a), &sel[0], n, uint16(lo), uint16(hi)-uint16(lo), flip, &out[0])
	case 4:
		k = pick(wide, selectInt32SelAVX512, selectInt32SelAVX2)(ptr[uint32](a), &sel[0], n, uint32(lo), uint32(hi)-uint32(lo), flip, &out[0])
	case 8:
		k = pick(wide, selectInt64SelAVX512, selectInt64SelAVX2)(ptr[uint64](a), &sel[0], n, uint64(lo), uint64(hi)-uint64(lo), flip, &out[0])
	}
	return selectRangeSelGo(a, n, k, lo, hi, negate, sel, out)
}

func selectFloatRangeSel[T Float](a []T, lo, hi T, negate bool, sel, out []int32) int {
	l := simdLevel(len(sel))
	if l == LevelGo {
		return selectFloatRangeSelGo(a, 0, 0, lo, hi, negate, sel, out)
	}
	out = out[:len(sel)]
	n, k, flip, wide := len(sel)&^15, 0, flipMask(negate), l == LevelAVX512
	if unsafe.Sizeof(lo) == 4 {
		k = pick(wide, selectFloat32SelAVX512, selectFloat32SelAVX2)(ptr[float32](a), &sel[0], n, float32(lo), float32(hi), flip, &out[0])
	} else {
		k = pick(wide, selectFloat64SelAVX512, selectFloat64SelAVX2)(ptr[float64](a), &sel[0], n, float64(lo), float64(hi), flip, &out[0])
	}
	return selectFloatRangeSelGo(a, n, k, lo, hi, negate, sel, out)
}

func selectBitsSel(bits []byte, set bool, from int, sel, out []int32) int {
	l := simdLevel(len(sel))
	if l == LevelGo || from%8 != 0 {
		return selectBitsSelGo(bits, set, from, 0, 0, sel, out)
	}
	bits = bits[from/8:]
	// The kernel gathers whole words of 32 bits.
	n := len(sel)
	for words := int32(len(bits) / 4); n > 0 && sel[n-1]/32 >= words; {
		n--
	}
	n &^= 15
	k := pick(l == LevelAVX512, selectBitsSelAVX512, selectBitsSelAVX2)(unsafe.SliceData(bits), &sel[0], n, flipMask(!set), &out[0])
	return selectBitsSelGo(bits, set, 0, n, k, sel, out)
}
