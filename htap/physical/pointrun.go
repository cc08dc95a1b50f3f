package physical

import (
	"context"

	"htapdb/htap/catalog"
	"htapdb/olap"
	"htapdb/rowstore"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Sequencer gives columns the next values of their sequences.
type Sequencer interface {
	NextValue(ctx context.Context, t *catalog.Table, ordinal int) (types.Datum, error)
}

// pointRun is one execution of a PointWrite at a time, with its memory.
type pointRun struct {
	p    *PointWrite
	eval fn.Context
	ctx  context.Context
	// source and fresh have one row: the one found, and the one to be written, of
	// which only the columns that are used are filled. stacked has the columns of both.
	source, fresh, stacked vector.Batch
	row                    []types.Datum
	key                    []types.Datum
	one                    [1]int32

	filter, recheck                  *fn.Evaluator
	given, values, checks, returning *fn.Evaluator
	matches                          func(rowstore.Row) (bool, error)
	interrupted                      func() bool
	found                            bool
}

// newRun allocates what executions need.
func (p *PointWrite) newRun() *pointRun {
	r := &pointRun{p: p}
	r.source = vector.Batch{Len: 1}
	for _, t := range p.source {
		r.source.Cols = append(r.source.Cols, vector.New(t, 1))
	}
	fresh := make([]*vector.Vector, len(p.desc.Columns))
	for _, o := range p.fresh {
		fresh[o] = vector.New(p.desc.Columns[o].Type, 1)
	}
	r.fresh = vector.Batch{Len: 1, Cols: fresh}
	r.stacked = *hstack(&r.source, &r.fresh)
	evaluator := func(exprs ...fn.Expr) *fn.Evaluator {
		if len(exprs) == 0 || exprs[0] == nil {
			return nil
		}
		return fn.NewEvaluator(&r.eval, exprs...)
	}
	r.filter, r.recheck = evaluator(p.filter), evaluator(p.recheck)
	r.given, r.values = evaluator(p.given...), evaluator(p.exprs...)
	r.checks, r.returning = evaluator(p.checks...), evaluator(p.returning...)
	r.matches = r.match
	r.interrupted = func() bool { return r.ctx.Err() != nil }
	return r
}

// Run executes the statement in txn, whose statement has begun and has the
// table's lock. eval is copied. It returns the number of rows written, and gives
// emit the row of RETURNING.
func (p *PointWrite) Run(ctx context.Context, txn *rowstore.Txn, eval *fn.Context, seq Sequencer, emit Emit) (n int64, err error) {
	defer olap.Recover(&err)
	r := p.runs.Get().(*pointRun)
	n, err = r.run(ctx, txn, eval, seq, emit)
	r.done() // not after a panic: nobody knows what it left
	return n, err
}

func (r *pointRun) run(ctx context.Context, txn *rowstore.Txn, eval *fn.Context, seq Sequencer, emit Emit) (int64, error) {
	r.ctx, r.eval = ctx, *eval
	r.eval.Interrupted = r.interrupted
	for _, ev := range r.evaluators() {
		if ev != nil {
			ev.Reset(&r.eval)
		}
	}
	ok, err := r.write(txn, seq)
	if err != nil || !ok {
		return 0, err
	}
	if r.returning == nil {
		return 1, nil
	}
	cols, err := r.returning.Eval(&r.stacked)
	if err != nil {
		return 0, err
	}
	return 1, emit(&vector.Batch{Cols: cols, Len: 1})
}

// evaluators are those that there are, and nil for others.
func (r *pointRun) evaluators() [6]*fn.Evaluator {
	return [...]*fn.Evaluator{r.filter, r.recheck, r.given, r.values, r.checks, r.returning}
}

// done lets go of what belongs to the execution.
func (r *pointRun) done() {
	clear(r.row)
	clear(r.key)
	for _, ev := range r.evaluators() {
		if ev != nil {
			ev.Release()
		}
	}
	r.ctx, r.eval = nil, fn.Context{}
	r.p.runs.Put(r)
}

// write finds the row, computes it and writes it; false if there is none to write.
func (r *pointRun) write(txn *rowstore.Txn, seq Sequencer) (bool, error) {
	p := r.p
	if p.kind == PointInsert {
		if err := r.give(); err != nil {
			return false, err
		}
		r.row = append(r.row[:0], make([]types.Datum, len(p.ordinals))...)
		if err := r.compute(seq); err != nil {
			return false, err
		}
		_, err := txn.Insert(r.ctx, p.schema, r.row)
		return err == nil, err
	}
	key, err := r.keyBytes()
	if err != nil || key == nil {
		return false, err
	}
	var match func(rowstore.Row) (bool, error)
	if r.filter != nil {
		match = r.matches
	}
	l, err := txn.LockSeen(r.ctx, p.schema, key, p.mode, match)
	if err != nil || !l.Found || l.Self {
		return false, err
	}
	r.read(l.Row)
	if l.Changed && r.recheck != nil {
		if ok, err := r.passes(r.recheck); err != nil || !ok {
			return false, err
		}
	}
	if p.kind == PointDelete {
		return txn.Delete(r.ctx, p.schema, key)
	}
	r.row = l.Row.AppendTo(r.row[:0])
	if err := r.compute(seq); err != nil {
		return false, err
	}
	_, err = txn.Update(r.ctx, p.schema, key, r.row)
	return err == nil, err
}

// keyBytes computes the row's key, nil if a part of it is NULL: that equals nothing.
func (r *pointRun) keyBytes() (rowstore.Key, error) {
	r.key = r.key[:0]
	null := false
	for _, e := range r.p.key {
		d, err := fn.EvalScalar(&r.eval, e)
		if err != nil {
			return nil, err
		}
		r.key, null = append(r.key, d), null || d.IsNull()
	}
	if null {
		return nil, nil
	}
	return r.p.schema.PrimaryKey(r.key...)
}

// give computes the row of VALUES.
func (r *pointRun) give() error {
	if r.given == nil {
		return nil
	}
	values, err := r.given.Eval(&vector.Batch{Len: 1})
	if err != nil {
		return err
	}
	for i, v := range values {
		r.source.Cols[i].Resize(1)
		r.source.Cols[i].Set(0, v.Datum(0))
	}
	return nil
}

// read fills the source from a row, which stays valid.
func (r *pointRun) read(row rowstore.Row) {
	for _, c := range r.p.read {
		v := r.source.Cols[c.at]
		v.Resize(1)
		setCell(v, 0, row, c.ordinal)
	}
}

// match applies the conditions beside the key.
func (r *pointRun) match(row rowstore.Row) (bool, error) {
	r.read(row)
	return r.passes(r.filter)
}

func (r *pointRun) passes(filter *fn.Evaluator) (bool, error) {
	sel, err := filter.Filter(&r.source, r.one[:])
	return len(sel) == 1, err
}

// compute puts the new values into row and checks it.
func (r *pointRun) compute(seq Sequencer) error {
	p := r.p
	var values []*vector.Vector
	var err error
	if r.values != nil {
		if values, err = r.values.Eval(&r.source); err != nil {
			return err
		}
	}
	for k, o := range p.ordinals {
		if slot := p.slot[k]; slot >= 0 {
			r.row[o] = values[slot].Datum(0)
			continue
		}
		if r.row[o], err = seq.NextValue(r.ctx, p.desc, o); err != nil {
			return err
		}
	}
	for _, o := range p.fresh {
		r.fresh.Cols[o].Resize(1)
		r.fresh.Cols[o].Set(0, r.row[o])
	}
	return r.check()
}

// check refuses a row for which a constraint is FALSE.
func (r *pointRun) check() error {
	if r.checks == nil {
		return nil
	}
	results, err := r.checks.Eval(&r.fresh)
	if err != nil {
		return err
	}
	for k, v := range results {
		if d := v.Datum(0); !d.IsNull() && !d.Bool() {
			return CheckViolation(r.p.desc, r.p.checkNames[k], r.row)
		}
	}
	return nil
}
