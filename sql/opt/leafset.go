package opt

import "math/bits"

// maxLeaves is how many inputs a block of joins may have: a block of more is
// split, and the joins between its parts stay in the text's order.
const maxLeaves = 256

// leafSet is a set of inputs of a joinGraph. It is a value: a map's key, copied by
// assignment.
type leafSet [maxLeaves / 64]uint64

// oneLeaf is the set of the input i.
func oneLeaf(i int) (s leafSet) {
	s[i/64] = 1 << (i % 64)
	return s
}

func (s *leafSet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s *leafSet) remove(i int) { s[i/64] &^= 1 << (i % 64) }

func (s *leafSet) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

func (s leafSet) union(o leafSet) leafSet {
	for i := range s {
		s[i] |= o[i]
	}
	return s
}

func (s leafSet) intersect(o leafSet) leafSet {
	for i := range s {
		s[i] &= o[i]
	}
	return s
}

func (s *leafSet) intersects(o *leafSet) bool {
	for i := range s {
		if s[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

func (s *leafSet) subsetOf(o *leafSet) bool {
	for i := range s {
		if s[i]&^o[i] != 0 {
			return false
		}
	}
	return true
}

func (s *leafSet) empty() bool { return *s == leafSet{} }

// len is the number of members.
func (s *leafSet) len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// first is the lowest member, and last the highest; the set is not empty.
func (s *leafSet) first() int {
	for i, w := range s {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

func (s *leafSet) last() int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != 0 {
			return i*64 + bits.Len64(s[i]) - 1
		}
	}
	return -1
}

// after reports whether s is the larger one read as a number.
func (s *leafSet) after(o *leafSet) bool {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != o[i] {
			return s[i] > o[i]
		}
	}
	return false
}
