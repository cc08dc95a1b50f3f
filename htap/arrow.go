package htap

import (
	"context"
	"sync/atomic"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/load"
	"htapdb/internal/files"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// arrowBatchRows is how many rows QueryArrow collects into one record batch.
const arrowBatchRows = 64 << 10

// QueryArrow runs one statement and returns its result as Arrow record batches.
// Release ends the statement; a statement without a result set gives an empty schema.
func (s *Session) QueryArrow(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	rows, err := s.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return rows.Arrow(), nil
}

// Arrow returns the rest of the result as Arrow record batches.
func (r *Rows) Arrow() array.RecordReader {
	names := make([]string, len(r.cols))
	ts := make([]types.Type, len(r.cols))
	for i, c := range r.cols {
		names[i], ts[i] = c.Name, c.Type
	}
	a := &arrowReader{rows: r, schema: vector.ArrowSchema(names, ts), types: ts}
	a.refs.Store(1)
	return a
}

// arrowReader implements array.RecordReader over Rows.
type arrowReader struct {
	rows   *Rows
	schema *arrow.Schema
	types  []types.Type
	refs   atomic.Int64
	rec    arrow.RecordBatch
	err    error
}

func (a *arrowReader) Retain() { a.refs.Add(1) }

func (a *arrowReader) Release() {
	if a.refs.Add(-1) == 0 {
		a.drop()
		_ = a.rows.Close()
	}
}

func (a *arrowReader) drop() {
	if a.rec != nil {
		a.rec.Release()
		a.rec = nil
	}
}

func (a *arrowReader) Schema() *arrow.Schema { return a.schema }

// Next collects small batches into one of useful size.
func (a *arrowReader) Next() bool {
	a.drop()
	if a.err != nil {
		return false
	}
	all := vector.NewBatch(a.types, 0)
	for all.Len < arrowBatchRows {
		b, err := a.rows.NextBatch()
		if err != nil {
			a.err = err
			return false
		}
		if b == nil {
			break
		}
		own := b.Clone() // strings may be gone with the next batch
		all.AppendBatch(own)
	}
	if all.Len == 0 {
		return false
	}
	a.rec, a.err = vector.ToArrow(a.schema, all)
	return a.err == nil
}

func (a *arrowReader) RecordBatch() arrow.RecordBatch { return a.rec }

func (a *arrowReader) Record() arrow.RecordBatch { return a.rec }

func (a *arrowReader) Err() error { return a.err }

// Append adds the rows of an Arrow stream to a table by column name, in one
// transaction; large streams are loaded in bulk. It returns the number of rows.
func (db *DB) Append(ctx context.Context, table string, r array.RecordReader) (rows int64, err error) {
	s := db.Session(ctx)
	defer s.Close()
	return s.Append(ctx, table, r)
}

// Append is DB.Append in the session's transaction, if it has one.
func (s *Session) Append(ctx context.Context, table string, r array.RecordReader) (rows int64, err error) {
	name, err := parser.ParseExpr(table)
	if err != nil {
		return 0, err
	}
	ref, ok := name.(*parser.ColumnRef)
	if !ok || len(ref.Parts) > 2 {
		return 0, sqlstate.New(sqlstate.InvalidName, "%q is not the name of a table", table)
	}
	n := parser.ObjectName{Name: ref.Parts[len(ref.Parts)-1]}
	if len(ref.Parts) == 2 {
		n.Schema = ref.Parts[0]
	}
	st := &Stmt{s: s, parsed: parser.Statement{Stmt: &parser.CopyStmt{Table: &n, From: true, Stdio: true}}}
	if err := s.finishRows(); err != nil {
		return 0, err
	}
	out, err := s.runUtility(ctx, st, nil, func(x *execution) (string, int64, error) {
		n, err := x.appendArrow(n, r)
		return "COPY", n, err
	})
	if err != nil {
		return 0, err
	}
	return out.Result().RowsAffected, nil
}

// appendArrow inserts the stream's rows.
func (x *execution) appendArrow(n parser.ObjectName, r array.RecordReader) (int64, error) {
	t, err := x.Table(n)
	if err != nil {
		return 0, err
	}
	if x.Tx.ReadOnly {
		return 0, exec.ReadOnlyError("Append")
	}
	in, targets, err := arrowColumns(t, r.Schema())
	if err != nil {
		return 0, err
	}
	c, err := load.NewConverter(x, t, in, targets)
	if err != nil {
		return 0, err
	}
	return load.Insert(&x.Statement, t, c, func() (*vector.Batch, error) {
		for r.Next() {
			b, err := vector.FromArrow(r.RecordBatch())
			if err != nil || b.Len > 0 {
				return b, err
			}
		}
		return nil, r.Err()
	})
}

// arrowColumns matches a stream's columns to the table's by name.
func arrowColumns(t *catalog.Table, schema *arrow.Schema) (in []files.Column, targets []int, err error) {
	for _, f := range schema.Fields() {
		typ, err := vector.FromArrowType(f.Type, f.Name)
		if err != nil {
			return nil, nil, err
		}
		o := t.Ordinal(f.Name)
		if o < 0 {
			return nil, nil, sqlstate.New(sqlstate.UndefinedColumn, "table %q has no column %q", t.Name, f.Name)
		}
		in = append(in, files.Column{Name: f.Name, Type: typ})
		targets = append(targets, o)
	}
	return in, targets, nil
}
