package pg

import (
	"context"
	"io"
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// What the protocol needs of the engine, as interfaces so that its layers are
// tested without one. The adapters below are the only users of *htap.DB.

// database opens sessions.
type database interface {
	session(ctx context.Context) session
}

// session is htap.Session.
type session interface {
	script(ctx context.Context, sql string) (script, error)
	// prepare keeps the statement under its name, if it has one.
	prepare(ctx context.Context, name, sql string, paramTypes []types.Type) (statement, error)
	// prepared finds a statement by name, nil if there is none; PREPARE and
	// DEALLOCATE use the same names.
	prepared(name string) statement
	PreparedCount() int
	begin(ctx context.Context) (transaction, error)
	// fail makes an open transaction a failed one after an error that the engine
	// did not see, such as a parameter that cannot be read.
	fail(ctx context.Context)
	TxState() byte
	// IdleLimit is how long the client may be silent from now on, 0 for ever, and
	// the error that ends its connection then.
	IdleLimit() (time.Duration, *sqlstate.Error)
	// Cursor describes a cursor of DECLARE.
	Cursor(name string) ([]htap.Column, bool)
	CloseCursor(name string)
	Setting(name string) (string, error)
	Set(name, value string) error
	// KeepSettings makes the settings as they are those that RESET goes back to.
	KeepSettings()
	// TextStyle is how values are written as text, by the settings of now.
	TextStyle() *types.TextStyle
	ID() uint64
	OnNotice(fn func(*htap.Error))
	OnNotification(fn func(htap.Notification))
	OnSetting(fn func(name, value string))
	Close() error
}

// script is htap.Script.
type script interface {
	// next returns nil at the end.
	next(ctx context.Context) (statement, error)
	end(ctx context.Context, err error) error
}

// statement is htap.Stmt.
type statement interface {
	SQL() string
	Params() []types.Type
	Columns() []htap.Column
	query(ctx context.Context, args []types.Datum) (rows, error)
	Copy() (htap.CopyFormat, bool, error)
	CopyFrom(ctx context.Context, r io.Reader) (htap.Result, error)
	CopyTo(ctx context.Context, w io.Writer) (htap.Result, error)
	CopyFromBatches(ctx context.Context, next func() (*vector.Batch, error)) (htap.Result, error)
	CopyToBatches(ctx context.Context, write func(*vector.Batch) error) (htap.Result, error)
	Close()
}

// rows is htap.Rows, read by batches.
type rows interface {
	Columns() []htap.Column
	NextBatch() (*vector.Batch, error)
	Result() htap.Result
	Close() error
}

// transaction is htap.Tx.
type transaction interface {
	Commit(ctx context.Context) error
	Rollback() error
}

type engineDB struct{ *htap.DB }

func (db engineDB) session(ctx context.Context) session {
	return engineSession{db.Session(ctx)}
}

type engineSession struct{ *htap.Session }

func (s engineSession) script(ctx context.Context, sql string) (script, error) {
	sc, err := s.Script(ctx, sql)
	if err != nil {
		return nil, err
	}
	return engineScript{sc}, nil
}

func (s engineSession) prepared(name string) statement {
	if st := s.Prepared(name); st != nil {
		return engineStmt{st}
	}
	return nil
}

func (s engineSession) prepare(ctx context.Context, name, sql string, paramTypes []types.Type) (statement, error) {
	st, err := s.PrepareNamed(ctx, name, sql, paramTypes...)
	if err != nil {
		return nil, err
	}
	return engineStmt{st}, nil
}

func (s engineSession) begin(ctx context.Context) (transaction, error) {
	tx, err := s.Begin(ctx, htap.TxOptions{})
	if err != nil {
		return nil, err
	}
	return tx, nil
}

// fail runs a statement that has to fail, because that is what fails a transaction.
func (s engineSession) fail(ctx context.Context) {
	if s.TxState() == 'T' {
		_, _ = s.Exec(ctx, "SELECT 1/0")
	}
}

type engineScript struct{ *htap.Script }

func (sc engineScript) next(ctx context.Context) (statement, error) {
	st, err := sc.Next(ctx)
	if st == nil || err != nil {
		return nil, err
	}
	return engineStmt{st}, nil
}

func (sc engineScript) end(ctx context.Context, err error) error { return sc.End(ctx, err) }

type engineStmt struct{ *htap.Stmt }

func (st engineStmt) query(ctx context.Context, args []types.Datum) (rows, error) {
	r, err := st.QueryDatums(ctx, args)
	if err != nil {
		return nil, err
	}
	return r, nil
}
