package modeltest

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// cancelWithin is how soon a training has to end after its cancel on an idle machine,
// which HTAPDB_ALONE=1 says this is; cancelBeside is the bound beside other tests.
const (
	cancelWithin = 100 * time.Millisecond
	cancelBeside = 400 * time.Millisecond
)

// cancelTries is how often a training may be late at a point: a machine that is busy
// holds one up, a loop that does not look at its context holds up all.
const cancelTries = 3

// Cancels checks that a training ends soon after a cancel, and with its cause, at
// points all over the time that it takes.
func Cancels(t *testing.T, train func(ctx context.Context) error) {
	t.Helper()
	bound := cancelBeside
	if os.Getenv("HTAPDB_ALONE") != "" {
		bound = cancelWithin
	}
	start := time.Now()
	if err := train(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(start)
	for i := range 8 {
		var late time.Duration
		for try := 0; try == 0 || late > bound && try < cancelTries; try++ {
			late = cancelled(t, train, whole*time.Duration(i)/8)
		}
		if late > bound {
			t.Errorf("cancelled after %d/8 of %v, it ended %v later, %d times", i, whole, late, cancelTries)
		}
	}
}

// cancelled cancels a training after some time and returns how much later it ended; 0
// if it was ready sooner.
func cancelled(t *testing.T, train func(ctx context.Context) error, after time.Duration) time.Duration {
	t.Helper()
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var at time.Time
	timer := time.AfterFunc(after, func() { at = time.Now(); cancel(stop) })
	err := train(ctx)
	end := time.Now()
	if timer.Stop() || err == nil {
		return 0
	}
	if !errors.Is(err, stop) {
		t.Errorf("cancelled after %v: %v", after, err)
	}
	return end.Sub(at)
}
