package modeltest

import (
	"math"
	"testing"

	"htapdb/ml"
	"htapdb/sql/types"
	"htapdb/vector"
)

// asked are numbers that a prediction may meet, and the number of texts beside them.
var asked = []float64{0, math.NaN(), math.Inf(1), -1e300, 7}

// Ask asks a model all that one can be asked, about values at the edges: none of it may
// panic, whatever state the model was read from. What the answers are is not looked at.
func Ask(t testing.TB, m *ml.Model) {
	t.Helper()
	numbers := Numbers(asked)
	columns := make([]*vector.Vector, len(m.Features))
	for i, f := range m.Features {
		columns[i] = numbers
		if f.Kind == ml.Category {
			known := "AA"
			if len(f.Categories) > 0 {
				known = f.Categories[len(f.Categories)-1]
			}
			columns[i] = Texts([]string{known, Null, "unseen", "", "é"})
		}
	}
	if err := m.Predict(columns, nil, len(asked), vector.New(m.ResultType(), len(asked))); err != nil {
		t.Error(err)
	}
	if _, ok := m.Fitted.(ml.Prober); ok && m.Classifier() {
		out := vector.New(types.TFloat8, len(asked))
		for _, class := range []int{0, len(m.Target.Classes) - 1} {
			if err := m.Probability(class, columns, nil, len(asked), out); err != nil {
				t.Error(err)
			}
		}
	}
	if d, ok := m.Fitted.(ml.Describer); ok {
		d.Terms()
	}
	if c, ok := m.Fitted.(ml.Clusterer); ok {
		c.Clusters()
	}
	if i, ok := m.Fitted.(ml.Importancer); ok {
		if got := len(i.Importances()); got != len(m.Features) {
			t.Errorf("%d importances of %d features", got, len(m.Features))
		}
	}
}
