package linear

import (
	"context"
	"fmt"
	"math"

	"htapdb/ml"
	"htapdb/ml/exact"
	"htapdb/sql/sqlstate"
)

// Logistic is the maximum of the Bernoulli likelihood with a logit link, by Newton's
// method (iteratively reweighted least squares), with an optional ridge penalty:
// min −log L + l2/2·Σβ², the intercept free.
type Logistic struct{}

var logisticInfo = ml.Info{
	Name: "logistic_regression", Aliases: []string{"logistic", "logit"}, Tasks: []ml.Task{ml.Classification}, Complete: true,
	Help: "Probability of one of two classes by maximum likelihood with standard errors, and an optional ridge penalty.",
	Options: []ml.Option{
		{Name: "intercept", Kind: ml.BoolOption, Default: "true", Help: "Whether there is a constant term."},
		{Name: "l2", Default: "0", Max: math.MaxFloat64, Help: "Ridge penalty: half of l2 times the sum of the squares of all coefficients but the intercept is taken from the log-likelihood. Coefficients with a penalty have no standard errors."},
		{Name: "max_iter", Kind: ml.IntegerOption, Default: "25", Min: 1, Max: 10000, Help: "Most Newton steps."},
		{Name: "tol", Default: "1e-8", Max: 1, Help: "Length of a Newton step, in standard errors, that ends the steps."},
	},
}

// Info implements ml.Estimator.
func (Logistic) Info() *ml.Info { return &logisticInfo }

// Fit implements ml.Estimator.
func (Logistic) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	n := &newton{t: t, account: &account{memory: t.Memory}}
	defer n.account.release()
	if err := tooManyNumbers(t.Features); err != nil {
		return nil, err
	}
	t.Report(0, "reading rows")
	var err error
	if n.frame, err = t.Frame(ctx); err != nil {
		return nil, err
	}
	if k := len(t.Target.Classes); k != 2 {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "logistic_regression needs a target with two values, and column %q has %d", t.Target.Name, k).
			WithHint("Compare the target with one of its values in the query, or use gbt, which tells more than two classes apart.")
	}
	counts, nulls := [2]float64{}, make([]bool, len(t.Features))
	for _, b := range n.frame.Blocks {
		for _, c := range b.Class {
			counts[c]++
		}
		for i := range nulls {
			for _, c := range b.Columns[i].Codes {
				nulls[i] = nulls[i] || c == ml.Missing
			}
		}
		if err := check(ctx)(); err != nil {
			return nil, err
		}
	}
	if n.design, err = newDesign(t.Features, t.Options.Bool("intercept"), nulls); err != nil {
		return nil, err
	}
	t.Report(0.3, "Newton steps")
	l2 := t.Options.Number("l2")
	if err := n.prepare(ctx, l2); err != nil {
		return nil, err
	}
	if err := n.maximize(ctx, math.Log(counts[1]/counts[0]), t.Options.Integer("max_iter"), t.Options.Number("tol")); err != nil {
		return nil, err
	}
	out, err := n.result(counts, l2)
	if err == nil {
		t.Report(1, "done")
	}
	return out, err
}

// result makes the model of the point reached.
func (n *newton) result(counts [2]float64, l2 float64) (*ml.Fit, error) {
	f := &fitted{design: n.design, coefficients: make([]float64, n.terms), constantErr: math.NaN(),
		errs: nans(n.terms), inflation: nans(n.terms), means: make([]float64, len(n.features)), shifts: make([]float64, len(n.features))}
	constant := exact.FromFloat(n.at.constant)
	base := constant
	origin := make([]float64, n.terms) // where all numbers are 0
	copy(f.coefficients, n.at.terms)
	exponents := make([]int, n.terms)
	for k, i := range n.numbers() {
		s, at := n.scalings[k], n.first[i]
		f.means[i], exponents[at], origin[at] = s.mean, s.exponent, -s.shift
		f.coefficients[at] = math.Ldexp(n.at.terms[at], -s.exponent)
		atZero := exact.TwoProduct(n.at.terms[at], s.shift)
		constant = constant.Sub(atZero)
		if s.far() {
			f.shifts[i] = s.mean
		} else {
			base = base.Sub(atZero)
		}
	}
	f.base = base.Float()
	f.constant = constant.Float()
	if n.converged && l2 == 0 {
		inverse, err := n.current.factor.Inverse()
		if err != nil {
			return nil, err
		}
		// Inflation is a matter of the columns, so that of the first step's equal weights.
		columns, err := n.initial.factor.Inverse()
		if err != nil {
			return nil, err
		}
		for i, root := range inverse.Roots {
			if !n.current.factor.Aliased(i) && !n.initial.factor.Aliased(i) {
				f.errs[i], f.inflation[i] = math.Ldexp(root, -exponents[i]), columns.Inflation[i]
			}
		}
		if n.intercept {
			f.constantErr = n.current.factor.PointRoot(origin)
		}
	}
	notices, count := dropped(n.design, n.initial.factor.Aliased, func(i int) bool { return n.initial.system.Constant[i] })
	out := &ml.Fit{Fitted: logisticFitted{f}, Notices: append(notices, n.notices(l2)...)}
	return out, n.metrics(out, counts, l2, count)
}

// notices tell why the coefficients are not those of the maximum likelihood.
func (n *newton) notices(l2 float64) []string {
	const advice = "; its coefficients are those of step %d and have no standard errors; add a penalty, WITH (l2 = 1), or leave terms out"
	switch {
	case n.separated == complete:
		return []string{fmt.Sprintf("the model did not converge: the terms separate the classes completely, and the likelihood has no maximum"+advice, n.iterations)}
	case n.separated == quasi:
		return []string{fmt.Sprintf("the model did not converge: %s the classes but for some rows, and the likelihood has no maximum"+advice, n.separating(), n.iterations)}
	case !n.converged:
		return []string{fmt.Sprintf("the model did not converge in %d steps and has no standard errors; raise max_iter or add a penalty, WITH (l2 = 1)", n.iterations)}
	case l2 > 0:
		return []string{fmt.Sprintf("coefficients are shrunk by the penalty l2 = %v and have no standard errors", l2)}
	}
	return nil
}

// separating names the terms that the last step took away, and the verb.
func (n *newton) separating() string {
	var names []string
	for i, name := range n.names() {
		if math.Abs(n.step.terms[i]) >= recessionGain/2 && len(names) < maxListed {
			names = append(names, fmt.Sprintf("%q", name))
		}
	}
	switch len(names) {
	case 0:
		return "the terms separate"
	case 1:
		return "term " + names[0] + " separates"
	}
	text := names[0]
	for _, name := range names[1:] {
		text += ", " + name
	}
	return "terms " + text + " separate"
}

// metrics adds the figures about the fit.
func (n *newton) metrics(out *ml.Fit, counts [2]float64, l2 float64, droppedTerms int) error {
	rows := counts[0] + counts[1]
	likelihood := n.last.logLikelihood.Float()
	null := counts[0]*math.Log(counts[0]/rows) + counts[1]*math.Log(counts[1]/rows)
	parameters := float64(n.initial.factor.Rank())
	if n.intercept {
		parameters++
	}
	truth := map[bool]float64{true: 1}
	add := func(name string, x float64) { out.Metrics = append(out.Metrics, ml.Metric{Name: name, Value: x}) }
	add("log_loss", -likelihood/rows)
	add("accuracy", float64(n.last.right)/rows)
	add("converged", truth[n.converged])
	add("separation", float64(n.separated))
	add("iterations", float64(n.iterations))
	add("log_likelihood", likelihood)
	add("null_log_likelihood", null)
	add("pseudo_r2", 1-likelihood/null)
	if n.converged && l2 == 0 {
		add("aic", 2*parameters-2*likelihood)
		add("bic", math.Log(rows)*parameters-2*likelihood)
	}
	condition, err := n.initial.factor.Condition()
	if condition > 0 {
		add("condition_number", condition)
	}
	add("dropped_terms", float64(droppedTerms))
	return err
}

// Decode implements ml.Estimator.
func (Logistic) Decode(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) {
	f, err := decode(d, m)
	if err == nil && len(m.Target.Classes) != 2 {
		d.Fail("%d classes", len(m.Target.Classes))
	}
	return logisticFitted{f}, err
}

type logisticFitted struct{ *fitted }

// Predict implements ml.Fitted.
func (f logisticFitted) Predict(b *ml.Block, out []float64) {
	f.scores(b, out)
	for i, x := range out[:b.Rows] {
		out[i] = 0
		if x >= 0 {
			out[i] = 1
		}
	}
}

// Probabilities implements ml.Prober.
func (f logisticFitted) Probabilities(b *ml.Block, class int, out []float64) {
	f.scores(b, out)
	for i, x := range out[:b.Rows] {
		if class == 0 {
			x = -x
		}
		out[i] = logistic(x)
	}
}

// Encode implements ml.Fitted.
func (f logisticFitted) Encode(e *ml.Encoder) { f.encode(e) }
