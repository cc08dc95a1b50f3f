package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The minimum and maximum kernels keep a register of lanes each and store both:
// the caller reduces them, and handles the elements beyond the last block.

// op is a two-operand vector instruction.
type op func(a, b, dst Op)

func op3(f func(...Op)) op { return func(a, b, dst Op) { f(a, b, dst) } }

// minMaxOps lists the element types; AVX2 has no 64-bit comparison of its own.
var minMaxOps = []struct {
	name, elem string
	bits       int
	min, max   op
	only512    bool
}{
	{"Uint8", "uint8", 8, op3(VPMINUB), op3(VPMAXUB), false},
	{"Int16", "int16", 16, op3(VPMINSW), op3(VPMAXSW), false},
	{"Uint16", "uint16", 16, op3(VPMINUW), op3(VPMAXUW), false},
	{"Int32", "int32", 32, op3(VPMINSD), op3(VPMAXSD), false},
	{"Uint32", "uint32", 32, op3(VPMINUD), op3(VPMAXUD), false},
	{"Int64", "int64", 64, op3(VPMINSQ), op3(VPMAXSQ), true},
	{"Uint64", "uint64", 64, op3(VPMINUQ), op3(VPMAXUQ), true},
}

func minMaxKernels() {
	for _, width := range []int{512, 256} {
		for _, t := range minMaxOps {
			if t.only512 && width == 256 {
				continue
			}
			minMaxInt(width, t.name, t.elem, t.bits, t.min, t.max)
		}
		minMaxFloat64(width)
	}
}

func minMaxInt(width int, typ, elem string, bits int, least, most op) {
	name := "minMax" + typ + level(width)
	lanes := width / bits
	TEXT(name, NOSPLIT, fmt.Sprintf("func(a *%s, n int, lanes *[%d]%s)", elem, 2*lanes, elem))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s stores the least of every %dth element in the first half of lanes and", name, lanes),
		fmt.Sprintf("the greatest in the second; n is a multiple of %d and not 0.", lanes))
	a, n, out := GP64(), GP64(), GP64()
	Load(Param("a"), a)
	Load(Param("n"), n)
	Load(Param("lanes"), out)
	lo, hi, x := vec(width), vec(width), vec(width)
	load(width, Mem{Base: a}, lo)
	load(width, Mem{Base: a}, hi)
	blocks(n, lanes, func() {
		load(width, Mem{Base: a}, x)
		least(x, lo, lo)
		most(x, hi, hi)
	}, map[reg.GPVirtual]int{a: width / 8})
	store(width, lo, Mem{Base: out})
	store(width, hi, Mem{Base: out, Disp: width / 8})
	VZEROUPPER()
	RET()
}

// store moves a register to memory, unaligned.
func store(width int, v Op, m Mem) {
	if width == 512 {
		VMOVDQU64(v, m)
		return
	}
	VMOVDQU(v, m)
}

// minMaxFloat64 relies on the instructions' rule for NaN, to return the second
// operand: the accumulator. The numbers are counted by subtracting comparison
// masks, which are −1.
func minMaxFloat64(width int) {
	name := "minMaxFloat64" + level(width)
	lanes := width / 64
	TEXT(name, NOSPLIT, fmt.Sprintf("func(a *float64, n int, lanes *[%d]float64) int", 2*lanes))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s folds n elements into lanes, least in the first half and greatest in the", name),
		fmt.Sprintf("second, passing over NaN, and returns how many were numbers; n is a multiple of %d.", lanes))
	a, n, out, count := GP64(), GP64(), GP64(), GP64()
	Load(Param("a"), a)
	Load(Param("n"), n)
	Load(Param("lanes"), out)
	XORQ(count, count)
	lo, hi, x := vec(width), vec(width), vec(width)
	VMOVUPD(Mem{Base: out}, lo)
	VMOVUPD(Mem{Base: out, Disp: width / 8}, hi)
	blocks(n, lanes, func() {
		VMOVUPD(Mem{Base: a}, x)
		ones := GP32()
		if width == 512 {
			k := K()
			VCMPPD(Imm(7), x, x, k) // ordered: not NaN
			KMOVW(k, ones)
		} else {
			m := YMM()
			VCMPPD(Imm(7), x, x, m)
			VMOVMSKPD(m, ones)
		}
		POPCNTL(ones, ones)
		ADDQ(ones.As64(), count)
		VMINPD(lo, x, lo)
		VMAXPD(hi, x, hi)
	}, map[reg.GPVirtual]int{a: width / 8})
	VMOVUPD(lo, Mem{Base: out})
	VMOVUPD(hi, Mem{Base: out, Disp: width / 8})
	Store(count, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
