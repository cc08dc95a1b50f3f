package physical

import (
	"context"

	"htapdb/olap"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// rowLocks are the store's locks for FOR UPDATE and its weaker forms.
var rowLocks = map[plan.LockStrength]rowstore.RowLock{
	plan.ForKeyShare: rowstore.LockKeyShare, plan.ForShare: rowstore.LockShare,
	plan.ForNoKeyUpdate: rowstore.LockNoKeyUpdate, plan.ForUpdate: rowstore.LockUpdate,
}

// lock builds SELECT … FOR UPDATE as a source: its input runs to the end first,
// then rows are locked one at a time as they are asked for, so that a LIMIT
// above locks no more than it passes.
func (b *builder) lock(n *plan.Lock) (output, error) {
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	if b.st.Txn == nil {
		return output{}, sqlstate.New(sqlstate.ReadOnlyTransaction, "cannot lock rows in a read-only transaction")
	}
	s := &lockSource{st: b.st, plan: n, input: in}
	for i := range n.Targets {
		t := &n.Targets[i]
		tg, err := b.st.target(t.Table)
		if err != nil {
			return output{}, err
		}
		lt := lockTarget{target: tg, key: in.pos[t.Key]}
		for _, c := range t.Cols {
			if at, ok := in.pos[c.ID]; ok && c.Ordinal != plan.KeyOrdinal {
				lt.cols = append(lt.cols, sourceColumn{at, c.Ordinal})
			}
		}
		s.targets = append(s.targets, lt)
	}
	if s.recheck, err = lowerConds(n.Recheck, in.pos); err != nil {
		return output{}, err
	}
	return output{&olap.Scan{Source: s, Label: "locked rows"}, in.pos}, nil
}

// lockTarget is one table whose rows are locked.
type lockTarget struct {
	*target
	key  int
	cols []sourceColumn
}

// lockSource yields the rows of its input that could be locked and still match.
type lockSource struct {
	st      *Statement
	plan    *plan.Lock
	input   output
	targets []lockTarget
	recheck fn.Expr
}

// Types implements olap.Source.
func (s *lockSource) Types() []types.Type { return s.input.node.Types() }

// EstimatedRows implements olap.Source: locking is done by one goroutine.
func (s *lockSource) EstimatedRows() float64 { return 1 }

// Open implements olap.Source.
func (s *lockSource) Open(ctx context.Context, ex *olap.Exec) (olap.Scanner, error) {
	all := vector.NewBatch(s.Types(), 0)
	err := olap.Run(ctx, s.input.node, single(ex), func(b *vector.Batch) error {
		all.AppendBatch(b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, v := range all.Cols { // strings may point into what the run had pinned
		for i, text := range v.Str {
			v.Str[i] = string([]byte(text))
		}
	}
	r := &lockReader{lockSource: s, rows: all}
	if s.recheck != nil {
		r.ev = fn.NewEvaluator(s.st.Eval, s.recheck)
	}
	return r, nil
}

// lockReader is scanner and its one reader.
type lockReader struct {
	*lockSource
	rows  *vector.Batch
	ev    *fn.Evaluator
	next  int
	given bool
	out   vector.Batch
}

// NewReader implements olap.Scanner.
func (r *lockReader) NewReader() (olap.Reader, error) {
	if r.given {
		return emptyReader{}, nil
	}
	r.given = true
	return r, nil
}

// Ordered implements olap.OrderedScanner: the input may be sorted.
func (r *lockReader) Ordered() bool { return true }

// Close implements olap.Scanner and olap.Reader.
func (r *lockReader) Close() {}

// Next implements olap.Reader.
func (r *lockReader) Next(ctx context.Context) (*vector.Batch, error) {
	for r.next < r.rows.Len {
		at := r.next
		r.next++
		ok, err := r.lockRow(ctx, at)
		if err != nil {
			return nil, err
		}
		if ok {
			r.out = vector.Batch{Len: 1, Cols: r.out.Cols[:0]}
			for _, c := range r.rows.Cols {
				r.out.Cols = append(r.out.Cols, c.Slice(at, at+1))
			}
			return &r.out, nil
		}
	}
	return nil, nil
}

// lockRow locks the tables' rows behind one input row and reports whether the
// row is still a result.
func (r *lockReader) lockRow(ctx context.Context, at int) (bool, error) {
	wait := rowstore.Wait
	if r.plan.Wait != plan.LockBlock {
		wait = rowstore.NoWait
	}
	changed := false
	for i := range r.targets {
		t := &r.targets[i]
		if r.rows.Cols[t.key].IsNull(at) {
			continue
		}
		key := rowstore.Key(r.rows.Cols[t.key].Str[at])
		got, err := r.st.Txn.Lock(ctx, t.schema, key, rowLocks[r.plan.Strength], wait)
		if err != nil {
			if r.plan.Wait == plan.LockSkip && sqlstate.Is(err, sqlstate.LockNotAvailable) {
				return false, nil
			}
			return false, err
		}
		if got.Moved {
			return false, ErrRestart
		}
		if !got.Found {
			return false, nil
		}
		if got.Changed {
			changed = true
			for _, c := range t.cols {
				setCell(r.rows.Cols[c.at], at, got.Row, c.ordinal)
			}
		}
	}
	if !changed {
		return true, nil
	}
	// Locks are released before the commit is durable; nobody may see it before.
	if err := r.st.Txn.WaitRead(ctx); err != nil {
		return false, err
	}
	if !r.plan.Complete {
		return false, ErrRestart
	}
	if r.ev == nil {
		return true, nil
	}
	b := &vector.Batch{Cols: r.rows.Cols, Len: r.rows.Len, Sel: []int32{int32(at)}}
	sel, err := r.ev.Filter(b, nil)
	return len(sel) == 1, err
}
