package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kernels over selections gather elements by row number. Elements narrower
// than 32 bits are gathered as 32 bits and cut: the caller keeps the last rows,
// behind which there may be nothing to read, away from them.
//
// Gathering and sums of what is gathered are not among them: measured on Zen 4
// they took as long as a Go loop that does eight rows a round, or longer.

func gatherKernels() {
	positions := positionData()
	for _, width := range []int{512, 256} {
		for _, bits := range []int{8, 16, 32, 64} {
			selectSel(width, bits, false, positions)
		}
		selectBitsSel(width, positions)
		selectSel(width, 32, true, positions)
		selectSel(width, 64, true, positions)
	}
}

// gatherD gathers 32-bit words at a + scale·idx.
func gatherD(width int, a reg.GPVirtual, idx reg.VecVirtual, scale uint8, dst reg.VecVirtual) {
	m := Mem{Base: a, Index: idx, Scale: scale}
	if width == 512 {
		k := K()
		KXNORW(k, k, k)
		VPGATHERDD(m, k, dst)
		return
	}
	ones := YMM()
	VPCMPEQD(ones, ones, ones)
	VPGATHERDD(ones, m, dst)
}

// gatherQ gathers 64-bit words at a + 8·idx; idx holds half a register of
// 32-bit row numbers.
func gatherQ(width int, a reg.GPVirtual, idx reg.VecVirtual, dst reg.VecVirtual) {
	if width == 512 {
		k := K()
		KXNORB(k, k, k)
		VPGATHERDQ(Mem{Base: a, Index: idx.AsY(), Scale: 8}, k, dst)
		return
	}
	ones := YMM()
	VPCMPEQD(ones, ones, ones)
	VPGATHERDQ(ones, Mem{Base: a, Index: idx.AsX(), Scale: 8}, dst)
}

// selectSel selects among n rows those in range, as the kernels without a
// selection do: a mask from the elements gathered, then the row numbers
// compressed by it. The output may be the selection itself, as a round stores
// no further than it has loaded.
func selectSel(width, bits int, float bool, positions Mem) {
	typ, elem, bounds := "Int", fmt.Sprintf("uint%d", bits), "base, span"
	if float {
		typ, elem, bounds = "Float", fmt.Sprintf("float%d", bits), "lo, hi"
	}
	name := fmt.Sprintf("select%s%dSel%s", typ, bits, level(width))
	lanes := width / 32
	TEXT(name, NOSPLIT, fmt.Sprintf("func(a *%s, sel *int32, n int, %s %s, flip uint64, out *int32) int", elem, bounds, elem))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is select%s%d%s for the n rows in sel; n is a multiple of %d.", name, typ, bits, level(width), lanes))
	s := &selector{a: GP64(), n: GP64(), out: GP64(), count: GP64(), flip: GP64()}
	sel := GP64()
	Load(Param("a"), s.a)
	Load(Param("sel"), sel)
	Load(Param("n"), s.n)
	Load(Param("out"), s.out)
	Load(Param("flip"), s.flip)
	XORQ(s.count, s.count)
	if width == 256 {
		s.positions = GP64()
		LEAQ(positions, s.positions)
	}
	test := newRangeTest(width, bits, float)
	mask := GP64()
	s.rows = vec(width)
	blocks(s.n, lanes, func() {
		load(width, Mem{Base: sel}, s.rows)
		if bits == 64 {
			test.mask64(s, mask)
		} else {
			test.mask32(s, mask)
		}
		XORL(s.flip.As32(), mask.As32())
		if width == 512 {
			s.compress512(mask)
		} else {
			s.compress256(mask)
		}
	}, map[reg.GPVirtual]int{sel: 4 * lanes})
	Store(s.count, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// selectBitsSel selects among n rows by a bitmap: the 32 bits around each row's
// are gathered and shifted to have its own at the top.
func selectBitsSel(width int, positions Mem) {
	name := "selectBitsSel" + level(width)
	lanes := width / 32
	TEXT(name, NOSPLIT, "func(bits *uint8, sel *int32, n int, flip uint64, out *int32) int")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is selectBits%s for the n rows in sel; n is a multiple of %d.", name, level(width), lanes))
	s := &selector{a: GP64(), n: GP64(), out: GP64(), count: GP64(), flip: GP64()}
	sel, mask := GP64(), GP64()
	Load(Param("bits"), s.a)
	Load(Param("sel"), sel)
	Load(Param("n"), s.n)
	Load(Param("out"), s.out)
	Load(Param("flip"), s.flip)
	XORQ(s.count, s.count)
	if width == 256 {
		s.positions = GP64()
		LEAQ(positions, s.positions)
	}
	s.rows = vec(width)
	word, shift, x := vec(width), vec(width), vec(width)
	ones := vec(width)
	VPCMPEQD(ones.AsY(), ones.AsY(), ones.AsY())
	if width == 512 {
		VPTERNLOGD(Imm(0xff), ones, ones, ones)
	}
	low := vec(width)
	VPSRLD(Imm(27), ones, low) // 31
	blocks(s.n, lanes, func() {
		load(width, Mem{Base: sel}, s.rows)
		VPSRLD(Imm(5), s.rows, word)
		gatherD(width, s.a, word, 4, x)
		// 31 − (row mod 32) is the complement's low bits.
		if width == 512 {
			VPANDND(low, s.rows, shift)
			VPSLLVD(shift, x, x)
			k := K()
			VPMOVD2M(x, k)
			KMOVW(k, mask.As32())
			XORL(s.flip.As32(), mask.As32())
			s.compress512(mask)
			return
		}
		VPANDN(low, s.rows, shift)
		VPSLLVD(shift, x, x)
		VMOVMSKPS(x, mask.As32())
		XORL(s.flip.As32(), mask.As32())
		s.compress256(mask)
	}, map[reg.GPVirtual]int{sel: 4 * lanes})
	Store(s.count, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// compress256 appends those of the rows whose bit is set in the low 8 bits.
func (s *selector) compress256(mask reg.GPVirtual) {
	low, picked := GP32(), YMM()
	MOVBLZX(mask.As8(), low)
	VPMOVZXBD(Mem{Base: s.positions, Index: low.As64(), Scale: 8}, picked)
	VPERMD(s.rows, picked, picked)
	VMOVDQU(picked, Mem{Base: s.out, Index: s.count, Scale: 4})
	POPCNTL(low, low)
	ADDQ(low.As64(), s.count)
}

// rangeTest holds the bounds of a comparison in registers.
type rangeTest struct {
	width, bits int
	float       bool
	a, b        reg.VecVirtual // base and span, or lo and hi
	cut         reg.VecVirtual // mask of a narrow element
	top         reg.VecVirtual // sign bits, AVX2 and 64 bits
}

// newRangeTest loads the bounds; those of narrow elements are widened.
func newRangeTest(width, bits int, float bool) *rangeTest {
	t := &rangeTest{width: width, bits: bits, float: float, a: vec(width), b: vec(width), cut: vec(width), top: vec(width)}
	names := []string{"base", "span"}
	if float {
		names = []string{"lo", "hi"}
	}
	for i, v := range []reg.VecVirtual{t.a, t.b} {
		if bits == 64 {
			VBROADCASTSD(bound(names[i]), v)
			continue
		}
		if bits == 32 {
			VBROADCASTSS(bound(names[i]), v)
			continue
		}
		wide := GP32()
		Load(Param(names[i]), wide)
		VMOVD(wide, v.AsX())
		VPBROADCASTD(v.AsX(), v)
	}
	if bits < 32 {
		r := GP32()
		MOVL(U32(1<<bits-1), r)
		VMOVD(r, t.cut.AsX())
		VPBROADCASTD(t.cut.AsX(), t.cut)
	}
	if bits == 64 && width == 256 && !float {
		r := GP64()
		MOVQ(U64(1<<63), r)
		VMOVQ(r, t.top.AsX())
		VPBROADCASTQ(t.top.AsX(), t.top)
		VPXOR(t.top, t.b, t.b)
	}
	return t
}

// mask32 gathers and tests elements of up to 32 bits.
func (t *rangeTest) mask32(s *selector, mask reg.GPVirtual) {
	x, k := vec(t.width), K()
	gatherD(t.width, s.a, s.rows, uint8(t.bits/8), x)
	switch {
	case t.float && t.width == 512:
		VCMPPS(Imm(13), t.a, x, k)
		VCMPPS(Imm(2), t.b, x, k, k)
		KMOVW(k, mask.As32())
	case t.float:
		y := YMM()
		VCMPPS(Imm(13), t.a, x, y)
		VCMPPS(Imm(2), t.b, x, x)
		VANDPS(x, y, y)
		VMOVMSKPS(y, mask.As32())
	case t.width == 512:
		VPSUBD(t.a, x, x)
		if t.bits < 32 { // wrapping arithmetic of the narrow width
			VPANDD(t.cut, x, x)
		}
		VPCMPUD(Imm(2), t.b, x, k)
		KMOVW(k, mask.As32())
	default:
		VPSUBD(t.a, x, x)
		if t.bits < 32 {
			VPAND(t.cut, x, x)
		}
		y := YMM()
		VPMINUD(t.b, x, y)
		VPCMPEQD(x, y, y)
		VMOVMSKPS(y, mask.As32())
	}
}

// mask64 gathers and tests two halves of 64-bit elements.
func (t *rangeTest) mask64(s *selector, mask reg.GPVirtual) {
	x, y := vec(t.width), vec(t.width)
	if t.width == 512 {
		high, k, k2 := YMM(), K(), K()
		VEXTRACTI64X4(Imm(1), s.rows, high)
		gatherQ(512, s.a, s.rows, x)
		gatherQ(512, s.a, high, y)
		if t.float {
			VCMPPD(Imm(13), t.a, x, k)
			VCMPPD(Imm(13), t.a, y, k2)
			VCMPPD(Imm(2), t.b, x, k, k)
			VCMPPD(Imm(2), t.b, y, k2, k2)
		} else {
			VPSUBQ(t.a, x, x)
			VPSUBQ(t.a, y, y)
			VPCMPUQ(Imm(2), t.b, x, k)
			VPCMPUQ(Imm(2), t.b, y, k2)
		}
		KUNPCKBW(k, k2, k)
		KMOVW(k, mask.As32())
		return
	}
	high, mask2 := XMM(), GP32()
	VEXTRACTI128(Imm(1), s.rows, high)
	gatherQ(256, s.a, s.rows, x)
	gatherQ(256, s.a, high, y)
	for _, v := range []reg.VecVirtual{x, y} {
		if t.float {
			z := YMM()
			VCMPPD(Imm(13), t.a, v, z)
			VCMPPD(Imm(2), t.b, v, v)
			VANDPD(z, v, v)
			continue
		}
		VPSUBQ(t.a, v, v)
		VPXOR(t.top, v, v)
		VPCMPGTQ(t.b, v, v) // above the span
	}
	VMOVMSKPD(x, mask.As32())
	VMOVMSKPD(y, mask2)
	SHLL(Imm(4), mask2)
	ORL(mask2, mask.As32())
	if !t.float {
		NOTL(mask.As32())
	}
}
