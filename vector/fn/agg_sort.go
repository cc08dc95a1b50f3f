package fn

import (
	"math"
	"slices"
)

// sortBlock is how many doubles are sorted or moved between two looks at the
// statement's context: some milliseconds.
const sortBlock = 1 << 16

// sortDoubles sorts values ascending, NaN last, in place, and ends early with
// the error of interrupted.
//
// What is longer than a block is first split by the highest byte of its order, then the
// next, in place (McIlroy, Bostic and McIlroy, "Engineering Radix Sort", 1993): unlike a
// merge it takes no memory that nobody is charged for, and unlike a quicksort it has no
// bad pivots.
func sortDoubles(values []float64, interrupted func() error) error {
	finite := len(values)
	for i := 0; i < finite; {
		if values[i] == values[i] {
			i++
			continue
		}
		finite--
		values[i], values[finite] = values[finite], values[i]
	}
	return radixSort(values[:finite], 56, interrupted)
}

// radixSort sorts values that are the same above bit shift+8 of their order.
func radixSort(values []float64, shift int, interrupted func() error) error {
	if err := interrupted(); err != nil {
		return err
	}
	if len(values) <= sortBlock {
		slices.Sort(values)
		return nil
	}
	if shift < 0 {
		return nil // all the same
	}
	var ends [256]int
	for block := range slices.Chunk(values, sortBlock) {
		if err := interrupted(); err != nil {
			return err
		}
		for _, v := range block {
			ends[doubleOrder(v)>>shift&0xff]++
		}
	}
	var next [256]int
	for b, at := 0, 0; b < len(ends); b++ {
		next[b] = at
		at += ends[b]
		ends[b] = at
	}
	if err := scatter(values, &next, &ends, shift, interrupted); err != nil {
		return err
	}
	from := 0
	for _, to := range ends {
		if to-from > 1 {
			if err := radixSort(values[from:to], shift-8, interrupted); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// scatter swaps each value into the part of its byte: byte b's goes on at next[b]
// and ends at ends[b].
func scatter(values []float64, next, ends *[256]int, shift int, interrupted func() error) error {
	moved := 0
	for b := range ends {
		for next[b] < ends[b] {
			v := values[next[b]]
			to := doubleOrder(v) >> shift & 0xff
			values[next[b]], values[next[to]] = values[next[to]], v
			next[to]++
			if moved++; moved%sortBlock == 0 {
				if err := interrupted(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// doubleOrder is an integer that orders doubles without NaN as they are.
func doubleOrder(v float64) uint64 {
	b := math.Float64bits(v)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}
