package driver

import (
	"context"
	"database/sql/driver"
	"errors"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
)

// Stmt is a prepared statement.
type Stmt struct {
	c     *Conn
	stmt  *htap.Stmt
	query string
}

var (
	_ driver.Stmt              = (*Stmt)(nil)
	_ driver.StmtQueryContext  = (*Stmt)(nil)
	_ driver.StmtExecContext   = (*Stmt)(nil)
	_ driver.NamedValueChecker = (*Stmt)(nil)
)

// PrepareContext prepares one statement.
func (c *Conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	st, err := c.session.Prepare(ctx, query)
	if err != nil {
		return nil, wrapError(ctx, err)
	}
	return &Stmt{c: c, stmt: st, query: query}, nil
}

// Prepare is PrepareContext without a context.
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// Close forgets the statement.
func (s *Stmt) Close() error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.stmt.Close()
	return nil
}

// NumInput returns the number of parameters.
func (s *Stmt) NumInput() int { return len(s.stmt.Params()) }

// CheckNamedValue is Conn.CheckNamedValue.
func (s *Stmt) CheckNamedValue(v *driver.NamedValue) error { return checkValue(v) }

// QueryContext runs the statement.
func (s *Stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.c.enter(); err != nil {
		return nil, err
	}
	defer s.c.mu.Unlock()
	s.c.noteChange(s.query)
	r, err := s.stmt.Query(ctx, arguments(args, s.stmt.Params())...)
	if err != nil {
		return nil, wrapError(ctx, err)
	}
	return newRows(ctx, s.c, r, nil), nil
}

// ExecContext runs the statement to its end.
func (s *Stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.c.enter(); err != nil {
		return nil, err
	}
	defer s.c.mu.Unlock()
	s.c.noteChange(s.query)
	res, err := s.stmt.Exec(ctx, arguments(args, s.stmt.Params())...)
	return result{res}, wrapError(ctx, err)
}

// Query is QueryContext without a context.
func (s *Stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

// Exec is ExecContext without a context.
func (s *Stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// named numbers values.
func named(args []driver.Value) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, v := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out
}

// QueryContext runs one statement with parameters, or a text of any number
// without.
func (c *Conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	c.noteChange(query)
	if len(args) > 0 {
		st, err := c.session.Prepare(ctx, query, declared(args)...)
		if err != nil {
			return nil, wrapError(ctx, err)
		}
		r, err := st.Query(ctx, arguments(args, st.Params())...)
		if err != nil {
			return nil, wrapError(ctx, err)
		}
		return newRows(ctx, c, r, nil), nil
	}
	sc, err := c.session.Script(ctx, query)
	if err != nil {
		return nil, wrapError(ctx, err)
	}
	s := &script{ctx: ctx, sc: sc}
	r, err := s.next()
	if err != nil {
		return nil, err
	}
	return newRows(ctx, c, r, s), nil
}

// ExecContext runs one statement with parameters, or a text of any number
// without, and returns the last one's result.
func (c *Conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	c.noteChange(query)
	if len(args) == 0 {
		res, err := c.session.Exec(ctx, query)
		return result{res}, wrapError(ctx, err)
	}
	st, err := c.session.Prepare(ctx, query, declared(args)...)
	if err != nil {
		return nil, wrapError(ctx, err)
	}
	res, err := st.Exec(ctx, arguments(args, st.Params())...)
	return result{res}, wrapError(ctx, err)
}

// result is the outcome of Exec.
type result struct{ res htap.Result }

// LastInsertId is not known here.
func (r result) LastInsertId() (int64, error) {
	return 0, sqlstate.New(sqlstate.FeatureNotSupported, "LastInsertId is not supported").WithHint("Use INSERT … RETURNING.")
}

// RowsAffected returns the number of rows that the statement wrote, or read.
func (r result) RowsAffected() (int64, error) { return r.res.RowsAffected, nil }

// script runs the statements of a text one after the other.
type script struct {
	ctx   context.Context
	sc    *htap.Script
	ended bool
}

// next runs statements up to the next with a result set, nil at the end, when
// their transaction has been committed.
func (s *script) next() (*htap.Rows, error) {
	for !s.ended {
		st, err := s.sc.Next(s.ctx)
		if err != nil {
			return nil, s.end(err)
		}
		if st == nil {
			return nil, s.end(nil)
		}
		r, err := st.Query(s.ctx)
		if err != nil {
			return nil, s.end(err)
		}
		if len(st.Columns()) > 0 {
			return r, nil
		}
		for b, err := r.NextBatch(); b != nil || err != nil; b, err = r.NextBatch() {
			if err != nil {
				return nil, s.end(err)
			}
		}
		if err := r.Close(); err != nil {
			return nil, s.end(err)
		}
	}
	return nil, nil
}

// end ends the script with the error of a statement, or well.
func (s *script) end(err error) error {
	if s.ended {
		return wrapError(s.ctx, err)
	}
	s.ended = true
	ctx := s.ctx
	if err != nil {
		ctx = context.WithoutCancel(ctx) // the rollback has to happen
	}
	return wrapError(s.ctx, s.sc.End(ctx, err))
}

// finish runs the statements that nobody asked the results of.
func (s *script) finish() error {
	for {
		r, err := s.next()
		if r == nil || err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return errors.Join(err, s.end(err))
		}
	}
}
