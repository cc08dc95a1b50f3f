package linear

import (
	"context"
	"math"

	"htapdb/ml"
	"htapdb/ml/exact"
)

// point is a value of the parameters, of the scaled terms.
type point struct {
	constant float64
	terms    []float64
}

// plus returns p + h·d.
func (p point) plus(h float64, d point) point {
	out := point{p.constant + float64(h*d.constant), make([]float64, len(p.terms))}
	for i := range out.terms {
		out.terms[i] = p.terms[i] + float64(h*d.terms[i])
	}
	return out
}

// separation tells whether a weighted sum of the terms tells the classes apart, when
// the likelihood has no maximum.
type separation int

const (
	overlapping separation = iota
	// quasi: it does, but for rows of both classes where it is 0.
	quasi
	complete
)

// newton maximizes the likelihood.
type newton struct {
	*design
	t        *ml.Training
	frame    *ml.Frame
	account  *account
	workers  int
	scalings []scaling
	// indicators are the terms' places in the matrix of products.
	indicators []int
	request    exact.Request
	penalties  []float64 // nil without l2

	// at is where the last pass was made, step what led there.
	at, step point
	last     *pass
	// initial are the equations of the first step, whose weights are the same for all rows.
	initial, current *solved

	iterations int
	converged  bool
	separated  separation
}

// A direction in which no row's own logit falls by more than recessionSlack and some
// row's rises by recessionGain or more is one in which the likelihood rises for ever.
// Newton's steps, of which each takes about 1 from the separated rows' logits and ever
// less from the others, come to such a direction within ten.
const (
	recessionSlack = 1e-6
	recessionGain  = 0.5
)

// maxHalvings bounds the halvings of a step; objectiveNoise is the relative rise that
// may be rounding; stalledDecrement is the decrement at which rounding may be all that
// is left.
const (
	maxHalvings      = 30
	objectiveNoise   = 1e-14
	stalledDecrement = 1e-4
)

// prepare sets up what does not change between steps.
func (n *newton) prepare(ctx context.Context, l2 float64) (err error) {
	n.workers = n.t.Parallel()
	if n.scalings, err = scalings(ctx, n.workers, n.frame, n.numbers(), n.intercept); err != nil {
		return err
	}
	dense := 2 + len(n.scalings)
	cells := exact.GramBytes(dense, n.terms-len(n.scalings))
	// The matrix slices the columns and those with the weights.
	scratch := int64(columnsPerTerm*len(n.scalings)+fixedColumns)*blockRows*8 + 2*int64(dense)*sliceBytes
	// Two systems are kept, the first and the current one.
	if err := n.account.reserve(int64(n.workers+1)*(cells+scratch) + 2*exact.SystemBytes(n.terms)); err != nil {
		return err
	}
	n.request = exact.Request{Target: dense - 1, Centred: n.intercept, Check: check(ctx)}
	number, indicator := 1, dense
	for i, f := range n.features {
		if f.Kind == ml.Number {
			s := n.scalings[number-1]
			n.indicators = append(n.indicators, number)
			n.request.Rounding = append(n.request.Rounding, s.rounding())
			if l2 > 0 {
				// l2·β² = l2·(γ·2^−exponent)²
				n.penalties = append(n.penalties, min(math.Ldexp(l2, -2*s.exponent), math.MaxFloat64))
			}
			number++
			continue
		}
		for range n.levels[i] - n.skipped[i] {
			n.indicators = append(n.indicators, indicator)
			n.request.Rounding = append(n.request.Rounding, 0)
			if l2 > 0 {
				n.penalties = append(n.penalties, l2)
			}
			indicator++
		}
	}
	n.request.Terms, n.request.Penalty = n.indicators, n.penalties
	n.at = point{terms: make([]float64, n.terms)}
	n.step = point{terms: make([]float64, n.terms)}
	return nil
}

// pass computes the sums at a point.
func (n *newton) pass(ctx context.Context, at, step point) (*pass, error) {
	n.at, n.step = at, step
	n.t.Report(0.3+0.65*(1-math.Pow(0.8, float64(n.iterations))), "Newton steps")
	passes := make([]*rowPass, n.workers)
	for w := range passes {
		passes[w] = n.rowPass()
	}
	if err := parallel(ctx, n.workers, n.frame, func(w int, b *ml.Block, from, to int) { passes[w].add(b, from, to) }); err != nil {
		return nil, err
	}
	for _, p := range passes[1:] {
		passes[0].merge(&p.pass)
	}
	return &passes[0].pass, nil
}

// objective is what is minimized: −log L + ½Σ penalty·γ².
func (n *newton) objective(p *pass) float64 {
	sum := -p.logLikelihood.Float()
	for i, l := range n.penalties {
		sum += l * n.at.terms[i] * n.at.terms[i] / 2
	}
	return sum
}

// direction solves for the step from the last pass, and returns its decrement: its
// length in standard errors.
func (n *newton) direction() (d point, decrement float64, err error) {
	s, err := n.last.gram.System(&n.request)
	if err != nil {
		return d, 0, err
	}
	for i, l := range n.penalties {
		s.AddRHS(i, -l*n.at.terms[i])
	}
	f, err := s.Factor(n.request.Check)
	if err != nil {
		return d, 0, err
	}
	n.current = &solved{s, f}
	if n.initial == nil {
		n.initial = n.current
	}
	r := f.Solve(nil)
	d = point{r.Intercept, r.Coefficients}
	square := n.last.gram.Cell(n.request.Target, 0).Float() * d.constant
	for i, t := range n.request.Terms {
		if n.initial.factor.Aliased(i) {
			d.terms[i] = 0
			continue
		}
		slope := n.last.gram.Cell(n.request.Target, t).Float()
		if n.penalties != nil {
			slope -= n.penalties[i] * n.at.terms[i]
		}
		square += slope * d.terms[i]
	}
	return d, math.Sqrt(max(square, 0)), nil
}

// finish takes the last step d, for the errors and metrics where it leads.
func (n *newton) finish(ctx context.Context, d point) (err error) {
	if n.last, err = n.pass(ctx, n.at.plus(1, d), d); err != nil {
		return err
	}
	_, _, err = n.direction()
	return err
}

// maximize makes Newton steps until one is shorter than tol standard errors, and
// takes that one. It stops before maxIter steps where the classes turn out to be
// separated, since then there is no maximum.
func (n *newton) maximize(ctx context.Context, start float64, maxIter int, tol float64) (err error) {
	at := n.at
	if n.intercept {
		at.constant = start
	}
	if n.last, err = n.pass(ctx, at, n.step); err != nil {
		return err
	}
	objective, before := n.objective(n.last), math.Inf(1)
	for {
		d, decrement, err := n.direction()
		if err != nil {
			return err
		}
		stalled := decrement <= stalledDecrement && decrement > before/2
		if decrement <= tol || stalled {
			n.converged = true
			return n.finish(ctx, d)
		}
		if n.iterations >= maxIter {
			return nil
		}
		n.iterations++
		next, accepted, err := n.search(ctx, d, objective)
		if err != nil || !accepted {
			return err
		}
		n.last, objective, before = next, n.objective(next), decrement
		if n.penalties != nil {
			continue
		}
		if next.margin > 0 {
			n.separated = complete
			return nil
		}
		if next.back >= -recessionSlack && next.forth >= recessionGain {
			n.separated = quasi
			return nil
		}
	}
}

// search takes the step d, or the first of its halves that does not raise the
// objective; not accepted is that none does.
func (n *newton) search(ctx context.Context, d point, objective float64) (p *pass, accepted bool, err error) {
	from, h := n.at, 1.0
	for range maxHalvings {
		if p, err = n.pass(ctx, from.plus(h, d), d); err != nil {
			return nil, false, err
		}
		if n.objective(p) <= objective+objectiveNoise*math.Abs(objective) {
			return p, true, nil
		}
		h /= 2
	}
	n.at = from
	return nil, false, nil
}
