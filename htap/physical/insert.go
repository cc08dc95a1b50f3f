package physical

import (
	"context"

	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// inserter runs one Insert.
type inserter struct {
	*target
	plan *plan.Insert
	// slots map each table column to an expression of ev, −1 for its sequence.
	slots    []int
	ev       *fn.Evaluator
	checks   *checker
	ret      *returner
	conflict *conflictHandler
	affected int64
}

// runInsert evaluates the rows of the source batch by batch and inserts them.
func runInsert(ctx context.Context, node plan.Node, st *Statement, ex *olap.Exec, emit Emit) (int64, error) {
	n := node.(*plan.Insert)
	t, err := st.target(n.Table)
	if err != nil {
		return 0, err
	}
	in := &inserter{target: t, plan: n}
	if err := in.prepare(emit); err != nil {
		return 0, err
	}
	err = runSource(ctx, n.Source, st, ex, func(b *vector.Batch) error { return in.batch(ctx, b) })
	return in.affected, err
}

// prepare compiles the expressions.
func (in *inserter) prepare(emit Emit) error {
	n := in.plan
	source := positions(n.Source.Columns())
	var exprs []fn.Expr
	for _, v := range n.Values {
		if v == nil {
			in.slots = append(in.slots, -1)
			continue
		}
		e, err := lower(v, source)
		if err != nil {
			return err
		}
		in.slots = append(in.slots, len(exprs))
		exprs = append(exprs, e)
	}
	in.ev = fn.NewEvaluator(in.st.Eval, exprs...)
	pos := stackedPositions(n.NewCols, n.Source.Columns())
	var err error
	if in.checks, err = newChecker(in.st, in.desc, n.Checks, pos); err != nil {
		return err
	}
	if in.ret, err = newReturner(in.st, n.Returning, pos, emit); err != nil {
		return err
	}
	if n.OnConflict != nil {
		in.conflict, err = newConflictHandler(in, n.OnConflict)
	}
	return err
}

// batch inserts the rows of one source batch.
func (in *inserter) batch(ctx context.Context, b *vector.Batch) error {
	values, err := in.ev.Eval(b)
	if err != nil {
		return err
	}
	rows := make([][]types.Datum, b.Len)
	for r := range rows {
		row := make([]types.Datum, len(in.slots))
		for c, slot := range in.slots {
			if slot >= 0 {
				row[c] = values[slot].Datum(r)
				continue
			}
			if row[c], err = in.st.NextValue(ctx, in.desc, c); err != nil {
				return err
			}
		}
		rows[r] = row
	}
	if err := in.checks.check(in.tableBatch(rows)); err != nil {
		return err
	}
	stored := rows[:0:0]
	var from vector.Batch // the rows of the source behind stored
	from.Cols, from.Len, from.Sel = b.Cols, b.Len, []int32{}
	for r, row := range rows {
		final, err := in.row(ctx, row, b, r)
		if err != nil {
			return err
		}
		if final != nil {
			in.affected++
			stored, from.Sel = append(stored, final), append(from.Sel, int32(r))
		}
	}
	if in.ret == nil {
		return nil
	}
	return in.ret.rows(hstack(in.tableBatch(stored), from.Compact()))
}

// row inserts one row, which row r of source gave, and returns it as stored, nil
// if ON CONFLICT skipped it.
func (in *inserter) row(ctx context.Context, row []types.Datum, source *vector.Batch, r int) ([]types.Datum, error) {
	if in.conflict != nil {
		return in.conflict.insert(ctx, row, source, r)
	}
	_, err := in.st.Txn.Insert(ctx, in.schema, row)
	return row, err
}
