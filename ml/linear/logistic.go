package linear

import (
	"context"
	"math"

	"htapdb/ml"
	"htapdb/sql/sqlstate"
)

// Logistic is the maximum of the Bernoulli likelihood with a logit link, by Newton's
// method (iteratively reweighted least squares), with an optional ridge penalty:
// min −log L + l2/2·Σβ², the intercept free.
type Logistic struct{}

var logisticInfo = ml.Info{
	Name: "logistic_regression", Aliases: []string{"logistic", "logit"}, Task: ml.Classification, Complete: true,
	Help: "Probability of one of two classes by maximum likelihood, with an optional ridge penalty.",
	Options: []ml.Option{
		{Name: "intercept", Kind: ml.BoolOption, Default: "true", Help: "Whether there is a constant term."},
		{Name: "l2", Default: "0", Max: math.MaxFloat64, Help: "Ridge penalty on the squares of the coefficients."},
		{Name: "max_iter", Kind: ml.IntegerOption, Default: "25", Min: 1, Max: 10000, Help: "Most Newton steps."},
		{Name: "tol", Default: "1e-8", Max: 1, Help: "Relative change of the likelihood that ends the steps."},
	},
}

// Info implements ml.Estimator.
func (Logistic) Info() *ml.Info { return &logisticInfo }

// separationRidge replaces l2 = 0 when the classes are separable and the
// likelihood has no finite maximum.
const separationRidge = 1e-6

// maxLogit bounds the linear predictor for which weights are still representable.
const maxLogit = 35

// newton holds the state of the passes.
type newton struct {
	t     *ml.Training
	frame *ml.Frame
	d     *design
	beta  []float64
	l2    float64

	g             *weighted
	logLikelihood float64
	right         int64
	saturated     bool

	terms []term
}

// Fit implements ml.Estimator.
func (Logistic) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	n := &newton{t: t, l2: t.Options.Number("l2")}
	intercept := t.Options.Bool("intercept")
	var err error
	if n.frame, err = t.Frame(ctx); err != nil {
		return nil, err
	}
	if k := len(t.Target.Classes); k != 2 {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "logistic_regression needs a target with two values, and column %q has %d", t.Target.Name, k)
	}
	if n.d, err = newDesign(t.Features, intercept); err != nil {
		return nil, err
	}
	n.beta = make([]float64, n.d.terms)
	converged, steps, err := n.iterate(ctx, t.Options.Integer("max_iter"), t.Options.Number("tol"), intercept)
	if err != nil {
		return nil, err
	}
	f := &fitted{design: n.d, coefficients: n.beta, means: n.means()}
	rows := float64(t.Rows())
	out := &ml.Fit{Fitted: logistic{f}, Metrics: []ml.Metric{
		{Name: "log_loss", Value: -n.logLikelihood / rows}, {Name: "accuracy", Value: float64(n.right) / rows},
		{Name: "iterations", Value: float64(steps)}, {Name: "converged", Value: 0}}}
	if converged {
		out.Metrics[3].Value = 1
	}
	return out, nil
}

// means are those of the numbers.
func (n *newton) means() []float64 {
	out := make([]float64, len(n.t.Features))
	for i := range out {
		for _, b := range n.frame.Blocks {
			for _, x := range b.Columns[i].Numbers {
				out[i] += x
			}
		}
		out[i] /= float64(n.t.Rows())
	}
	return out
}

// Decode implements ml.Estimator.
func (Logistic) Decode(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) {
	f, err := decode(d, m)
	if err == nil && len(m.Target.Classes) != 2 {
		d.Fail("%d classes", len(m.Target.Classes))
	}
	return logistic{f}, err
}

type logistic struct{ *fitted }

// Predict implements ml.Fitted.
func (f logistic) Predict(b *ml.Block, out []float64) {
	f.scores(b, out)
	for i, x := range out[:b.Rows] {
		out[i] = 0
		if x >= 0 {
			out[i] = 1
		}
	}
}

// Probabilities implements ml.Prober.
func (f logistic) Probabilities(b *ml.Block, class int, out []float64) {
	f.scores(b, out)
	for i, x := range out[:b.Rows] {
		if class == 0 {
			x = -x
		}
		out[i] = logit(x)
	}
}

// Encode implements ml.Fitted.
func (f logistic) Encode(e *ml.Encoder) { f.encode(e) }

// iterate makes Newton steps until the log-likelihood changes by less than tol
// relatively, halving a step that lowers it.
func (n *newton) iterate(ctx context.Context, maxIter int, tol float64, intercept bool) (converged bool, steps int, err error) {
	penalized := func(t int) bool { return !intercept || t > 0 }
	previous := math.Inf(-1)
	last := n.beta
	for steps = 0; ; steps++ {
		if err := n.pass(ctx, steps, maxIter); err != nil {
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
func (n *newton) pass(ctx context.Context, step, maxIter int) error {
	n.t.Report(float64(step)/float64(maxIter+1), "Newton steps")
	n.g = newWeighted(n.d.terms)
	n.logLikelihood, n.right, n.saturated = 0, 0, false
	for _, b := range n.frame.Blocks {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for r := range b.Rows {
			n.terms = n.d.row(n.terms[:0], b, r)
			n.addRow(b.Class[r] == 1)
		}
	}
	return nil
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
