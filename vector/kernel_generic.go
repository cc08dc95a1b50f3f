package vector

import "htapdb/sql/types"

// The entry points between the exported kernels and their implementations.

func selectRange[T Int](a []T, lo, hi T, negate bool, out []int32) int {
	return selectRangeGo(a, lo, hi, negate, out)
}

func selectRangeSel[T Int](a []T, lo, hi T, negate bool, sel, out []int32) int {
	return selectRangeSelGo(a, lo, hi, negate, sel, out)
}

func selectFloatRange[T Float](a []T, lo, hi T, negate bool, out []int32) int {
	return selectFloatRangeGo(a, lo, hi, negate, out)
}

func selectFloatRangeSel[T Float](a []T, lo, hi T, negate bool, sel, out []int32) int {
	return selectFloatRangeSelGo(a, lo, hi, negate, sel, out)
}

func detectLevel() Level { return LevelGo }

func hashIntsDense[T Int](a []T, out []uint64) { hashIntsGo(a, out) }

func countValid(valid []uint8) int                        { return countValidGo(valid) }
func sumInt32(a []int32) int64                            { return sumInt32Go(a) }
func sumInt32Valid(a []int32, valid []uint8) int64        { return sumInt32ValidGo(a, valid) }
func sumInt64(a []int64) types.Int128                     { return sumInt64Go(a) }
func sumInt64Valid(a []int64, valid []uint8) types.Int128 { return sumInt64ValidGo(a, valid) }
func sumFloat64(a []float64) float64                      { return sumFloat64Go(a) }
func sumFloat64Valid(a []float64, valid []uint8) float64  { return sumFloat64ValidGo(a, valid) }
func sumProductInt64(a, b []int64) types.Int128           { return sumProductInt64Go(a, b) }
func minMaxInt[T Int](a []T) (least, most T)              { return minMaxIntGo(a) }
func minMaxFloat[T Float](a []T) (T, T, int)              { return minMaxFloatGo(a) }
func unpack[D Int, S Code](dst []D, src []S, base D)      { unpackGo(dst, src, base) }
