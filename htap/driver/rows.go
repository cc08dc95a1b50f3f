package driver

import (
	"context"
	"database/sql/driver"
	"io"
	"math"
	"reflect"
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Rows is a result, and with a script the results that follow.
type Rows struct {
	ctx context.Context
	c   *Conn
	// script has the statements that follow, nil for a single one.
	script *script
	rows   *htap.Rows
	cols   []htap.Column
	// batch is the current batch, at its next alive row.
	batch *vector.Batch
	at    int
}

var (
	_ driver.Rows                           = (*Rows)(nil)
	_ driver.RowsNextResultSet              = (*Rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*Rows)(nil)
	_ driver.RowsColumnTypeLength           = (*Rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*Rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*Rows)(nil)
)

// newRows returns the rows of r, which is nil for no result set; c.mu is held.
func newRows(ctx context.Context, c *Conn, r *htap.Rows, s *script) *Rows {
	rows := &Rows{ctx: ctx, c: c, script: s}
	rows.set(r)
	c.rows = rows
	return rows
}

// set makes r the current result.
func (r *Rows) set(rows *htap.Rows) {
	r.rows, r.cols, r.batch, r.at = rows, nil, nil, 0
	if rows != nil {
		r.cols = rows.Columns()
	}
}

// Columns returns the names of the columns.
func (r *Rows) Columns() []string {
	names := make([]string, len(r.cols))
	for i, c := range r.cols {
		names[i] = c.Name
	}
	return names
}

// Next stores the next row in dest, io.EOF at the end.
func (r *Rows) Next(dest []driver.Value) error {
	if err := r.c.enter(); err != nil {
		return wrapClosed(r.ctx)
	}
	defer r.c.mu.Unlock()
	if r.rows == nil {
		return io.EOF
	}
	for r.batch == nil || r.at >= r.batch.Rows() {
		b, err := r.rows.NextBatch()
		if err != nil {
			if r.script != nil {
				return r.script.end(err)
			}
			return wrapError(r.ctx, err)
		}
		if b == nil {
			return io.EOF
		}
		r.batch, r.at = b, 0
	}
	row := r.batch.Row(r.at)
	r.at++
	for i, v := range r.batch.Cols {
		dest[i] = value(v.Datum(row), r.cols[i].Type)
	}
	return nil
}

// HasNextResultSet reports that statements are left; whether one of them has a
// result set only running them tells.
func (r *Rows) HasNextResultSet() bool {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	return r.script != nil && !r.script.ended
}

// NextResultSet moves to the next result set, io.EOF at the end.
func (r *Rows) NextResultSet() error {
	if err := r.c.enter(); err != nil {
		return wrapClosed(r.ctx)
	}
	defer r.c.mu.Unlock()
	if r.script == nil {
		return io.EOF
	}
	if r.rows != nil {
		if err := r.rows.Close(); err != nil {
			return r.script.end(err)
		}
	}
	next, err := r.script.next()
	if err != nil {
		return err
	}
	r.set(next)
	if next == nil {
		return io.EOF
	}
	return nil
}

// Close ends the result; statements of a script that were not reached run.
func (r *Rows) Close() error {
	if err := r.c.enter(); err != nil {
		return nil // the end of the connection has closed it
	}
	defer r.c.mu.Unlock()
	return r.close()
}

// wrapClosed is the error of reading after the end of the connection.
func wrapClosed(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return sqlstate.New(sqlstate.AdminShutdown, "the database was closed while its rows were read")
}

// close is Close with c.mu held.
func (r *Rows) close() error {
	if r.c.rows == r {
		r.c.rows = nil
	}
	var err error
	if r.rows != nil {
		err = r.rows.Close()
		r.rows = nil
	}
	if r.script == nil {
		return wrapError(r.ctx, err)
	}
	if err != nil {
		return r.script.end(err)
	}
	return r.script.finish()
}

// typeNames are PostgreSQL's short names, by which libraries choose.
var typeNames = map[types.Kind]string{
	types.Bool: "BOOL", types.Int2: "INT2", types.Int4: "INT4", types.Int8: "INT8",
	types.Float4: "FLOAT4", types.Float8: "FLOAT8", types.Numeric: "NUMERIC",
	types.Text: "TEXT", types.Varchar: "VARCHAR", types.Char: "BPCHAR", types.Bytea: "BYTEA",
	types.Date: "DATE", types.Time: "TIME", types.Timestamp: "TIMESTAMP", types.TimestampTZ: "TIMESTAMPTZ",
	types.Interval: "INTERVAL", types.UUID: "UUID", types.JSON: "JSON", types.JSONB: "JSONB", types.Unknown: "TEXT",
}

// ColumnTypeDatabaseTypeName returns the type's short name.
func (r *Rows) ColumnTypeDatabaseTypeName(i int) string { return typeNames[r.cols[i].Type.Kind] }

// ColumnTypeLength returns the limit of texts; ok is false for other types.
func (r *Rows) ColumnTypeLength(i int) (length int64, ok bool) {
	t := r.cols[i].Type
	switch {
	case t.IsString() && t.Length > 0:
		return int64(t.Length), true
	case t.IsString(), t.Kind == types.Bytea:
		return math.MaxInt64, true
	}
	return 0, false
}

// ColumnTypePrecisionScale returns those of NUMERIC; ok is false for other types.
func (r *Rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	t := r.cols[i].Type
	return int64(t.Precision), int64(t.Scale), t.Kind == types.Numeric
}

// ColumnTypeScanType returns the type of the values that Next stores.
func (r *Rows) ColumnTypeScanType(i int) reflect.Type {
	switch r.cols[i].Type.Kind {
	case types.Bool:
		return reflect.TypeFor[bool]()
	case types.Int2, types.Int4, types.Int8:
		return reflect.TypeFor[int64]()
	case types.Float4, types.Float8:
		return reflect.TypeFor[float64]()
	case types.Bytea:
		return reflect.TypeFor[[]byte]()
	case types.Date, types.Timestamp, types.TimestampTZ:
		return reflect.TypeFor[time.Time]()
	}
	return reflect.TypeFor[string]()
}
