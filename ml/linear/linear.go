package linear

import (
	"context"
	"math"

	"htapdb/ml"
)

// Least is least squares, with an optional ridge penalty l2 on the squares of all
// coefficients but the intercept: min Σ(y − xβ)² + l2·Σβ².
type Least struct{}

var leastInfo = ml.Info{
	Name: "linear_regression", Aliases: []string{"linear", "ols"}, Task: ml.Regression, Complete: true,
	Help: "Least squares, with an optional ridge penalty.",
	Options: []ml.Option{
		{Name: "intercept", Kind: ml.BoolOption, Default: "true", Help: "Whether there is a constant term."},
		{Name: "l2", Default: "0", Max: math.MaxFloat64, Help: "Ridge penalty on the squares of the coefficients."},
	},
}

// Info implements ml.Estimator.
func (Least) Info() *ml.Info { return &leastInfo }

// Fit implements ml.Estimator.
func (Least) Fit(ctx context.Context, t *ml.Training) (*ml.Fit, error) {
	intercept, l2 := t.Options.Bool("intercept"), t.Options.Number("l2")
	frame, err := t.Frame(ctx)
	if err != nil {
		return nil, err
	}
	d, err := newDesign(t.Features, intercept)
	if err != nil {
		return nil, err
	}
	g := &gram{}
	g.grow(d.terms)
	sums := make([]dd, len(t.Features))
	var sumY dd
	var terms []term
	for _, b := range frame.Blocks {
		for r := range b.Rows {
			terms = d.row(terms[:0], b, r)
			g.add(terms, b.Target[r])
			sumY = sumY.add(ddFrom(b.Target[r]))
		}
		for i := range sums {
			for _, x := range b.Columns[i].Numbers {
				sums[i] = sums[i].add(ddFrom(x))
			}
		}
	}
	rows := float64(t.Rows())
	beta, rank := g.solve(l2, func(t int) bool { return !intercept || t > 0 })
	f := &fitted{design: d, coefficients: beta, means: make([]float64, len(sums))}
	for i := range sums {
		f.means[i] = sums[i].float() / rows
	}
	residual := g.residual(beta)
	total := g.yy
	if intercept {
		mean := sumY.div(ddFrom(rows))
		total = total.sub(mean.mul(sumY))
	}
	out := &ml.Fit{Fitted: least{f}, Metrics: []ml.Metric{{Name: "rmse", Value: math.Sqrt(residual / rows)}}}
	if total.hi > 0 {
		out.Metrics = append(out.Metrics, ml.Metric{Name: "r2", Value: 1 - residual/total.float()})
	}
	if df := rows - float64(rank); df > 0 {
		out.Metrics = append(out.Metrics, ml.Metric{Name: "residual_std_error", Value: math.Sqrt(residual / df)})
	}
	return out, nil
}

// Decode implements ml.Estimator.
func (Least) Decode(d *ml.Decoder, m *ml.Model) (ml.Fitted, error) {
	f, err := decode(d, m)
	return least{f}, err
}

type least struct{ *fitted }

// Predict implements ml.Fitted.
func (f least) Predict(b *ml.Block, out []float64) { f.scores(b, out) }

// Encode implements ml.Fitted.
func (f least) Encode(e *ml.Encoder) { f.encode(e) }
