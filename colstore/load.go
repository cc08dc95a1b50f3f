package colstore

import (
	"slices"
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
	buf    *loadBuffer // nil before the first row and after a full one

	free    chan struct{} // a token for each worker that may start
	workers sync.WaitGroup
	mu      sync.Mutex
	// The fields below are guarded by mu while workers run.
	segs  []*sealed
	spare []*loadBuffer // that have been written
	err   error         // the first of a worker
	done  bool
}

// loadBuffer is the rows of one segment of a load.
type loadBuffer struct {
	rows    *vector.Batch
	rowIDs  []uint64
	strings []loadStrings // by column
	// reserved is what the buffer has reserved, stringBytes of it for strings.
	reserved, stringBytes int64
}

// loadStrings is the memory of a string column.
type loadStrings struct {
	arena arena
	// kept is a copy of the dictionary named dictID, which rows share; 0 is none.
	kept   *vector.Vector
	dictID uint64
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
		l.buf.rowIDs = append(l.buf.rowIDs, rowIDs[from:from+n]...)
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
	if l.buf = l.takeSpare(); l.buf != nil {
		return nil
	}
	n := l.store.opts.SealRows
	bytes := int64(n) * rowBytes(l.schema)
	if err := l.store.mem.Reserve(bytes); err != nil {
		// The workers leave theirs when they are done.
		l.workers.Wait()
		if l.buf = l.takeSpare(); l.buf != nil {
			return nil
		}
		return err
	}
	b := &loadBuffer{rows: vector.NewBatch(l.schema.Types(), 0), rowIDs: make([]uint64, 0, n), reserved: bytes}
	for _, c := range b.rows.Cols {
		c.Resize(n)
		c.Resize(0)
	}
	b.strings = make([]loadStrings, len(l.schema.Columns))
	l.buf = b
	return nil
}

// takeSpare returns a buffer that has been written, nil if there is none.
func (l *Load) takeSpare() *loadBuffer {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.spare)
	if n == 0 {
		return nil
	}
	b := l.spare[n-1]
	l.spare = l.spare[:n-1]
	return b
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

// copy appends the rows of b to the buffer, the bytes of strings too: once for
// the strings of a dictionary, else for each row.
func (l *Load) copy(b *vector.Batch) error {
	at := l.buf.rows.Len
	kept := make([]bool, len(b.Cols))
	for i, c := range b.Cols {
		if c.Type.Physical() != types.PhysString || c.Enc != vector.Dict || c.DictID == 0 {
			continue
		}
		if known := &l.buf.strings[i]; known.dictID != c.DictID && c.Dict.Len > 4*b.Rows() {
			continue // few rows of many entries
		}
		dict, err := l.keepDictionary(&l.buf.strings[i], c)
		if err != nil {
			return err
		}
		if !slices.Contains(kept, true) {
			b = &vector.Batch{Len: b.Len, Sel: b.Sel, Cols: slices.Clone(b.Cols)}
		}
		b.Cols[i], kept[i] = vector.NewDict(dict, c.DictID, c.Codes, c.Valid), true
	}
	l.buf.rows.AppendBatch(b)
	for i, c := range l.buf.rows.Cols {
		if c.Type.Physical() != types.PhysString || kept[i] {
			continue
		}
		for r := at; r < l.buf.rows.Len; r++ {
			if c.IsNull(r) {
				c.Str[r] = ""
				continue
			}
			var err error
			if c.Str[r], err = l.keep(&l.buf.strings[i], c.Str[r]); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepDictionary returns a copy of c's dictionary that lives as long as the buffer.
func (l *Load) keepDictionary(s *loadStrings, c *vector.Vector) (*vector.Vector, error) {
	if s.dictID == c.DictID {
		return s.kept, nil
	}
	dict := vector.New(c.Type, c.Dict.Len)
	for i, str := range c.Dict.Str[:c.Dict.Len] {
		var err error
		if dict.Str[i], err = l.keep(s, str); err != nil {
			return nil, err
		}
	}
	s.kept, s.dictID = dict, c.DictID
	return dict, nil
}

// keep returns a copy of str in the buffer's memory.
func (l *Load) keep(s *loadStrings, str string) (string, error) {
	kept, bytes := s.arena.keep(str)
	if bytes > 0 {
		if err := l.store.mem.Reserve(bytes); err != nil {
			return "", err
		}
		l.buf.reserved += bytes
		l.buf.stringBytes += bytes
	}
	return kept, nil
}

// flush hands the buffer to a worker, waiting for one. Finish and Abort wait for
// the workers.
func (l *Load) flush() {
	b := l.buf
	l.buf = nil
	<-l.free
	l.mu.Lock()
	at := len(l.segs)
	l.segs = append(l.segs, nil)
	l.mu.Unlock()
	l.workers.Go(func() {
		x, err := l.store.writeSealed(l.schema, l.layout, segment.Input{Rows: len(b.rowIDs), RowIDs: b.rowIDs}, b.rows.Cols)
		l.empty(b)
		l.mu.Lock()
		l.spare = append(l.spare, b)
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

// empty prepares a buffer for other rows.
func (l *Load) empty(b *loadBuffer) {
	l.store.mem.Release(b.stringBytes)
	b.reserved, b.stringBytes = b.reserved-b.stringBytes, 0
	b.rowIDs = b.rowIDs[:0]
	b.rows.Len = 0
	for i, c := range b.rows.Cols {
		clear(c.Str)
		c.Resize(0)
		b.strings[i] = loadStrings{}
	}
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

// end gives back what the buffers hold and refuses further calls. The workers are
// done.
func (l *Load) end() {
	if l.buf != nil {
		l.store.mem.Release(l.buf.reserved)
		l.buf = nil
	}
	for b := l.takeSpare(); b != nil; b = l.takeSpare() {
		l.store.mem.Release(b.reserved)
	}
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
