package tree

import (
	"context"

	"htapdb/ml"
)

// partition moves the rows g.rows[from:to] that go left before the others, both in
// their order, and returns where the others begin.
func (g *grower) partition(ctx context.Context, from, to int, s *split) (middle int, err error) {
	rows, moved := g.rows[from:to], g.moved[from:to]
	codes, shift := g.m.codes[s.feature/groupSize], uint(s.feature%groupSize*8)
	var right [256]uint8
	for c := range right {
		if !s.left.has(uint8(c)) {
			right[c] = 1
		}
	}
	// Each part moves its rows to its own place in moved: those that go left in order
	// from its beginning, the others in reverse from its end.
	parts := 1
	if g.workers > 1 && len(rows) >= aloneRows {
		parts = 4 * g.workers
	}
	parts = max(parts, (len(rows)+cancelRows-1)/cancelRows)
	bound := func(i int) int { return int(int64(len(rows)) * int64(i) / int64(parts)) }
	lefts := make([]int, parts+1)
	err = ml.Each(ctx, g.workers, parts, func(_, i int) error {
		lefts[i+1] = side(rows[bound(i):bound(i+1)], moved[bound(i):bound(i+1)], codes, shift, &right)
		return nil
	})
	if err != nil {
		return 0, err
	}
	for i := range parts {
		lefts[i+1] += lefts[i]
	}
	middle = lefts[parts]
	err = ml.Each(ctx, g.workers, parts, func(_, i int) error {
		part := moved[bound(i):bound(i+1)]
		n := lefts[i+1] - lefts[i]
		copy(rows[lefts[i]:], part[:n])
		others := rows[middle+bound(i)-lefts[i]:][:len(part)-n]
		for k := range others {
			others[k] = part[len(part)-1-k]
		}
		return nil
	})
	return from + middle, err
}

// side writes the rows that go left to the beginning of moved and the others in reverse
// to its end, and returns the number of the former. Both places are written each time:
// a branch that is as often taken as not costs more.
func side(rows, moved []int32, codes []uint64, shift uint, right *[256]uint8) int {
	l, r := 0, len(moved)-1
	for _, row := range rows {
		b := int(right[uint8(codes[row]>>(shift&63))])
		moved[l], moved[r] = row, row
		l += 1 - b
		r -= b
	}
	return l
}
