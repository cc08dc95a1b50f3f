package tree

import (
	"context"
	"math"
	"slices"
	"sort"

	"htapdb/ml"
)

// missingCode is the code of NULL, of a category that training has not seen and of one
// that is too rare for a bin.
const missingCode = 0

// feature tells how the values of a feature become codes.
type feature struct {
	category bool
	// codes is the number of codes: missingCode and one a bin.
	codes int
	// cuts are, for numbers, the upper ends of all bins but the last, ascending: x has the
	// first code c with x ≤ cuts[c−1].
	cuts []float64
	// codeOf has, for categories, the code of each.
	codeOf []uint8
}

// numberBins divides sorted values into at most most bins of about equally many, and
// returns the cuts between them. Equal values share a bin; if there are no more distinct
// values than bins, each has its own. The cuts lie half way between neighbours.
func numberBins(ctx context.Context, sorted []int64, most int) ([]float64, error) {
	distinct := 0 // from the value at hand on
	err := eachRow(ctx, len(sorted), func(i int) {
		if i == 0 || sorted[i] != sorted[i-1] {
			distinct++
		}
	})
	if err != nil {
		return nil, err
	}
	var cuts []float64
	left, bins := len(sorted), most  // what is not yet in a closed bin, and the bins for it
	held := 0                        // values in the open bin
	from, to := 0, runEnd(sorted, 0) // the rows of a value
	for to < len(sorted) && bins > 1 {
		if from/chunkRows != to/chunkRows && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		end := runEnd(sorted, to)
		held += to - from
		mean, next := float64(left)/float64(bins), float64(end-to)
		// A bin ends where it is full, before a value that fills one alone, and always if
		// there are bins for all.
		full := float64(held) >= mean || next >= mean && 2*float64(held) >= mean
		if full || distinct <= bins {
			cuts = append(cuts, between(ofKey(sorted[from]), ofKey(sorted[to])))
			left, held = left-held, 0
			bins--
		}
		distinct--
		from, to = to, end
	}
	return cuts, nil
}

// runEnd is where the values equal to that at from end.
func runEnd(sorted []int64, from int) int {
	to := from
	for to < len(sorted) && sorted[to] == sorted[from] {
		to++
	}
	return to
}

// between returns a t with a ≤ t < b, half way where that can be computed.
func between(a, b float64) float64 {
	t := (a + b) / 2
	if math.IsInf(a+b, 0) {
		t = a/2 + b/2
	}
	if a <= t && t < b {
		return t
	}
	return a
}

// numberCode is the code of a number.
func (f *feature) numberCode(x float64) uint8 {
	if x != x {
		return missingCode
	}
	lo, n := 0, len(f.cuts)
	for n > 0 {
		half := n / 2
		if f.cuts[lo+half] < x {
			lo += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	return uint8(lo + 1)
}

// binNumbers makes the bins of a number and the codes of its rows.
func binNumbers(ctx context.Context, frame *ml.Frame, i, most int, keys, tmp []int64, out []uint8) (feature, error) {
	keys = keys[:0]
	for _, b := range frame.Blocks {
		if ctx.Err() != nil {
			return feature{}, context.Cause(ctx)
		}
		for _, x := range b.Columns[i].Numbers {
			if x == x {
				keys = append(keys, orderedKey(x))
			}
		}
	}
	sorted, err := sortKeys(ctx, keys, tmp[:len(keys)])
	if err != nil {
		return feature{}, err
	}
	f := feature{}
	if f.cuts, err = numberBins(ctx, sorted, most); err != nil {
		return f, err
	}
	f.codes = len(f.cuts) + 2
	at := 0
	for _, b := range frame.Blocks {
		if ctx.Err() != nil {
			return f, context.Cause(ctx)
		}
		for r, x := range b.Columns[i].Numbers {
			out[at+r] = f.numberCode(x)
		}
		at += b.Rows
	}
	return f, nil
}

// binCategories gives the most frequent categories bins, in byte order, and the rows
// their codes. Of equally frequent ones the first have bins.
func binCategories(ctx context.Context, frame *ml.Frame, i, categories, most int, out []uint8) (feature, error) {
	counts := make([]int, categories)
	for _, b := range frame.Blocks {
		if ctx.Err() != nil {
			return feature{}, context.Cause(ctx)
		}
		for _, c := range b.Columns[i].Codes {
			if c >= 0 {
				counts[c]++
			}
		}
	}
	by := make([]int, categories)
	for c := range by {
		by[c] = c
	}
	sort.SliceStable(by, func(a, b int) bool { return counts[by[a]] > counts[by[b]] })
	by = by[:min(len(by), most)]
	slices.Sort(by)
	f := feature{category: true, codes: len(by) + 1, codeOf: make([]uint8, categories)}
	for k, c := range by {
		f.codeOf[c] = uint8(k + 1)
	}
	at := 0
	for _, b := range frame.Blocks {
		if ctx.Err() != nil {
			return f, context.Cause(ctx)
		}
		for r, c := range b.Columns[i].Codes {
			out[at+r] = f.categoryCode(c)
		}
		at += b.Rows
	}
	return f, nil
}

// categoryCode is the code of a category by its number, which may be ml.Missing or
// ml.Unseen.
func (f *feature) categoryCode(c int32) uint8 {
	if c < 0 {
		return missingCode
	}
	return f.codeOf[c]
}
