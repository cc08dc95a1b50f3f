package modeltest

import (
	"errors"
	"math"
	"testing"

	"htapdb/ml"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// edge is data at the edge of what can be learned.
type edge struct {
	*Data
	// refused is the code of the refusal, "" for data that has to be learned.
	refused sqlstate.Code
	// optional is set where an algorithm may learn it as well.
	optional bool
}

// Data at the edges is learned, or refused with the code that is right for it; the
// predictions are numbers, classes of the target, or clusters of the model.
func extremes(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	for name, d := range edges(e, task) {
		m, err := Train(t.Context(), e, with, d.Data, Schedule{})
		if err != nil {
			var known *sqlstate.Error
			if !errors.As(err, &known) || known.Code != d.refused {
				t.Errorf("%s: %v, want code %q", name, err, d.refused)
			}
			continue
		}
		if d.refused != "" && !d.optional {
			t.Errorf("%s is learned, want a refusal with %s", name, d.refused)
		}
		again, err := ml.NewRegistry(e).Decode(m.Encode())
		if err != nil {
			t.Errorf("%s: the model cannot be read again: %v", name, err)
			continue
		}
		Ask(t, again)
		sensible(t, name, again, d.Data)
	}
}

// edges are the data of extremes for a task.
func edges(e ml.Estimator, task ml.Task) map[string]edge {
	const n = 64
	of := func(f func(i int) float64) *vector.Vector {
		out := make([]float64, n)
		for i := range out {
			out[i] = f(i)
		}
		return Numbers(out)
	}
	ramp := func(i int) float64 { return float64(i * 7 % n) }
	classes := func(f func(i int) bool) *vector.Vector {
		out := make([]bool, n)
		for i := range out {
			out[i] = f(i)
		}
		return Bools(out)
	}
	plain := of(ramp)
	var target *vector.Vector
	switch task {
	case ml.Classification:
		target = classes(func(i int) bool { return i%3 == 0 })
	case ml.Regression:
		target = plain
	}
	data := func(target *vector.Vector, columns ...*vector.Vector) edge {
		return edge{Data: &Data{Names: []string{"a", "b"}[:len(columns)], Columns: columns, Target: target}}
	}
	refused := func(d edge, optional bool) edge {
		d.refused, d.optional = sqlstate.InvalidParameterValue, optional
		return d
	}
	first := func(rows int) edge {
		d := data(nil, plain.Slice(0, rows))
		if target != nil {
			d.Target = target.Slice(0, rows)
		}
		return d
	}
	out := map[string]edge{
		"no rows":            refused(first(0), false),
		"one row":            first(1),
		"constant feature":   data(target, of(func(int) float64 { return 5 }), plain),
		"duplicated feature": data(target, plain, plain),
		"large":              data(target, of(func(i int) float64 { return ramp(i) * 1e300 })),
		"small":              data(target, of(func(i int) float64 { return ramp(i) * 1e-300 })),
		"far from zero":      data(target, of(func(i int) float64 { return ramp(i) + 1.7e9 })),
		"only NULL":          data(target, of(func(int) float64 { return math.NaN() })),
		"infinite":           data(target, of(func(i int) float64 { return (ramp(i) + 1) / float64(i%2) })),
	}
	if e.Info().Complete {
		out["only NULL"] = refused(out["only NULL"], false) // no row is left
	}
	switch task {
	case ml.Classification:
		out["a class seen once"] = data(classes(func(i int) bool { return i == 9 }), plain)
		out["one class"] = refused(data(classes(func(int) bool { return false }), plain), true)
		out["one row"] = refused(out["one row"], true) // it is of one class
	case ml.Regression:
		out["constant target"] = data(of(func(int) float64 { return 3 }), plain)
		out["large target"] = data(of(func(i int) float64 { return ramp(i) * 1e300 }), plain)
	}
	return out
}

// sensible checks what a model says of the rows that it has learned. An infinite number
// may lead to an infinite one.
func sensible(t *testing.T, name string, m *ml.Model, d *Data) {
	t.Helper()
	out := Predict(t, m, d.Columns)
	switch m.Task {
	case ml.Regression:
		for i, x := range out.F64 {
			if !anyInfinite(d.Columns, i) && (math.IsNaN(x) || math.IsInf(x, 0)) {
				t.Errorf("%s: row %d predicts %v", name, i, x)
				return
			}
		}
	case ml.Classification:
		seen := map[types.Datum]bool{}
		for i := range d.Rows() {
			seen[d.Target.Datum(i)] = true
		}
		for i := range out.Len {
			if out.IsNull(i) || !seen[out.Datum(i)] {
				t.Errorf("%s: row %d predicts %v, which is no class of the target", name, i, out.Datum(i))
				return
			}
		}
		shares(t, name, m, d)
	case ml.Clustering:
		grouped(t, name, m, out)
	}
}

// anyInfinite tells whether a row has an infinite number.
func anyInfinite(columns []*vector.Vector, row int) bool {
	for _, c := range columns {
		if c.Type == types.TFloat8 && math.IsInf(c.F64[row], 0) {
			return true
		}
	}
	return false
}

// shares checks that the probabilities of a row's classes are such, and 1 in all.
func shares(t *testing.T, name string, m *ml.Model, d *Data) {
	t.Helper()
	if _, ok := m.Fitted.(ml.Prober); !ok {
		return
	}
	sums := make([]float64, d.Rows())
	for class := range m.Target.Classes {
		for i, p := range Probabilities(t, m, class, d.Columns) {
			if anyInfinite(d.Columns, i) {
				sums[i] = 1
				continue
			}
			if !(p >= 0 && p <= 1) {
				t.Errorf("%s: row %d has class %d with probability %v", name, i, class, p)
				return
			}
			sums[i] += p
		}
	}
	for i, sum := range sums {
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("%s: the probabilities of row %d sum to %v", name, i, sum)
			return
		}
	}
}

// grouped checks that every row is in a cluster, and the clusters have finite centers
// and all rows of the training.
func grouped(t *testing.T, name string, m *ml.Model, out *vector.Vector) {
	t.Helper()
	clusters, rows := m.Fitted.(ml.Clusterer).Clusters(), int64(0)
	for c, cluster := range clusters {
		rows += cluster.Rows
		for _, x := range cluster.Center {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Errorf("%s: cluster %d has the center %v", name, c+1, cluster.Center)
			}
		}
	}
	if rows != m.Rows {
		t.Errorf("%s: the clusters have %d rows, the training had %d", name, rows, m.Rows)
	}
	for i, c := range out.I32 {
		if c < 1 || int(c) > len(clusters) {
			t.Errorf("%s: row %d is in cluster %d of %d", name, i, c, len(clusters))
			return
		}
	}
}
