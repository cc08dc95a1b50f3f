//go:build amd64 && !purego

package vector

import "unsafe"

func selectCodes[C Code](bitmap []uint32, codes []C, out []int32) int {
	var x C
	l, n, k := simdLevel(len(codes)), len(codes)&^15, 0
	if l == LevelGo {
		return selectCodesGo(bitmap, codes, 0, 0, out)
	}
	out = out[:len(codes)]
	switch wide := l == LevelAVX512; unsafe.Sizeof(x) {
	case 1:
		k = pick(wide, selectCodes8AVX512, selectCodes8AVX2)(ptr[uint8](codes), n, &bitmap[0], &out[0])
	case 2:
		k = pick(wide, selectCodes16AVX512, selectCodes16AVX2)(ptr[uint16](codes), n, &bitmap[0], &out[0])
	default:
		k = pick(wide, selectCodes32AVX512, selectCodes32AVX2)(ptr[uint32](codes), n, &bitmap[0], &out[0])
	}
	return selectCodesGo(bitmap, codes, n, k, out)
}

func selectCodesSel[C Code](bitmap []uint32, codes []C, sel, out []int32) int {
	var x C
	l, k := simdLevel(len(sel)), 0
	if l == LevelGo {
		return selectCodesSelGo(bitmap, codes, 0, 0, sel, out)
	}
	out = out[:len(sel)]
	n := gatherable(codes, sel, 16)
	switch wide := l == LevelAVX512; unsafe.Sizeof(x) {
	case 1:
		k = pick(wide, selectCodes8SelAVX512, selectCodes8SelAVX2)(ptr[uint8](codes), &sel[0], n, &bitmap[0], &out[0])
	case 2:
		k = pick(wide, selectCodes16SelAVX512, selectCodes16SelAVX2)(ptr[uint16](codes), &sel[0], n, &bitmap[0], &out[0])
	default:
		k = pick(wide, selectCodes32SelAVX512, selectCodes32SelAVX2)(ptr[uint32](codes), &sel[0], n, &bitmap[0], &out[0])
	}
	return selectCodesSelGo(bitmap, codes, n, k, sel, out)
}
