package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The code kernels select rows by a bitmap over codes: the word of a code's bit
// is looked up and shifted to have the bit at the top. The 256 bits for codes of
// one byte fit a register, where a permutation looks words up; larger bitmaps
// are gathered from.

func codesKernels() {
	ramp := rampData()
	positions := positionData()
	for _, width := range []int{512, 256} {
		for _, bits := range []int{8, 16, 32} {
			selectCodes(width, bits, false, ramp, positions)
			selectCodes(width, bits, true, ramp, positions)
		}
	}
}

func selectCodes(width, bits int, bySel bool, ramp, positions Mem) {
	name, params := fmt.Sprintf("selectCodes%d", bits), fmt.Sprintf("codes *uint%d", bits)
	if bySel {
		name += "Sel"
		params += ", sel *int32"
	}
	name += level(width)
	lanes := width / 32
	TEXT(name, NOSPLIT, fmt.Sprintf("func(%s, n int, bitmap *uint32, out *int32) int", params))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s selects the rows whose code has its bit set in bitmap; n is a multiple of %d.", name, lanes))
	s := &selector{a: GP64(), n: GP64(), out: GP64(), count: GP64()}
	bitmap, mask := GP64(), GP64()
	Load(Param("codes"), s.a)
	Load(Param("n"), s.n)
	Load(Param("bitmap"), bitmap)
	Load(Param("out"), s.out)
	XORQ(s.count, s.count)
	strides := map[reg.GPVirtual]int{}
	var sel reg.GPVirtual
	switch {
	case bySel:
		sel = GP64()
		Load(Param("sel"), sel)
		strides[sel] = 4 * lanes
		s.rows = vec(width)
	case width == 512:
		s.begin512(ramp)
	}
	if !bySel {
		strides[s.a] = lanes * bits / 8
	}
	if width == 256 {
		s.begin256(positions)
	}
	t := newCodeTest(width, bits, bitmap)
	x := vec(width)
	blocks(s.n, lanes, func() {
		if bySel {
			load(width, Mem{Base: sel}, s.rows)
			gatherD(width, s.a, s.rows, uint8(bits/8), x)
			t.cutTo(x)
		} else {
			t.loadCodes(s.a, x)
		}
		t.mask(x, mask)
		switch {
		case width == 512 && bySel:
			s.compress512(mask)
		case width == 512:
			s.emit512(mask)
		case bySel:
			s.compress256(mask)
		default:
			s.emit256(mask)
		}
	}, strides)
	Store(s.count, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// codeTest looks codes up in a bitmap.
type codeTest struct {
	width, bits int
	bitmap      reg.GPVirtual
	words       reg.VecVirtual // the bitmap of one-byte codes
	low         reg.VecVirtual // 31 in each lane
	cut         reg.VecVirtual // mask of a narrow code
}

func newCodeTest(width, bits int, bitmap reg.GPVirtual) *codeTest {
	t := &codeTest{width: width, bits: bits, bitmap: bitmap, words: vec(width), low: vec(width), cut: vec(width)}
	VPCMPEQD(t.cut.AsY(), t.cut.AsY(), t.cut.AsY())
	if width == 512 {
		VPTERNLOGD(Imm(0xff), t.cut, t.cut, t.cut)
	}
	VPSRLD(Imm(27), t.cut, t.low)
	if bits < 32 {
		VPSRLD(Imm(uint64(32-bits)), t.cut, t.cut)
	}
	if bits == 8 {
		VMOVDQU(Mem{Base: bitmap}, t.words.AsY())
	}
	return t
}

// cutTo clears what a gather read beside narrow codes.
func (t *codeTest) cutTo(x reg.VecVirtual) {
	switch {
	case t.bits == 32:
	case t.width == 512:
		VPANDD(t.cut, x, x)
	default:
		VPAND(t.cut, x, x)
	}
}

func (t *codeTest) loadCodes(a reg.GPVirtual, x reg.VecVirtual) {
	switch t.bits {
	case 8:
		VPMOVZXBD(Mem{Base: a}, x)
	case 16:
		VPMOVZXWD(Mem{Base: a}, x)
	default:
		load(t.width, Mem{Base: a}, x)
	}
}

// mask stores the bits of the codes in x as a mask of lanes.
func (t *codeTest) mask(x reg.VecVirtual, mask reg.GPVirtual) {
	word, found, shift := vec(t.width), vec(t.width), vec(t.width)
	VPSRLD(Imm(5), x, word)
	if t.bits == 8 {
		VPERMD(t.words, word, found)
	} else {
		gatherD(t.width, t.bitmap, word, 4, found)
	}
	if t.width == 512 {
		k := K()
		VPANDND(t.low, x, shift) // 31 − (code mod 32)
		VPSLLVD(shift, found, found)
		VPMOVD2M(found, k)
		KMOVW(k, mask.As32())
		return
	}
	VPANDN(t.low, x, shift)
	VPSLLVD(shift, found, found)
	VMOVMSKPS(found, mask.As32())
}
