package htap

import (
	"context"
	"errors"

	"htapdb/htap/physical"
	"htapdb/htap/setting"
	"htapdb/rowstore"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// runPointWrite executes the compiled form of a statement that writes one row;
// ok is false when the general path has to be taken, which then goes on in the
// transaction that has been begun, if there was none.
func (s *Session) runPointWrite(ctx context.Context, st *Stmt, args []types.Datum) (rows *Rows, ok bool, err error) {
	p := st.plan
	if p == nil || p.write == nil || s.tx.ReadOnly || ctx.Err() != nil || s.ctx.Err() != nil {
		return nil, false, nil
	}
	if err := s.db.begin(); err != nil {
		return nil, true, err
	}
	x := s.execution(st, args)
	x.own.start(ctx, s.ctx, x.start, setting.StatementTimeout.Get(&s.vars))
	x.Ctx = &x.own
	c := &collected{}
	fits, err := x.startPoint(p)
	if err == nil && !fits {
		x.own.close()
		x.leave()
		return nil, false, nil
	}
	n := int64(0)
	if err == nil {
		n, err = x.writePoint(p.write, c)
	}
	if err == nil {
		err = x.Ctx.Err()
	}
	if err = x.end(err); err != nil {
		return nil, true, err
	}
	c.res = Result{Tag: writeTags[p.write.Kind()][n], RowsAffected: n}
	return &Rows{cols: p.columns, source: c}, true, nil
}

// writeTags are the command tags of none and one row.
var writeTags = [...][2]string{
	physical.PointInsert: {"INSERT 0 0", "INSERT 0 1"},
	physical.PointUpdate: {"UPDATE 0", "UPDATE 1"},
	physical.PointDelete: {"DELETE 0", "DELETE 1"},
}

// startPoint begins the statement and takes the table's lock; false if the plan
// is out of date.
func (x *execution) startPoint(p *planned) (bool, error) {
	s := x.s
	if s.tx.Txn == nil {
		if err := s.beginTxn("", nil); err != nil {
			return false, err
		}
	}
	s.tx.Txn.SetLockTimeout(setting.LockTimeout.Get(&s.vars))
	if err := s.tx.Txn.StartStatement(x.Ctx); err != nil {
		return false, err
	}
	if err := x.LoadCatalog(); err != nil {
		return false, err
	}
	if s.tx.ReadOnly || !p.valid(x.Cat, &s.vars) {
		return false, nil
	}
	err := x.LockTable(p.write.Table(), rowstore.LockTableShared)
	if errors.Is(err, physical.ErrRestart) {
		return false, nil
	}
	return true, err
}

// writePoint runs the compiled form and keeps what it returns.
func (x *execution) writePoint(w *physical.PointWrite, c *collected) (int64, error) {
	s := x.s
	eval := fn.Context{Params: x.args, NowMicros: s.tx.startUs, ZoneName: setting.TimeZone.Get(&s.vars),
		DateStyle: s.style.Date, IntervalStyle: s.style.Interval}
	if w.Stateful() {
		eval = *x.EvalContext()
	}
	s.points.SetLimit(setting.MemoryLimit.Get(&s.vars))
	x.texts.Account = s.points
	eval.Memory = &x.texts
	defer x.texts.Close()
	if w.Returns() {
		x.Memory = s.db.queries.Child(x.accountName(), setting.MemoryLimit.Get(&s.vars))
	}
	n, err := w.Run(x.Ctx, s.tx.Txn, &eval, x, func(b *vector.Batch) error { return x.keep(c, b) })
	if err == nil && len(c.batches) > 0 {
		// As in collect: what is not durable yet must not be shown.
		err = s.tx.Txn.WaitRead(x.Ctx)
	}
	return n, err
}
