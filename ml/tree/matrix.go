package tree

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"

	"htapdb/ml"
	"htapdb/sql/sqlstate"
)

// groupSize is how many features share a word of codes: their codes of a row come with
// one load, and their packed histograms (16 KB) stay in the first cache.
const groupSize = 8

// matrix is the training rows as the learner sees them, in canonical order.
type matrix struct {
	rows     int
	features []feature
	// codes are words by group and row; feature f is byte f%8 of group f/8.
	codes [][]uint64
	// target or class is what is to be predicted.
	target []float64
	class  []int32
}

// code is the code of a row's feature.
func (m *matrix) code(f int32, r int32) uint8 {
	return uint8(m.codes[f/groupSize][r] >> (f % groupSize * 8))
}

// maxClasses bounds what a bin counts: a histogram of 28 numbers and 1,000 classes has
// 57 MB.
const maxClasses = 1000

// newMatrix reads the training's rows into bins.
func newMatrix(ctx context.Context, t *ml.Training, maxBins int) (*matrix, error) {
	frame, err := t.Frame(ctx)
	if err != nil {
		return nil, err
	}
	if frame.Rows > math.MaxInt32 {
		return nil, sqlstate.New(sqlstate.ProgramLimitExceeded, "trees take at most %d rows, and the query has %d", math.MaxInt32, frame.Rows).
			WithHint("Sample the rows in the query.")
	}
	if n := len(t.Target.Classes); n > maxClasses {
		hint := "Group its values in the query, or leave out the rows of rare ones."
		if t.Target.Type.IsNumber() {
			hint = "If it is a number rather than a label, train for it: WITH (task = 'regression')."
		}
		return nil, sqlstate.New(sqlstate.ProgramLimitExceeded, "trees tell at most %d classes apart, and column %q has %d", maxClasses, t.Target.Name, n).
			WithHint("%s", hint)
	}
	n, workers := frame.Rows, t.Parallel()
	m := &matrix{rows: n, features: make([]feature, len(t.Features))}
	groups := (len(t.Features) + groupSize - 1) / groupSize
	sorters := min(workers, len(t.Features))
	// The codes as bytes and words, twice while they are put in order; a hash, a place and
	// a target a row; the keys that are sorted for bins.
	if err := t.Reserve(int64(n) * int64(len(t.Features)+2*groupSize*groups+8+4+16+16*sorters)); err != nil {
		return nil, err
	}
	columns := make([][]uint8, len(t.Features))
	keys, tmp := make([][]int64, sorters), make([][]int64, sorters)
	err = ml.Each(ctx, sorters, len(t.Features), func(worker, i int) (err error) {
		columns[i] = make([]uint8, n)
		if t.Features[i].Kind == ml.Category {
			m.features[i], err = binCategories(ctx, frame, i, len(t.Features[i].Categories), maxBins, columns[i])
			return err
		}
		if keys[worker] == nil {
			keys[worker], tmp[worker] = make([]int64, n), make([]int64, n)
		}
		m.features[i], err = binNumbers(ctx, frame, i, maxBins, keys[worker], tmp[worker], columns[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	t.Report(readShare, "reading")
	if err := m.take(ctx, frame); err != nil {
		return nil, err
	}
	return m, m.arrange(ctx, columns, groups, workers)
}

// readShare is the part of the progress that reading and binning is: of 900,000 rows of
// 28 numbers binning is a tenth of the processor time.
const readShare = 0.1

// take copies the target, so that the frame can be collected.
func (m *matrix) take(ctx context.Context, frame *ml.Frame) error {
	for _, b := range frame.Blocks {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		m.target, m.class = append(m.target, b.Target...), append(m.class, b.Class...)
	}
	return nil
}

// arrange packs the codes into words and puts the rows in canonical order.
func (m *matrix) arrange(ctx context.Context, columns [][]uint8, groups, workers int) error {
	words := make([][]uint64, groups)
	for g := range words {
		words[g] = make([]uint64, m.rows)
	}
	hashes := make([]uint64, m.rows)
	err := eachChunk(ctx, workers, m.rows, func(_, from, to int) error {
		for f, c := range columns {
			shift := f % groupSize * 8
			w := words[f/groupSize][from:to]
			for i, code := range c[from:to] {
				w[i] |= uint64(code) << shift
			}
		}
		for r := from; r < to; r++ {
			h := mix(m.outcome(int32(r)) + golden)
			for g := range words {
				h = mix(h + golden + words[g][r])
			}
			hashes[r] = h
		}
		return nil
	})
	if err != nil {
		return err
	}
	order, err := canonical(ctx, hashes, func(a, b int32) int { return m.compare(words, a, b) })
	if err != nil {
		return err
	}
	m.codes = make([][]uint64, groups)
	for g := range m.codes {
		m.codes[g] = make([]uint64, m.rows)
	}
	target, class := m.target, m.class // one of them is nil
	if class != nil {
		m.class = make([]int32, m.rows)
	} else {
		m.target = make([]float64, m.rows)
	}
	return eachChunk(ctx, workers, m.rows, func(_, from, to int) error {
		part := order[from:to]
		for g := range words {
			gather(m.codes[g][from:to], words[g], part)
		}
		if class != nil {
			gather(m.class[from:to], class, part)
		} else {
			gather(m.target[from:to], target, part)
		}
		return nil
	})
}

func gather[T any](out, from []T, at []int32) {
	for i, r := range at {
		out[i] = from[r]
	}
}

// outcome is the target or class of a row as bits.
func (m *matrix) outcome(r int32) uint64 {
	if m.class != nil {
		return uint64(m.class[r])
	}
	return uint64(orderedKey(m.target[r]))
}

// compare orders rows by content.
func (m *matrix) compare(words [][]uint64, a, b int32) int {
	if c := cmp.Compare(m.outcome(a), m.outcome(b)); c != 0 {
		return c
	}
	for _, w := range words {
		if c := cmp.Compare(w[a], w[b]); c != 0 {
			return c
		}
	}
	return 0
}

// canonical returns the rows in an order that depends on their content alone: by hash,
// so that neighbours have nothing in common and a prefix is a sample, and where two
// hashes are equal by content. Rows that compare equal are interchangeable.
func canonical(ctx context.Context, hashes []uint64, content func(a, b int32) int) ([]int32, error) {
	// Buckets by the upper bits hold about 8 rows each.
	width := max(bits.Len(uint(len(hashes)))-3, 1)
	shift := 64 - width
	ends := make([]int32, 1<<width+1)
	if err := eachRow(ctx, len(hashes), func(r int) { ends[hashes[r]>>shift+1]++ }); err != nil {
		return nil, err
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	order := make([]int32, len(hashes))
	next := slices.Clone(ends)
	err := eachRow(ctx, len(hashes), func(r int) {
		bucket := hashes[r] >> shift
		order[next[bucket]] = int32(r)
		next[bucket]++
	})
	if err != nil {
		return nil, err
	}
	for i := range len(ends) - 1 {
		if i%chunkRows == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		slices.SortFunc(order[ends[i]:ends[i+1]], func(a, b int32) int {
			if c := cmp.Compare(hashes[a], hashes[b]); c != 0 {
				return c
			}
			return content(a, b)
		})
	}
	return order, nil
}
