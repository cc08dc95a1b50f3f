package linear

import (
	"context"
	"slices"

	"htapdb/ml"
	"htapdb/ml/exact"
)

// blockRows is the most rows of a block of Training.Stream.
const blockRows = 1 << 10

// collector adds blocks of rows, as they come, to a matrix of products: the constant,
// the numbers, the target, and an indicator for each level of the categories. One
// worker has it. Its indicators are numbered as it meets them, since neither all
// levels nor their order are known yet.
type collector struct {
	features []ml.Feature
	account  *account
	gram     *exact.Gram
	// met are the indicators' levels; byCode is their inverse: the term of a
	// feature's code at code+1, 0 for one that was not met.
	met    []level
	byCode [][]int32
	codes  [][]int32
	ones   []float64
}

// level is a level of a feature by its code in order of arrival, ml.Missing for NULL.
type level struct {
	feature int
	code    int32
}

func newCollector(features []ml.Feature, a *account) *collector {
	c := &collector{features: features, account: a, byCode: make([][]int32, len(features)), codes: make([][]int32, len(features)),
		ones: slices.Repeat([]float64{1}, blockRows)}
	c.gram = exact.NewGram(denseColumns(features))
	return c
}

// denseColumns is the number of a matrix's columns: the constant, the target, the numbers.
func denseColumns(features []ml.Feature) int {
	dense := 2
	for _, f := range features {
		if f.Kind == ml.Number {
			dense++
		}
	}
	return dense
}

// sliceBytes is what a worker takes for a block of one column beside the cells: the
// three or four slices of doubles that measurements have, and what they leave.
const sliceBytes = 5 * 8 * blockRows

// add adds a block of a regression's rows.
func (c *collector) add(b *ml.Block) error {
	block := &exact.Block{Rows: b.Rows, Right: []exact.Column{{Hi: c.ones[:b.Rows]}}}
	for i, f := range c.features {
		if f.Kind == ml.Number {
			block.Right = append(block.Right, exact.Column{Hi: b.Columns[i].Numbers})
			continue
		}
		if err := c.indicators(i, b.Columns[i].Codes); err != nil {
			return err
		}
		block.Codes = append(block.Codes, c.codes[i])
	}
	block.Right = append(block.Right, exact.Column{Hi: b.Target})
	c.gram.Add(block)
	return nil
}

// indicators sets codes[i] to the indicators of a block's codes.
func (c *collector) indicators(i int, codes []int32) error {
	out := c.codes[i][:0]
	known := c.byCode[i]
	for _, code := range codes {
		at := int(code) + 1
		if at >= len(known) {
			known = append(known, make([]int32, at+1-len(known))...)
			c.byCode[i] = known
		}
		if known[at] == 0 {
			if err := c.grow(i, code); err != nil {
				return err
			}
			known[at] = int32(c.gram.Terms() - 1)
		}
		out = append(out, known[at])
	}
	c.codes[i] = out
	return nil
}

// grow adds an indicator.
func (c *collector) grow(feature int, code int32) error {
	k := len(c.met)
	if k >= maxTerms {
		return tooManyTerms(c.features[feature].Name)
	}
	dense := c.gram.Terms() - k
	if err := c.account.reserve(exact.GramBytes(dense, k+1) - exact.GramBytes(dense, k)); err != nil {
		return err
	}
	c.met = append(c.met, level{feature, code})
	c.gram.Grow(dense + k + 1)
	return nil
}

// collect reads the rows into one matrix. Its terms are the constant, the numbers in
// the order of the features, the target, and then the levels of each category in the
// order of its texts, NULL last; nulls tells the features where there were any.
func collect(ctx context.Context, t *ml.Training, a *account) (g *exact.Gram, nulls []bool, err error) {
	if err := tooManyNumbers(t.Features); err != nil {
		return nil, nil, err
	}
	dense, workers := denseColumns(t.Features), t.Parallel()
	if err := a.reserve(int64(workers) * (exact.GramBytes(dense, 0) + int64(dense)*sliceBytes)); err != nil {
		return nil, nil, err
	}
	collectors := make([]*collector, workers)
	for w := range collectors {
		collectors[w] = newCollector(t.Features, a)
	}
	if err := t.Stream(ctx, func(worker int, b *ml.Block) error { return collectors[worker].add(b) }); err != nil {
		return nil, nil, err
	}
	nulls = make([]bool, len(t.Features))
	for _, c := range collectors {
		for _, l := range c.met {
			nulls[l.feature] = nulls[l.feature] || l.code == ml.Missing
		}
	}
	// The levels' places, and with them the size of the matrix.
	first, terms := make([]int, len(t.Features)), dense
	for i, f := range t.Features {
		first[i] = terms
		if terms += len(f.Categories); nulls[i] {
			terms++
		}
		if terms-dense > maxTerms {
			return nil, nil, tooManyTerms(f.Name)
		}
	}
	if err := a.reserve(exact.GramBytes(dense, terms-dense)); err != nil {
		return nil, nil, err
	}
	g = exact.NewGram(dense)
	for _, c := range collectors {
		if err := check(ctx)(); err != nil {
			return nil, nil, err
		}
		g.Merge(c.gram, func(term int) int {
			if term < c.dense() {
				return term
			}
			l := c.met[term-c.dense()]
			if l.code == ml.Missing {
				return first[l.feature] + len(t.Features[l.feature].Categories)
			}
			return first[l.feature] + int(t.CategoryPlaces(l.feature)[l.code])
		})
	}
	return g, nulls, nil
}

// dense is the number of the matrix's columns.
func (c *collector) dense() int { return c.gram.Terms() - len(c.met) }
