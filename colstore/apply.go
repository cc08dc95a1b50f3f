package colstore

import (
	"math/bits"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// Group is what one or more transactions did to a table, in commit order.
type Group struct {
	// Rows are the new row versions: all columns in the schema's order, no
	// selection. nil if there are none. Strings are copied; columns that are not
	// flat are replaced by flat ones.
	Rows *vector.Batch
	// RowIDs and Begin give each new row's ID and timestamp. IDs ascend, also
	// from group to group; timestamps do not descend.
	RowIDs, Begin []uint64
	// Prev is the rowID of the version that each new row replaced, 0 for none;
	// nil means none at all.
	Prev []uint64
	// Ended are the rowIDs that ended, by deletes and by updates alike, and
	// EndTS when; timestamps do not descend. They may name new rows of the group.
	Ended, EndTS []uint64
}

// Apply is ApplyGroup for one transaction that committed at ts.
func (t *Table) Apply(ts uint64, ins *vector.Batch, rowIDs, prev, ended []uint64) error {
	g := &Group{Rows: ins, RowIDs: rowIDs, Prev: prev, Ended: ended}
	stamps := make([]uint64, max(len(rowIDs), len(ended)))
	for i := range stamps {
		stamps[i] = ts
	}
	g.Begin, g.EndTS = stamps[:len(rowIDs)], stamps[:len(ended)]
	return t.ApplyGroup(g)
}

// ApplyGroup adds the group to the columns. Readers see it only once Advance has
// made its timestamps safe. It copies and does nothing else; while the budget is
// used up it waits, bounded, for maintenance to seal. After an error the table's
// content is undefined: the caller detaches and rebuilds it.
//
// Errors: DataCorrupted for an ended row that is unknown, OutOfMemory,
// InternalError for a malformed group.
func (t *Table) ApplyGroup(g *Group) error {
	t.applyMu.Lock()
	defer t.applyMu.Unlock()
	if err := t.usable(); err != nil {
		return err
	}
	if err := t.checkGroup(g); err != nil {
		return err
	}
	if err := t.appendRows(g); err != nil {
		return err
	}
	return t.endRows(g)
}

// usable reports that the table was dropped; the caller holds applyMu.
func (t *Table) usable() error {
	if t.closed {
		return sqlstate.New(sqlstate.ObjectNotInState, "table %q was dropped from the columns", t.current.schema.Name)
	}
	return nil
}

// checkGroup reports what is wrong with the shape or order of g, and flattens
// its columns.
func (t *Table) checkGroup(g *Group) error {
	n, v := len(g.RowIDs), t.current
	switch {
	case len(g.Begin) != n, g.Prev != nil && len(g.Prev) != n, len(g.Ended) != len(g.EndTS):
		return t.malformed("lengths differ: %d rows, %d begins, %d ends, %d end timestamps", n, len(g.Begin), len(g.Ended), len(g.EndTS))
	case n == 0:
	case g.Rows == nil || g.Rows.Len != n || g.Rows.Sel != nil:
		return t.malformed("%d rowIDs, but not as many rows without a selection", n)
	case len(g.Rows.Cols) != len(v.schema.Columns):
		return t.malformed("%d columns instead of %d", len(g.Rows.Cols), len(v.schema.Columns))
	}
	last := t.lastRowID
	for _, id := range g.RowIDs {
		if id <= last {
			return t.malformed("rowID %d after %d", id, last)
		}
		last = id
	}
	if !ascend(g.Begin, t.lastTS) || !ascend(g.EndTS, t.lastTS) {
		return t.malformed("timestamps descend, or lie below %d", t.lastTS)
	}
	if n > 0 && g.Begin[0] <= t.replayed || len(g.Ended) > 0 && g.EndTS[0] <= t.replayed {
		return t.malformed("the columns were recovered at %d and hold the events up to it", t.replayed)
	}
	for i := range v.schema.Columns {
		if n == 0 {
			break
		}
		c := g.Rows.Cols[i]
		if c.Type.Physical() != v.schema.Columns[i].Type.Physical() || c.Len != n {
			return t.malformed("column %q is %s with %d rows", v.schema.Columns[i].Name, c.Type, c.Len)
		}
		g.Rows.Cols[i] = c.Flatten(nil)
	}
	return nil
}

// malformed is the error for a group that breaks the contract.
func (t *Table) malformed(format string, args ...any) error {
	return sqlstate.New(sqlstate.InternalError, "change group for table %q: "+format, append([]any{t.current.schema.Name}, args...)...)
}

// ascend reports whether ts never descends and begins at or above least.
func ascend(ts []uint64, least uint64) bool {
	for _, x := range ts {
		if x < least {
			return false
		}
		least = x
	}
	return true
}

// appendRows copies the new rows to the delta's tail.
func (t *Table) appendRows(g *Group) error {
	n := len(g.RowIDs)
	for from := 0; from < n; {
		c, err := t.tail(n - from)
		if err != nil {
			return err
		}
		to := min(n, from+c.room())
		if strings := c.append(g, from, to); strings > 0 {
			t.mem.Force(strings)
			c.bytes.Add(strings)
		}
		from = to
	}
	if n > 0 {
		t.lastRowID = g.RowIDs[n-1]
		t.lastTS = max(t.lastTS, g.Begin[n-1])
		raise(&t.nextRowID, t.lastRowID+1)
		t.changes.Add(1)
	}
	return nil
}

// tail returns the delta's last chunk, a new one if that is full. Small tables
// begin with small chunks.
func (t *Table) tail(wanted int) (*chunk, error) {
	v := t.current
	chunks := v.delta.list()
	if n := len(chunks); n > 0 {
		if c := chunks[n-1]; c.room() > 0 && c.layout == v.layout {
			return c, nil
		}
	}
	have := 0
	for _, c := range chunks[:min(len(chunks), 8)] {
		have += c.rows()
	}
	size := min(max(64, wanted, have), blockRows)
	size = min(1<<bits.Len(uint(size-1)), blockRows)
	bytes := chunkBytes(v.schema, size)
	if err := t.reserve(bytes); err != nil {
		return nil, err
	}
	// Waiting for memory let others in: the version may be another one, or the
	// table gone.
	if err := t.usable(); err != nil {
		t.mem.Release(bytes)
		return nil, err
	}
	c := newChunk(t.current.schema, t.current.layout, size)
	c.bytes.Store(bytes)
	t.current.delta.push(c)
	if t.owed.Add(int64(size)) >= maintainRows {
		t.store.kick()
	}
	return c, nil
}

// applyWait is how long ApplyGroup waits for memory.
const applyWait = 5 * time.Second

// reserve takes bytes of the budget, waiting for maintenance to free some. The
// caller holds applyMu, which is given up while waiting.
func (t *Table) reserve(bytes int64) error {
	err := t.mem.Reserve(bytes)
	for wait := time.Millisecond; err != nil && wait < applyWait; wait *= 2 {
		if t.store.closed() {
			return err
		}
		t.store.kick()
		t.applyMu.Unlock()
		time.Sleep(wait)
		t.applyMu.Lock()
		err = t.mem.Reserve(bytes)
	}
	return err
}

// endRows appends the ended rows to the delete logs.
func (t *Table) endRows(g *Group) error {
	for i, id := range g.Ended {
		d, row, bytes, err := t.locate(id)
		if err != nil {
			return t.corrupt(err)
		}
		if d == nil || d.has(row) {
			return t.corrupt(sqlstate.New(sqlstate.DataCorrupted, "table %q: row %d ends at %d but is not in the columns", t.current.schema.Name, id, g.EndTS[i]))
		}
		if grown := d.add(row, g.EndTS[i]); grown != 0 {
			t.mem.Force(grown)
			bytes.Add(grown)
		}
	}
	if n := len(g.EndTS); n > 0 {
		t.lastTS = max(t.lastTS, g.EndTS[n-1])
		t.changes.Add(1)
		if t.owed.Add(int64(n)) >= maintainRows {
			t.store.kick()
		}
	}
	return nil
}
