package cluster

import (
	"context"
	"math"
	"sync"
	"sync/atomic"

	"htapdb/ml"
	"htapdb/ml/exact"
	"htapdb/sql/sqlstate"
)

// maxCoordinates bounds the coordinates of a point.
const maxCoordinates = 2000

// layout says which coordinates a row has: one a number, one a text of a category,
// and one for its NULL.
type layout struct {
	features []ml.Feature
	// first is each feature's first coordinate, dims their number.
	first []int
	dims  int
	// center and scale make a number a coordinate: (x − center)·scale. The center is
	// also what a missing number counts as. Categories have 0 and 1.
	center, scale []float64
}

func newLayout(features []ml.Feature) (*layout, error) {
	l := &layout{features: features}
	for _, f := range features {
		l.first = append(l.first, l.dims)
		l.dims++
		if f.Kind == ml.Category {
			l.dims += len(f.Categories)
		}
		if l.dims > maxCoordinates {
			return nil, sqlstate.New(sqlstate.ProgramLimitExceeded, "feature %q brings the points to more than %d coordinates", f.Name, maxCoordinates).
				WithHint("Leave out columns with many distinct values, or group them in the query.")
		}
	}
	l.center, l.scale = make([]float64, l.dims), make([]float64, l.dims)
	for i := range l.scale {
		l.scale[i] = 1
	}
	return l, nil
}

// names are those of the coordinates.
func (l *layout) names() (out []string) {
	for _, f := range l.features {
		if f.Kind == ml.Number {
			out = append(out, f.Name)
			continue
		}
		for _, c := range f.Categories {
			out = append(out, f.Name+"="+c)
		}
		out = append(out, f.Name+" IS NULL")
	}
	return out
}

// points writes the coordinates of a block's rows, row by row.
func (l *layout) points(b *ml.Block, out []float64) {
	d := l.dims
	for i := range l.features {
		at := l.first[i]
		if l.features[i].Kind == ml.Number {
			center, scale := l.center[at], l.scale[at]
			for r, x := range b.Columns[i].Numbers {
				if math.IsNaN(x) {
					x = center
				}
				// An infinite number is as far away as a finite one can be.
				x = max(-math.MaxFloat64, min(math.MaxFloat64, x))
				out[r*d+at] = (x - center) * scale
			}
			continue
		}
		null := len(l.features[i].Categories)
		for r, c := range b.Columns[i].Codes {
			row := out[r*d+at:][:null+1]
			clear(row)
			switch {
			case c >= 0:
				row[c] = 1
			case c == ml.Missing:
				row[null] = 1
			}
		}
	}
}

// cloud is the points of a training, in blocks as the frame has them.
type cloud struct {
	*layout
	rows    int
	blocks  [][]float64
	workers int
}

// newCloud makes points of the rows of a frame. With standardize, numbers are centred
// and divided by their standard deviation; without, they are only moved and multiplied
// by one power of two for all, which changes no ratio of distances and keeps squares in
// range.
func newCloud(ctx context.Context, t *ml.Training, frame *ml.Frame, standardize bool) (*cloud, error) {
	l, err := newLayout(t.Features)
	if err != nil {
		return nil, err
	}
	if err := t.Reserve(int64(frame.Rows) * int64(l.dims) * 8); err != nil {
		return nil, err
	}
	if err := l.measure(ctx, frame, standardize); err != nil {
		return nil, err
	}
	c := &cloud{layout: l, rows: frame.Rows, blocks: make([][]float64, len(frame.Blocks)), workers: t.Parallel()}
	return c, each(ctx, len(frame.Blocks), c.workers, func(i int) {
		c.blocks[i] = make([]float64, frame.Blocks[i].Rows*l.dims)
		l.points(frame.Blocks[i], c.blocks[i])
	})
}

// measure finds center and scale of the numbers.
func (l *layout) measure(ctx context.Context, frame *ml.Frame, standardize bool) error {
	widest := 0.0
	for i, f := range l.features {
		if f.Kind != ml.Number {
			continue
		}
		var sum exact.Sum
		low, high := math.Inf(1), math.Inf(-1)
		for _, b := range frame.Blocks {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			for _, x := range b.Columns[i].Numbers {
				sum.Add(x)
				low, high = min(low, x), max(high, x)
			}
		}
		at := l.first[i]
		mean := sum.DD(0).Div(exact.FromFloat(float64(frame.Rows))).Float()
		// The sum of finite numbers may be beyond them, its mean is not.
		l.center[at] = max(low, min(high, mean))
		// Half of the range, so that it is finite.
		reach := max(high/2-l.center[at]/2, l.center[at]/2-low/2)
		widest = max(widest, reach)
		if !standardize || reach == 0 {
			continue
		}
		unit := math.Ldexp(1, -exponent(reach))
		var squares exact.Sum
		for _, b := range frame.Blocks {
			for _, x := range b.Columns[i].Numbers {
				d := (x/2 - l.center[at]/2) * unit
				squares.AddProduct(d, d)
			}
		}
		sd := math.Sqrt(squares.Float()/float64(frame.Rows)) / unit * 2
		if l.scale[at] = 1 / sd; math.IsInf(l.scale[at], 0) || l.scale[at] == 0 {
			l.scale[at] = unit / 2
		}
	}
	if standardize || widest == 0 {
		return nil
	}
	// Categories keep their distance of 1 where the numbers are of a usual size.
	if e := exponent(widest); e > 400 || e < -400 {
		for i, f := range l.features {
			if f.Kind == ml.Number {
				l.scale[l.first[i]] = math.Ldexp(1, -e)
			}
		}
	}
	return nil
}

// exponent is e with 2^(e−1) ≤ x < 2^e.
func exponent(x float64) int {
	_, e := math.Frexp(x)
	return e
}

// each calls f for 0 ≤ i < n on so many goroutines, which it waits for; it ends early,
// with the cause, when ctx does.
func each(ctx context.Context, n, workers int, f func(i int)) error {
	var next atomic.Int64
	work := func() {
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(i)
		}
	}
	var done sync.WaitGroup
	for range min(workers, n) - 1 {
		done.Go(work)
	}
	work()
	done.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// distance is the square of the distance of two points.
func distance(a, b []float64) float64 {
	b = b[:len(a)]
	sum := 0.0
	for i, x := range a {
		d := x - b[i]
		sum += float64(d * d) // the conversion keeps multiplication and addition apart
	}
	return sum
}
