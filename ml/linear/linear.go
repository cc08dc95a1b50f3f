package linear

import (
	"context"
	"fmt"
	"math"

	"htapdb/ml"
	"htapdb/ml/exact"
)

// Least is least squares, with an optional ridge penalty l2 on the squares of all
// coefficients but the intercept: min Σ(y − xβ)² + l2·Σβ².
type Least struct{}

var leastInfo = ml.Info{
	Name: "linear_regression", Aliases: []string{"linear", "ols"}, Tasks: []ml.Task{ml.Regression}, Complete: true,
	Help: "Least squares with standard errors, and an optional ridge penalty.",
	Options: []ml.Option{
		{Name: "intercept", Kind: ml.BoolOption, Default: "true", Help: "Whether there is a constant term."},
		{Name: "l2", Default: "0", Max: math.MaxFloat64, Help: "Ridge penalty: l2 times the sum of the squares of all coefficients but the intercept is added to the sum of squared residuals. Coefficients with a penalty have no standard errors."},
	},
}

// Info implements ml.Estimator.
func (Least) Info() *ml.Info { return &leastInfo }

// Fit implements ml.Estimator.
func (Least) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	l := &least{t: t, l2: t.Options.Number("l2"), account: &account{memory: t.Memory}}
	defer l.account.release()
	t.Report(0, "reading rows")
	g, nulls, err := collect(ctx, t, l.account)
	if err != nil {
		return nil, err
	}
	t.Report(0.7, "solving")
	if l.design, err = newDesign(t.Features, t.Options.Bool("intercept"), nulls); err != nil {
		return nil, err
	}
	if err := l.account.reserve(exact.SystemBytes(l.terms)); err != nil {
		return nil, err
	}
	if l.solved, err = solve(g, l.request(ctx)); err != nil {
		return nil, err
	}
	out, err := l.result(g)
	if err == nil {
		t.Report(1, "done")
	}
	return out, err
}

// least is a fit in the making.
type least struct {
	*design
	*solved
	t       *ml.Training
	l2      float64
	account *account
}

// request names the equations: positions are the design's terms.
func (l *least) request(ctx context.Context) *exact.Request {
	q := &exact.Request{Centred: l.intercept, Check: check(ctx)}
	q.Target = 1 + len(l.numbers())
	number, indicator := 1, q.Target+1
	for i, f := range l.features {
		if f.Kind == ml.Number {
			q.Terms = append(q.Terms, number)
			number++
			continue
		}
		for at := range l.levels[i] {
			if at >= l.skipped[i] {
				q.Terms = append(q.Terms, indicator+at)
			}
		}
		indicator += l.levels[i]
	}
	if l.l2 > 0 {
		q.Penalty = make([]float64, len(q.Terms))
		for i := range q.Penalty {
			q.Penalty[i] = l.l2
		}
	}
	return q
}

// result makes the model of the solution.
func (l *least) result(g *exact.Gram) (*ml.Fit, error) {
	f := &fitted{design: l.design, means: make([]float64, len(l.features)), shifts: make([]float64, len(l.features))}
	atMean := make([]bool, l.terms)
	for at, i := range l.numbers() {
		f.means[i] = g.Mean(1 + at)
		if t := l.first[i]; l.intercept && !l.factor.Aliased(t) && l.system.Far(t) {
			f.shifts[i], atMean[t] = f.means[i], true
		}
	}
	s := l.factor.Solve(atMean)
	f.base, f.constant, f.coefficients = s.Base, s.Intercept, s.Coefficients
	notices, count := dropped(l.design, l.factor.Aliased, func(i int) bool { return l.system.Constant[i] })
	out := &ml.Fit{Fitted: leastFitted{f}, Notices: notices}
	if l.l2 > 0 {
		out.Notices = append(out.Notices, fmt.Sprintf("coefficients are shrunk by the penalty l2 = %v and have no standard errors", l.l2))
	}
	if err := l.infer(f, s, out); err != nil {
		return nil, err
	}
	out.Metrics = append(out.Metrics, ml.Metric{Name: "dropped_terms", Value: float64(count)})
	return out, nil
}

// infer adds standard errors and metrics.
func (l *least) infer(f *fitted, s *exact.Solution, out *ml.Fit) error {
	n, rank := float64(l.t.Rows()), float64(l.factor.Rank())
	parameters := rank
	if l.intercept {
		parameters++
	}
	freedom := n - parameters
	sigma := s.Residual / math.Sqrt(freedom)
	inverse, err := l.factor.Inverse()
	if err != nil {
		return err
	}
	f.constantErr, f.errs, f.inflation = math.NaN(), nans(l.terms), nans(l.terms)
	if freedom > 0 && l.l2 == 0 {
		f.freedom = int64(freedom)
		if l.intercept {
			f.constantErr = sigma * l.factor.PointRoot(make([]float64, l.terms))
		}
		for i, root := range inverse.Roots {
			if !l.factor.Aliased(i) {
				f.errs[i], f.inflation[i] = sigma*root, inverse.Inflation[i]
			}
		}
	}
	condition, err := l.factor.Condition()
	if err != nil {
		return err
	}
	r2 := math.NaN()
	if s.Total > 0 {
		r2 = 1 - s.Unexplained
	}
	add := func(name string, x float64) { out.Metrics = append(out.Metrics, ml.Metric{Name: name, Value: x}) }
	add("r2", r2)
	add("rmse", s.Residual/math.Sqrt(n))
	if freedom <= 0 {
		out.Notices = append(out.Notices, fmt.Sprintf("there are no more rows (%v) than coefficients (%v): the fit is exact and has no standard errors", n, parameters))
	} else if l.l2 == 0 {
		around := n // the degrees of freedom of the total
		if l.intercept {
			around--
		}
		add("adjusted_r2", 1-s.Unexplained*around/freedom+0*r2)
		add("residual_std_error", sigma)
		statistic := (1 - s.Unexplained) / s.Unexplained * freedom / rank
		add("f_statistic", statistic+0*r2)
		add("f_p_value", fUpper(statistic, rank, freedom)+0*r2)
	}
	likelihood := -n / 2 * (math.Log(2*math.Pi) + 2*math.Log(s.Residual) - math.Log(n) + 1)
	add("log_likelihood", likelihood)
	if l.l2 == 0 {
		add("aic", 2*parameters-2*likelihood)
		add("bic", math.Log(n)*parameters-2*likelihood)
	}
	if rank > 0 {
		add("condition_number", condition)
	}
	return nil
}

// nans are n times NaN.
func nans(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// Decode implements ml.Estimator.
func (Least) Decode(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) {
	f, err := decode(d, m)
	return leastFitted{f}, err
}

type leastFitted struct{ *fitted }

// Predict implements ml.Fitted.
func (f leastFitted) Predict(b *ml.Block, out []float64) { f.scores(b, out) }

// Encode implements ml.Fitted.
func (f leastFitted) Encode(e *ml.Encoder) { f.encode(e) }
