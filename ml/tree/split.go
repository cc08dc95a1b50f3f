package tree

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
)

// codeSet is a set of codes.
type codeSet [4]uint64

func (s *codeSet) add(code uint8)      { s[code>>6] |= 1 << (code & 63) }
func (s *codeSet) has(code uint8) bool { return s[code>>6]>>(code&63)&1 != 0 }

// split is a question to a row: it goes left where the set has the code of the feature.
type split struct {
	// gain is what the split adds to the quality; found says that there is one.
	gain    float64
	found   bool
	feature int32
	// last is the last code that goes left, for a number; missingLeft says where NULL goes.
	last        uint8
	missingLeft bool
	left        codeSet
}

// finder looks for the best split of a feature in a node. It belongs to a worker.
type finder struct {
	c       *criterion
	minRows int64
	// total are the sums of the node, parent their quality.
	total  []int64
	parent float64
	best   split

	// present are the codes that the node has, ascending; at is where in sums those of a
	// code are.
	present []int
	sums    []int64
	at      [256]int32

	left, right []int64
	ranks       [256]float64
	weights     [256]float64
	orders      []int
	// few is room for sums of small nodes, and packed for their values.
	few    []int64
	packed [256]int64
}

func newFinder(c *criterion, minRows int64) *finder {
	return &finder{c: c, minRows: minRows, left: make([]int64, c.sums), right: make([]int64, c.sums)}
}

// inHistogram takes the bins of a feature from a histogram.
func (f *finder) inHistogram(hist []int64) {
	k := f.c.sums
	f.present, f.sums = f.present[:0], hist
	for code := range len(hist) / k {
		any := int64(0)
		for _, x := range hist[code*k : (code+1)*k] {
			any |= x
		}
		if any != 0 {
			f.present = append(f.present, code)
			f.at[code] = int32(code * k)
		}
	}
}

// inRows counts the bins of a feature for so few rows that a histogram would be mostly
// empty.
func (f *finder) inRows(g *grower, i int32, rows []int32) {
	codes, shift := g.m.codes[i/groupSize], uint(i%groupSize*8)
	var set codeSet
	for _, r := range rows {
		set.add(uint8(codes[r] >> (shift & 63)))
	}
	f.present, f.few = f.present[:0], f.few[:0]
	for w, word := range set {
		for ; word != 0; word &= word - 1 {
			code := w*64 + bits.TrailingZeros64(word)
			f.at[code] = int32(len(f.few))
			f.present = append(f.present, code)
			for range f.c.sums {
				f.few = append(f.few, 0)
			}
		}
	}
	f.sums = f.few
	for plane, values := range g.values {
		for _, r := range rows {
			f.packed[uint8(codes[r]>>(shift&63))] += values[r]
		}
		for n, code := range f.present {
			g.layout.widen(plane, f.packed[code:code+1], f.few[n*f.c.sums:])
		}
	}
}

// find looks at the feature i, whose bins have been taken.
func (f *finder) find(ctx context.Context, i int32, kind *feature) (split, error) {
	f.best = split{feature: i}
	var err error
	switch {
	case len(f.present) < 2:
	case kind.category:
		err = f.categories(ctx, kind)
	default:
		f.numbers()
	}
	return f.best, err
}

// bin are the sums of a code.
func (f *finder) bin(code int) []int64 { return f.sums[f.at[code]:][:f.c.sums] }

// move moves a bin to the left side.
func (f *finder) move(bin []int64) {
	for i, x := range bin {
		f.left[i] += x
	}
}

// try looks at the sides: whether they gain more than the best split so far, and
// whether the right one is still large enough.
func (f *finder) try() (better, more bool, left, right int64) {
	for i := range f.left {
		f.right[i] = f.total[i] - f.left[i]
	}
	left, right = f.c.count(f.left), f.c.count(f.right)
	if right < f.minRows || right == 0 {
		return false, false, left, right
	}
	if left < f.minRows {
		return false, true, left, right
	}
	gain := f.c.quality(f.left) + f.c.quality(f.right) - f.parent
	if f.best.found && gain <= f.best.gain {
		return false, true, left, right
	}
	f.best.gain, f.best.found = gain, true
	return true, true, left, right
}

// numbers tries every cut, with NULL on the right and, if the node has any, on the
// left. Where it has none, NULL will go to the larger side.
func (f *finder) numbers() {
	present, hasMissing := f.present, f.present[0] == missingCode
	if hasMissing {
		present = present[1:]
	}
	for _, missingLeft := range []bool{false, true} {
		if missingLeft && !hasMissing {
			break
		}
		clear(f.left)
		if missingLeft {
			f.move(f.bin(missingCode))
		}
		for _, code := range present {
			f.move(f.bin(code))
			better, more, left, right := f.try()
			if better {
				f.best.last, f.best.missingLeft = uint8(code), missingLeft || !hasMissing && left >= right
			}
			if !more {
				break
			}
		}
	}
}

// gradients is numbers for the bins of a histogram that have gradients: it keeps the
// sums of the left side in registers and reads each bin once. Of a training of 200,000 to
// 270,000 rows looking for splits was 24 % of the time without it, and is 5 % with it.
func (f *finder) gradients(i int32, hist []int64) split {
	f.best = split{feature: i}
	k := f.c.sums
	weigh, unit := 0, 1.0 // squares: a hessian is a row
	if f.c.kind == newton {
		weigh, unit = 1, f.c.hessian
	}
	total, totalH, totalG := f.total[0], f.total[weigh], f.total[k-1]
	l2, scale, parent, least := f.c.l2, f.c.gradient, f.parent, max(f.minRows, 1)
	missing := hist[:k]
	for _, missingLeft := range []bool{false, true} {
		var n, h, g int64
		if missingLeft {
			if n, h, g = missing[0], missing[weigh], missing[k-1]; n == 0 {
				break
			}
		}
		for code, bins := 1, hist[k:]; len(bins) >= k; code, bins = code+1, bins[k:] {
			if bins[0] == 0 {
				continue
			}
			n, h, g = n+bins[0], h+bins[weigh], g+bins[k-1]
			if total-n < least {
				break
			}
			if n < f.minRows {
				continue
			}
			gain := part(float64(g)*scale, float64(h)*unit+l2) + part(float64(totalG-g)*scale, float64(totalH-h)*unit+l2) - parent
			if f.best.found && gain <= f.best.gain {
				continue
			}
			f.best.gain, f.best.found, f.best.last = gain, true, uint8(code)
			f.best.missingLeft = missingLeft || missing[0] == 0 && n >= total-n
		}
	}
	return f.best
}

// part is what a side with a gradient and a weight adds to the quality.
func part(g, w float64) float64 {
	if w <= 0 {
		return 0 // hessians that were rounded to nothing
	}
	return g * g / w
}

// categories puts the categories of the node, NULL among them, in the criterion's order
// and tries every prefix. Codes that the node has not seen go to the larger side.
func (f *finder) categories(ctx context.Context, kind *feature) error {
	for _, code := range f.present {
		f.weights[code] = f.c.weight(f.bin(code))
	}
	f.orders = f.c.orders(f.total, f.orders[:0])
	for _, at := range f.orders {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r := f.c.ranking(at, f.total)
		for _, code := range f.present {
			f.ranks[code] = r.rank(f.bin(code), f.weights[code])
		}
		slices.SortFunc(f.present, func(a, b int) int {
			return cmp.Or(cmp.Compare(f.ranks[a], f.ranks[b]), cmp.Compare(a, b))
		})
		clear(f.left)
		for n, code := range f.present {
			f.move(f.bin(code))
			better, more, left, right := f.try()
			if better {
				f.best.left = f.prefix(kind, n+1, left >= right)
			}
			if !more {
				break
			}
		}
	}
	return nil
}

// prefix is the set of the first n categories, and of those that are not there if
// absent says so.
func (f *finder) prefix(kind *feature, n int, absent bool) codeSet {
	var set codeSet
	if absent {
		for code := range kind.codes {
			set.add(uint8(code))
		}
		for _, code := range f.present[n:] {
			set[code>>6] &^= 1 << (code & 63)
		}
		return set
	}
	for _, code := range f.present[:n] {
		set.add(uint8(code))
	}
	return set
}

// finish fills the set of a number's split.
func (s *split) finish(kind *feature) {
	if kind.category {
		return
	}
	s.left = codeSet{}
	for code := 1; code <= int(s.last); code++ {
		s.left.add(uint8(code))
	}
	if s.missingLeft {
		s.left.add(missingCode)
	}
}
