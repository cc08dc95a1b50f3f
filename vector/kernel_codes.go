package vector

// CodeSet is a set of dictionary codes, or of other small numbers: what a
// predicate becomes that was evaluated once per dictionary entry. It is
// immutable and safe for concurrent use.
type CodeSet struct {
	// bitmap has a bit per code, and at least 256.
	bitmap []uint32
}

// NewCodeSet returns the set of the codes whose entry in pass is not zero. Codes
// that are asked for later have to be below len(pass), or of one byte.
func NewCodeSet(pass []uint8) *CodeSet {
	s := &CodeSet{bitmap: make([]uint32, max(8, (len(pass)+31)/32))}
	for code, p := range pass {
		if p != 0 {
			s.bitmap[code/32] |= 1 << (code % 32)
		}
	}
	return s
}

// Has reports whether the set has the code.
func (s *CodeSet) Has(code uint32) bool { return s.bitmap[code/32]>>(code%32)&1 != 0 }

// SelectCodes selects the rows whose code is in the set; the contract is that of
// SelectInt.
func SelectCodes[C Code](s *CodeSet, codes []C, sel, out []int32) []int32 {
	if sel != nil {
		out = room(out, len(sel))
		return out[:selectCodesSel(s.bitmap, codes, sel, out)]
	}
	out = room(out, len(codes))
	return out[:selectCodes(s.bitmap, codes, out)]
}

// selectCodesGo begins at row i with k rows selected.
func selectCodesGo[C Code](bitmap []uint32, codes []C, i, k int, out []int32) int {
	out = out[:len(codes)]
	for ; i < len(codes); i++ {
		out[k] = int32(i)
		c := uint32(codes[i])
		k += int(bitmap[c/32] >> (c % 32) & 1)
	}
	return k
}

func selectCodesSelGo[C Code](bitmap []uint32, codes []C, i, k int, sel, out []int32) int {
	out = out[:len(sel)]
	for _, r := range sel[i:] {
		out[k] = r
		c := uint32(codes[r])
		k += int(bitmap[c/32] >> (c % 32) & 1)
	}
	return k
}
