package tree

import (
	"math"
	"slices"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/modeltest"
	"htapdb/vector"
)

// wave is y = 100·a + 50 where b is above ½, of random a and b; the last row has another target.
func wave(t *testing.T, rows int, last float64) *modeltest.Data {
	rng := testutil.Rand(t)
	unit := func(int) float64 { return rng.Float64() }
	d := &modeltest.Data{Names: []string{"a", "b"}, Columns: []*vector.Vector{column(rows, unit), column(rows, unit)}}
	d.Target = column(rows, func(i int) float64 {
		if i == rows-1 {
			return last
		}
		return 100*d.Columns[0].F64[i] + 50*math.Round(d.Columns[1].F64[i])
	})
	return d
}

// worst returns the error of a prediction that 95 % of the rows do not exceed.
func worst(t *testing.T, m *ml.Model, d *modeltest.Data) float64 {
	var off []float64
	for i, y := range modeltest.Predict(t, m, d.Columns).F64 {
		off = append(off, math.Abs(y-d.Target.F64[i]))
	}
	slices.Sort(off)
	return off[len(off)*95/100]
}

// One row whose target is far from all others does not hide how these differ.
func TestOneTargetFarAway(t *testing.T) {
	for _, c := range []struct {
		e       ml.Estimator
		options map[string]string
	}{
		{Single{}, map[string]string{"min_rows": "20"}},
		{Single{}, map[string]string{"max_leaves": "400"}},
		{Single{}, map[string]string{"max_depth": "14"}},
		{Forest{}, map[string]string{"trees": "10", "min_rows": "20"}},
		{Forest{}, map[string]string{"trees": "10", "min_rows": "20", "column_sample": "1"}},
		{Forest{}, map[string]string{"trees": "10", "min_rows": "20", "bootstrap": "false"}},
	} {
		near := wave(t, 10_000, 70)
		without := worst(t, modeltest.MustTrain(t, c.e, c.options, near), near)
		for _, far := range []float64{1e12, -1e300} {
			d := wave(t, 10_000, far)
			if with := worst(t, modeltest.MustTrain(t, c.e, c.options, d), near); with > 2*without+1 {
				t.Errorf("%s %v: the error is %.3g with a target of %g, and %.3g without", c.e.Info().Name, c.options, with, far, without)
			}
		}
	}
}

// Boosting says that it cannot tell targets apart beside one that is too far away, and
// says nothing of targets with long tails.
func TestFarTargetNotice(t *testing.T) {
	options := map[string]string{"trees": "2"}
	for far, want := range map[float64]int{70: 0, 1e6: 0, 1e12: 1, -1e300: 1} {
		m := modeltest.MustTrain(t, Boosted{}, options, wave(t, 3000, far))
		if len(m.Notices) != want {
			t.Errorf("a target of %g: notices %q, want %d", far, m.Notices, want)
		}
	}
	rng := testutil.Rand(t)
	tails := one(column(3000, func(i int) float64 { return float64(i) }), column(3000, func(int) float64 { return math.Exp(2 * rng.NormFloat64()) }))
	if m := modeltest.MustTrain(t, Boosted{}, options, tails); len(m.Notices) != 0 {
		t.Errorf("targets of a lognormal distribution: %q", m.Notices)
	}
}
