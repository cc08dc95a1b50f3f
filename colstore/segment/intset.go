package segment

import "htapdb/vector"

// intSet is a set of integers for IN lists: an open-addressed table without
// pointers, at most half full.
type intSet struct {
	slots   []int64
	hasZero bool
}

func newIntSet(n int) *intSet {
	size := 8
	for size < 2*n {
		size *= 2
	}
	return &intSet{slots: make([]int64, size)}
}

// add puts x into the set. Zero marks a free slot and is kept apart.
func (s *intSet) add(x int64) {
	if x == 0 {
		s.hasZero = true
		return
	}
	mask := uint64(len(s.slots) - 1)
	for i := vector.HashInt64(x) & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case 0:
			s.slots[i] = x
			return
		case x:
			return
		}
	}
}

func (s *intSet) has(x int64) bool {
	if x == 0 {
		return s.hasZero
	}
	mask := uint64(len(s.slots) - 1)
	for i := vector.HashInt64(x) & mask; ; i = (i + 1) & mask {
		if y := s.slots[i]; y == x || y == 0 {
			return y == x
		}
	}
}

// keepInts keeps those of the rows whose value is in the set and not null.
func keepInts[T int16 | int32 | int64](s *intSet, a []T, valid []uint8, rows []int32) []int32 {
	kept := rows[:0]
	for _, r := range rows {
		if s.has(int64(a[r])) && (valid == nil || valid[r] != 0) {
			kept = append(kept, r)
		}
	}
	return kept
}
