package colstore

import (
	"sync"

	"htapdb/colstore/segment"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// loadWorkers is how many segments of a load are encoded at the same time.
const loadWorkers = 2

// Load writes rows straight into segments, without the delta: a bulk load, or a
// table that is filled from the row store. Nothing is visible until AttachLoad.
// Its methods are for one goroutine.
type Load struct {
	store  *Store
	table  *Table
	schema *TableSchema
	layout *layout
	buf    *gathered
	arenas []arena
	// reserved is what buf has reserved.
	reserved int64

	free    chan struct{} // a token for each worker that may start
	workers sync.WaitGroup
	mu      sync.Mutex
	// The fields below are guarded by mu while workers run.
	segs []*sealed
	err  error // the first of a worker
	done bool
}

// NewLoad begins a load into the table. Error: UndefinedTable.
func (s *Store) NewLoad(tableID uint32) (*Load, error) {
	t, ok := s.Table(tableID)
	if !ok {
		return nil, sqlstate.New(sqlstate.UndefinedTable, "no columns of table %d to load", tableID)
	}
	v := t.pin()
	defer v.release(t)
	l := &Load{store: s, table: t, schema: v.schema, layout: v.layout, free: make(chan struct{}, loadWorkers)}
	for range loadWorkers {
		l.free <- struct{}{}
	}
	return l, nil
}

// Append adds the alive rows of b, whose rowIDs count up from firstRowID. The
// batch is copied. Errors: OutOfMemory, InternalError for other columns than the
// table had at NewLoad, and those of writing earlier rows.
func (l *Load) Append(b *vector.Batch, firstRowID uint64) error {
	ids := make([]uint64, b.Rows())
	for i := range ids {
		ids[i] = firstRowID + uint64(i)
	}
	return l.AppendRows(b, ids)
}

// AppendRows is Append with a rowID for each alive row, in any order: filling a
// table from the row store in key order keeps that order.
func (l *Load) AppendRows(b *vector.Batch, rowIDs []uint64) error {
	if len(b.Cols) != len(l.schema.Columns) || len(rowIDs) != b.Rows() {
		return sqlstate.New(sqlstate.InternalError, "load into %q: %d columns, %d rowIDs for %d rows", l.schema.Name, len(b.Cols), len(rowIDs), b.Rows())
	}
	for from := 0; from < len(rowIDs); {
		if err := l.start(); err != nil {
			return err
		}
		n := min(len(rowIDs)-from, l.store.opts.SealRows-len(l.buf.rowIDs))
		part := &vector.Batch{Cols: b.Cols, Len: b.Len, Sel: part(b, from, n)}
		if err := l.copy(part); err != nil {
			return err
		}
		for _, id := range rowIDs[from : from+n] {
			l.buf.add(id, 0, 0)
		}
		if from += n; len(l.buf.rowIDs) == l.store.opts.SealRows {
			l.flush()
		}
	}
	return nil
}

// part returns the selection of n alive rows of b, beginning with the from-th.
func part(b *vector.Batch, from, n int) []int32 {
	if b.Sel != nil {
		return b.Sel[from : from+n]
	}
	if from == 0 && n == b.Len {
		return nil
	}
	sel := make([]int32, n)
	for i := range sel {
		sel[i] = int32(from + i)
	}
	return sel
}

// start makes room for rows, unless there is some.
func (l *Load) start() error {
	if err := l.failed(); err != nil {
		return err
	}
	if l.buf != nil {
		return nil
	}
	n := l.store.opts.SealRows
	bytes := int64(n) * rowBytes(l.schema)
	if err := l.store.mem.Reserve(bytes); err != nil {
		// The workers give theirs back when they are done.
		l.workers.Wait()
		if err := l.store.mem.Reserve(bytes); err != nil {
			return err
		}
	}
	l.reserved = bytes
	l.buf = newGathered(l.schema, n)
	l.arenas = make([]arena, len(l.schema.Columns))
	return nil
}

// failed returns what went wrong in a worker, or a call after the end.
func (l *Load) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return sqlstate.New(sqlstate.InternalError, "load into %q: it has ended", l.schema.Name)
	}
	return l.err
}

// copy appends the rows of b to the buffer, the bytes of strings too.
func (l *Load) copy(b *vector.Batch) error {
	at := l.buf.rows.Len
	l.buf.rows.AppendBatch(b)
	for i, c := range l.buf.rows.Cols {
		if c.Type.Physical() != types.PhysString {
			continue
		}
		for r := at; r < l.buf.rows.Len; r++ {
			var bytes int64
			if c.IsNull(r) {
				c.Str[r] = ""
				continue
			}
			if c.Str[r], bytes = l.arenas[i].keep(c.Str[r]); bytes > 0 {
				if err := l.store.mem.Reserve(bytes); err != nil {
					return err
				}
				l.reserved += bytes
			}
		}
	}
	return nil
}

// flush hands the buffer to a worker, waiting for one. Finish and Abort wait for
// the workers.
func (l *Load) flush() {
	g, reserved := l.buf, l.reserved
	l.buf, l.reserved = nil, 0
	<-l.free
	l.mu.Lock()
	at := len(l.segs)
	l.segs = append(l.segs, nil)
	l.mu.Unlock()
	l.workers.Go(func() {
		x, err := l.store.writeSealed(l.schema, l.layout, segment.Input{Rows: len(g.rowIDs), RowIDs: g.rowIDs}, g.rows.Cols)
		l.store.mem.Release(reserved)
		l.mu.Lock()
		if err != nil && l.err == nil {
			l.err = err
		}
		if err == nil {
			x.refs.Add(1)
			l.segs[at] = x
		}
		l.mu.Unlock()
		l.free <- struct{}{}
	})
}

// Finish writes what is left, waits until everything is durable, and returns the
// segments' names, in order, for AttachLoad. On an error the load is aborted.
func (l *Load) Finish() ([]string, error) {
	if l.buf != nil && len(l.buf.rowIDs) > 0 {
		l.flush()
	}
	l.workers.Wait()
	if err := l.failed(); err != nil {
		l.Abort()
		return nil, err
	}
	l.end()
	names := make([]string, len(l.segs))
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	for i, x := range l.segs {
		names[i] = x.name
		l.store.loads[x.name] = x
	}
	return names, nil
}

// end gives back what the buffer holds and refuses further calls.
func (l *Load) end() {
	l.store.mem.Release(l.reserved)
	l.buf, l.reserved = nil, 0
	l.mu.Lock()
	l.done = true
	l.mu.Unlock()
}

// Abort removes the load's files, also after Finish as long as they are not
// attached. Further calls do nothing.
func (l *Load) Abort() {
	l.workers.Wait()
	l.mu.Lock()
	finished := l.done
	l.mu.Unlock()
	l.end()
	for _, x := range l.segs {
		if x != nil && (!finished || l.store.takeLoad(x.name) != nil) {
			x.release()
		}
	}
	l.segs = nil
}

// takeLoad removes a finished segment from the waiting ones and returns it, nil
// if it does not wait.
func (s *Store) takeLoad(name string) *sealed {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.loads[name]
	delete(s.loads, name)
	return x
}

// DiscardLoad removes the segments of a finished load that nobody will attach;
// those that are not waiting are left alone.
func (s *Store) DiscardLoad(names []string) {
	for _, name := range names {
		if x := s.takeLoad(name); x != nil {
			x.release()
		}
	}
}

// AttachLoad makes a finished load part of the table: its rows begin at ts. It
// is an event of the feed like any other, so the applier calls it, in order; the
// rows are readable when Advance has made ts safe. Error: UndefinedFile for
// segments that no load left behind (the process was restarted since): the table
// then has to be rebuilt or the load replayed from the row store.
func (t *Table) AttachLoad(ts uint64, names []string) error {
	t.applyMu.Lock()
	defer t.applyMu.Unlock()
	if err := t.usable(); err != nil {
		return err
	}
	if ts < t.lastTS || ts <= t.replayed {
		return t.malformed("a load at %d comes after %d", ts, t.lastTS)
	}
	var added []*sealed
	defer func() {
		for _, x := range added {
			x.release()
		}
	}()
	for _, name := range names {
		x := t.store.takeLoad(name)
		if x == nil {
			return sqlstate.New(sqlstate.UndefinedFile, "table %q: no load left segment %s", t.current.schema.Name, name)
		}
		added = append(added, x)
	}
	for _, x := range added {
		x.oneBegin, x.minBegin, x.maxBegin = true, ts, ts
		raise(&t.nextRowID, x.last+1)
	}
	t.lastTS = ts
	v := t.current
	segs := append(append([]*sealed(nil), v.segs...), added...)
	t.install(newVersion(v.schema, v.layout, segs, append([]*chunk(nil), v.delta.list()...)))
	if t.owed.Add(int64(len(names))*blockRows) >= maintainRows {
		t.store.kick()
	}
	return nil
}
