package plan

import "math/bits"

// ColSet is a set of ColIDs. The zero value is empty. Methods that change the
// set may reallocate it: sets are assigned, not aliased, unless both copies stay unchanged.
type ColSet struct{ words []uint64 }

// NewColSet returns the set of the columns' IDs.
func NewColSet(cols []Column) ColSet {
	var s ColSet
	for _, c := range cols {
		s.Add(c.ID)
	}
	return s
}

// Add puts id into the set.
func (s *ColSet) Add(id ColID) {
	w := int(id) / 64
	if w >= len(s.words) {
		s.words = append(s.words, make([]uint64, w+1-len(s.words))...)
	}
	s.words[w] |= 1 << (uint(id) % 64)
}

// Remove takes id out of the set.
func (s *ColSet) Remove(id ColID) {
	if w := int(id) / 64; w < len(s.words) {
		s.words[w] &^= 1 << (uint(id) % 64)
	}
}

// AddAll adds the members of o.
func (s *ColSet) AddAll(o ColSet) {
	if len(o.words) > len(s.words) {
		s.words = append(s.words, make([]uint64, len(o.words)-len(s.words))...)
	}
	for i, w := range o.words {
		s.words[i] |= w
	}
}

// Copy returns a set that shares no memory with s.
func (s ColSet) Copy() ColSet { return ColSet{append([]uint64(nil), s.words...)} }

// Has reports whether id is a member.
func (s ColSet) Has(id ColID) bool {
	w := int(id) / 64
	return w < len(s.words) && s.words[w]&(1<<(uint(id)%64)) != 0
}

// Minus returns the members of s that are not in o.
func (s ColSet) Minus(o ColSet) ColSet {
	r := s.Copy()
	for i := range r.words {
		if i < len(o.words) {
			r.words[i] &^= o.words[i]
		}
	}
	return r
}

// Intersect returns the members of both.
func (s ColSet) Intersect(o ColSet) ColSet {
	n := min(len(s.words), len(o.words))
	r := ColSet{make([]uint64, n)}
	for i := range r.words {
		r.words[i] = s.words[i] & o.words[i]
	}
	return r
}

// Intersects reports a common member.
func (s ColSet) Intersects(o ColSet) bool {
	for i := range min(len(s.words), len(o.words)) {
		if s.words[i]&o.words[i] != 0 {
			return true
		}
	}
	return false
}

// SubsetOf reports whether every member is in o.
func (s ColSet) SubsetOf(o ColSet) bool {
	for i, w := range s.words {
		if i < len(o.words) {
			w &^= o.words[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// Empty reports whether there is no member.
func (s ColSet) Empty() bool { return s.SubsetOf(ColSet{}) }

// Len is the number of members.
func (s ColSet) Len() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// IDs lists the members in ascending order.
func (s ColSet) IDs() []ColID {
	var out []ColID
	for i, w := range s.words {
		for ; w != 0; w &= w - 1 {
			out = append(out, ColID(i*64+bits.TrailingZeros64(w)))
		}
	}
	return out
}
