package ml_test

import (
	"fmt"
	"testing"

	"htapdb/ml"
	"htapdb/ml/linear"
	"htapdb/ml/modeltest"
	"htapdb/sql/types"
	"htapdb/vector"
)

// line trains a model of n numbers.
func line(t *testing.T, n int) (*ml.Model, []*vector.Vector) {
	t.Helper()
	d := &modeltest.Data{}
	y := make([]float64, 100)
	for j := range n {
		xs := make([]float64, len(y))
		for i := range xs {
			xs[i] = float64((i*(j+3))%17 + j)
			y[i] += xs[i]
		}
		d.Names, d.Columns = append(d.Names, fmt.Sprint("x", j)), append(d.Columns, modeltest.Numbers(xs))
	}
	d.Target = modeltest.Numbers(y)
	var one []*vector.Vector
	for _, c := range d.Columns {
		one = append(one, c.Slice(0, 1))
	}
	return modeltest.MustTrain(t, linear.Least{}, nil, d), one
}

// Models of different widths that take turns take no memory: the room that the wide one
// has left is enough for it when it comes again.
func TestPredictionsAllocateNothing(t *testing.T) {
	wide, wideRow := line(t, 30)
	narrow, narrowRow := line(t, 1)
	out := vector.New(types.TFloat8, 1)
	predict := func(m *ml.Model, row []*vector.Vector) {
		if err := m.Predict(row, nil, 1, out); err != nil {
			t.Fatal(err)
		}
	}
	predict(wide, wideRow)
	if n := testing.AllocsPerRun(2000, func() { predict(wide, wideRow); predict(narrow, narrowRow) }); n >= 1 {
		t.Errorf("%v allocations for two predictions", n)
	}
}
