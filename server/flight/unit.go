package flight

import (
	"context"
	"sync"
	"sync/atomic"

	"htapdb/htap"
	"htapdb/vector"
)

// unit is an engine session, which belongs to one goroutine at a time, and the
// lock that sees to it. It is counted by reference: the calls, tickets, streams,
// prepared statements and transactions that use it. The last one closes it.
type unit struct {
	owner *clientSession
	refs  atomic.Int32
	// closed is set when the last reference is gone.
	closed atomic.Bool
	// transaction says that the unit lives from BeginTransaction to EndTransaction.
	transaction bool

	mu sync.Mutex
	s  *htap.Session
	// settings is the version of the owner's settings that s has.
	settings int
}

// retain adds a reference.
func (u *unit) retain() *unit {
	u.refs.Add(1)
	return u
}

// release drops a reference; the last one ends the engine session, rolling back.
func (u *unit) release() {
	if u.refs.Add(-1) > 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed.Store(true)
	_ = u.s.Close()
}

// busy reports use by others than the table of handles that asks.
func (u *unit) busy() bool { return u.refs.Load() > 1 }

// do runs fn with the engine session.
func (u *unit) do(fn func(s *htap.Session) error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed.Load() {
		return errExpired
	}
	return fn(u.s)
}

// exec runs a statement without parameters to its end.
func (u *unit) exec(ctx context.Context, sql string) error {
	return u.do(func(s *htap.Session) error {
		_, err := s.Exec(ctx, sql)
		return err
	})
}

// state is the engine session's transaction state.
func (u *unit) state() (state byte) {
	state = 'I'
	_ = u.do(func(s *htap.Session) error { state = s.TxState(); return nil })
	return state
}

// context returns a context below ctx that ends with the client's session too.
func (u *unit) context(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(u.owner.ctx, func() { cancel(context.Cause(u.owner.ctx)) })
	return ctx, func(cause error) { stop(); cancel(cause) }
}

// unitRows is a result read under its unit's lock.
type unitRows struct {
	u    *unit
	rows *htap.Rows
}

// next calls use with the next batch, nil at the end, before the lock is given up.
func (r *unitRows) next(use func(*vector.Batch) error) error {
	return r.u.do(func(*htap.Session) error {
		b, err := r.rows.NextBatch()
		if err != nil {
			return err
		}
		return use(b)
	})
}

// close ends the result.
func (r *unitRows) close() error {
	return r.u.do(func(*htap.Session) error { return r.rows.Close() })
}
