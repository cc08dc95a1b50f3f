package ml

import (
	"math"

	"htapdb/sql/types"
	"htapdb/vector"
)

// linearRegression is least squares, with an optional ridge penalty l2 on the
// squares of all coefficients but the intercept: min Σ(y − xβ)² + l2·Σβ².
func linearRegression() *algorithm {
	return &algorithm{
		name:    "linear_regression",
		aliases: []string{"linear", "ols"},
		options: map[string]string{"intercept": "true", "l2": "0"},
		targets: func(t types.Type) bool { return t.IsNumber() },
		train:   trainLinear,
	}
}

// trainLinear makes one pass.
func trainLinear(a *algorithm, s *Spec, src Source) (*Model, error) {
	intercept, err := s.boolean(a, "intercept")
	if err != nil {
		return nil, err
	}
	l2, err := s.number(a, "l2")
	if err != nil {
		return nil, err
	}
	d, err := newDesign(s.Features, intercept)
	if err != nil {
		return nil, err
	}
	if s.Progress != nil {
		s.Progress(0, 1)
	}
	g := &gram{}
	sums := make([]dd, len(s.Features))
	var sumY dd
	var rows, skipped int64
	var y []float64
	var terms []term
	err = src(func(b *vector.Batch) error {
		target := b.Cols[len(s.Features)]
		y = toFloats(y, target, b.Sel, b.Len)
		if err := d.load(b.Cols[:len(s.Features)], b.Sel, b.Len); err != nil {
			return err
		}
		g.grow(d.terms)
		return eachRow(b.Sel, b.Len, func(r int) error {
			var ok bool
			terms, ok = d.row(terms[:0], r)
			if !ok || math.IsNaN(y[r]) || math.IsInf(y[r], 0) {
				skipped++
				return nil
			}
			rows++
			g.add(terms, y[r])
			sumY = sumY.add(ddFrom(y[r]))
			for i := range sums {
				if !s.Features[i].categorical() {
					sums[i] = sums[i].add(ddFrom(d.numbers[i][r]))
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if rows == 0 {
		return nil, tooFew(rows, skipped)
	}
	beta, rank := g.solve(l2, func(t int) bool { return !intercept || t > 0 })
	for i := range sums {
		s.Features[i].Mean = sums[i].float() / float64(rows)
	}
	residual := g.residual(beta)
	m := &Model{Algorithm: a.name, Features: s.Features, Target: s.Target, TargetType: s.TargetType,
		Intercept: intercept, Coefficients: beta, Rows: rows, Skipped: skipped}
	total := g.yy
	if intercept {
		mean := sumY.div(ddFrom(float64(rows)))
		total = total.sub(mean.mul(sumY))
	}
	m.Metrics = map[string]float64{"rmse": math.Sqrt(residual / float64(rows)), "skipped_rows": float64(skipped)}
	if total.hi > 0 {
		m.Metrics["r2"] = 1 - residual/total.float()
	}
	if df := float64(rows) - float64(rank); df > 0 {
		m.Metrics["residual_std_error"] = math.Sqrt(residual / df)
	}
	return m, nil
}
