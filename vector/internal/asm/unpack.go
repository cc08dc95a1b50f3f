package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The unpack kernels widen unsigned lanes and add the base: two registers a
// round, so that loads and stores overlap.

func unpackKernels() {
	for _, width := range []int{512, 256} {
		unpackKernel(width, 8, 16)
		for _, to := range []int{32, 64} {
			for _, from := range []int{8, 16, 32} {
				unpackKernel(width, from, to)
			}
		}
	}
}

func unpackKernel(width, from, to int) {
	name := fmt.Sprintf("unpack%dto%d%s", from, to, level(width))
	lanes := width / to
	TEXT(name, NOSPLIT, fmt.Sprintf("func(dst *uint%d, src *uint%d, n int, base uint%d)", to, from, to))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s stores base+src[i] in dst[i] for i < n; n is a multiple of %d.", name, 2*lanes))
	dst, src, n := GP64(), GP64(), GP64()
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("n"), n)
	base := vec(width)
	switch to {
	case 16:
		VPBROADCASTW(bound("base"), base)
	case 32:
		VBROADCASTSS(bound("base"), base)
	default:
		VPBROADCASTQ(bound("base"), base)
	}
	widen := map[[2]int]func(m, v Op){
		{8, 16}: widenBy(VPMOVZXBW),
		{8, 32}: widenBy(VPMOVZXBD), {16, 32}: widenBy(VPMOVZXWD),
		{8, 64}: widenBy(VPMOVZXBQ), {16, 64}: widenBy(VPMOVZXWQ), {32, 64}: widenBy(VPMOVZXDQ),
		{32, 32}: func(m, v Op) { load(width, m.(Mem), v) },
	}[[2]int{from, to}]
	blocks(n, 2*lanes, func() {
		for i := range 2 {
			x := vec(width)
			widen(Mem{Base: src, Disp: i * lanes * from / 8}, x)
			switch to {
			case 16:
				VPADDW(base, x, x)
			case 32:
				VPADDD(base, x, x)
			default:
				VPADDQ(base, x, x)
			}
			store(width, x, Mem{Base: dst, Disp: i * width / 8})
		}
	}, map[reg.GPVirtual]int{dst: 2 * width / 8, src: 2 * lanes * from / 8})
	VZEROUPPER()
	RET()
}

func widenBy(f func(...Op)) func(m, v Op) { return func(m, v Op) { f(m, v) } }
