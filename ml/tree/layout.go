package tree

// layout says how a row's contributions to the sums of a bin are packed: a row adds
// one int64 a plane, and each plane has several sums (lanes) side by side. One addition
// then counts a row, its gradient and its hessian. The lanes of one chunk of rows have
// room for their sums; then they are added to sums of 64 bits.
type layout struct {
	// planes are the lanes of each plane from the lowest bit; the last one is signed and
	// takes what is left of the 64 bits, the others are never negative.
	planes [][]lane
	// firsts are, by plane, the lanes of the planes before it; sums is the number of all.
	firsts []int
	sums   int
}

type lane struct{ shift, bits uint }

// maxWeight is how often a row may be drawn into a sample, which lanes have room for. A
// row is drawn more often once in 10^13 times.
const maxWeight = 15

// countBits is the width of a count that a chunk of rows of weight maxWeight fits.
const countBits = 16

// newLayout returns the layout of lanes, by plane, of the given widths.
func newLayout(widths ...[]uint) layout {
	var l layout
	for _, plane := range widths {
		shift := uint(0)
		var lanes []lane
		for _, bits := range plane {
			lanes = append(lanes, lane{shift, bits})
			shift += bits
		}
		l.planes, l.firsts = append(l.planes, lanes), append(l.firsts, l.sums)
		l.sums += len(lanes)
	}
	return l
}

// newtonLayout has a count, a hessian and a gradient: 13 bits for a hessian's value, 13
// and the sign for a gradient's, and 12 each for the sum of a chunk. No room for weights.
func newtonLayout() layout { return newLayout([]uint{13, 25, 26}) }

// newtonMost is the largest value of a gradient or hessian in newtonLayout. LightGBM's
// authors found 3 bits with random rounding enough (Shi et al., NeurIPS 2022).
const newtonMost = 1<<13 - 1

// gradientLayout has a count and a gradient, of 31 bits and the sign.
func gradientLayout() layout { return newLayout([]uint{countBits, 64 - countBits}) }

// gradientMost is the largest value of a gradient in gradientLayout.
const gradientMost = 1<<31 - 1

// classLayout has a count for each class, three in a plane.
func classLayout(classes int) layout {
	var widths [][]uint
	for left := classes; left > 0; left -= classesPerPlane {
		widths = append(widths, []uint{21, 21, 22}[:min(left, classesPerPlane)])
	}
	return newLayout(widths...)
}

const classesPerPlane = 3

// widen adds the lanes of packed sums, by bin, to hist, whose bins have l.sums each;
// packed is zero afterwards.
func (l *layout) widen(plane int, packed []int64, hist []int64) {
	first, lanes := l.firsts[plane], l.planes[plane]
	top := lanes[len(lanes)-1].shift
	if len(lanes) == 3 && l.sums == 3 {
		widen3(packed, hist, lanes)
		return
	}
	for bin, w := range packed {
		if w == 0 {
			continue
		}
		packed[bin] = 0
		to := hist[bin*l.sums+first:][:len(lanes)]
		for i := range len(lanes) - 1 {
			to[i] += int64(uint64(w) >> lanes[i].shift & (1<<lanes[i].bits - 1))
		}
		to[len(lanes)-1] += w >> top
	}
}

// widen3 is widen for a plane of three lanes that is the only one, without a loop over
// lanes.
func widen3(packed, hist []int64, lanes []lane) {
	second, third := lanes[1].shift&63, lanes[2].shift&63
	first, middle := uint64(1)<<second-1, uint64(1)<<(lanes[1].bits&63)-1
	for bin, w := range packed {
		packed[bin] = 0
		to := hist[3*bin:][:3]
		to[0] += int64(uint64(w) & first)
		to[1] += int64(uint64(w) >> second & middle)
		to[2] += w >> third
	}
}
