//go:build amd64 && !purego

package vector

import (
	"math/bits"
	"unsafe"

	"htapdb/sql/types"
)

func countValid(valid []uint8) int {
	l, n, sum := simdLevel(len(valid)), 0, 0
	switch {
	case len(valid) < 64 || l == LevelGo:
	case l == LevelAVX512:
		n = len(valid) &^ 63
		sum = countValidAVX512(&valid[0], n)
	default:
		n = len(valid) &^ 31
		sum = countValidAVX2(&valid[0], n)
	}
	return sum + countValidGo(valid[n:])
}

func sumCodes[S Code](a []S) (sum uint64) {
	var x S
	l, n := simdLevel(len(a)), len(a)&^63
	switch {
	case l == LevelGo || n == 0:
		n = 0
	case unsafe.Sizeof(x) == 1:
		sum = pick(l == LevelAVX512, sumUint8AVX512, sumUint8AVX2)(ptr[uint8](a), n)
	case unsafe.Sizeof(x) == 2:
		sum = pick(l == LevelAVX512, sumUint16AVX512, sumUint16AVX2)(ptr[uint16](a), n)
	default:
		sum = pick(l == LevelAVX512, sumUint32AVX512, sumUint32AVX2)(ptr[uint32](a), n)
	}
	return sum + sumCodesGo(a[n:])
}

func sumInt32(a []int32) (sum int64) {
	l, n := simdLevel(len(a)), len(a)&^15
	switch l {
	case LevelAVX512:
		sum = sumInt32AVX512(&a[0], n)
	case LevelAVX2:
		sum = sumInt32AVX2(&a[0], n)
	default:
		n = 0
	}
	return sum + sumInt32Go(a[n:])
}

func sumInt32Valid(a []int32, valid []uint8) (sum int64) {
	l, n := simdLevel(len(a)), len(a)&^15
	switch l {
	case LevelAVX512:
		sum = sumInt32ValidAVX512(&a[0], &valid[0], n)
	case LevelAVX2:
		sum = sumInt32ValidAVX2(&a[0], &valid[0], n)
	default:
		n = 0
	}
	return sum + sumInt32ValidGo(a[n:], valid[n:])
}

// joinHalves returns hi·2³² + lo − excess·2⁶³.
func joinHalves(hi, lo int64, excess int) types.Int128 {
	sum := types.Int128{Hi: hi >> 32, Lo: uint64(hi) << 32}
	sum, _ = sum.Add(types.Int128{Lo: uint64(lo)})
	over, under := bits.Mul64(uint64(excess), 1<<63)
	sum, _ = sum.Sub(types.Int128{Hi: int64(over), Lo: under})
	return sum
}

// maxHalves bounds the elements of one call, whose halves are summed in 64 bits.
const maxHalves = 1 << 30

func sumInt64(a []int64) (sum types.Int128) {
	l := simdLevel(len(a))
	for l != LevelGo && len(a) >= 8 {
		n := min(len(a)&^7, maxHalves)
		var part types.Int128
		if l == LevelAVX512 {
			hi, lo := sumInt64AVX512(&a[0], n)
			part = joinHalves(hi, lo, 0)
		} else {
			hi, lo := sumInt64AVX2(&a[0], n)
			part = joinHalves(hi, lo, n)
		}
		sum, _ = sum.Add(part)
		a = a[n:]
	}
	sum, _ = sum.Add(sumInt64Go(a))
	return sum
}

func sumInt64Valid(a []int64, valid []uint8) (sum types.Int128) {
	l := simdLevel(len(a))
	for l != LevelGo && len(a) >= 8 {
		n := min(len(a)&^7, maxHalves)
		var part types.Int128
		if l == LevelAVX512 {
			hi, lo := sumInt64ValidAVX512(&a[0], &valid[0], n)
			part = joinHalves(hi, lo, 0)
		} else {
			hi, lo := sumInt64ValidAVX2(&a[0], &valid[0], n)
			part = joinHalves(hi, lo, n)
		}
		sum, _ = sum.Add(part)
		a, valid = a[n:], valid[n:]
	}
	sum, _ = sum.Add(sumInt64ValidGo(a, valid))
	return sum
}

func sumFloat64(a []float64) float64 {
	var lanes [8]float64
	l, n := simdLevel(len(a)), len(a)&^7
	switch l {
	case LevelAVX512:
		sumFloat64AVX512(&a[0], n, &lanes)
	case LevelAVX2:
		sumFloat64AVX2(&a[0], n, &lanes)
	default:
		n = 0
	}
	return sumFloat64Go(a[n:], &lanes)
}

func sumFloat64Valid(a []float64, valid []uint8) float64 {
	var lanes [8]float64
	l, n := simdLevel(len(a)), len(a)&^7
	switch l {
	case LevelAVX512:
		sumFloat64ValidAVX512(&a[0], &valid[0], n, &lanes)
	case LevelAVX2:
		sumFloat64ValidAVX2(&a[0], &valid[0], n, &lanes)
	default:
		n = 0
	}
	return sumFloat64ValidGo(a[n:], valid[n:], &lanes)
}

func sumProductInt64(a, b []int64) types.Int128 {
	if simdLevel(len(a)) == LevelGo {
		return sumProductInt64Go(a, b)
	}
	n := len(a) &^ 1
	hi, lo := sumProductInt64AMD64(&a[0], &b[0], n)
	sum := sumProductInt64Go(a[n:], b[n:])
	low, carry := bits.Add64(lo, sum.Lo, 0)
	return types.Int128{Hi: hi + sum.Hi + int64(carry), Lo: low}
}

func minMaxInt[T Int](a []T) (least, most T) {
	l := simdLevel(len(a))
	n := len(a) &^ 63
	if l == LevelGo || n == 0 {
		return minMaxIntGo(a, a[0], a[0])
	}
	// The kernels store their lanes of least values, then those of greatest.
	var x T
	var lanes [128]uint8
	signed, wide := ^x < 0, l == LevelAVX512
	switch size := unsafe.Sizeof(x); {
	case size == 1 && !signed && wide:
		minMaxUint8AVX512(ptr[uint8](a), n, &lanes)
	case size == 1 && !signed:
		minMaxUint8AVX2(ptr[uint8](a), n, (*[64]uint8)(lanes[:]))
	case size == 2 && signed:
		minMax16(wide, ptr[int16](a), n, &lanes, minMaxInt16AVX512, minMaxInt16AVX2)
	case size == 2:
		minMax16(wide, ptr[uint16](a), n, &lanes, minMaxUint16AVX512, minMaxUint16AVX2)
	case size == 4 && signed:
		minMax32(wide, ptr[int32](a), n, &lanes, minMaxInt32AVX512, minMaxInt32AVX2)
	case size == 4:
		minMax32(wide, ptr[uint32](a), n, &lanes, minMaxUint32AVX512, minMaxUint32AVX2)
	case size == 8 && wide && signed:
		minMaxInt64AVX512(ptr[int64](a), n, (*[16]int64)(unsafe.Pointer(&lanes)))
	case size == 8 && wide:
		minMaxUint64AVX512(ptr[uint64](a), n, (*[16]uint64)(unsafe.Pointer(&lanes)))
	default:
		return minMaxIntGo(a, a[0], a[0])
	}
	half := 32
	if wide {
		half = 64
	}
	stored := unsafe.Slice((*T)(unsafe.Pointer(&lanes)), 2*half/int(unsafe.Sizeof(x)))
	least, most = minMaxIntGo(stored, stored[0], stored[0])
	return minMaxIntGo(a[n:], least, most)
}

func minMax16[T any](wide bool, a *T, n int, lanes *[128]uint8, k512 func(*T, int, *[64]T), k256 func(*T, int, *[32]T)) {
	if wide {
		k512(a, n, (*[64]T)(unsafe.Pointer(lanes)))
		return
	}
	k256(a, n, (*[32]T)(unsafe.Pointer(lanes)))
}

func minMax32[T any](wide bool, a *T, n int, lanes *[128]uint8, k512 func(*T, int, *[32]T), k256 func(*T, int, *[16]T)) {
	if wide {
		k512(a, n, (*[32]T)(unsafe.Pointer(lanes)))
		return
	}
	k256(a, n, (*[16]T)(unsafe.Pointer(lanes)))
}

func minMaxFloat[T Float](a []T, least, most T) (_, _ T, numbers int) {
	l, n := simdLevel(len(a)), len(a)&^7
	if l == LevelGo || unsafe.Sizeof(least) != 8 {
		return minMaxFloatGo(a, least, most)
	}
	var lanes [16]float64
	half := 4
	if l == LevelAVX512 {
		half = 8
	}
	for i := range half {
		lanes[i], lanes[half+i] = float64(least), float64(most)
	}
	if l == LevelAVX512 {
		numbers = minMaxFloat64AVX512(ptr[float64](a), n, &lanes)
	} else {
		numbers = minMaxFloat64AVX2(ptr[float64](a), n, (*[8]float64)(lanes[:]))
	}
	for i := range half {
		least, most = min(least, T(lanes[i])), max(most, T(lanes[half+i]))
	}
	least, most, more := minMaxFloatGo(a[n:], least, most)
	return least, most, numbers + more
}
