package ml

import (
	"math"
	"sort"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// logisticRegression is the maximum of the Bernoulli likelihood with a logit
// link, by Newton's method (iteratively reweighted least squares), with an
// optional ridge penalty: min −log L + l2/2·Σβ², the intercept free.
func logisticRegression() *algorithm {
	return &algorithm{
		name:    "logistic_regression",
		aliases: []string{"logistic", "logit"},
		options: map[string]string{"intercept": "true", "l2": "0", "max_iter": "25", "tol": "1e-8"},
		targets: func(t types.Type) bool { return t.Kind == types.Bool || t.IsString() || t.IsInteger() },
		train:   trainLogistic,
	}
}

// separationRidge replaces l2 = 0 when the classes are separable and the
// likelihood has no finite maximum.
const separationRidge = 1e-6

// maxLogit bounds the linear predictor for which weights are still representable.
const maxLogit = 35

// newton holds the state of the passes.
type newton struct {
	s       *Spec
	d       *design
	classes []string
	beta    []float64
	l2      float64

	g             *weighted
	logLikelihood float64
	rows, skipped int64
	right         int64
	saturated     bool

	codes []int
	terms []term
	sums  []float64
}

// trainLogistic first learns terms and classes in a pass of its own, then
// makes a pass for each Newton step.
func trainLogistic(a *algorithm, s *Spec, src Source) (*Model, error) {
	n := &newton{s: s}
	intercept, err := s.boolean(a, "intercept")
	if err != nil {
		return nil, err
	}
	if n.l2, err = s.number(a, "l2"); err != nil {
		return nil, err
	}
	maxIter, err := s.number(a, "max_iter")
	if err != nil {
		return nil, err
	}
	tol, err := s.number(a, "tol")
	if err != nil {
		return nil, err
	}
	if n.d, err = newDesign(s.Features, intercept); err != nil {
		return nil, err
	}
	if err := n.discover(src, int(maxIter)); err != nil {
		return nil, err
	}
	converged, steps, err := n.iterate(src, int(maxIter), tol, intercept)
	if err != nil {
		return nil, err
	}
	m := &Model{Algorithm: a.name, Features: s.Features, Target: s.Target, TargetType: s.TargetType,
		Intercept: intercept, Coefficients: n.beta, Classes: n.classes, Rows: n.rows, Skipped: n.skipped}
	m.Metrics = map[string]float64{
		"log_loss": -n.logLikelihood / float64(n.rows), "accuracy": float64(n.right) / float64(n.rows),
		"iterations": float64(steps), "converged": 0, "skipped_rows": float64(n.skipped),
	}
	if converged {
		m.Metrics["converged"] = 1
	}
	return m, nil
}

// discover finds the categories and the two classes, and the features' means.
func (n *newton) discover(src Source, maxIter int) error {
	if n.s.Progress != nil {
		n.s.Progress(0, maxIter+1)
	}
	seen := map[string]bool{}
	n.sums = make([]float64, len(n.s.Features))
	k := len(n.s.Features)
	err := src(func(b *vector.Batch) error {
		if err := n.d.load(b.Cols[:k], b.Sel, b.Len); err != nil {
			return err
		}
		return eachRow(b.Sel, b.Len, func(r int) error {
			var ok bool
			n.terms, ok = n.d.row(n.terms[:0], r)
			if !ok || b.Cols[k].IsNull(r) {
				n.skipped++
				return nil
			}
			n.rows++
			for i := range n.sums {
				if !n.s.Features[i].categorical() {
					n.sums[i] += n.d.numbers[i][r]
				}
			}
			if c := classText(b.Cols[k].Datum(r), n.s.TargetType); !seen[c] {
				if seen[string(append([]byte(nil), c...))] = true; len(seen) > 2 {
					return sqlstate.New(sqlstate.InvalidParameterValue,
						"logistic_regression needs a target with two values, and column %q has more", n.s.Target)
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if n.rows == 0 {
		return tooFew(n.rows, n.skipped)
	}
	if len(seen) < 2 {
		return sqlstate.New(sqlstate.InvalidParameterValue,
			"logistic_regression needs a target with two values, and column %q has one", n.s.Target)
	}
	for c := range seen {
		n.classes = append(n.classes, c)
	}
	sort.Strings(n.classes)
	if n.s.TargetType.IsInteger() {
		sortIntegers(n.classes)
	}
	for i := range n.sums {
		n.s.Features[i].Mean = n.sums[i] / float64(n.rows)
	}
	n.d.frozen = true
	n.beta = make([]float64, n.d.terms)
	return nil
}

// iterate makes Newton steps until the log-likelihood changes by less than tol
// relatively, halving a step that lowers it.
func (n *newton) iterate(src Source, maxIter int, tol float64, intercept bool) (converged bool, steps int, err error) {
	penalized := func(t int) bool { return !intercept || t > 0 }
	previous := math.Inf(-1)
	last := n.beta
	for steps = 0; ; steps++ {
		if err := n.pass(src, steps, maxIter); err != nil {
			return false, steps, err
		}
		objective := n.logLikelihood - n.penalty(penalized)
		if objective < previous && !n.saturated {
			if stepTooSmall(last, n.beta) {
				return true, steps, nil
			}
			for i := range n.beta {
				n.beta[i] = (n.beta[i] + last[i]) / 2
			}
			if steps >= maxIter {
				return false, steps, nil
			}
			continue
		}
		if math.Abs(objective-previous) <= tol*(math.Abs(objective)+tol) {
			return true, steps, nil
		}
		if steps >= maxIter {
			return false, steps, nil
		}
		if n.saturated && n.l2 == 0 {
			n.l2 = separationRidge
		}
		previous = objective
		last = n.beta
		if n.beta, err = n.g.solve(n.l2, penalized); err != nil {
			return false, steps, err
		}
	}
}

func stepTooSmall(a, b []float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > 1e-12*(math.Abs(a[i])+1e-12) {
			return false
		}
	}
	return true
}

func (n *newton) penalty(penalized func(int) bool) float64 {
	s := 0.0
	for i, b := range n.beta {
		if penalized(i) {
			s += b * b
		}
	}
	return n.l2 / 2 * s
}

// pass accumulates the weighted Gram matrix and the log-likelihood at beta.
func (n *newton) pass(src Source, step, maxIter int) error {
	if n.s.Progress != nil {
		n.s.Progress(step+1, maxIter+1)
	}
	n.g = newWeighted(n.d.terms)
	n.logLikelihood, n.right, n.saturated = 0, 0, false
	k := len(n.s.Features)
	return src(func(b *vector.Batch) error {
		if err := n.d.load(b.Cols[:k], b.Sel, b.Len); err != nil {
			return err
		}
		return eachRow(b.Sel, b.Len, func(r int) error {
			var ok bool
			n.terms, ok = n.d.row(n.terms[:0], r)
			if !ok || b.Cols[k].IsNull(r) {
				return nil
			}
			positive := classText(b.Cols[k].Datum(r), n.s.TargetType) == n.classes[1]
			n.addRow(positive)
			return nil
		})
	})
}

// addRow adds the row in n.terms: with η = xβ and p = 1/(1+e^−η) its weight is
// w = p(1−p) and its working response z = η + (y−p)/w.
func (n *newton) addRow(positive bool) {
	eta := 0.0
	for _, t := range n.terms {
		eta += n.beta[t.index] * t.value
	}
	y := 0.0
	if positive {
		y = 1
		n.logLikelihood -= math.Log1p(math.Exp(-eta))
	} else {
		n.logLikelihood -= math.Log1p(math.Exp(eta))
	}
	if math.Abs(eta) > maxLogit {
		n.saturated = true
		if positive != (eta > 0) {
			n.logLikelihood = math.Max(n.logLikelihood, -math.MaxFloat64)
		}
		eta = math.Copysign(maxLogit, eta)
	}
	if positive == (eta >= 0) {
		n.right++
	}
	p := logit(eta)
	w := p * (1 - p)
	z := eta + (y-p)/w
	n.g.add(n.terms, w, z)
}

// logit is the inverse link 1/(1+e^−x), accurate on both sides.
func logit(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}
