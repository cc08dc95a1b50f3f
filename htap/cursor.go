package htap

import (
	"context"
	"strconv"

	"htapdb/htap/setting"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// maxCursors bounds the cursors that a session has open.
const maxCursors = 1000

// cursor is the result of DECLARE. It is computed as FETCH asks for it, from the
// snapshot of the DECLARE: what else the transaction runs first reads the rest
// of it into memory (Session.finishRows). Cursors that scroll or outlive their
// transaction are kept in memory from the beginning.
type cursor struct {
	name, sql string
	cols      []Column
	hold      bool
	// noScroll is NO SCROLL, scroll is SCROLL.
	noScroll, scroll bool
	// rows is the result of a cursor that only moves forward, nil of one in stored.
	rows *Rows
	// cancel ends the statement behind rows.
	cancel context.CancelFunc
	// stored are all rows of a cursor that is kept in memory, n their number.
	stored []*vector.Batch
	n      int64
	// pos is the row that the cursor stands on, from 1; 0 is before the first
	// and, in stored, n+1 after the last.
	pos int64
	// depth is the number of savepoints when it was declared: a rollback to an
	// earlier one closes it. txn is false for a held cursor of an earlier transaction.
	depth int
	txn   bool
}

// declare is DECLARE name CURSOR FOR query.
func (s *Session) declare(ctx context.Context, outer *Stmt, st *parser.DeclareStmt, args []types.Datum) (*Rows, error) {
	switch {
	case !st.Hold && !s.tx.explicit && !s.tx.script:
		return nil, sqlstate.New(sqlstate.NoActiveTransaction, "DECLARE CURSOR can only be used in transaction blocks").
			WithHint("BEGIN first, or declare it WITH HOLD.")
	case s.cursors[st.Name] != nil:
		return nil, sqlstate.New(sqlstate.DuplicateCursor, "cursor %q already exists", st.Name)
	case len(s.cursors) >= maxCursors:
		return nil, sqlstate.New(sqlstate.ConfigurationLimit, "a session can have %d cursors", maxCursors).WithHint("CLOSE some.")
	case st.Binary:
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "BINARY cursors are not supported").
			WithHint("The extended protocol gives binary results of any FETCH.")
	}
	inner := &Stmt{s: s, parsed: parser.Statement{Stmt: st.Query}, script: outer.script, declared: outer.params, untimed: true}
	p, err := s.plan(inner)
	if err != nil {
		return nil, err
	}
	inner.plan, inner.params, inner.columns = p, p.params, p.columns
	c := &cursor{name: st.Name, sql: outer.parsed.SQL, cols: p.columns, hold: st.Hold, depth: len(s.tx.savepoints), txn: true}
	if st.Scroll != nil {
		c.scroll, c.noScroll = *st.Scroll, !*st.Scroll
	}
	stored := c.hold || c.scroll
	runCtx := ctx
	if !stored {
		runCtx, c.cancel = context.WithCancel(s.ctx)
	}
	rows, err := s.runPlanned(runCtx, inner, args)
	if err != nil {
		return nil, err
	}
	switch source := rows.source.(type) {
	case *collected:
		c.keep(source)
	case *streamed:
		if !stored {
			c.rows = rows
			break
		}
		if err := rows.buffer(); err != nil {
			return nil, err
		}
		s.rows = nil
		c.keep(rows.source.(*collected))
	}
	if s.cursors == nil {
		s.cursors = map[string]*cursor{}
	}
	s.cursors[c.name] = c
	return tagged("DECLARE CURSOR"), nil
}

// tagged is the result of a statement without rows.
func tagged(tag string) *Rows { return &Rows{source: &collected{res: Result{Tag: tag}}} }

// keep takes over a result.
func (c *cursor) keep(from *collected) {
	c.stored = from.batches
	for _, b := range c.stored {
		c.n += int64(b.Rows())
	}
}

// cursor finds a cursor by name.
func (s *Session) cursor(name string) (*cursor, error) {
	if c := s.cursors[name]; c != nil {
		return c, nil
	}
	return nil, sqlstate.New(sqlstate.InvalidCursorName, "cursor %q does not exist", name)
}

// Cursor describes the rows of a cursor that DECLARE made; ok is false if there
// is none of the name.
func (s *Session) Cursor(name string) (columns []Column, ok bool) {
	c := s.cursors[name]
	if c == nil {
		return nil, false
	}
	return c.cols, true
}

// CloseCursor closes a cursor, as CLOSE does.
func (s *Session) CloseCursor(name string) {
	s.dropCursors(func(c *cursor) bool { return c.name == name })
}

// runCursor runs DECLARE, FETCH, MOVE and CLOSE; ok is false for any other
// statement.
func (s *Session) runCursor(ctx context.Context, st *Stmt, args []types.Datum) (rows *Rows, ok bool, err error) {
	switch stmt := st.parsed.Stmt.(type) {
	case *parser.DeclareStmt:
		rows, err = s.declare(ctx, st, stmt, args)
	case *parser.FetchStmt:
		rows, err = s.fetch(ctx, stmt)
	case *parser.CloseStmt:
		rows, err = s.closeCursor(stmt)
	default:
		return nil, false, nil
	}
	return rows, true, s.failed(err)
}

// closeCursor is CLOSE.
func (s *Session) closeCursor(st *parser.CloseStmt) (*Rows, error) {
	if st.Name == "" {
		s.dropCursors(func(*cursor) bool { return true })
		return tagged("CLOSE CURSOR ALL"), nil
	}
	if _, err := s.cursor(st.Name); err != nil {
		return nil, err
	}
	s.dropCursors(func(c *cursor) bool { return c.name == st.Name })
	return tagged("CLOSE CURSOR"), nil
}

// dropCursors closes the cursors that match.
func (s *Session) dropCursors(match func(*cursor) bool) {
	for name, c := range s.cursors {
		if match(c) {
			delete(s.cursors, name)
			if c.rows != nil {
				c.cancel()
				_ = c.rows.Close()
			}
		}
	}
}

// endCursors closes what does not outlive the transaction.
func (s *Session) endCursors(committed bool) {
	if len(s.cursors) == 0 {
		return
	}
	s.dropCursors(func(c *cursor) bool { return c.txn && !(c.hold && committed) })
	for _, c := range s.cursors {
		c.txn = false
	}
}

// readsCursor reports whether the result that is being read is a cursor's, which
// the next FETCH continues.
func (s *Session) readsCursor() bool {
	for _, c := range s.cursors {
		if c.rows != nil && c.rows == s.rows {
			return true
		}
	}
	return false
}

// fetch is FETCH and MOVE.
func (s *Session) fetch(ctx context.Context, st *parser.FetchStmt) (*Rows, error) {
	if s.tx.failed {
		return nil, errFailed()
	}
	c, err := s.cursor(st.Cursor)
	if err != nil {
		return nil, err
	}
	if s.rows != nil && s.rows != c.rows {
		if err := s.finishRows(); err != nil {
			return nil, err
		}
	}
	f := &fetched{c: c, ctx: ctx, verb: "FETCH"}
	if st.Move {
		f.verb = "MOVE"
	}
	if d := setting.StatementTimeout.Get(&s.vars); d > 0 && c.rows != nil {
		f.ctx, f.release = context.WithTimeout(ctx, d)
	}
	if c.rows != nil {
		err = f.forward(st)
	} else {
		err = f.aim(st)
	}
	if err != nil {
		f.done()
		return nil, err
	}
	if st.Move {
		err := f.skip()
		return tagged(f.result().Tag), err
	}
	return &Rows{cols: c.cols, source: f}, nil
}

// fetched is the result of one FETCH, read from its cursor batch by batch.
type fetched struct {
	c       *cursor
	ctx     context.Context
	release context.CancelFunc
	verb    string
	// left is the number of rows still to come, skipped that of those before them.
	left, skipped int64
	// step is −1 for a backward fetch; final is the position after it.
	step, final int64
	n           int64
	ended       bool
}

// everything is a number of rows that no result has.
const everything = 1 << 62

// forward prepares a fetch from a cursor that is being computed.
func (f *fetched) forward(st *parser.FetchStmt) error {
	count, pos := st.Count, f.c.pos
	f.step = 1
	switch {
	case st.Direction == parser.FetchForward && st.All:
		f.left = everything
	case st.Direction == parser.FetchForward && count > 0:
		f.left = count
	case st.Direction == parser.FetchRelative && count > 0:
		f.skipped, f.left = count-1, 1
	case st.Direction == parser.FetchAbsolute && count > pos:
		f.skipped, f.left = count-pos-1, 1
	default:
		return f.c.onlyForward()
	}
	return nil
}

func (c *cursor) onlyForward() error {
	return sqlstate.New(sqlstate.ObjectNotInState, "cursor can only scan forward").
		WithHint("Declare it with SCROLL option to enable backward scan.")
}

// aim prepares a fetch from a cursor in memory: the rows after pos in the
// direction of step, and the position at its end.
func (f *fetched) aim(st *parser.FetchStmt) error {
	c, count := f.c, st.Count
	one := func(target int64) {
		target = min(max(target, 0), c.n+1)
		f.step, f.final = 1, target
		if target >= 1 && target <= c.n {
			c.pos, f.left = target-1, 1
		}
	}
	before := c.pos
	switch st.Direction {
	case parser.FetchAbsolute:
		if count < 0 {
			count += c.n + 1
		}
		one(count)
	case parser.FetchRelative:
		one(clampAdd(c.pos, count))
	default:
		back := st.Direction == parser.FetchBackward
		if st.All {
			count = everything
		}
		if count < 0 {
			back, count = !back, -max(count, -everything)
		}
		switch {
		case count == 0: // the row that it stands on, again
			one(c.pos)
		case back:
			f.step, f.left = -1, min(count, max(c.pos-1, 0))
			f.final = max(c.pos-min(count, c.pos), 0)
		default:
			f.step, f.left = 1, min(count, max(c.n-c.pos, 0))
			f.final = min(clampAdd(c.pos, count), c.n+1)
		}
	}
	if c.noScroll && (f.step < 0 || f.final < before || f.left > 0 && c.pos < before) {
		c.pos = before
		return c.onlyForward()
	}
	return nil
}

// clampAdd adds without passing everything.
func clampAdd(a, b int64) int64 {
	return min(max(a+min(max(b, -everything), everything), -everything), everything)
}

// next implements batchSource.
func (f *fetched) next() (*vector.Batch, error) {
	if f.ended {
		return nil, nil
	}
	for f.skipped > 0 {
		b, err := f.take(f.skipped)
		if err != nil {
			return nil, err
		}
		if b == nil {
			f.left = 0
			break
		}
		f.skipped -= int64(b.Rows())
	}
	if f.left <= 0 {
		f.finish()
		return nil, nil
	}
	b, err := f.take(f.left)
	if err != nil || b == nil {
		f.finish()
		return nil, err
	}
	f.left -= int64(b.Rows())
	f.n += int64(b.Rows())
	return b, nil
}

// finish ends the fetch: the cursor stands where it is to stand.
func (f *fetched) finish() {
	if !f.ended {
		f.ended = true
		if f.c.rows == nil {
			f.c.pos = f.final
		}
		f.done()
	}
}

// done lets go of the fetch's own deadline.
func (f *fetched) done() {
	if f.release != nil {
		f.release()
	}
}

// close implements batchSource: the fetch runs to its end.
func (f *fetched) close() error { return f.skip() }

// skip runs the fetch to its end.
func (f *fetched) skip() error {
	for {
		b, err := f.next()
		if b == nil || err != nil {
			return err
		}
	}
}

// result implements batchSource.
func (f *fetched) result() Result {
	return Result{Tag: f.verb + " " + strconv.FormatInt(f.n, 10), RowsAffected: f.n}
}

// take returns up to n of the next rows, nil at the end; valid until the next call.
func (f *fetched) take(n int64) (*vector.Batch, error) {
	c := f.c
	if c.rows == nil {
		return c.read(n, f.step), nil
	}
	stop := context.AfterFunc(f.ctx, c.cancel)
	defer stop()
	r := c.rows
	for r.batch == nil || r.at >= r.batch.Rows() {
		r.batch = nil
		b, err := r.NextBatch()
		if err != nil {
			return nil, timedOut(f.ctx, err)
		}
		if b == nil {
			return nil, nil
		}
		r.batch, r.at = b, 0
	}
	out := slice(r.batch, r.at, int(min(int64(r.batch.Rows()-r.at), n)))
	r.at += out.Rows()
	c.pos += int64(out.Rows())
	own := out.Clone() // it may be read when the cursor has gone on
	return own, nil
}

// timedOut words an error that the fetch's own deadline caused.
func timedOut(ctx context.Context, err error) error {
	if ctx.Err() == context.DeadlineExceeded {
		return sqlstate.Wrap(sqlstate.QueryCanceled, err, "canceling statement due to statement timeout")
	}
	return err
}

// slice is a part of a batch's alive rows.
func slice(b *vector.Batch, from, n int) *vector.Batch {
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(b.Row(from + i))
	}
	return &vector.Batch{Cols: b.Cols, Len: b.Len, Sel: sel}
}

// read returns up to n rows of a cursor in memory, from the one after pos in the
// direction of step.
func (c *cursor) read(n, step int64) *vector.Batch {
	n = min(n, vector.MaxBatch)
	if step > 0 {
		b, at := c.locate(c.pos + 1)
		if b == nil {
			return nil
		}
		out := slice(b, at, int(min(n, int64(b.Rows()-at))))
		c.pos += int64(out.Rows())
		return out
	}
	out := &vector.Batch{Cols: make([]*vector.Vector, len(c.cols))}
	for i := range c.cols {
		out.Cols[i] = vector.New(c.cols[i].Type, 0)
	}
	for ; n > 0 && c.pos > 1; n-- {
		c.pos--
		b, at := c.locate(c.pos)
		for i, v := range out.Cols {
			v.Append(b.Cols[i].Datum(b.Row(at)))
		}
		out.Len++
	}
	if out.Len == 0 {
		return nil
	}
	return out
}

// locate finds the batch of a row, which counts from 1, and its place in it.
func (c *cursor) locate(row int64) (*vector.Batch, int) {
	at := row - 1
	for _, b := range c.stored {
		if at < int64(b.Rows()) {
			return b, int(at)
		}
		at -= int64(b.Rows())
	}
	return nil, 0
}
