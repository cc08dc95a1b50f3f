package load

import (
	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/rowstore"
	"htapdb/sql/types"
	"htapdb/vector"
)

// threshold is the number of rows from which COPY FROM takes the bulk path;
// fewer are ordinary inserts, which do not lock the table.
const threshold = 10_000

// Insert inserts all batches of next: row by row while they are few, as a
// bulk load when they are many and the transaction has not written the table yet.
func Insert(x *exec.Statement, t *catalog.Table, c *Converter, next func() (*vector.Batch, error)) (int64, error) {
	var held []*vector.Batch
	rows := 0
	for rows < threshold {
		b, err := next()
		if err != nil {
			return 0, err
		}
		if b == nil {
			return insertFew(x, t, c, held)
		}
		own := b.Clone()
		held = append(held, own)
		rows += own.Len
	}
	return bulk(x, t, c, held, next)
}

// insertFew inserts through the write set.
func insertFew(x *exec.Statement, t *catalog.Table, c *Converter, batches []*vector.Batch) (int64, error) {
	if err := x.LockTable(t, rowstore.LockTableShared); err != nil {
		return 0, err
	}
	schema, err := x.Catalog.RowSchema(t)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	row := make([]types.Datum, len(t.Columns))
	for _, b := range batches {
		conv, err := c.convert(x.Ctx, b)
		if err != nil {
			return 0, err
		}
		for i := range conv.Rows() {
			for k, v := range conv.Cols {
				row[k] = v.Datum(conv.Row(i))
			}
			if _, err := x.Tx.Txn.Insert(x.Ctx, schema, row); err != nil {
				return 0, err
			}
			n++
		}
	}
	return n, nil
}

// bulk loads the held batches and the rest.
func bulk(x *exec.Statement, t *catalog.Table, c *Converter, held []*vector.Batch, next func() (*vector.Batch, error)) (int64, error) {
	l, err := New(x, t)
	if err != nil {
		return 0, err
	}
	defer l.Abort()
	for {
		var b *vector.Batch
		if len(held) > 0 {
			b, held = held[0], held[1:]
		} else if b, err = next(); err != nil {
			return 0, err
		}
		if b == nil {
			break
		}
		if err := x.Ctx.Err(); err != nil {
			return 0, err
		}
		conv, err := c.convert(x.Ctx, b)
		if err != nil {
			return 0, err
		}
		if err := l.Add(conv); err != nil {
			return 0, err
		}
	}
	return l.Rows(), l.Finish()
}
