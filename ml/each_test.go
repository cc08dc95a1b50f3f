package ml_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"htapdb/ml"
	"htapdb/sql/sqlstate"
)

// Each calls for every number once, on workers that are told apart, and ends with the
// first error, a panic's error or the context's cause.
func TestEach(t *testing.T) {
	stop := errors.New("stop")
	for _, workers := range []int{1, 2, 7} {
		calls, busy := make([]atomic.Int32, 1000), make([]atomic.Bool, workers)
		err := ml.Each(t.Context(), workers, len(calls), func(worker, i int) error {
			if busy[worker].Swap(true) {
				t.Errorf("two run as worker %d", worker)
			}
			calls[i].Add(1)
			busy[worker].Store(false)
			return nil
		})
		for i := range calls {
			if calls[i].Load() != 1 {
				t.Fatalf("%d workers: %d calls for %d", workers, calls[i].Load(), i)
			}
		}
		if err != nil {
			t.Error(err)
		}
		if err := ml.Each(t.Context(), workers, 1000, func(_, i int) error {
			if i == 500 {
				return stop
			}
			return nil
		}); !errors.Is(err, stop) {
			t.Errorf("%d workers: %v", workers, err)
		}
		if err := ml.Each(t.Context(), workers, 1000, func(_, i int) error {
			if i == 500 {
				panic("at 500")
			}
			return nil
		}); !sqlstate.Is(err, sqlstate.InternalError) {
			t.Errorf("%d workers: a panic is %v", workers, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		ran := atomic.Int32{}
		if err := ml.Each(ctx, workers, 1000, func(_, i int) error {
			ran.Add(1)
			cancel(stop)
			return nil
		}); !errors.Is(err, stop) || int(ran.Load()) > workers {
			t.Errorf("%d workers: cancelled, %d ran, %v", workers, ran.Load(), err)
		}
	}
}
