package olap

import "unsafe"

// stringArena keeps the bytes of many strings in blocks without pointers, so
// that the garbage collector has nothing to follow. A string is named by its
// offset; block i holds offsets [i<<arenaShift, (i+1)<<arenaShift), and a string
// longer than that has the following block numbers too, which stay empty.
//
//	blocks  [0] ████████████░  [1] ████████████████████████  [2] nil  [3] ██░░░
//	                               ↑ one string of 1.5 blocks
type stringArena struct {
	blocks [][]byte
}

const (
	arenaShift     = 20
	arenaBlock     = 1 << arenaShift
	firstArenaSize = 512
)

// put copies s into the arena and returns its offset.
func (a *stringArena) put(s string) uint64 {
	n := len(a.blocks)
	if n > 0 {
		last := a.blocks[n-1]
		if last != nil && len(last)+len(s) <= arenaBlock {
			at := len(last)
			a.blocks[n-1] = append(last, s...)
			return uint64(n-1)<<arenaShift | uint64(at)
		}
	}
	size := max(len(s), arenaBlock)
	if n == 0 {
		size = max(len(s), firstArenaSize)
	}
	a.blocks = append(a.blocks, append(make([]byte, 0, size), s...))
	for covered := arenaBlock; covered < len(s); covered += arenaBlock {
		a.blocks = append(a.blocks, nil)
	}
	return uint64(n) << arenaShift
}

// get returns the string of length n at offset off. It points into the arena:
// later puts do not change it.
func (a *stringArena) get(off uint64, n uint32) string {
	if n == 0 {
		return ""
	}
	block := a.blocks[off>>arenaShift]
	return unsafe.String(&block[off&(arenaBlock-1)], n)
}

// adopt appends the blocks of b, which must not be used any more, and returns
// what to add to the offsets of b.
func (a *stringArena) adopt(b *stringArena) (shift uint64) {
	shift = uint64(len(a.blocks)) << arenaShift
	a.blocks = append(a.blocks, b.blocks...)
	return shift
}

// bytes returns the memory held.
func (a *stringArena) bytes() int64 {
	var n int64
	for _, b := range a.blocks {
		n += int64(cap(b)) + 24
	}
	return n
}
