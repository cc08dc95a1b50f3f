package linear

import (
	"errors"
	"strconv"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/ml/exact"
	"htapdb/ml/modeltest"
	"htapdb/sql/sqlstate"
)

// wide is a few rows of so many numbers.
func wide(numbers int, e ml.Estimator) *modeltest.Data {
	const n = 4
	d := &modeltest.Data{Target: series(n, func(i float64) float64 { return i })}
	if e.Info().Name == "logistic_regression" {
		d.Target = truth(n, func(i int) bool { return i%2 == 0 })
	}
	x := series(n, func(i float64) float64 { return i * i })
	for i := range numbers {
		d.Names, d.Columns = append(d.Names, "x"+strconv.Itoa(i)), append(d.Columns, x)
	}
	return d
}

// errRead is what a training gives that reads rows.
var errRead = errors.New("a row is read")

func unread(int) error { return errRead }

// The cells of the numbers are charged, a matrix a worker, before the first row is read.
func TestDenseCellsAreCharged(t *testing.T) {
	const numbers, workers = 600, 4 // the cells take more than the blocks that are read
	need := int64(workers) * exact.GramBytes(numbers+2, 0)
	s := modeltest.Schedule{Workers: workers, Limit: need - 1, Before: unread}
	if _, err := modeltest.Train(t.Context(), Least{}, nil, wide(numbers, Least{}), s); !sqlstate.Is(err, sqlstate.OutOfMemory) {
		t.Errorf("%d numbers by %d workers with less than their %d bytes: %v", numbers, workers, need, err)
	}
	s.Limit = 16 * need
	if _, err := modeltest.Train(t.Context(), Least{}, nil, wide(numbers, Least{}), s); !errors.Is(err, errRead) {
		t.Errorf("with sixteen times as much: %v", err)
	}
}

// More numbers than a model may have terms are refused by name before a row is read.
func TestTooManyNumbers(t *testing.T) {
	for _, e := range []ml.Estimator{Least{}, Logistic{}} {
		_, err := modeltest.Train(t.Context(), e, nil, wide(maxTerms+1, e), modeltest.Schedule{Before: unread})
		if !sqlstate.Is(err, sqlstate.ProgramLimitExceeded) {
			t.Errorf("%s of %d numbers: %v", e.Info().Name, maxTerms+1, err)
		}
	}
}

// Both estimators charge what they take: frames, blocks, matrices and factors of 120
// numbers.
func TestCharged(t *testing.T) {
	rng := testutil.Rand(t)
	const n, numbers = 2000, 120
	d := &modeltest.Data{}
	for c := range numbers {
		d.Names, d.Columns = append(d.Names, "x"+strconv.Itoa(c)), append(d.Columns, series(n, func(float64) float64 { return rng.NormFloat64() }))
	}
	d.Target = series(n, func(float64) float64 { return rng.NormFloat64() })
	modeltest.Charged(t, Least{}, nil, d)
	d.Target = truth(n, func(int) bool { return rng.IntN(2) == 0 })
	modeltest.Charged(t, Logistic{}, map[string]string{"max_iter": "2"}, d)
}
