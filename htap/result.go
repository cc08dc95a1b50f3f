package htap

import (
	"slices"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Column describes a column of a result.
type Column struct {
	Name string
	Type types.Type
	// TableID and Ordinal (from 1) name the table column that it shows, 0 for a
	// computed one.
	TableID uint32
	Ordinal int
}

// Result is the outcome of a statement that was run to its end.
type Result struct {
	// Tag is PostgreSQL's command tag: "INSERT 0 3", "SELECT 7", "CREATE TABLE".
	Tag string
	// RowsAffected is the number of rows written, or read for a query.
	RowsAffected int64
}

// Rows is the result of a statement, read row by row (Next, Scan) or batch by
// batch (NextBatch), not both. A statement without a result set has no columns.
// Close ends a statement early; a Rows that was read to its end is closed.
type Rows struct {
	cols   []Column
	source batchSource
	// held is the batch that NextBatch has returned. Its columns are the source's
	// until own replaces them by copies, under the reader's pointer to it.
	held vector.Batch
	// batch is &held while rows are read one by one, at the position of the current
	// row among its alive ones.
	batch *vector.Batch
	at    int
	err   error
	done  bool
}

// batchSource is what a Rows reads from.
type batchSource interface {
	// next returns the next batch, nil at the end; valid until the next call.
	next() (*vector.Batch, error)
	// close stops the statement and waits for it; result is final after it.
	close() error
	result() Result
}

// Columns describes the columns; empty for a statement without a result set.
func (r *Rows) Columns() []Column { return r.cols }

// NextBatch returns the next batch of rows, nil at the end. It is valid until
// the next call or Close; other statements of the session leave its rows as they
// are, but may move them: keep no part of it over one.
func (r *Rows) NextBatch() (*vector.Batch, error) {
	if r.done {
		return nil, r.err
	}
	b, err := r.source.next()
	if err != nil || b == nil {
		r.err = err
		r.finish()
		return nil, r.err
	}
	if vector.Invariants {
		r.replace(b)
		return &r.held, nil
	}
	r.held = vector.Batch{Cols: append(r.held.Cols[:0], b.Cols...), Len: b.Len, Sel: b.Sel}
	return &r.held, nil
}

// replace makes held a copy of b, nil for none, and overwrites the copy that it
// was: for builds with Invariants.
func (r *Rows) replace(b *vector.Batch) {
	old := r.held.Cols
	if r.held = (vector.Batch{}); b != nil {
		own := b.Clone()
		r.held = *own
	}
	for _, c := range old {
		c.Mangle()
	}
}

// Next moves to the next row and reports whether there is one; Err tells the
// end from an error.
func (r *Rows) Next() bool {
	r.at++
	for r.batch == nil || r.at >= r.batch.Rows() {
		b, err := r.NextBatch()
		if err != nil || b == nil {
			return false
		}
		r.batch, r.at = b, 0
	}
	return true
}

// Datum returns column i of the current row.
func (r *Rows) Datum(i int) types.Datum { return r.batch.Cols[i].Datum(r.batch.Row(r.at)) }

// Err returns the error that ended the rows, nil if they ended well.
func (r *Rows) Err() error { return r.err }

// Close ends the statement; closing twice does nothing. It returns Err.
func (r *Rows) Close() error {
	if !r.done {
		r.finish()
	}
	return r.err
}

// buffer reads the rest of the rows into memory and ends the statement.
func (r *Rows) buffer() error {
	if r.done {
		return nil
	}
	c := &collected{}
	r.own()
	x := r.source.(*streamed).x
	for {
		b, err := r.source.next()
		if err != nil {
			r.err, r.done = err, true
			return err
		}
		if b == nil {
			break
		}
		if err := x.keep(c, b); err != nil {
			_ = r.source.close()
			r.err, r.done = err, true
			return err
		}
	}
	c.res = r.source.result()
	r.source = c
	return nil
}

// abort ends the statement before its end, which the reader is told as err; the
// current row stays readable.
func (r *Rows) abort(err error) {
	if r.done {
		return
	}
	r.own()
	r.err, r.done = err, true
	_ = r.source.close() // err is what the reader has to know
}

// own copies the batch that the reader may still hold, before the source takes
// its memory back.
func (r *Rows) own() {
	if vector.Invariants {
		r.replace(&vector.Batch{Cols: r.held.Cols, Len: r.held.Len})
		return
	}
	if len(r.held.Cols) > 0 {
		own := (&vector.Batch{Cols: r.held.Cols, Len: r.held.Len}).Clone()
		own.Sel = slices.Clone(r.held.Sel)
		r.held = *own
	}
}

// finish closes the source and keeps the first error.
func (r *Rows) finish() {
	r.done, r.batch = true, nil
	if vector.Invariants {
		r.replace(nil)
	}
	if err := r.source.close(); r.err == nil {
		r.err = err
	}
}

// Result returns the statement's outcome, final once the rows have ended.
func (r *Rows) Result() Result { return r.source.result() }
