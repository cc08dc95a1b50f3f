package rowstore

import (
	"bytes"

	"htapdb/sql/sqlstate"
)

// Iterator yields rows: for it.Next() { it.Row() }; it.Err(); it.Close(). It
// belongs to one goroutine.
type Iterator struct {
	schema *Schema
	cursor *cursor
	// index is nil for a scan of the primary key.
	index *compiledIndex
	txn   *Txn
	limit int64 // rows left, negative for no limit
	key   Key
	row   Row
	err   error
	buf   []byte
}

// scan opens an iterator over a primary key span.
func (v *view) scan(schema *Schema, txn *Txn, span Span, opts ScanOptions, own []*ownEntry, limit int) *Iterator {
	it := &Iterator{schema: schema, txn: txn, limit: opts.Limit}
	if it.limit <= 0 {
		it.limit = -1
	}
	it.cursor = newCursor(*v, schema.def.ID, schema.primary, span, opts.Reverse, own, limit)
	return it
}

// scanIndex opens an iterator over a secondary index's span.
func (v *view) scanIndex(schema *Schema, index uint32, span Span, opts ScanOptions, txn *Txn, limit int) *Iterator {
	ix := schema.index(index)
	if ix == nil {
		return &Iterator{err: sqlstate.New(sqlstate.InternalError, "table %q has no index %d", schema.def.Name, index)}
	}
	it := &Iterator{schema: schema, index: ix, txn: txn, limit: opts.Limit}
	if it.limit <= 0 {
		it.limit = -1
	}
	var own []*ownEntry
	if txn != nil {
		own = txn.writes.span(ix.header, span, opts.Reverse)
	}
	it.cursor = newCursor(*v, schema.def.ID, ix.header, span, opts.Reverse, own, limit)
	return it
}

// Next moves to the next row and reports whether there is one; false is the
// end or an error.
func (it *Iterator) Next() bool {
	for it.err == nil && it.limit != 0 && it.cursor != nil && it.cursor.next() {
		ok, err := it.load()
		if err != nil {
			it.err = err
			return false
		}
		if ok {
			it.limit--
			return true
		}
	}
	return false
}

// load makes the cursor's entry the current row; ok is false to skip it.
func (it *Iterator) load() (ok bool, err error) {
	c := it.cursor
	if it.index != nil {
		return it.loadByIndex()
	}
	it.key = Key(c.body)
	ver, ok := decodeVersion(c.value)
	if !ok {
		return false, it.schema.corrupt("value of %d bytes is no row version", len(c.value))
	}
	it.row, err = it.schema.decodeRow(ver.row, ver.flags)
	if err != nil {
		return false, err
	}
	if c.isOwn {
		it.row.stable = true
	} else {
		it.row.rowID, it.row.ts = ver.rowID, c.ts
	}
	return true, nil
}

// loadByIndex follows an index entry to its row.
func (it *Iterator) loadByIndex() (ok bool, err error) {
	c := it.cursor
	key, ok := entryKey(c.body, c.value)
	if !ok {
		return false, it.schema.corrupt("entry of index %q leads nowhere", it.index.Name)
	}
	it.key = append(it.key[:0], key...)
	var found bool
	if it.txn != nil {
		it.row, found, err = it.txn.getAs(&c.view, it.schema, it.key, c.limit)
	} else {
		var v foundVersion
		v, err = c.view.get(it.schema, it.key)
		it.row, found = v.row, v.live()
	}
	if err != nil {
		return false, err
	}
	if !c.view.newest {
		if !found {
			return false, it.schema.corrupt("entry of index %q leads to a row that does not exist", it.index.Name)
		}
		return true, nil
	}
	// Entry and row were read at different moments: the row may have changed.
	return found && it.matchesIndex(c.body), nil
}

// matchesIndex reports whether the row still has the columns of the entry.
func (it *Iterator) matchesIndex(body []byte) bool {
	buf, _, err := it.schema.appendIndexColumns(it.buf[:0], it.index, it.row.Datums())
	it.buf = buf
	return err == nil && bytes.HasPrefix(body, buf)
}

// Row returns the current row, valid until Next.
func (it *Iterator) Row() Row { return it.row }

// Key returns the current row's primary key, valid until Next.
func (it *Iterator) Key() Key { return it.key }

// Err returns the error that ended the iteration.
func (it *Iterator) Err() error {
	if it.err == nil && it.cursor != nil {
		return it.cursor.err
	}
	return it.err
}

// Close releases the iterator and returns Err.
func (it *Iterator) Close() error {
	if it.cursor != nil {
		it.cursor.close()
	}
	return it.Err()
}
