package ml_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"htapdb/ml"
	"htapdb/ml/cluster"
	"htapdb/ml/linear"
	"htapdb/ml/modeltest"
	"htapdb/ml/tree"
	"htapdb/sql/sqlstate"
)

// algorithms are those of the engine.
var algorithms = ml.NewRegistry(linear.Least{}, linear.Logistic{}, tree.Boosted{}, tree.Forest{}, tree.Single{}, cluster.KMeans{})

// seeds are real models: one of each algorithm and task, without their checksums.
func seeds(f *testing.F) (out [][]byte) {
	f.Helper()
	for _, e := range algorithms.All() {
		with := map[string]string{}
		for _, o := range e.Info().Options {
			if o.Name == "trees" {
				with["trees"] = "2"
			}
		}
		for _, task := range e.Info().Tasks {
			d := modeltest.Mixed(rand.New(rand.NewPCG(7, 7)), 200, task)
			state := modeltest.MustTrain(f, e, with, d).Encode()
			out = append(out, state[:len(state)-checksumBytes])
		}
	}
	d := modeltest.Iris()
	for _, e := range algorithms.All() {
		if m, err := modeltest.Train(f.Context(), e, nil, d, modeltest.Schedule{}); err == nil && len(m.Encode()) < 10_000 {
			out = append(out, m.Encode()[:len(m.Encode())-checksumBytes])
		}
	}
	return out
}

const checksumBytes = 4

// What a model may take when it is read: timesInput bytes a byte (an integer of one
// byte may be the 56 of a feature), and what lists of outputs and pools begin with.
const (
	timesInput = 60
	beside     = 1 << 20
)

// Whatever bytes are under a right checksum, a model is read from them or they are
// refused, for memory in proportion to them; and what was read answers all that a
// model can be asked.
func FuzzDecode(f *testing.F) {
	for _, state := range seeds(f) {
		f.Add(state)
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		state = ml.Sum(state)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := algorithms.Decode(state)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(len(state)*timesInput+beside) {
			t.Errorf("%d bytes took %d: %v", len(state), took, err)
		}
		if err != nil {
			var known *sqlstate.Error
			if !errors.As(err, &known) || known.Code == sqlstate.InternalError {
				t.Error(err)
			}
			return
		}
		modeltest.Ask(t, m)
		if _, err := algorithms.Decode(m.Encode()); err != nil {
			t.Errorf("what was read cannot be written and read again: %v", err)
		}
	})
}
