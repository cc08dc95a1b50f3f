package colstore

import (
	"context"
	"sync"
	"sync/atomic"

	"htapdb/sql/sqlstate"
)

// waiters lets goroutines sleep until some table's Safe or state may have changed.
type waiters struct {
	// waiting lets wake return at once while nobody sleeps, which is nearly always.
	waiting atomic.Int32
	mu      sync.Mutex
	ch      chan struct{} // closed by the next wake; guarded by mu
}

// wake ends the sleep of all who wait.
func (w *waiters) wake() {
	if w.waiting.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ch != nil {
		close(w.ch)
		w.ch = nil
	}
}

// until sleeps until done returns true or an error, checking after every wake.
func (w *waiters) until(ctx context.Context, done func() (bool, error)) error {
	w.waiting.Add(1)
	defer w.waiting.Add(-1)
	for {
		// The channel is taken before the check, so that no wake falls between.
		w.mu.Lock()
		if w.ch == nil {
			w.ch = make(chan struct{})
		}
		ch := w.ch
		w.mu.Unlock()
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// WaitSafe waits until ts is safe to read. Errors: ObjectNotInState if the table
// is not live, or stops being so; the context's.
func (t *Table) WaitSafe(ctx context.Context, ts uint64) error {
	if t.Safe() >= ts {
		return nil
	}
	return t.store.waiters.until(ctx, func() (bool, error) {
		if t.Safe() >= ts {
			return true, nil
		}
		if state, reason := t.State(); state != Live {
			return false, notLive(t.Schema().Name, state, reason)
		}
		if t.store.closed() {
			return false, sqlstate.New(sqlstate.AdminShutdown, "the column store is closed")
		}
		return false, nil
	})
}

// notLive is the error of reading a table whose columns are not live.
func notLive(name string, state State, reason string) error {
	err := sqlstate.New(sqlstate.ObjectNotInState, "columns of table %q are %s", name, state)
	if reason != "" {
		err.WithDetail("%s", reason)
	}
	return err
}
