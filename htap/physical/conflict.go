package physical

import (
	"context"
	"sort"

	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// conflictHandler inserts rows under ON CONFLICT.
type conflictHandler struct {
	in       *inserter
	clause   *plan.OnConflict
	arbiters []uint32
	set      *assigner
	where    *fn.Evaluator
	mode     rowstore.RowLock
}

func newConflictHandler(in *inserter, clause *plan.OnConflict) (*conflictHandler, error) {
	h := &conflictHandler{in: in, clause: clause, mode: rowstore.LockNoKeyUpdate}
	for _, ordinals := range clause.Arbiters {
		id, ok := in.indexOver(ordinals)
		if !ok {
			return nil, sqlstate.New(sqlstate.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
		}
		h.arbiters = append(h.arbiters, id)
	}
	if clause.DoNothing {
		return h, nil
	}
	pos := stackedPositions(clause.Existing, clause.Excluded)
	for i, c := range in.plan.Source.Columns() {
		pos[c.ID] = len(clause.Existing) + len(clause.Excluded) + i
	}
	var err error
	if h.set, err = newAssigner(in.st, clause.Set, pos); err != nil {
		return nil, err
	}
	if in.touchesKey(h.set.ordinals) {
		h.mode = rowstore.LockUpdate
	}
	if clause.Where != nil {
		e, err := lower(clause.Where, pos)
		if err != nil {
			return nil, err
		}
		h.where = fn.NewEvaluator(in.st.Eval, e)
	}
	return h, nil
}

// indexOver returns the id of the key over exactly these columns, 0 for the primary key.
func (t *target) indexOver(ordinals []int) (id uint32, ok bool) {
	if sameSet(ordinals, t.desc.Primary) {
		return 0, true
	}
	for i := range t.desc.Indexes {
		if x := &t.desc.Indexes[i]; x.Unique && sameSet(ordinals, x.Columns) {
			return x.ID, true
		}
	}
	return 0, false
}

func sameSet(a, b []int) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	x, y := append([]int(nil), a...), append([]int(nil), b...)
	sort.Ints(x)
	sort.Ints(y)
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

// insert inserts the row, or does what the clause says about the one in its
// way. It returns the row as stored, nil if nothing was. Row r of source gave it.
func (h *conflictHandler) insert(ctx context.Context, row []types.Datum, source *vector.Batch, r int) ([]types.Datum, error) {
	txn := h.in.st.Txn
	for {
		_, c, err := txn.InsertOrGet(ctx, h.in.schema, row, h.arbiters...)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return row, nil
		}
		if h.clause.DoNothing {
			return nil, nil
		}
		if c.Self {
			return nil, h.twice()
		}
		got, err := txn.Lock(ctx, h.in.schema, c.Key, h.mode, rowstore.Wait)
		if err != nil {
			return nil, err
		}
		if !got.Found {
			continue // deleted while we waited: try to insert again
		}
		if got.Self {
			return nil, h.twice()
		}
		return h.update(ctx, c.Key, got.Row, row, &vector.Batch{Cols: source.Cols, Len: source.Len, Sel: []int32{int32(r)}})
	}
}

func (h *conflictHandler) twice() error {
	return sqlstate.New(sqlstate.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
		WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
}

// update is DO UPDATE for one row.
func (h *conflictHandler) update(ctx context.Context, key rowstore.Key, existing rowstore.Row, excluded []types.Datum, source *vector.Batch) ([]types.Datum, error) {
	old := existing.Datums()
	b := hstack(hstack(h.in.tableBatch([][]types.Datum{old}), h.in.tableBatch([][]types.Datum{excluded})), source.Compact())
	if h.where != nil {
		sel, err := h.where.Filter(b, nil)
		if err != nil || len(sel) == 0 {
			return nil, err
		}
	}
	if err := h.set.apply(ctx, h.in.target, b, 0, old); err != nil {
		return nil, err
	}
	if err := h.in.checks.check(h.in.tableBatch([][]types.Datum{old})); err != nil {
		return nil, err
	}
	_, err := h.in.st.Txn.Update(ctx, h.in.schema, key, old)
	return old, err
}

// apply evaluates the assignments over b and stores those of row r into row.
func (a *assigner) apply(ctx context.Context, t *target, b *vector.Batch, r int, row []types.Datum) error {
	values, err := a.ev.Eval(b)
	if err != nil {
		return err
	}
	return a.store(ctx, t, values, r, row)
}

// store copies evaluated assignments of row r into row.
func (a *assigner) store(ctx context.Context, t *target, values []*vector.Vector, r int, row []types.Datum) error {
	for k, ord := range a.ordinals {
		if slot := a.slot[k]; slot >= 0 {
			row[ord] = values[slot].Datum(r)
			continue
		}
		d, err := t.st.NextValue(ctx, t.desc, ord)
		if err != nil {
			return err
		}
		row[ord] = d
	}
	return nil
}
