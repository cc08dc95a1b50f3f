package cluster

import (
	"context"
	"math"
	"slices"
)

// begin chooses the rows that are the first centers: the first at random, each other
// with a chance in proportion to its squared distance from those before it. Sums in
// which one would draw depend on the order of the rows; instead each row draws, from a
// hash of its coordinates, the time of an event whose rate is its weight, and the
// earliest wins (the exponential race). Rows that are equal draw once, at the rate of
// all of them. There may be fewer centers than k: no row is chosen that is one already.
func (l *lloyd) begin(ctx context.Context, seed uint64) error {
	d := l.dims
	l.centers = l.centers[:0]
	type candidate struct {
		time float64
		row  []float64
	}
	winners := make([]candidate, len(l.chunks))
	for c := range l.k {
		if err := each(ctx, len(l.chunks), l.workers, func(_, i int) {
			best := candidate{time: math.Inf(1)}
			squares := l.upper[i]
			for r := range squares {
				x := l.chunks[i][r*d : (r+1)*d]
				if c == 0 {
					squares[r] = 1
				} else {
					square := distance(x, l.centers[(c-1)*d:c*d])
					if c == 1 || square < squares[r] {
						squares[r] = square
					}
				}
				if squares[r] == 0 {
					continue
				}
				hash := l.hashes[i][r]
				u, rate := uniform(hash, seed, uint64(c)), squares[r]
				if n := l.times[hash]; n > 1 {
					rate *= float64(n)
				}
				// −log u is at least 1 − u, which says of most rows that they do not win.
				if (1-u)/rate > best.time {
					continue
				}
				time := -math.Log(u) / rate
				if time < best.time || time == best.time && slices.Compare(x, best.row) < 0 {
					best = candidate{time, x}
				}
			}
			winners[i] = best
		}); err != nil {
			return err
		}
		best := candidate{time: math.Inf(1)}
		for _, w := range winners {
			if w.row != nil && (best.row == nil || w.time < best.time || w.time == best.time && slices.Compare(w.row, best.row) < 0) {
				best = w
			}
		}
		if best.row == nil {
			return nil
		}
		l.centers = append(l.centers, best.row...)
	}
	return nil
}

// hash computes the rows' hashes and which of them several rows have.
func (l *lloyd) hash(ctx context.Context) error {
	l.hashes = make([][]uint64, len(l.chunks))
	if err := each(ctx, len(l.chunks), l.workers, func(_, i int) {
		l.hashes[i] = hashesOf(l.chunks[i], l.dims)
	}); err != nil {
		return err
	}
	all := slices.Concat(l.hashes...)
	slices.Sort(all)
	l.times = map[uint64]int32{}
	for i, h := range all {
		if i > 0 && all[i-1] == h {
			if l.times[h] == 0 {
				l.times[h] = 1
			}
			l.times[h]++
		}
	}
	return nil
}

// hashesOf are hashes of points.
func hashesOf(points []float64, d int) []uint64 {
	out := make([]uint64, len(points)/d)
	for r := range out {
		h := uint64(weyl)
		for _, v := range points[r*d : (r+1)*d] {
			h = mix(h ^ math.Float64bits(v+0)) // −0 is 0
		}
		out[r] = h
	}
	return out
}

// uniform draws a number in (0, 1) from a point's hash, the seed and the draw's number.
func uniform(hash, seed, draw uint64) float64 {
	return (float64(mix(mix(hash+weyl*seed)+weyl*draw)>>11) + 0.5) / (1 << 53)
}

// weyl is the odd number nearest to 2⁶⁴ over the golden ratio.
const weyl = 0x9e3779b97f4a7c15

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
