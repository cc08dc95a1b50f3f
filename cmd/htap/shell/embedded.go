package shell

import (
	"context"

	"htapdb/htap"
	"htapdb/sql/types"
)

// Embedded returns a session of a database in this process. Closing it closes
// the database.
func Embedded(ctx context.Context, db *htap.DB) Conn {
	return &embedded{db: db, s: db.Session(ctx)}
}

// embedded implements Conn on the library.
type embedded struct {
	db *htap.DB
	s  *htap.Session
}

// Run implements Conn.
func (e *embedded) Run(ctx context.Context, sql string, io Streams, each func(Result) error) error {
	script, err := e.s.Script(ctx, sql)
	if err != nil {
		return err
	}
	for {
		st, err := script.Next(ctx)
		if err == nil && st != nil {
			err = e.statement(ctx, st, io, each)
		}
		if err != nil {
			return script.End(ctx, err)
		}
		if st == nil {
			return script.End(ctx, nil)
		}
	}
}

// statement runs one statement of a script.
func (e *embedded) statement(ctx context.Context, st *htap.Stmt, io Streams, each func(Result) error) error {
	if st.Empty() {
		return nil
	}
	if f, ok, err := st.Copy(); err != nil {
		return err
	} else if ok {
		res, err := e.copy(ctx, st, f, io)
		if err != nil {
			return err
		}
		return each(copied(f.In, res.Tag))
	}
	rows, err := st.Query(ctx)
	if err != nil {
		return err
	}
	r := newRowResult(rows, e.s.TextStyle())
	if err := each(r); err != nil {
		_ = rows.Close()
		return err
	}
	return rows.Close()
}

// copy runs a COPY with a stream.
func (e *embedded) copy(ctx context.Context, st *htap.Stmt, f htap.CopyFormat, io Streams) (htap.Result, error) {
	if f.In {
		return st.CopyFrom(ctx, io.In)
	}
	return st.CopyTo(ctx, io.Out)
}

// TxState implements Conn.
func (e *embedded) TxState() byte { return e.s.TxState() }

// OnNotice implements Conn.
func (e *embedded) OnNotice(fn func(*htap.Error)) { e.s.OnNotice(fn) }

// Name implements Conn.
func (e *embedded) Name() string {
	if e.db.Dir() == "" {
		return "memory"
	}
	return e.db.Path()
}

// Lost implements Conn.
func (e *embedded) Lost() bool { return false }

// Close implements Conn.
func (e *embedded) Close() error {
	err := e.s.Close()
	if e := e.db.Close(); err == nil {
		err = e
	}
	return err
}

// rowResult implements Result on the library's rows.
type rowResult struct {
	rows    *htap.Rows
	columns []Column
	cells   []Cell
	style   *types.TextStyle
	buf     []byte
}

func newRowResult(rows *htap.Rows, style *types.TextStyle) *rowResult {
	cols := rows.Columns()
	r := &rowResult{rows: rows, style: style, columns: make([]Column, len(cols)), cells: make([]Cell, len(cols))}
	for i, c := range cols {
		r.columns[i] = Column{Name: c.Name, Type: c.Type}
	}
	return r
}

// Columns implements Result.
func (r *rowResult) Columns() []Column { return r.columns }

// Next implements Result.
func (r *rowResult) Next() []Cell {
	if !r.rows.Next() {
		return nil
	}
	for i := range r.cells {
		d := r.rows.Datum(i)
		if d.IsNull() {
			r.cells[i] = Cell{Null: true}
			continue
		}
		r.buf = r.style.Append(r.buf[:0], d, r.columns[i].Type)
		r.cells[i] = Cell{Text: string(r.buf)}
	}
	return r.cells
}

// Err implements Result.
func (r *rowResult) Err() error { return r.rows.Err() }

// Tag implements Result.
func (r *rowResult) Tag() string { return r.rows.Result().Tag }

// copied is the outcome of a COPY. One to the output has no tag, which would end
// up in the data.
func copied(in bool, tag string) Result {
	if !in {
		tag = ""
	}
	return &outcome{tag: tag}
}

// outcome is the Result of a statement without rows.
type outcome struct{ tag string }

// Columns implements Result.
func (o *outcome) Columns() []Column { return nil }

// Next implements Result.
func (o *outcome) Next() []Cell { return nil }

// Err implements Result.
func (o *outcome) Err() error { return nil }

// Tag implements Result.
func (o *outcome) Tag() string { return o.tag }
