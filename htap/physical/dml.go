package physical

import (
	"htapdb/htap/catalog"
	"htapdb/olap"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// target is a table that a statement writes to.
type target struct {
	st     *Statement
	desc   *catalog.Table
	schema *rowstore.Schema
}

func (st *Statement) target(t *plan.Table) (*target, error) {
	if st.Txn == nil {
		return nil, sqlstate.New(sqlstate.ReadOnlyTransaction, "cannot write to table %q in a read-only transaction", t.Name)
	}
	desc, schema, err := st.table(t)
	return &target{st, desc, schema}, err
}

// checker evaluates CHECK constraints over batches of new rows.
type checker struct {
	table  *catalog.Table
	names  []string
	ev     *fn.Evaluator
	checks int
}

func newChecker(st *Statement, table *catalog.Table, checks []plan.BoundCheck, pos map[plan.ColID]int) (*checker, error) {
	c := &checker{table: table, checks: len(checks)}
	var exprs []fn.Expr
	for _, k := range checks {
		e, err := lower(k.Cond, pos)
		if err != nil {
			return nil, err
		}
		exprs = append(exprs, e)
		c.names = append(c.names, k.Name)
	}
	c.ev = fn.NewEvaluator(st.Eval, exprs...)
	return c, nil
}

// check refuses rows for which a condition is FALSE.
func (c *checker) check(b *vector.Batch) error {
	if c.checks == 0 {
		return nil
	}
	results, err := c.ev.Eval(b)
	if err != nil {
		return err
	}
	for k, v := range results {
		for i := range b.Rows() {
			r := b.Row(i)
			if d := v.Datum(r); !d.IsNull() && !d.Bool() {
				row := make([]types.Datum, len(b.Cols))
				for k, v := range b.Cols {
					row[k] = v.Datum(r)
				}
				return CheckViolation(c.table, c.names[k], row)
			}
		}
	}
	return nil
}

// returner evaluates RETURNING and emits its rows.
type returner struct {
	ev   *fn.Evaluator
	emit Emit
	out  vector.Batch
}

// newReturner returns nil if there is no RETURNING.
func newReturner(st *Statement, exprs []fn.Expr, pos map[plan.ColID]int, emit Emit) (*returner, error) {
	if len(exprs) == 0 {
		return nil, nil
	}
	list, err := lowerAll(exprs, pos)
	if err != nil {
		return nil, err
	}
	return &returner{ev: fn.NewEvaluator(st.Eval, list...), emit: emit}, nil
}

// rows emits RETURNING for the alive rows of b.
func (r *returner) rows(b *vector.Batch) error {
	if r == nil || b.Rows() == 0 {
		return nil
	}
	cols, err := r.ev.Eval(b)
	if err != nil {
		return err
	}
	r.out = vector.Batch{Cols: cols, Len: b.Len, Sel: b.Sel}
	return r.emit(&r.out)
}

// tableBatch makes a batch in the table's column order out of rows of datums.
func (t *target) tableBatch(rows [][]types.Datum) *vector.Batch {
	ts := make([]types.Type, len(t.desc.Columns))
	for i := range ts {
		ts[i] = t.desc.Columns[i].Type
	}
	b := vector.NewBatch(ts, len(rows))
	for r, row := range rows {
		for c, d := range row {
			b.Cols[c].Set(r, d)
		}
	}
	return b
}

// hstack returns the columns of both batches, which have equally many rows.
func hstack(a, b *vector.Batch) *vector.Batch {
	return &vector.Batch{Len: a.Len, Sel: a.Sel, Cols: append(append([]*vector.Vector(nil), a.Cols...), b.Cols...)}
}

// stackedPositions numbers the columns of hstack(a, b).
func stackedPositions(a, b []plan.Column) map[plan.ColID]int {
	pos := positions(a)
	for i, c := range b {
		pos[c.ID] = len(a) + i
	}
	return pos
}

// assigner computes the new values of assigned columns.
type assigner struct {
	ordinals []int
	// slot maps each assignment to its expression, −1 for the column's sequence.
	slot []int
	ev   *fn.Evaluator
}

func newAssigner(st *Statement, set []plan.Assignment, pos map[plan.ColID]int) (*assigner, error) {
	a := &assigner{}
	var exprs []fn.Expr
	for _, x := range set {
		a.ordinals = append(a.ordinals, x.Ordinal)
		if x.Expr == nil {
			a.slot = append(a.slot, -1)
			continue
		}
		e, err := lower(x.Expr, pos)
		if err != nil {
			return nil, err
		}
		a.slot = append(a.slot, len(exprs))
		exprs = append(exprs, e)
	}
	a.ev = fn.NewEvaluator(st.Eval, exprs...)
	return a, nil
}

// keyColumns reports whether an ordinal list touches the primary key or a
// unique index: a row lock then has to keep out foreign key readers too.
func (t *target) touchesKey(ordinals []int) bool {
	set := map[int]bool{}
	for _, o := range ordinals {
		set[o] = true
	}
	for _, o := range t.desc.Primary {
		if set[o] {
			return true
		}
	}
	for i := range t.desc.Indexes {
		if !t.desc.Indexes[i].Unique {
			continue
		}
		for _, o := range t.desc.Indexes[i].Columns {
			if set[o] {
				return true
			}
		}
	}
	return false
}

// single returns an Exec for plans that must run in order on the caller's goroutine.
func single(ex *olap.Exec) *olap.Exec {
	e := *ex
	e.Workers = 1
	return &e
}
