package cluster

import (
	"context"
	"math"

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
	// limit bounds the coordinates of numbers: see beyond.
	limit []float64
}

// beyond is how many times as far from the center as any row of the training a number
// counts at most: infinity has a nearest cluster, and the distances to several are
// still told apart by a double.
const beyond = 1 << 20

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
	l.center, l.scale, l.limit = make([]float64, l.dims), make([]float64, l.dims), make([]float64, l.dims)
	for i := range l.scale {
		l.scale[i], l.limit[i] = 1, math.MaxFloat64
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

// points writes the coordinates of the rows from ≤ r < to of a block, row by row.
func (l *layout) points(b *ml.Block, from, to int, out []float64) {
	d := l.dims
	for i := range l.features {
		at := l.first[i]
		if l.features[i].Kind == ml.Number {
			center, scale, limit := l.center[at], 2*l.scale[at], l.limit[at]
			for r, x := range b.Columns[i].Numbers[from:to] {
				if math.IsNaN(x) {
					x = center
				}
				// Halves, because the difference of two numbers may be beyond them.
				out[r*d+at] = max(-limit, min(limit, (x/2-center/2)*scale))
			}
			continue
		}
		null := len(l.features[i].Categories)
		for r, c := range b.Columns[i].Codes[from:to] {
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

// cloud is the points of a training in chunks, which are what workers take at a time.
type cloud struct {
	*layout
	rows    int
	chunks  [][]float64
	workers int
}

// chunkRows is how many rows a chunk has: few enough that the workers end together.
const chunkRows = 4096

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
	type span struct {
		b        *ml.Block
		from, to int
	}
	var spans []span
	for _, b := range frame.Blocks {
		for from := 0; from < b.Rows; from += chunkRows {
			spans = append(spans, span{b, from, min(from+chunkRows, b.Rows)})
		}
	}
	c := &cloud{layout: l, rows: frame.Rows, chunks: make([][]float64, len(spans)), workers: t.Parallel()}
	return c, each(ctx, len(spans), c.workers, func(_, i int) {
		s := spans[i]
		c.chunks[i] = make([]float64, (s.to-s.from)*l.dims)
		l.points(s.b, s.from, s.to, c.chunks[i])
	})
}

// measure finds center and scale of the numbers.
func (l *layout) measure(ctx context.Context, frame *ml.Frame, standardize bool) error {
	widest, half := 0.0, make([]float64, len(l.features))
	defer l.bound(half)
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
		mean := 0.0
		if e, ok := sum.Exponent(); ok {
			// The sum of finite numbers may be beyond them, its mean is not.
			mean = sum.DD(-e).Div(exact.FromFloat(float64(frame.Rows))).Ldexp(e).Float()
		}
		l.center[at] = max(low, min(high, mean))
		// Half of the range, so that it is finite.
		reach := max(high/2-l.center[at]/2, l.center[at]/2-low/2)
		widest = max(widest, reach)
		half[i] = reach
		if !standardize || reach == 0 {
			continue
		}
		unit := math.Ldexp(1, max(-1020, min(1020, -exponent(reach))))
		var squares exact.Sum
		for _, b := range frame.Blocks {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			for _, x := range b.Columns[i].Numbers {
				d := (x/2 - l.center[at]/2) * unit
				squares.AddProduct(d, d)
			}
		}
		sd := math.Sqrt(squares.Float()/float64(frame.Rows)) / unit * 2
		// Twice the scale is finite, too.
		l.scale[at] = max(0x1p-1020, min(0x1p1020, 1/sd))
	}
	if standardize || widest == 0 {
		return nil
	}
	// Categories keep their distance of 1 where the numbers are of a usual size.
	if e := exponent(widest); e > 400 || e < -400 {
		for i, f := range l.features {
			if f.Kind == ml.Number {
				l.scale[l.first[i]] = math.Ldexp(1, max(-1020, min(1020, -e)))
			}
		}
	}
	return nil
}

// bound sets the limits of numbers whose farthest is twice half from the center.
func (l *layout) bound(half []float64) {
	for i, f := range l.features {
		if at := l.first[i]; f.Kind == ml.Number {
			l.limit[at] = min(0x1p500, max(1, 2*half[i]*l.scale[at])*beyond)
		}
	}
}

// exponent is e with 2^(e−1) ≤ x < 2^e.
func exponent(x float64) int {
	_, e := math.Frexp(x)
	return e
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
