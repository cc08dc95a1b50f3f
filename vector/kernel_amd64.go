//go:build amd64 && !purego

package vector

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run ./internal/asm -topic select -out kernel_select_amd64.s -stubs kernel_select_amd64.go -pkg vector
//go:generate go run ./internal/asm -topic sum -out kernel_sum_amd64.s -stubs kernel_sum_amd64.go -pkg vector
//go:generate go run ./internal/asm -topic minmax -out kernel_minmax_amd64.s -stubs kernel_minmax_amd64.go -pkg vector
//go:generate go run ./internal/asm -topic unpack -out kernel_unpack_amd64.s -stubs kernel_unpack_amd64.go -pkg vector
//go:generate go run ./internal/asm -topic gather -out kernel_gather_amd64.s -stubs kernel_gather_amd64.go -pkg vector
//go:generate go run ./internal/asm -topic codes -out kernel_codes_amd64.s -stubs kernel_codes_amd64.go -pkg vector
//go:generate go run ./internal/asm -topic hash -out kernel_hash_amd64.s -stubs kernel_hash_amd64.go -pkg vector

// The entry points between the exported kernels and their implementations: they
// run the vector kernel of the level in use over whole blocks and the plain Go
// twin over what is left. Short inputs go to the twin at once.

// detectLevel returns the best level of the processor. BMI1 and POPCNT are in
// every processor with AVX2.
func detectLevel() Level {
	x := &cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasPOPCNT:
		return LevelAVX512
	case x.HasAVX2 && x.HasPOPCNT:
		return LevelAVX2
	}
	return LevelGo
}

// shortest is the number of elements below which a vector kernel is not tried.
const shortest = 16

// simdLevel returns the level to use for n elements.
func simdLevel(n int) Level {
	if n < shortest {
		return LevelGo
	}
	return Level(level.Load())
}

// ptr returns the address of the first element as that of another type of the
// same size.
func ptr[P, T any](a []T) *P { return (*P)(unsafe.Pointer(unsafe.SliceData(a))) }

// flipMask is the flip parameter of the selection kernels.
func flipMask(negate bool) uint64 {
	if negate {
		return ^uint64(0)
	}
	return 0
}

func selectRange[T Int](a []T, lo, hi T, negate bool, out []int32) int {
	l := simdLevel(len(a))
	if l == LevelGo {
		return selectRangeGo(a, 0, 0, lo, hi, negate, out)
	}
	out = out[:len(a)]
	n, k, flip := 0, 0, flipMask(negate)
	switch unsafe.Sizeof(lo) {
	case 1:
		p, base, span := ptr[uint8](a), uint8(lo), uint8(hi)-uint8(lo)
		if l == LevelAVX512 {
			n = len(a) &^ 63
			k = selectInt8AVX512(p, n, base, span, flip, &out[0])
		} else {
			n = len(a) &^ 31
			k = selectInt8AVX2(p, n, base, span, flip, &out[0])
		}
	case 2:
		p, base, span := ptr[uint16](a), uint16(lo), uint16(hi)-uint16(lo)
		n = len(a) &^ 31
		if l == LevelAVX512 {
			k = selectInt16AVX512(p, n, base, span, flip, &out[0])
		} else {
			k = selectInt16AVX2(p, n, base, span, flip, &out[0])
		}
	case 4:
		p, base, span := ptr[uint32](a), uint32(lo), uint32(hi)-uint32(lo)
		if l == LevelAVX512 {
			n = len(a) &^ 15
			k = selectInt32AVX512(p, n, base, span, flip, &out[0])
		} else {
			n = len(a) &^ 7
			k = selectInt32AVX2(p, n, base, span, flip, &out[0])
		}
	case 8:
		p, base, span := ptr[uint64](a), uint64(lo), uint64(hi)-uint64(lo)
		if l == LevelAVX512 {
			n = len(a) &^ 15
			k = selectInt64AVX512(p, n, base, span, flip, &out[0])
		} else {
			n = len(a) &^ 7
			k = selectInt64AVX2(p, n, base, span, flip, &out[0])
		}
	}
	return selectRangeGo(a, n, k, lo, hi, negate, out)
}

func selectFloatRange[T Float](a []T, lo, hi T, negate bool, out []int32) int {
	l := simdLevel(len(a))
	if l == LevelGo {
		return selectFloatRangeGo(a, 0, 0, lo, hi, negate, out)
	}
	out = out[:len(a)]
	n, k, flip := len(a)&^15, 0, flipMask(negate)
	if l == LevelAVX2 {
		n = len(a) &^ 7
	}
	switch {
	case unsafe.Sizeof(lo) == 4 && l == LevelAVX512:
		k = selectFloat32AVX512(ptr[float32](a), n, float32(lo), float32(hi), flip, &out[0])
	case unsafe.Sizeof(lo) == 4:
		k = selectFloat32AVX2(ptr[float32](a), n, float32(lo), float32(hi), flip, &out[0])
	case l == LevelAVX512:
		k = selectFloat64AVX512(ptr[float64](a), n, float64(lo), float64(hi), flip, &out[0])
	default:
		k = selectFloat64AVX2(ptr[float64](a), n, float64(lo), float64(hi), flip, &out[0])
	}
	return selectFloatRangeGo(a, n, k, lo, hi, negate, out)
}

// selectBits leaves bits that do not begin with a byte to the twin.
func selectBits(bits []byte, set bool, from int, out []int32) int {
	l, n, k := simdLevel(len(out)), len(out)&^15, 0
	if l == LevelGo || from%8 != 0 {
		return selectBitsGo(bits, set, from, 0, 0, out)
	}
	bits = bits[from/8 : (from+len(out)+7)/8]
	k = pick(l == LevelAVX512, selectBitsAVX512, selectBitsAVX2)(&bits[0], n, flipMask(!set), &out[0])
	return selectBitsGo(bits, set, 0, n, k, out)
}

func hashIntsDense[T Int](a []T, out []uint64) {
	l, n := simdLevel(len(a)), len(a)&^15
	out = out[:len(a)]
	var x T
	signed := ^x < 0
	switch {
	case l == LevelGo:
		n = 0
	case unsafe.Sizeof(x) == 8 && l == LevelAVX512:
		hashInt64AVX512(ptr[int64](a), n, &out[0])
	case unsafe.Sizeof(x) == 8:
		hashInt64AVX2(ptr[int64](a), n, &out[0])
	case unsafe.Sizeof(x) == 4 && signed && l == LevelAVX512:
		hashInt32AVX512(ptr[int32](a), n, &out[0])
	case unsafe.Sizeof(x) == 4 && signed:
		hashInt32AVX2(ptr[int32](a), n, &out[0])
	default:
		n = 0
	}
	hashIntsGo(a[n:], out[n:])
}

func unpack[D Int, S Code](dst []D, src []S, base D) {
	l, n := simdLevel(len(src)), len(src)&^31
	dst = dst[:len(src)]
	var from S
	if l == LevelGo || n == 0 {
		unpackGo(dst, src, base)
		return
	}
	switch wide := l == LevelAVX512; [2]uintptr{unsafe.Sizeof(from), unsafe.Sizeof(base)} {
	case [2]uintptr{1, 2}:
		n = len(src) &^ 63
		pick(wide, unpack8to16AVX512, unpack8to16AVX2)(ptr[uint16](dst), ptr[uint8](src), n, uint16(base))
	case [2]uintptr{1, 4}:
		pick(wide, unpack8to32AVX512, unpack8to32AVX2)(ptr[uint32](dst), ptr[uint8](src), n, uint32(base))
	case [2]uintptr{2, 4}:
		pick(wide, unpack16to32AVX512, unpack16to32AVX2)(ptr[uint32](dst), ptr[uint16](src), n, uint32(base))
	case [2]uintptr{4, 4}:
		pick(wide, unpack32to32AVX512, unpack32to32AVX2)(ptr[uint32](dst), ptr[uint32](src), n, uint32(base))
	case [2]uintptr{1, 8}:
		pick(wide, unpack8to64AVX512, unpack8to64AVX2)(ptr[uint64](dst), ptr[uint8](src), n, uint64(base))
	case [2]uintptr{2, 8}:
		pick(wide, unpack16to64AVX512, unpack16to64AVX2)(ptr[uint64](dst), ptr[uint16](src), n, uint64(base))
	case [2]uintptr{4, 8}:
		pick(wide, unpack32to64AVX512, unpack32to64AVX2)(ptr[uint64](dst), ptr[uint32](src), n, uint64(base))
	default:
		n = 0
	}
	unpackGo(dst[n:], src[n:], base)
}

// pick returns one of two functions.
func pick[F any](first bool, a, b F) F {
	if first {
		return a
	}
	return b
}
