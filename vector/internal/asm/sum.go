package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The sums. Validity comes as a byte an element, 0 or 1: with AVX-512 it becomes
// a mask, with AVX2 a lane of all ones or zeros.

func sumKernels() {
	countValid(512)
	countValid(256)
	for _, width := range []int{512, 256} {
		sumInt32(width, false)
		sumInt32(width, true)
		sumInt64(width, false)
		sumInt64(width, true)
		sumFloat64(width, false)
		sumFloat64(width, true)
		for _, bits := range []int{8, 16, 32} {
			sumCodes(width, bits)
		}
	}
	sumProduct()
}

// level names a register width in function names.
func level(width int) string {
	if width == 512 {
		return "AVX512"
	}
	return "AVX2"
}

// vec returns a register of the width.
func vec(width int) reg.VecVirtual {
	if width == 512 {
		return ZMM()
	}
	return YMM()
}

// zero clears a register.
func zero(v reg.VecVirtual) { VPXOR(v.AsY(), v.AsY(), v.AsY()) }

// load moves a register's worth of memory, unaligned.
func load(width int, m Mem, v Op) {
	if width == 512 {
		VMOVDQU64(m, v)
		return
	}
	VMOVDQU(m, v)
}

// blocks emits a loop that runs body for every block elements and advances the
// pointers by their strides.
func blocks(n reg.GPVirtual, block int, body func(), strides map[reg.GPVirtual]int) {
	Label("loop")
	CMPQ(n, Imm(uint64(block)))
	JL(LabelRef("done"))
	body()
	for _, p := range sortedPointers(strides) {
		ADDQ(Imm(uint64(strides[p])), p)
	}
	SUBQ(Imm(uint64(block)), n)
	JMP(LabelRef("loop"))
	Label("done")
}

// sortedPointers fixes the order, so that the output does not change from run
// to run.
func sortedPointers(m map[reg.GPVirtual]int) []reg.GPVirtual {
	var list []reg.GPVirtual
	for p := range m {
		list = append(list, p)
	}
	for i := range list {
		for j := i; j > 0 && list[j].ID() < list[j-1].ID(); j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	return list
}

// reduceQ adds the 64-bit lanes of v into a general register.
func reduceQ(width int, v reg.VecVirtual) reg.GPVirtual {
	if width == 512 {
		high := YMM()
		VEXTRACTI64X4(Imm(1), v, high)
		VPADDQ(high, v.AsY(), v.AsY())
	}
	high, sum := XMM(), GP64()
	VEXTRACTI128(Imm(1), v.AsY(), high)
	VPADDQ(high, v.AsX(), v.AsX())
	VPSRLDQ(Imm(8), v.AsX(), high)
	VPADDQ(high, v.AsX(), v.AsX())
	VMOVQ(v.AsX(), sum)
	return sum
}

// countValid adds bytes: VPSADBW sums groups of eight.
func countValid(width int) {
	bytes := width / 8
	name := "countValid" + level(width)
	TEXT(name, NOSPLIT, "func(valid *uint8, n int) int")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds n bytes; n is a multiple of %d.", name, bytes))
	a, n := GP64(), GP64()
	Load(Param("valid"), a)
	Load(Param("n"), n)
	sum, x, none := vec(width), vec(width), vec(width)
	zero(sum)
	zero(none)
	blocks(n, bytes, func() {
		load(width, Mem{Base: a}, x)
		VPSADBW(none, x, x)
		VPADDQ(x, sum, sum)
	}, map[reg.GPVirtual]int{a: bytes})
	Store(reduceQ(width, sum), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// sumArgs loads the parameters of a sum, with validity if there is any.
func sumArgs(name, elem, result, doc string, valid bool) (a, v, n reg.GPVirtual) {
	params := "a *" + elem
	if valid {
		params += ", valid *uint8"
	}
	TEXT(name, NOSPLIT, fmt.Sprintf("func(%s, n int%s", params, result))
	Pragma("noescape")
	Doc(doc)
	a, n = GP64(), GP64()
	Load(Param("a"), a)
	if valid {
		v = GP64()
		Load(Param("valid"), v)
	}
	Load(Param("n"), n)
	return a, v, n
}

// suffix names the variant with validity.
func suffix(valid bool, width int) string {
	if valid {
		return "Valid" + level(width)
	}
	return level(width)
}

// validMask makes a mask of the 8 validity bytes at m (AVX-512).
func validMask(m Mem) reg.OpmaskVirtual {
	k, x := K(), XMM()
	VMOVQ(m, x)
	VPTESTMB(x, x, k)
	return k
}

// validLanes makes lanes of all ones from the 4 validity bytes at m (AVX2).
func validLanes(m Mem, none reg.VecVirtual) reg.VecVirtual {
	lanes := YMM()
	VPMOVZXBQ(m, lanes)
	VPSUBQ(lanes, none, lanes)
	return lanes
}

// sumInt32 widens to 64 bits and adds in two registers.
func sumInt32(width int, valid bool) {
	lanes := width / 64
	name := "sumInt32" + suffix(valid, width)
	a, v, n := sumArgs(name, "int32", ") int64", fmt.Sprintf("%s adds n elements; n is a multiple of %d.", name, 2*lanes), valid)
	sums, none := []reg.VecVirtual{vec(width), vec(width)}, YMM()
	zero(sums[0])
	zero(sums[1])
	zero(none)
	strides := map[reg.GPVirtual]int{a: 8 * lanes}
	if valid {
		strides[v] = 2 * lanes
	}
	blocks(n, 2*lanes, func() {
		for i, sum := range sums {
			x := vec(width)
			from := Mem{Base: a, Disp: 4 * lanes * i}
			ok := Mem{Base: v, Disp: lanes * i}
			switch {
			case !valid:
				VPMOVSXDQ(from, x)
			case width == 512:
				VPMOVSXDQ_Z(from, validMask(ok), x)
			default:
				VPMOVSXDQ(from, x)
				VPAND(validLanes(ok, none), x, x)
			}
			VPADDQ(x, sum, sum)
		}
	}, strides)
	VPADDQ(sums[1], sums[0], sums[0])
	Store(reduceQ(width, sums[0]), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// halves adds the high and the low halves of 64-bit elements apart, so that
// neither sum can overflow. AVX2 has no arithmetic shift of 64 bits: there the
// elements are made unsigned by flipping the top bit, and the caller takes
// 2⁶³ for each off.
type halves struct {
	width          int
	lo, hi, low, y reg.VecVirtual
	top            reg.VecVirtual
}

func newHalves(width int) *halves {
	h := &halves{width: width, lo: vec(width), hi: vec(width), low: vec(width), y: vec(width), top: YMM()}
	zero(h.lo)
	zero(h.hi)
	VPCMPEQD(h.low.AsY(), h.low.AsY(), h.low.AsY())
	if width == 512 {
		VPTERNLOGD(Imm(0xff), h.low, h.low, h.low)
	}
	VPSLLQ(Imm(63), h.low.AsY(), h.top)
	VPSRLQ(Imm(32), h.low, h.low)
	return h
}

// add adds the elements of x, which it overwrites.
func (h *halves) add(x reg.VecVirtual) {
	if h.width == 512 {
		VPSRAQ(Imm(32), x, h.y)
		VPANDQ(h.low, x, x)
	} else {
		VPXOR(h.top, x, x)
		VPSRLQ(Imm(32), x, h.y)
		VPAND(h.low, x, x)
	}
	VPADDQ(h.y, h.hi, h.hi)
	VPADDQ(x, h.lo, h.lo)
}

// finish returns the sums from the function.
func (h *halves) finish() {
	Store(reduceQ(h.width, h.hi), ReturnIndex(0))
	Store(reduceQ(h.width, h.lo), ReturnIndex(1))
	VZEROUPPER()
	RET()
}

// sumInt64 adds all elements, or the valid ones.
func sumInt64(width int, valid bool) {
	lanes := width / 64
	name := "sumInt64" + suffix(valid, width)
	doc := fmt.Sprintf("%s returns the sums of the halves, hi·2³²+lo, of n elements; n is a multiple of %d.", name, lanes)
	if width == 256 {
		doc += " Every element, null ones included, counts 2⁶³ too much."
	}
	a, v, n := sumArgs(name, "int64", ") (hi, lo int64)", doc, valid)
	h := newHalves(width)
	x, none := vec(width), YMM()
	zero(none)
	strides := map[reg.GPVirtual]int{a: 8 * lanes}
	if valid {
		strides[v] = lanes
	}
	blocks(n, lanes, func() {
		switch {
		case valid && width == 512:
			VMOVDQU64_Z(Mem{Base: a}, validMask(Mem{Base: v}), x)
		case valid:
			VPAND(Mem{Base: a}, validLanes(Mem{Base: v}, none), x)
		default:
			load(width, Mem{Base: a}, x)
		}
		h.add(x)
	}, strides)
	h.finish()
}

// sumFloat64 adds element i to lane i mod 8. A null adds +0 or nothing, which
// is the same: a lane that began at +0 never becomes −0.
func sumFloat64(width int, valid bool) {
	name := "sumFloat64" + suffix(valid, width)
	a, v, n := sumArgs(name, "float64", ", lanes *[8]float64)",
		fmt.Sprintf("%s stores the sums of every eighth of n elements in lanes; n is a multiple of 8.", name), valid)
	out := GP64()
	Load(Param("lanes"), out)
	per := width / 64
	var sums []reg.VecVirtual
	for range 8 / per {
		sums = append(sums, vec(width))
		zero(sums[len(sums)-1])
	}
	none := YMM()
	zero(none)
	strides := map[reg.GPVirtual]int{a: 64}
	if valid {
		strides[v] = 8
	}
	blocks(n, 8, func() {
		for i, sum := range sums {
			from, ok := Mem{Base: a, Disp: 8 * per * i}, Mem{Base: v, Disp: per * i}
			switch {
			case !valid:
				VADDPD(from, sum, sum)
			case width == 512:
				VADDPD(from, sum, validMask(ok), sum)
			default:
				x := YMM()
				VPAND(from, validLanes(ok, none), x)
				VADDPD(x, sum, sum)
			}
		}
	}, strides)
	for i, sum := range sums {
		VMOVUPD(sum, Mem{Base: out, Disp: 8 * per * i})
	}
	VZEROUPPER()
	RET()
}

// sumCodes adds unsigned lanes without unpacking them: bytes by VPSADBW, wider
// ones by splitting.
func sumCodes(width, bits int) {
	name := fmt.Sprintf("sumUint%d%s", bits, level(width))
	block := width / bits
	a, _, n := sumArgs(name, fmt.Sprintf("uint%d", bits), ") uint64",
		fmt.Sprintf("%s adds n elements; n is a multiple of %d.", name, block), false)
	sum, x, y, mask := vec(width), vec(width), vec(width), vec(width)
	zero(sum)
	if bits == 8 {
		zero(mask)
	} else {
		// The even elements of each pair: ones shifted right by an element.
		VPCMPEQD(mask.AsY(), mask.AsY(), mask.AsY())
		if width == 512 {
			VPTERNLOGD(Imm(0xff), mask, mask, mask)
		}
		if bits == 16 {
			VPSRLD(Imm(16), mask, mask)
		} else {
			VPSRLQ(Imm(32), mask, mask)
		}
	}
	and := func() {
		if width == 512 {
			VPANDQ(mask, x, x)
		} else {
			VPAND(mask, x, x)
		}
	}
	blocks(n, block, func() {
		load(width, Mem{Base: a}, x)
		switch bits {
		case 8:
			VPSADBW(mask, x, x)
		case 16:
			// Two 16-bit lanes to one of 17 bits, and two of those to 64.
			VPSRLD(Imm(16), x, y)
			and()
			VPADDD(y, x, x)
			VPSRLQ(Imm(32), x, y)
			VPADDD(y, x, x)
			VPSLLQ(Imm(32), x, x)
			VPSRLQ(Imm(32), x, x)
		case 32:
			VPSRLQ(Imm(32), x, y)
			and()
			VPADDQ(y, x, x)
		}
		VPADDQ(x, sum, sum)
	}, map[reg.GPVirtual]int{a: width / 8})
	Store(reduceQ(width, sum), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// sumProduct needs no vectors: the processor multiplies 64×64 bits signed, which
// Go does not offer. Two sums break the chain of carries.
func sumProduct() {
	TEXT("sumProductInt64AMD64", NOSPLIT, "func(a, b *int64, n int) (hi int64, lo uint64)")
	Pragma("noescape")
	Doc("sumProductInt64AMD64 returns the sum of a[i]·b[i]; n is even.")
	a, b, n := GP64(), GP64(), GP64()
	Load(Param("a"), a)
	Load(Param("b"), b)
	Load(Param("n"), n)
	var lo, hi [2]reg.GPVirtual
	for i := range lo {
		lo[i], hi[i] = GP64(), GP64()
		XORQ(lo[i], lo[i])
		XORQ(hi[i], hi[i])
	}
	blocks(n, 2, func() {
		for i := range lo {
			MOVQ(Mem{Base: a, Disp: 8 * i}, reg.RAX)
			IMULQ(Mem{Base: b, Disp: 8 * i})
			ADDQ(reg.RAX, lo[i])
			ADCQ(reg.RDX, hi[i])
		}
	}, map[reg.GPVirtual]int{a: 16, b: 16})
	ADDQ(lo[1], lo[0])
	ADCQ(hi[1], hi[0])
	Store(hi[0], ReturnIndex(0))
	Store(lo[0], ReturnIndex(1))
	RET()
}
