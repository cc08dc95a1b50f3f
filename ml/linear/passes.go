package linear

import (
	"context"
	"math"

	"htapdb/ml"
	"htapdb/ml/exact"
)

// passRows is how many rows a worker takes at a time: a few milliseconds of work.
const passRows = 8 * blockRows

// parallel calls f with ranges of the frame's rows of at most blockRows each, on
// workers goroutines, which it waits for. worker tells those that may run at a time apart.
func parallel(ctx context.Context, workers int, frame *ml.Frame, f func(worker int, b *ml.Block, from, to int)) error {
	type span struct {
		b    *ml.Block
		from int
	}
	var spans []span
	for _, b := range frame.Blocks {
		for from := 0; from < b.Rows; from += passRows {
			spans = append(spans, span{b, from})
		}
	}
	return ml.Each(ctx, workers, len(spans), func(w, i int) error {
		s := spans[i]
		for from := s.from; from < min(s.from+passRows, s.b.Rows); from += blockRows {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			f(w, s.b, from, min(from+blockRows, s.b.Rows))
		}
		return nil
	})
}

// scaling turns a number x into z = x·2^−exponent − shift, of a size of 1 at most: what
// is far from zero, or large, or small, is as good for Newton's method as any other.
type scaling struct {
	exponent int
	mean     float64 // of x
	shift    float64 // mean·2^−exponent, 0 without an intercept
}

// factor is 2^−exponent, as two factors, since it may be beyond float64.
func (s scaling) factor() (a, b float64) {
	return math.Ldexp(1, -s.exponent/2), math.Ldexp(1, -s.exponent+s.exponent/2)
}

// apply computes the scaled numbers.
func (s scaling) apply(out, in []float64) {
	a, b := s.factor()
	for i, x := range in {
		out[i] = float64(float64(x*a)*b) - s.shift
	}
}

// far reports whether the numbers are so far from zero that an intercept there costs
// predictions digits; see exact.System.Far.
func (s scaling) far() bool { return math.Abs(s.shift) > 1000 }

// rounding is the error of a scaled number.
func (s scaling) rounding() float64 { return 0x1p-52 * (math.Abs(s.shift) + 1) }

// scalings computes those of the numbers from exact sums and largest differences.
func scalings(ctx context.Context, workers int, frame *ml.Frame, numbers []int, centred bool) ([]scaling, error) {
	sums := make([][]exact.Sum, workers)
	for w := range sums {
		sums[w] = make([]exact.Sum, len(numbers))
	}
	err := parallel(ctx, workers, frame, func(w int, b *ml.Block, from, to int) {
		for k, i := range numbers {
			for _, x := range b.Columns[i].Numbers[from:to] {
				sums[w][k].Add(x)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]scaling, len(numbers))
	for k := range out {
		for w := range sums[1:] {
			sums[0][k].Merge(&sums[w+1][k])
		}
		if e, ok := sums[0][k].Exponent(); ok {
			n := exact.FromFloat(float64(frame.Rows))
			out[k].mean = sums[0][k].DD(-e).Div(n).Ldexp(e).Float()
		}
	}
	most := make([][]float64, workers)
	for w := range most {
		most[w] = make([]float64, len(numbers))
	}
	err = parallel(ctx, workers, frame, func(w int, b *ml.Block, from, to int) {
		for k, i := range numbers {
			middle := 0.0
			if centred {
				middle = out[k].mean / 4
			}
			// Quarters: the difference of two numbers may be beyond float64.
			for _, x := range b.Columns[i].Numbers[from:to] {
				most[w][k] = max(most[w][k], math.Abs(x/4-middle))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for k := range out {
		widest := 0.0
		for w := range most {
			widest = max(widest, most[w][k])
		}
		if widest > 0 {
			_, out[k].exponent = math.Frexp(widest)
			out[k].exponent += 2
		}
		if centred {
			out[k].shift = math.Ldexp(out[k].mean, -out[k].exponent)
			if math.IsInf(out[k].shift, 0) {
				out[k] = scaling{mean: out[k].mean} // a spread of less than rounding: constant
			}
		}
	}
	return out, nil
}

// pass is what one pass over the rows computes at a point: the sums of a Newton step
// and of the likelihood, and how the rows stand to the last step.
type pass struct {
	gram *exact.Gram
	// logLikelihood is Σ log p(class of the row).
	logLikelihood exact.Sum
	// right are the rows whose class is the more probable one, margin is the least
	// logit of a row's own class.
	right  int64
	margin float64
	// back and forth are the least and the largest change that the last step made to
	// the logit of a row's own class.
	back, forth float64
}

func (p *pass) merge(o *pass) {
	p.gram.Merge(o.gram, nil)
	p.logLikelihood.Merge(&o.logLikelihood)
	p.right += o.right
	p.margin, p.back, p.forth = min(p.margin, o.margin), min(p.back, o.back), max(p.forth, o.forth)
}

// rowPass is one worker's pass, with room for blockRows rows.
type rowPass struct {
	n *newton
	pass
	block     exact.Block
	z, wz     [][]float64
	ones      []float64
	codes     [][]int32
	eta, step []float64
	w, rest   []float64
}

// columnsPerTerm are the columns of blockRows doubles that a rowPass has for each
// number, fixedColumns those that it has anyway.
const (
	columnsPerTerm = 2
	fixedColumns   = 5
)

func (n *newton) rowPass() *rowPass {
	column := func() []float64 { return make([]float64, blockRows) }
	r := &rowPass{n: n, ones: column(), eta: column(), step: column(), w: column(), rest: column()}
	for i := range r.ones {
		r.ones[i] = 1
	}
	for range n.scalings {
		r.z, r.wz = append(r.z, column()), append(r.wz, column())
	}
	for _, f := range n.features {
		if f.Kind == ml.Category {
			r.codes = append(r.codes, make([]int32, blockRows))
		}
	}
	r.gram = exact.NewGram(2 + len(n.scalings))
	r.gram.Grow(2 + n.terms)
	r.margin, r.back, r.forth = math.Inf(1), math.Inf(1), math.Inf(-1)
	return r
}

// add adds the rows from ≤ r < to of a block.
func (r *rowPass) add(b *ml.Block, from, to int) {
	rows := to - from
	at, step := r.n.at, r.n.step
	eta, change := r.eta[:rows], r.step[:rows]
	for i := range eta {
		eta[i], change[i] = at.constant, step.constant
	}
	number, category := 0, 0
	for i, f := range r.n.features {
		if f.Kind == ml.Number {
			z, t := r.z[number][:rows], r.n.first[i]
			r.n.scalings[number].apply(z, b.Columns[i].Numbers[from:to])
			for k, x := range z {
				eta[k] += float64(at.terms[t] * x)
				change[k] += float64(step.terms[t] * x)
			}
			number++
			continue
		}
		codes := r.codes[category][:rows]
		for k, c := range b.Columns[i].Codes[from:to] {
			t := r.n.level(i, c)
			codes[k] = -1
			if t >= 0 {
				eta[k] += at.terms[t]
				change[k] += step.terms[t]
				codes[k] = int32(r.n.indicators[t])
			}
		}
		category++
	}
	r.weigh(b.Class[from:to])
	r.block = exact.Block{Rows: rows, Left: r.block.Left[:0], Right: r.block.Right[:0], Codes: r.block.Codes[:0]}
	column := func(left, right []float64) {
		r.block.Left = append(r.block.Left, exact.Column{Hi: left[:rows]})
		r.block.Right = append(r.block.Right, exact.Column{Hi: right[:rows]})
	}
	column(r.w, r.ones)
	for k := range r.z {
		for i, x := range r.z[k][:rows] {
			r.wz[k][i] = r.w[i] * x
		}
		column(r.wz[k], r.z[k])
	}
	column(r.rest, r.rest)
	for _, c := range r.codes {
		r.block.Codes = append(r.block.Codes, c[:rows])
	}
	r.gram.Add(&r.block)
}

// weigh computes from the logits η the weights p·(1−p), the residuals y−p and the
// likelihood, all without the cancellation that p near 1 would bring.
func (r *rowPass) weigh(class []int32) {
	for i, c := range class {
		own := r.eta[i] // the logit of the row's own class
		change := r.step[i]
		if c == 0 {
			own, change = -own, -change
		}
		q := logistic(-own) // the probability of the other class
		r.w[i] = q * logistic(own)
		r.rest[i] = q
		if c == 0 {
			r.rest[i] = -q
		}
		if own >= 0 {
			r.logLikelihood.Add(-math.Log1p(math.Exp(-own)))
		} else {
			r.logLikelihood.Add(own - math.Log1p(math.Exp(own)))
		}
		if (r.eta[i] >= 0) == (c == 1) {
			r.right++
		}
		r.margin, r.back, r.forth = min(r.margin, own), min(r.back, change), max(r.forth, change)
	}
}

// logistic is the inverse link 1/(1+e^−x), accurate on both sides.
func logistic(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}
