package physical

import (
	"context"

	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// locker locks the rows of UPDATE and DELETE and checks again those that have
// changed since the statement's snapshot.
type locker struct {
	*target
	mode rowstore.RowLock
	key  int // position of the locator in the source
	// cols are the target's columns in the source: position and table ordinal.
	cols     []sourceColumn
	complete bool
	recheck  *fn.Evaluator
}

// sourceColumn is a target column in a source batch.
type sourceColumn struct{ at, ordinal int }

// lockedRow is a row that is to be changed: its index in the batch, and its newest version.
type lockedRow struct {
	at  int
	key rowstore.Key
	row rowstore.Row
}

func newLocker(t *target, n *plan.Target, mode rowstore.RowLock) (*locker, error) {
	pos := positions(n.Source.Columns())
	l := &locker{target: t, mode: mode, key: pos[n.Key], complete: n.Complete}
	for _, c := range n.Cols {
		if at, ok := pos[c.ID]; ok && c.Ordinal != plan.KeyOrdinal {
			l.cols = append(l.cols, sourceColumn{at, c.Ordinal})
		}
	}
	cond, err := lowerConds(n.Recheck, pos)
	if err != nil {
		return nil, err
	}
	if cond != nil {
		l.recheck = fn.NewEvaluator(t.st.Eval, cond)
	}
	return l, nil
}

// lock locks the rows of b, a batch of flat columns, and sets b.Sel to those
// that are to be changed; columns of rows that changed get the newest values.
// A row that occurs twice counts the first time.
func (l *locker) lock(ctx context.Context, b *vector.Batch) ([]lockedRow, error) {
	var out []lockedRow
	var changed []int32
	seen := make(map[string]bool, b.Len)
	for i := range b.Len {
		if b.Cols[l.key].IsNull(i) {
			continue
		}
		name := b.Cols[l.key].Str[i]
		if seen[name] {
			continue
		}
		seen[name] = true
		key := rowstore.Key(name)
		got, err := l.st.Txn.Lock(ctx, l.schema, key, l.mode, rowstore.Wait)
		if err != nil {
			return nil, err
		}
		if got.Moved {
			return nil, ErrRestart
		}
		if !got.Found || got.Self {
			continue
		}
		if got.Changed {
			if !l.complete {
				return nil, ErrRestart
			}
			for _, c := range l.cols {
				setCell(b.Cols[c.at], i, got.Row, c.ordinal)
			}
			changed = append(changed, int32(i))
		}
		out = append(out, lockedRow{i, key, got.Row})
	}
	return l.keepMatching(b, out, changed)
}

// keepMatching drops the changed rows for which the condition no longer holds.
func (l *locker) keepMatching(b *vector.Batch, rows []lockedRow, changed []int32) ([]lockedRow, error) {
	if l.recheck != nil && len(changed) > 0 {
		b.Sel = changed
		pass, err := l.recheck.Filter(b, nil)
		if err != nil {
			return nil, err
		}
		ok := map[int]bool{}
		for _, r := range pass {
			ok[int(r)] = true
		}
		was := map[int]bool{}
		for _, r := range changed {
			was[int(r)] = true
		}
		kept := rows[:0]
		for _, r := range rows {
			if !was[r.at] || ok[r.at] {
				kept = append(kept, r)
			}
		}
		rows = kept
	}
	b.Sel = make([]int32, len(rows))
	for i, r := range rows {
		b.Sel[i] = int32(r.at)
	}
	return rows, nil
}

// setCell overwrites one cell, which may have been null, with a row's column.
func setCell(v *vector.Vector, i int, row rowstore.Row, ord int) {
	v.Set(i, row.Datum(ord))
}
