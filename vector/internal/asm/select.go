package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The selection kernels turn a block of elements into a mask of those in range,
// and the mask into row numbers: with AVX-512 by compressing a vector of row
// numbers, with AVX2 by a table of the positions of the bits in each byte.
//
// A store writes a whole register behind the numbers selected so far. It stays
// within the output: at most i numbers were selected from i elements, and the
// output is as long as the input.

func selectKernels() {
	ramp := rampData()
	positions := positionData()
	for _, bits := range []int{8, 16, 32, 64} {
		selectInt512(bits, ramp)
		selectInt256(bits, positions)
	}
	selectBits512(ramp)
	selectBits256(positions)
	for _, bits := range []int{32, 64} {
		selectFloat512(bits, ramp)
		selectFloat256(bits, positions)
	}
}

// rampData is the numbers 0 to 15.
func rampData() Mem {
	m := GLOBL("ramp", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(i))
	}
	return m
}

// positionData holds, for each byte, the positions of its bits in ascending
// order as eight bytes.
func positionData() Mem {
	m := GLOBL("bitPositions", RODATA|NOPTR)
	for b := range 256 {
		var x uint64
		k := 0
		for bit := range 8 {
			if b>>bit&1 != 0 {
				x |= uint64(bit) << (8 * k)
				k++
			}
		}
		DATA(8*b, U64(x))
	}
	return m
}

// selector is the state shared by the kernels.
type selector struct {
	a, n, out, count, flip reg.GPVirtual
	rows, step             reg.VecVirtual // the next rows' numbers, and how far to go on
	positions              reg.GPVirtual
}

// begin declares the function and loads what all kernels have.
func begin(name, doc, elem, bounds string) *selector {
	TEXT(name, NOSPLIT, fmt.Sprintf("func(a *%s, n int, %s %s, flip uint64, out *int32) int", elem, bounds, elem))
	Pragma("noescape")
	Doc(doc, "flip has a one for every bit of a mask if the rows out of range are wanted, else it is 0.")
	s := &selector{a: GP64(), n: GP64(), out: GP64(), count: GP64(), flip: GP64()}
	Load(Param("a"), s.a)
	Load(Param("n"), s.n)
	Load(Param("out"), s.out)
	Load(Param("flip"), s.flip)
	XORQ(s.count, s.count)
	return s
}

// begin512 prepares the vector of row numbers.
func (s *selector) begin512(ramp Mem) {
	s.rows, s.step = ZMM(), ZMM()
	VMOVDQU32(ramp, s.rows)
	sixteen := GP32()
	MOVL(U32(16), sixteen)
	VPBROADCASTD(sixteen, s.step)
}

// begin256 prepares the table of positions; rows is the number of the block's
// first row in all lanes. It counts in a vector register: moving the number
// there for each byte of the mask would cost more than the rest of the loop.
func (s *selector) begin256(positions Mem) {
	s.rows, s.step, s.positions = YMM(), YMM(), GP64()
	LEAQ(positions, s.positions)
	eight := GP32()
	MOVL(U32(8), eight)
	VMOVD(eight, s.step.AsX())
	VPBROADCASTD(s.step.AsX(), s.step)
	VPXOR(s.rows, s.rows, s.rows)
}

// loop emits a loop over blocks of elements, stride bytes apart: it ends when
// fewer than a block are left.
func (s *selector) loop(block, stride int, body func()) {
	Label("loop")
	CMPQ(s.n, Imm(uint64(block)))
	JL(LabelRef("done"))
	body()
	ADDQ(Imm(uint64(stride)), s.a)
	SUBQ(Imm(uint64(block)), s.n)
	JMP(LabelRef("loop"))
	Label("done")
	Store(s.count, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// emit512 appends the rows of the low 16 bits of mask, then moves on by 16 rows.
func (s *selector) emit512(mask reg.GPVirtual) {
	s.compress512(mask)
	VPADDD(s.step, s.rows, s.rows)
}

// compress512 appends those of the rows whose bit is set in the low 16 bits.
func (s *selector) compress512(mask reg.GPVirtual) {
	k, picked, ones := K(), ZMM(), GP32()
	KMOVW(mask.As32(), k)
	VPCOMPRESSD_Z(s.rows, k, picked)
	VMOVDQU32(picked, Mem{Base: s.out, Index: s.count, Scale: 4})
	MOVWLZX(mask.As16(), ones)
	POPCNTL(ones, ones)
	ADDQ(ones.As64(), s.count)
}

// emit256 appends the rows of the low 8 bits of mask, then moves on by 8 rows.
func (s *selector) emit256(mask reg.GPVirtual) {
	low, ones, picked := GP32(), GP32(), YMM()
	MOVBLZX(mask.As8(), low)
	VPMOVZXBD(Mem{Base: s.positions, Index: low.As64(), Scale: 8}, picked)
	VPADDD(s.rows, picked, picked)
	VMOVDQU(picked, Mem{Base: s.out, Index: s.count, Scale: 4})
	POPCNTL(low, ones)
	ADDQ(ones.As64(), s.count)
	VPADDD(s.step, s.rows, s.rows)
}

// next512 is emit512 for all but the last 16 rows of a block.
func (s *selector) next512(mask reg.GPVirtual) {
	s.emit512(mask)
	SHRQ(Imm(16), mask)
}

// bound returns the address of a parameter in the frame.
func bound(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// selectInt512 selects base ≤ a[i] ≤ base+span in wrapping arithmetic, which
// serves signed and unsigned elements.
func selectInt512(bits int, ramp Mem) {
	s := begin(fmt.Sprintf("selectInt%dAVX512", bits),
		fmt.Sprintf("selectInt%dAVX512 selects the rows i < n with a[i]-base <= span, unsigned; n is a multiple of %d.", bits, max(16, 512/bits)),
		fmt.Sprintf("uint%d", bits), "base, span")
	s.begin512(ramp)
	base, span := ZMM(), ZMM()
	// vet takes the D of VPBROADCASTD for 8 bytes; VBROADCASTSS does the same.
	broadcast := map[int]func(a, b Op){8: nil2(VPBROADCASTB), 16: nil2(VPBROADCASTW), 32: nil2(VBROADCASTSS), 64: nil2(VPBROADCASTQ)}[bits]
	broadcast(bound("base"), base)
	broadcast(bound("span"), span)
	x, k, mask := ZMM(), K(), GP64()
	switch bits {
	case 8:
		s.loop(64, 64, func() {
			VMOVDQU8(Mem{Base: s.a}, x)
			VPSUBB(base, x, x)
			VPCMPUB(Imm(2), span, x, k)
			KMOVQ(k, mask)
			XORQ(s.flip, mask)
			for range 3 {
				s.next512(mask)
			}
			s.emit512(mask)
		})
	case 16:
		s.loop(32, 64, func() {
			VMOVDQU16(Mem{Base: s.a}, x)
			VPSUBW(base, x, x)
			VPCMPUW(Imm(2), span, x, k)
			KMOVD(k, mask.As32())
			XORL(s.flip.As32(), mask.As32())
			s.next512(mask)
			s.emit512(mask)
		})
	case 32:
		s.loop(16, 64, func() {
			VMOVDQU32(Mem{Base: s.a}, x)
			VPSUBD(base, x, x)
			VPCMPUD(Imm(2), span, x, k)
			KMOVW(k, mask.As32())
			XORL(s.flip.As32(), mask.As32())
			s.emit512(mask)
		})
	case 64:
		y, k2 := ZMM(), K()
		s.loop(16, 128, func() {
			VMOVDQU64(Mem{Base: s.a}, x)
			VMOVDQU64(Mem{Base: s.a, Disp: 64}, y)
			VPSUBQ(base, x, x)
			VPSUBQ(base, y, y)
			VPCMPUQ(Imm(2), span, x, k)
			VPCMPUQ(Imm(2), span, y, k2)
			KUNPCKBW(k, k2, k)
			KMOVW(k, mask.As32())
			XORL(s.flip.As32(), mask.As32())
			s.emit512(mask)
		})
	}
}

func nil2(f func(...Op)) func(a, b Op) { return func(a, b Op) { f(a, b) } }

// selectFloat512 selects lo ≤ a[i] ≤ hi; NaN is in no range.
func selectFloat512(bits int, ramp Mem) {
	s := begin(fmt.Sprintf("selectFloat%dAVX512", bits),
		fmt.Sprintf("selectFloat%dAVX512 selects the rows i < n with lo <= a[i] <= hi; n is a multiple of 16.", bits),
		fmt.Sprintf("float%d", bits), "lo, hi")
	s.begin512(ramp)
	lo, hi, x, k, mask := ZMM(), ZMM(), ZMM(), K(), GP64()
	if bits == 32 {
		VBROADCASTSS(bound("lo"), lo)
		VBROADCASTSS(bound("hi"), hi)
		s.loop(16, 64, func() {
			VMOVUPS(Mem{Base: s.a}, x)
			VCMPPS(Imm(13), lo, x, k) // x ≥ lo, ordered
			VCMPPS(Imm(2), hi, x, k, k)
			KMOVW(k, mask.As32())
			XORL(s.flip.As32(), mask.As32())
			s.emit512(mask)
		})
		return
	}
	y, k2 := ZMM(), K()
	VBROADCASTSD(bound("lo"), lo)
	VBROADCASTSD(bound("hi"), hi)
	s.loop(16, 128, func() {
		VMOVUPD(Mem{Base: s.a}, x)
		VMOVUPD(Mem{Base: s.a, Disp: 64}, y)
		VCMPPD(Imm(13), lo, x, k)
		VCMPPD(Imm(13), lo, y, k2)
		VCMPPD(Imm(2), hi, x, k, k)
		VCMPPD(Imm(2), hi, y, k2, k2)
		KUNPCKBW(k, k2, k)
		KMOVW(k, mask.As32())
		XORL(s.flip.As32(), mask.As32())
		s.emit512(mask)
	})
}

// selectInt256 is selectInt512 with 256-bit registers: the unsigned comparison
// is min(x, span) = x, for 64 bits a signed one after flipping the top bits.
func selectInt256(bits int, positions Mem) {
	s := begin(fmt.Sprintf("selectInt%dAVX2", bits),
		fmt.Sprintf("selectInt%dAVX2 selects the rows i < n with a[i]-base <= span, unsigned; n is a multiple of %d.", bits, map[int]int{8: 32, 16: 32, 32: 8, 64: 8}[bits]),
		fmt.Sprintf("uint%d", bits), "base, span")
	s.begin256(positions)
	base, span, x, y, mask := YMM(), YMM(), YMM(), YMM(), GP64()
	four := func() {
		XORL(s.flip.As32(), mask.As32())
		for range 3 {
			s.emit256(mask)
			SHRL(Imm(8), mask.As32())
		}
		s.emit256(mask)
	}
	switch bits {
	case 8:
		VPBROADCASTB(bound("base"), base)
		VPBROADCASTB(bound("span"), span)
		s.loop(32, 32, func() {
			VMOVDQU(Mem{Base: s.a}, x)
			VPSUBB(base, x, x)
			VPMINUB(span, x, y)
			VPCMPEQB(x, y, y)
			VPMOVMSKB(y, mask.As32())
			four()
		})
	case 16:
		VPBROADCASTW(bound("base"), base)
		VPBROADCASTW(bound("span"), span)
		z := YMM()
		s.loop(32, 64, func() {
			VMOVDQU(Mem{Base: s.a}, x)
			VPSUBW(base, x, x)
			VPMINUW(span, x, y)
			VPCMPEQW(x, y, y)
			VMOVDQU(Mem{Base: s.a, Disp: 32}, x)
			VPSUBW(base, x, x)
			VPMINUW(span, x, z)
			VPCMPEQW(x, z, z)
			VPACKSSWB(z, y, y)
			VPERMQ(Imm(0xd8), y, y) // packing interleaves the halves
			VPMOVMSKB(y, mask.As32())
			four()
		})
	case 32:
		VBROADCASTSS(bound("base"), base)
		VBROADCASTSS(bound("span"), span)
		s.loop(8, 32, func() {
			VMOVDQU(Mem{Base: s.a}, x)
			VPSUBD(base, x, x)
			VPMINUD(span, x, y)
			VPCMPEQD(x, y, y)
			VMOVMSKPS(y, mask.As32())
			XORL(s.flip.As32(), mask.As32())
			s.emit256(mask)
		})
	case 64:
		top, bit, mask2 := YMM(), GP64(), GP64()
		MOVQ(U64(1<<63), bit)
		VMOVQ(bit, top.AsX())
		VPBROADCASTQ(top.AsX(), top)
		VPBROADCASTQ(bound("base"), base)
		VPBROADCASTQ(bound("span"), span)
		VPXOR(top, span, span)
		// The masks are of the rows above the span, so flip is inverted.
		NOTQ(s.flip)
		s.loop(8, 64, func() {
			VMOVDQU(Mem{Base: s.a}, x)
			VMOVDQU(Mem{Base: s.a, Disp: 32}, y)
			VPSUBQ(base, x, x)
			VPSUBQ(base, y, y)
			VPXOR(top, x, x)
			VPXOR(top, y, y)
			VPCMPGTQ(span, x, x)
			VPCMPGTQ(span, y, y)
			VMOVMSKPD(x, mask.As32())
			VMOVMSKPD(y, mask2.As32())
			SHLL(Imm(4), mask2.As32())
			ORL(mask2.As32(), mask.As32())
			XORL(s.flip.As32(), mask.As32())
			s.emit256(mask)
		})
	}
}

// selectFloat256 is selectFloat512 with 256-bit registers.
func selectFloat256(bits int, positions Mem) {
	s := begin(fmt.Sprintf("selectFloat%dAVX2", bits),
		fmt.Sprintf("selectFloat%dAVX2 selects the rows i < n with lo <= a[i] <= hi; n is a multiple of 8.", bits),
		fmt.Sprintf("float%d", bits), "lo, hi")
	s.begin256(positions)
	lo, hi, x, y, mask := YMM(), YMM(), YMM(), YMM(), GP64()
	if bits == 32 {
		VBROADCASTSS(bound("lo"), lo)
		VBROADCASTSS(bound("hi"), hi)
		s.loop(8, 32, func() {
			VMOVUPS(Mem{Base: s.a}, x)
			VCMPPS(Imm(13), lo, x, y)
			VCMPPS(Imm(2), hi, x, x)
			VANDPS(x, y, y)
			VMOVMSKPS(y, mask.As32())
			XORL(s.flip.As32(), mask.As32())
			s.emit256(mask)
		})
		return
	}
	z, mask2 := YMM(), GP64()
	VBROADCASTSD(bound("lo"), lo)
	VBROADCASTSD(bound("hi"), hi)
	s.loop(8, 64, func() {
		VMOVUPD(Mem{Base: s.a}, x)
		VCMPPD(Imm(13), lo, x, y)
		VCMPPD(Imm(2), hi, x, x)
		VANDPD(x, y, y)
		VMOVMSKPD(y, mask.As32())
		VMOVUPD(Mem{Base: s.a, Disp: 32}, x)
		VCMPPD(Imm(13), lo, x, z)
		VCMPPD(Imm(2), hi, x, x)
		VANDPD(x, z, z)
		VMOVMSKPD(z, mask2.As32())
		SHLL(Imm(4), mask2.As32())
		ORL(mask2.As32(), mask.As32())
		XORL(s.flip.As32(), mask.As32())
		s.emit256(mask)
	})
}

// selectBits512 selects by a bitmap, whose words are the masks.
func selectBits512(ramp Mem) {
	s := beginBits("AVX512", 16)
	s.begin512(ramp)
	mask := GP64()
	s.loop(16, 2, func() {
		MOVWLZX(Mem{Base: s.a}, mask.As32())
		XORL(s.flip.As32(), mask.As32())
		s.emit512(mask)
	})
}

// selectBits256 is selectBits512 a byte at a time.
func selectBits256(positions Mem) {
	s := beginBits("AVX2", 8)
	s.begin256(positions)
	mask := GP64()
	s.loop(8, 1, func() {
		MOVBLZX(Mem{Base: s.a}, mask.As32())
		XORL(s.flip.As32(), mask.As32())
		s.emit256(mask)
	})
}

func beginBits(level string, block int) *selector {
	name := "selectBits" + level
	TEXT(name, NOSPLIT, "func(bits *uint8, n int, flip uint64, out *int32) int")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s selects the rows i < n whose bit is set, or clear if flip is all ones; n is a multiple of %d.", name, block))
	s := &selector{a: GP64(), n: GP64(), out: GP64(), count: GP64(), flip: GP64()}
	Load(Param("bits"), s.a)
	Load(Param("n"), s.n)
	Load(Param("out"), s.out)
	Load(Param("flip"), s.flip)
	XORQ(s.count, s.count)
	return s
}
