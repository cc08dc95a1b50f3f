package colstore

import "unsafe"

// arenaBlock is the size in bytes of the blocks that strings are copied into.
const arenaBlock = 32 << 10

// arena copies strings into blocks of bytes that nothing writes again.
type arena struct {
	rest []byte // of the newest block
}

// keep returns a copy of s and the bytes that were allocated for it.
func (a *arena) keep(s string) (kept string, allocated int64) {
	if len(s) == 0 {
		return "", 0
	}
	if len(s) > len(a.rest) {
		if len(s) > arenaBlock/4 {
			own := make([]byte, len(s))
			copy(own, s)
			return unsafe.String(unsafe.SliceData(own), len(own)), int64(len(own))
		}
		a.rest = make([]byte, arenaBlock)
		allocated = arenaBlock
	}
	// What lies before the cut is never written again, so the string may alias it.
	n := copy(a.rest, s)
	kept = unsafe.String(unsafe.SliceData(a.rest), n)
	a.rest = a.rest[n:]
	return kept, allocated
}
