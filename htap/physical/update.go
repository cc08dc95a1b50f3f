package physical

import (
	"context"

	"htapdb/olap"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector"
)

// runUpdate locks each row of the source, computes its new values from the
// newest version, and writes them.
func runUpdate(ctx context.Context, node plan.Node, st *Statement, ex *olap.Exec, emit Emit) (int64, error) {
	n := node.(*plan.Update)
	t, err := st.target(n.Table)
	if err != nil {
		return 0, err
	}
	source := n.Source.Columns()
	set, err := newAssigner(st, n.Set, positions(source))
	if err != nil {
		return 0, err
	}
	checks, err := newChecker(st, t.desc, n.Checks, positions(n.NewCols))
	if err != nil {
		return 0, err
	}
	ret, err := newReturner(st, n.Returning, stackedPositions(source, n.NewCols), emit)
	if err != nil {
		return 0, err
	}
	mode := rowstore.LockNoKeyUpdate
	if t.touchesKey(set.ordinals) {
		mode = rowstore.LockUpdate
	}
	lk, err := newLocker(t, &n.Target, mode)
	if err != nil {
		return 0, err
	}
	affected := int64(0)
	err = runSource(ctx, n.Source, st, ex, func(b *vector.Batch) error {
		locked, err := lk.lock(ctx, b)
		if err != nil || len(locked) == 0 {
			return err
		}
		values, err := set.ev.Eval(b)
		if err != nil {
			return err
		}
		rows := make([][]types.Datum, len(locked))
		for i, l := range locked {
			rows[i] = l.row.Datums()
			if err := set.store(ctx, t, values, l.at, rows[i]); err != nil {
				return err
			}
		}
		fresh := t.tableBatch(rows)
		if err := checks.check(fresh); err != nil {
			return err
		}
		for i, l := range locked {
			if _, err := st.Txn.Update(ctx, t.schema, l.key, rows[i]); err != nil {
				return err
			}
		}
		affected += int64(len(locked))
		if ret == nil {
			return nil
		}
		return ret.rows(hstack(b.Compact(), fresh))
	})
	return affected, err
}

// runDelete locks and deletes each row of the source.
func runDelete(ctx context.Context, node plan.Node, st *Statement, ex *olap.Exec, emit Emit) (int64, error) {
	n := node.(*plan.Delete)
	t, err := st.target(n.Table)
	if err != nil {
		return 0, err
	}
	ret, err := newReturner(st, n.Returning, positions(n.Source.Columns()), emit)
	if err != nil {
		return 0, err
	}
	lk, err := newLocker(t, &n.Target, rowstore.LockUpdate)
	if err != nil {
		return 0, err
	}
	affected := int64(0)
	err = runSource(ctx, n.Source, st, ex, func(b *vector.Batch) error {
		locked, err := lk.lock(ctx, b)
		if err != nil {
			return err
		}
		for _, l := range locked {
			if _, err := st.Txn.Delete(ctx, t.schema, l.key); err != nil {
				return err
			}
		}
		affected += int64(len(locked))
		return ret.rows(b)
	})
	return affected, err
}
