package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The constants of HashInt64 in package vector.
const (
	hashMul1 = 0xff51afd7ed558ccd
	hashMul2 = 0xc4ceb9fe1a85ec53
	hashSeed = 0x2d358dccaa6c78a5
)

func hashKernels() {
	for _, width := range []int{512, 256} {
		hashInts(width, 32)
		hashInts(width, 64)
	}
}

// hashInts hashes two registers of elements a round. AVX2 lacks a 64-bit
// multiplication; three of 32×32 bits make one.
func hashInts(width, bits int) {
	name := fmt.Sprintf("hashInt%d%s", bits, level(width))
	lanes := width / 64
	TEXT(name, NOSPLIT, fmt.Sprintf("func(a *int%d, n int, out *uint64)", bits))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s stores HashInt64 of n elements in out; n is a multiple of %d.", name, 2*lanes))
	a, n, out := GP64(), GP64(), GP64()
	Load(Param("a"), a)
	Load(Param("n"), n)
	Load(Param("out"), out)
	seed, mul1, mul2 := constant(width, hashSeed), constant(width, hashMul1), constant(width, hashMul2)
	high1, high2 := vec(width), vec(width)
	if width == 256 {
		VPSRLQ(Imm(32), mul1, high1)
		VPSRLQ(Imm(32), mul2, high2)
	}
	blocks(n, 2*lanes, func() {
		for i := range 2 {
			x := vec(width)
			from := Mem{Base: a, Disp: i * lanes * bits / 8}
			if bits == 32 {
				VPMOVSXDQ(from, x)
			} else {
				load(width, from, x)
			}
			xor(width, seed, x)
			shiftXor(width, 32, x)
			multiply(width, x, mul1, high1)
			shiftXor(width, 29, x)
			multiply(width, x, mul2, high2)
			shiftXor(width, 32, x)
			store(width, x, Mem{Base: out, Disp: i * width / 8})
		}
	}, map[reg.GPVirtual]int{a: 2 * lanes * bits / 8, out: 2 * width / 8})
	VZEROUPPER()
	RET()
}

// constant fills a register with c.
func constant(width int, c uint64) reg.VecVirtual {
	r, v := GP64(), vec(width)
	MOVQ(U64(c), r)
	VMOVQ(r, v.AsX())
	VPBROADCASTQ(v.AsX(), v)
	return v
}

func xor(width int, a, x Op) {
	if width == 512 {
		VPXORQ(a, x, x)
		return
	}
	VPXOR(a, x, x)
}

// shiftXor is x ^= x >> by.
func shiftXor(width int, by uint64, x Op) {
	y := vec(width)
	VPSRLQ(Imm(by), x, y)
	xor(width, y, x)
}

// multiply is x *= c; high holds c >> 32 in each lane.
func multiply(width int, x, c, high Op) {
	if width == 512 {
		VPMULLQ(c, x, x)
		return
	}
	cross, cross2 := YMM(), YMM()
	VPSRLQ(Imm(32), x, cross)
	VPMULUDQ(c, cross, cross) // high(x)·low(c)
	VPMULUDQ(high, x, cross2) // low(x)·high(c)
	VPADDQ(cross2, cross, cross)
	VPSLLQ(Imm(32), cross, cross)
	VPMULUDQ(c, x, x)
	VPADDQ(cross, x, x)
}
