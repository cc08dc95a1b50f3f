package htap

import (
	"context"
	"time"
)

// statementContext is a statement's context: it ends with the caller's, the
// session's and statement_timeout. A statement of one row hardly ever waits, so
// that timer and registrations are made when somebody first waits for the end.
// Until then it belongs to one goroutine; open makes what may be shared.
type statementContext struct {
	context.Context // the caller's
	session         context.Context
	deadline        time.Time // zero for none
	opened          context.Context
	cancel          context.CancelFunc
	forget          func() bool
}

// start prepares the context of a statement that begins now; timeout 0 is none.
func (c *statementContext) start(ctx, session context.Context, now time.Time, timeout time.Duration) {
	c.Context, c.session = ctx, session
	if timeout > 0 {
		c.deadline = now.Add(timeout)
	}
}

// open returns the context in the form that other goroutines may have.
func (c *statementContext) open() context.Context {
	if c.opened == nil {
		if c.deadline.IsZero() {
			c.opened, c.cancel = context.WithCancel(c.Context)
		} else {
			c.opened, c.cancel = context.WithDeadline(c.Context, c.deadline)
		}
		c.forget = context.AfterFunc(c.session, c.cancel)
	}
	return c.opened
}

// close ends the context.
func (c *statementContext) close() {
	if c.opened != nil {
		c.forget()
		c.cancel()
	}
}

// Deadline implements context.Context.
func (c *statementContext) Deadline() (time.Time, bool) { return c.open().Deadline() }

// Done implements context.Context.
func (c *statementContext) Done() <-chan struct{} { return c.open().Done() }

// Value implements context.Context; context.Cause asks for the cause here.
func (c *statementContext) Value(key any) any {
	if c.opened != nil {
		return c.opened.Value(key)
	}
	return c.Context.Value(key)
}

// Err implements context.Context.
func (c *statementContext) Err() error {
	if c.opened != nil {
		return c.opened.Err()
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	if c.session.Err() != nil {
		return context.Canceled
	}
	if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}
