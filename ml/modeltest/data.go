// Package modeltest is the conformance kit of package ml: what every estimator has to
// keep, whatever it computes. Its tests are run by the packages of the families; it
// also has what their other tests need to make data, train and predict.
//
// Not here: whether a model is good. Reference figures stand beside each family.
package modeltest

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"htapdb/internal/memory"
	"htapdb/ml"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Numbers makes a DOUBLE PRECISION column, NULL for NaN.
func Numbers(xs []float64) *vector.Vector {
	v := vector.New(types.TFloat8, len(xs))
	copy(v.F64, xs)
	for i, x := range xs {
		if math.IsNaN(x) {
			v.SetNull(i)
		}
	}
	return v
}

// Null is the text that Texts makes NULL.
const Null = "\x00"

// Texts makes a TEXT column.
func Texts(xs []string) *vector.Vector {
	v := vector.New(types.TText, len(xs))
	copy(v.Str, xs)
	for i, x := range xs {
		if x == Null {
			v.SetNull(i)
		}
	}
	return v
}

// Bools makes a BOOLEAN column.
func Bools(xs []bool) *vector.Vector {
	v := vector.New(types.TBool, len(xs))
	for i, x := range xs {
		if x {
			v.Bool[i] = 1
		}
	}
	return v
}

// Data is the columns of a training query.
type Data struct {
	Names []string
	// Columns are the features; Target is what is to be predicted.
	Columns []*vector.Vector
	Target  *vector.Vector
}

// Rows is the number of rows.
func (d *Data) Rows() int { return d.Target.Len }

// Permuted returns the rows in another order.
func (d *Data) Permuted(order []int) *Data {
	pick := func(v *vector.Vector) *vector.Vector {
		out := vector.New(v.Type, len(order))
		for to, from := range order {
			out.Set(to, v.Datum(from))
		}
		return out
	}
	out := &Data{Names: d.Names, Target: pick(d.Target)}
	for _, c := range d.Columns {
		out.Columns = append(out.Columns, pick(c))
	}
	return out
}

// Schedule is a way in which the same rows may come.
type Schedule struct {
	// Batch draws the sizes of batches; nil is batches of 1,024.
	Batch func() int
	// Workers is that of ml.Training; 0 is 1.
	Workers int
	// Limit bounds the training's memory in bytes, 0 for none.
	Limit int64
	// Before, if not nil, is called before each batch.
	Before func(row int) error
	// Progress is that of ml.Training.
	Progress func(share float64, phase string)
}

// source gives the rows in batches, half of them with a selection.
func (d *Data) source(s Schedule) ml.Source {
	return func(ctx context.Context, yield func(*vector.Batch) error) error {
		for at, turn := 0, 0; at < d.Rows(); turn++ {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			size := 1024
			if s.Batch != nil {
				size = s.Batch()
			}
			if s.Before != nil {
				if err := s.Before(at); err != nil {
					return err
				}
			}
			to := min(at+size, d.Rows())
			b := &vector.Batch{Len: to - at}
			for _, c := range d.Columns {
				b.Cols = append(b.Cols, c.Slice(at, to))
			}
			b.Cols = append(b.Cols, d.Target.Slice(at, to))
			if turn%2 == 1 {
				for r := range to - at {
					b.Sel = append(b.Sel, int32(r))
				}
			}
			if err := yield(b); err != nil {
				return err
			}
			at = to
		}
		return nil
	}
}

// Train trains an estimator on the rows.
func Train(ctx context.Context, e ml.Estimator, options map[string]string, d *Data, s Schedule) (*ml.Model, error) {
	parsed, err := ml.ParseOptions(e.Info(), options)
	if err != nil {
		return nil, err
	}
	account := memory.NewRoot(s.Limit)
	t := &ml.Training{Options: parsed, Source: d.source(s), Memory: account, Workers: max(s.Workers, 1), Progress: s.Progress,
		Target: ml.Target{Name: "y", Type: d.Target.Type}}
	defer t.Close()
	for i, c := range d.Columns {
		f, err := ml.NewFeature(d.Names[i], c.Type)
		if err != nil {
			return nil, err
		}
		t.Features = append(t.Features, f)
	}
	return ml.NewRegistry(e).Train(ctx, e, t)
}

// MustTrain is Train in batches of 1,024, for data that can be learned.
func MustTrain(t testing.TB, e ml.Estimator, options map[string]string, d *Data) *ml.Model {
	t.Helper()
	m, err := Train(t.Context(), e, options, d, Schedule{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Predict returns the predictions of a model for the columns' rows.
func Predict(t testing.TB, m *ml.Model, columns []*vector.Vector) *vector.Vector {
	t.Helper()
	n := columns[0].Len
	out := vector.New(m.ResultType(), n)
	if err := m.Predict(columns, nil, n, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Probabilities returns the probabilities of a class.
func Probabilities(t testing.TB, m *ml.Model, class int, columns []*vector.Vector) []float64 {
	t.Helper()
	n := columns[0].Len
	out := vector.New(types.TFloat8, n)
	if err := m.Probability(class, columns, nil, n, out); err != nil {
		t.Fatal(err)
	}
	return out.F64
}

// Metric returns a metric of a model, NaN if it has none of that name.
func Metric(m *ml.Model, name string) float64 {
	for _, x := range m.Metrics {
		if x.Name == name {
			return x.Value
		}
	}
	return math.NaN()
}

// Mixed draws rows with a known rule: a number from 0 to 100, a carrier, and a number
// that has no influence; the target is 0.1·a plus 0, 3, −2 or 5 by carrier, and noise.
// For classifiers it is whether a logistic draw of that is late.
func Mixed(rng *rand.Rand, n int, task ml.Task) *Data {
	names := []string{"AA", "DL", "UA", "WN"}
	effects := []float64{0, 3, -2, 5}
	a, noise, y := make([]float64, n), make([]float64, n), make([]float64, n)
	carrier, late := make([]string, n), make([]bool, n)
	for i := range n {
		a[i], noise[i] = rng.Float64()*100, rng.NormFloat64()
		c := rng.IntN(len(names))
		carrier[i] = names[c]
		y[i] = 0.1*a[i] + effects[c] + rng.NormFloat64()
		late[i] = rng.Float64() < 1/(1+math.Exp(-(y[i]-6)/2))
	}
	d := &Data{Names: []string{"a", "carrier", "noise"}, Columns: []*vector.Vector{Numbers(a), Texts(carrier), Numbers(noise)}, Target: Numbers(y)}
	if task == ml.Classification {
		d.Target = Bools(late)
	}
	return d
}
