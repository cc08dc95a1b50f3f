//go:build !amd64 || purego

package vector

import "htapdb/sql/types"

// The entry points between the exported kernels and their implementations where
// there are no vector instructions: the plain Go twins.

func detectLevel() Level { return LevelGo }

func selectRange[T Int](a []T, lo, hi T, negate bool, out []int32) int {
	return selectRangeGo(a, 0, 0, lo, hi, negate, out)
}

func selectRangeSel[T Int](a []T, lo, hi T, negate bool, sel, out []int32) int {
	return selectRangeSelGo(a, 0, 0, lo, hi, negate, sel, out)
}

func selectFloatRange[T Float](a []T, lo, hi T, negate bool, out []int32) int {
	return selectFloatRangeGo(a, 0, 0, lo, hi, negate, out)
}

func selectFloatRangeSel[T Float](a []T, lo, hi T, negate bool, sel, out []int32) int {
	return selectFloatRangeSelGo(a, 0, 0, lo, hi, negate, sel, out)
}

func selectBits(bits []byte, set bool, from int, out []int32) int {
	return selectBitsGo(bits, set, from, 0, 0, out)
}

func selectBitsSel(bits []byte, set bool, from int, sel, out []int32) int {
	return selectBitsSelGo(bits, set, from, 0, 0, sel, out)
}

func selectCodes[C Code](bitmap []uint32, codes []C, out []int32) int {
	return selectCodesGo(bitmap, codes, 0, 0, out)
}

func selectCodesSel[C Code](bitmap []uint32, codes []C, sel, out []int32) int {
	return selectCodesSelGo(bitmap, codes, 0, 0, sel, out)
}

func hashIntsDense[T Int](a []T, out []uint64)            { hashIntsGo(a, out) }
func countValid(valid []uint8) int                        { return countValidGo(valid) }
func sumCodes[S Code](a []S) uint64                       { return sumCodesGo(a) }
func sumInt32(a []int32) int64                            { return sumInt32Go(a) }
func sumInt32Valid(a []int32, valid []uint8) int64        { return sumInt32ValidGo(a, valid) }
func sumInt64(a []int64) types.Int128                     { return sumInt64Go(a) }
func sumInt64Valid(a []int64, valid []uint8) types.Int128 { return sumInt64ValidGo(a, valid) }
func sumFloat64(a []float64) float64                      { return sumFloat64Go(a, new([8]float64)) }
func sumFloat64Valid(a []float64, valid []uint8) float64 {
	return sumFloat64ValidGo(a, valid, new([8]float64))
}
func sumProductInt64(a, b []int64) types.Int128             { return sumProductInt64Go(a, b) }
func minMaxInt[T Int](a []T) (least, most T)                { return minMaxIntGo(a, a[0], a[0]) }
func minMaxFloat[T Float](a []T, least, most T) (T, T, int) { return minMaxFloatGo(a, least, most) }
func unpack[D Int, S Code](dst []D, src []S, base D)        { unpackGo(dst, src, base) }
