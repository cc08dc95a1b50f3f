package ddl

import (
	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/load"
	"htapdb/htap/transpose"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// tableRows calls each with batches of all rows that the statement sees.
func (x *Statement) tableRows(t *catalog.Table, each func(*vector.Batch) error) error {
	schema, err := x.Catalog.RowSchema(t)
	if err != nil {
		return err
	}
	ts := make([]types.Type, len(t.Columns))
	for i := range ts {
		ts[i] = t.Columns[i].Type
	}
	b := vector.NewBatch(ts, vector.MaxBatch)
	n := 0
	flush := func() error {
		transpose.Truncate(b, n)
		if err := each(b); err != nil {
			return err
		}
		b.Resize(vector.MaxBatch)
		n = 0
		return x.Ctx.Err()
	}
	it := x.Tx.Txn.Scan(schema, rowstore.Span{}, rowstore.ScanOptions{})
	defer it.Close()
	for it.Next() {
		for c := range ts {
			transpose.Cell(b.Cols[c], n, it.Row(), c)
		}
		if n++; n == vector.MaxBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := it.Err(); err != nil || n == 0 {
		return err
	}
	return flush()
}

// checkRows makes sure that a new CHECK constraint holds for all rows.
func (x *Statement) checkRows(t *catalog.Table, c catalog.Check) error {
	e, err := exec.BindCheck(x.Names(), t, c.SQL)
	if err != nil {
		return err
	}
	ev := fn.NewEvaluator(x.EvalContext(), e)
	return x.tableRows(t, func(b *vector.Batch) error {
		out, err := ev.Eval(b)
		if err != nil {
			return err
		}
		for i := range b.Len {
			if d := out[0].Datum(i); !d.IsNull() && !d.Bool() {
				return sqlstate.New(sqlstate.CheckViolation, "check constraint %q of relation %q is violated by some row", c.Name, t.Name).
					WithObject(sqlstate.Object{Schema: t.Schema, Table: t.Name, Constraint: c.Name})
			}
		}
		return nil
	})
}

// rekey gives a table a primary key: its rows are written again under new
// storage, which finds duplicates and nulls.
func (x *Statement) rekey(old, next *catalog.Table) error {
	var err error
	if next.StorageID, err = x.Catalog.NextID(x.Ctx); err != nil {
		return err
	}
	next.Version, next.Dropped = 1, nil
	for i := range next.Columns {
		next.Columns[i].Since, next.Columns[i].HasMissing = 0, false
	}
	if err := x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, old, next); err != nil {
		return err
	}
	x.Tx.DDL = true
	l, err := load.New(x.Statement, next)
	if err != nil {
		return err
	}
	defer l.Abort()
	if err := x.tableRows(old, l.Add); err != nil {
		return err
	}
	return l.Finish()
}
