package exact

import "math"

// Columns are added in blocks of blockRows rows. Each column of a block is
// split into slices, in the manner of Ozaki, Ogita, Oishi and Rump (Error-free
// transformations of matrix multiplication by using fast routines of matrix
// multiplication and its applications, 2012): the block's largest exponent gives
// a grid, the first slice is the column rounded to it, the next one what is
// left, rounded to a grid 2²² finer, and so on. Divided by their grids, slices
// are integers of at most 2²¹, so that a product of two slices summed over a
// block stays below 2⁵² and floating-point arithmetic computes it without
// rounding, in any order and at full speed.
//
// A column of small integers is one slice, measurements are three (65 bits).
const (
	blockRows = 1024
	// sliceBits is the logarithm of a slice's largest integer:
	// 2·sliceBits + log₂ blockRows ≤ 53.
	sliceBits = 21
	// sliceStep is the logarithm of the ratio of two grids: rounding to nearest
	// leaves half a unit of the coarser one.
	sliceStep = sliceBits + 1
	// denseSlices are taken as long as something is left of any row. After them
	// a slice is made only if more than one row in restShare has a rest: numbers
	// that are small beside the block's largest are few, and cost less one by one.
	denseSlices = 3
	restShare   = 32
	// maxSlices hold a DD, 131 bits; what is left then is added one by one.
	maxSlices = 6
)

// roundToInteger is 1.5·2⁵²: added and subtracted it rounds numbers below 2⁵¹
// to the nearest integer, ties to even.
const roundToInteger = 3 << 51

// tiny bounds the numbers beside the block's largest that slices can hold:
// below it scaling could lose bits.
const tiny = 0x1p-900

// A Column is one column of a block of rows: Hi, plus Lo if it is not nil. The
// pairs are normalized (see DD); all numbers are finite.
type Column struct{ Hi, Lo []float64 }

func (c Column) slice(from, to int) Column {
	if c.Lo == nil {
		return Column{Hi: c.Hi[from:to]}
	}
	return Column{Hi: c.Hi[from:to], Lo: c.Lo[from:to]}
}

// parts returns the doubles that row r is the sum of.
func (c Column) parts(r int) (p [2]float64, n int) {
	p[0] = c.Hi[r]
	if c.Lo == nil || c.Lo[r] == 0 {
		return p, 1
	}
	p[1] = c.Lo[r]
	return p, 2
}

// sliced is a column of a block as slices and rests.
type sliced struct {
	column Column
	// lanes[k] holds the integers of a slice, whose unit is 2^units[k]. Slices
	// without an entry other than 0 are left out.
	lanes [][]float64
	units []int
	// rests are what the slices leave of the rows named, in ascending order.
	rests []rest
	// buffers are reused: one per slice and one for what is left.
	buffers [maxSlices][]float64
	left    []float64
	leftLo  []float64
}

// rest is the number (hi + lo)·2^exponent that the slices leave of a row.
type rest struct {
	row      int
	hi, lo   float64
	exponent int
}

// split replaces the contents of s by column c of at most blockRows rows.
func (s *sliced) split(c Column) {
	n := len(c.Hi)
	s.column, s.lanes, s.units, s.rests = c, s.lanes[:0], s.units[:0], s.rests[:0]
	largest, smallest := magnitudes(c.Hi)
	if largest == 0 {
		return
	}
	_, exponent := math.Frexp(largest)
	scale := exponent - sliceBits // the unit of the first slice
	s.left = resize(s.left, n)
	ldexpInto(s.left, c.Hi, -scale)
	lo := c.Lo
	if lo != nil {
		s.leftLo = resize(s.leftLo, n)
		ldexpInto(s.leftLo, lo, -scale)
		lo = s.leftLo
	}
	if math.Ldexp(smallest, -scale) < tiny || lo != nil {
		s.setTinyAside(c, lo)
	}
	for k := 0; k < maxSlices; k++ {
		s.buffers[k] = resize(s.buffers[k], n)
		var used bool
		var rows int
		if lo == nil {
			used, rows = nextSlice(s.buffers[k], s.left)
		} else {
			used, rows = nextSlicePairs(s.buffers[k], s.left, lo)
		}
		unit := scale - k*sliceStep
		if used {
			s.lanes = append(s.lanes, s.buffers[k])
			s.units = append(s.units, unit)
		}
		if rows == 0 {
			return
		}
		if k+1 == maxSlices || k+1 >= denseSlices && rows <= n/restShare {
			s.keepRests(lo, unit-sliceStep)
			return
		}
	}
}

// magnitudes returns the largest and the smallest absolute value, zeros not counted.
func magnitudes(xs []float64) (largest, smallest float64) {
	const abs = 1<<63 - 1
	var most uint64
	least := ^uint64(0)
	for _, x := range xs {
		b := math.Float64bits(x) & abs
		most = max(most, b)
		least = min(least, b-1) // zero wraps to the largest
	}
	return math.Float64frombits(most), math.Float64frombits(least + 1)
}

// ldexpInto sets out to in·2^e.
func ldexpInto(out, in []float64, e int) {
	out = out[:len(in)]
	first := 1.0
	switch {
	case e > 900:
		first, e = 0x1p900, e-900
	case e < -900:
		first, e = 0x1p-900, e+900
	}
	factor := math.Ldexp(1, e)
	if first == 1 {
		for i, x := range in {
			out[i] = x * factor
		}
		return
	}
	for i, x := range in {
		out[i] = float64(x*first) * factor
	}
}

// setTinyAside moves the rows that are too small beside the largest to rests.
func (s *sliced) setTinyAside(c Column, lo []float64) {
	for r, y := range s.left {
		hiTiny := c.Hi[r] != 0 && math.Abs(y) < tiny
		loTiny := lo != nil && c.Lo[r] != 0 && math.Abs(lo[r]) < tiny
		if !hiTiny && !loTiny {
			continue
		}
		x := rest{row: r, hi: c.Hi[r]}
		if lo != nil {
			x.lo, lo[r] = c.Lo[r], 0
		}
		s.rests = append(s.rests, x)
		s.left[r] = 0
	}
}

// nextSlice moves the integers nearest to left into lane and leaves the
// differences, on the grid of the next slice. It reports whether lane has an
// entry other than 0 and how many rows have something left.
func nextSlice(lane, left []float64) (used bool, rows int) {
	lane = lane[:len(left)]
	var any uint64
	var zeros int64
	for r, y := range left {
		k := float64(y+roundToInteger) - roundToInteger
		lane[r] = k
		y = float64(y-k) * (1 << sliceStep)
		left[r] = y
		any |= math.Float64bits(k)
		// The sign bit of |y|−1 as integers is set for 0 alone.
		zeros += int64((math.Float64bits(y)&(1<<63-1) - 1) >> 63)
	}
	return any != 0, len(left) - int(zeros)
}

// nextSlicePairs is nextSlice for pairs left + lo.
func nextSlicePairs(lane, left, lo []float64) (used bool, rows int) {
	for r, y := range left {
		k := float64(y+roundToInteger) - roundToInteger
		lane[r] = k
		hi, l := twoSum(y-k, lo[r])
		left[r], lo[r] = float64(hi*(1<<sliceStep)), float64(l*(1<<sliceStep))
		used = used || k != 0
		if hi != 0 {
			rows++
		}
	}
	return used, rows
}

// keepRests appends what is left, in units of 2^exponent, to the rests, which
// setTinyAside may have begun: their rows have nothing left, and the result is
// in order of the rows again.
func (s *sliced) keepRests(lo []float64, exponent int) {
	aside := append([]rest(nil), s.rests...)
	s.rests = s.rests[:0]
	for r, y := range s.left {
		for len(aside) > 0 && aside[0].row <= r {
			s.rests, aside = append(s.rests, aside[0]), aside[1:]
		}
		if y == 0 {
			continue
		}
		x := rest{row: r, hi: y, exponent: exponent}
		if lo != nil {
			x.lo = lo[r]
		}
		s.rests = append(s.rests, x)
	}
	s.rests = append(s.rests, aside...)
}

// rest returns the rest of row r.
func (s *sliced) rest(r int) (rest, bool) {
	lo, hi := 0, len(s.rests)
	for lo < hi {
		if mid := (lo + hi) / 2; s.rests[mid].row < r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(s.rests) && s.rests[lo].row == r {
		return s.rests[lo], true
	}
	return rest{}, false
}

func resize(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n, max(n, blockRows))
	}
	return s[:n]
}
