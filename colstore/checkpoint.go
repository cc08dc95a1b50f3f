package colstore

import (
	"context"
	"sort"

	"htapdb/colstore/segment"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// maxProvisional is how many provisional files a table has at most before they
// are written again as one.
const maxProvisional = 8

// provisional says which files hold the rows of a table's delta for the manifest.
// They are written only for the next Open: this process reads the delta itself.
type provisional struct {
	// head is the delta's first chunk when the files were written: while it is
	// the first, the delta has only grown.
	head  *chunk
	files []provisionalFile
}

// provisionalFile holds rows [from, to) of the delta.
type provisionalFile struct {
	name               string
	from, to           int
	minBegin, maxBegin uint64
	columns            []uint32
}

// Checkpoint makes the state at p durable: afterwards Open finds every live
// table as of p. p must not be above the row store's durable timestamp. It waits
// until the tables are safe at p. Tables that are not live, or were filled from
// a snapshot later than p, are left out and will be rebuilt.
//
// Errors: ObjectNotInState if history at p was dropped already (call again with
// a later p), the context's, IOError; the manifest on disk then stays what it
// was. Without a Dir it does nothing.
func (s *Store) Checkpoint(ctx context.Context, p uint64) error {
	if !s.onDisk() {
		return nil
	}
	s.checkpointing.Lock()
	defer s.checkpointing.Unlock()
	if s.closed() {
		return sqlstate.New(sqlstate.AdminShutdown, "the column store is closed")
	}
	if at := s.Position(); p < at {
		return sqlstate.New(sqlstate.ObjectNotInState, "column store: a checkpoint at %d would go back from %d", p, at)
	}
	c := &checkpoint{
		store: s, p: p, listed: map[string]*sealed{}, provisional: map[*Table]*provisional{},
		m: &manifest{storeID: s.opts.StoreID, incarnation: s.opts.Incarnation, position: p},
	}
	// Until the manifest is in place, no table may forget what p sees.
	s.pinned.Store(p)
	defer s.pinned.Store(0)
	defer c.close()
	for _, t := range s.Tables() {
		if err := c.open(ctx, t); err != nil {
			return err
		}
	}
	for _, snap := range c.snaps {
		if err := c.table(snap); err != nil {
			c.removeFresh()
			return err
		}
	}
	c.m.fileNumber = s.fileNumber.Load()
	sort.Slice(c.m.tables, func(i, j int) bool { return c.m.tables[i].schema.ID < c.m.tables[j].schema.ID })
	if replaced, err := s.writeManifest(c.m); err != nil {
		if replaced {
			c.keepBoth()
		} else {
			c.removeFresh()
		}
		return err
	}
	c.publish()
	return nil
}

// checkpoint is one checkpoint being written.
type checkpoint struct {
	store *Store
	p     uint64
	m     *manifest
	snaps []*Snapshot
	// listed and provisional become the store's when the manifest is in place;
	// fresh are the files that were written for it.
	listed      map[string]*sealed
	provisional map[*Table]*provisional
	fresh       []string
}

// open pins the table at the position, unless it has to be left out.
func (c *checkpoint) open(ctx context.Context, t *Table) error {
	if state, _ := t.State(); state != Live || t.born.Load() > c.p {
		return nil
	}
	if err := t.WaitSafe(ctx, c.p); err != nil {
		if state, _ := t.State(); state != Live {
			return nil
		}
		return err
	}
	snap, err := t.Snapshot(c.p)
	if err != nil {
		if state, _ := t.State(); state != Live {
			return nil
		}
		return err
	}
	c.snaps = append(c.snaps, snap)
	return nil
}

// close lets go of the snapshots.
func (c *checkpoint) close() {
	for _, snap := range c.snaps {
		snap.Close()
	}
}

// removeFresh removes the files of a checkpoint that failed before its manifest.
func (c *checkpoint) removeFresh() {
	for _, name := range c.fresh {
		_ = c.store.fs.Remove(c.store.path(name)) // Open removes what stays
	}
}

// keepBoth is for a manifest of which it is unknown whether it took the old
// one's place: the files of both stay until the next checkpoint or Open.
func (c *checkpoint) keepBoth() {
	c.store.orphans = append(c.store.orphans, c.fresh...)
	for name, x := range c.listed {
		if c.store.listed[name] == nil {
			x.refs.Add(1)
			c.store.listed[name] = x
		}
	}
}

// table adds a table to the manifest.
func (c *checkpoint) table(snap *Snapshot) error {
	e := tableEntry{schema: *snap.v.schema}
	for _, x := range snap.v.segs {
		n, err := x.begun(c.p)
		if err != nil {
			return snap.table.corrupt(err)
		}
		if n == 0 {
			continue
		}
		if n == x.rows {
			e.nextRowID = max(e.nextRowID, x.last+1)
		} else if last, err := x.seg.RowID(n - 1); err != nil {
			return snap.table.corrupt(err)
		} else {
			e.nextRowID = max(e.nextRowID, last+1)
		}
		entry := segmentEntry{name: x.name, rows: n, oneBegin: x.oneBegin, minBegin: x.minBegin, maxBegin: x.maxBegin, columns: x.layout.ids}
		for b := range x.dels {
			if l, ok := x.dels[b].entry(c.p); ok {
				l.block = b
				entry.logs = append(entry.logs, l)
			}
		}
		e.segments = append(e.segments, entry)
		c.listed[x.name] = x
	}
	if err := c.delta(snap, &e); err != nil {
		return err
	}
	// Read last: delete logs are folded only below a floor that is in force.
	e.floor = snap.table.Floor()
	c.m.tables = append(c.m.tables, e)
	return nil
}

// entry returns what the log holds at ts; false if that is nothing.
func (d *deletes) entry(ts uint64) (logEntry, bool) {
	l := d.log.Load()
	if l == nil {
		return logEntry{}, false
	}
	n := l.upTo(ts)
	return logEntry{baseRows: l.baseRows, base: l.base, ts: l.ts[:n], rows: l.rows[:n]}, l.baseRows+n > 0
}

// delta adds the rows of the delta to the table's entry, writing files for those
// that have none yet.
func (c *checkpoint) delta(snap *Snapshot, e *tableEntry) error {
	rows := 0
	for _, ch := range snap.chunks {
		n := ch.begun(c.p)
		rows += n
		if n > 0 {
			e.nextRowID = max(e.nextRowID, ch.rowIDs[n-1]+1)
		}
	}
	if rows == 0 {
		return nil
	}
	prov := &provisional{head: snap.chunks[0]}
	if old := c.store.provisional[snap.table]; old != nil && old.head == prov.head && len(old.files) < maxProvisional {
		prov.files = append(prov.files, old.files...)
	}
	from := 0
	if n := len(prov.files); n > 0 {
		from = prov.files[n-1].to
	}
	for from < rows {
		to := min(rows, from+segment.MaxRows)
		f, err := c.writeProvisional(snap, from, to)
		if err != nil {
			return err
		}
		prov.files, from = append(prov.files, f), to
	}
	for _, f := range prov.files {
		entry := segmentEntry{name: f.name, rows: min(f.to, rows) - f.from, minBegin: f.minBegin, maxBegin: f.maxBegin, columns: f.columns}
		if entry.rows <= 0 {
			continue
		}
		entry.logs = chunkLogs(snap.chunks, f.from, f.to, c.p)
		e.segments = append(e.segments, entry)
	}
	c.provisional[snap.table] = prov
	return nil
}

// writeProvisional writes rows [from, to) of the delta as a file.
func (c *checkpoint) writeProvisional(snap *Snapshot, from, to int) (f provisionalFile, err error) {
	schema := snap.v.schema
	g := newGathered(schema, to-from)
	eachChunk(snap.chunks, from, to, func(ch *chunk, _, a, b int) {
		batch := vector.Batch{Len: b - a, Cols: make([]*vector.Vector, len(schema.Columns))}
		for i := range schema.Columns {
			batch.Cols[i] = &vector.Vector{}
			ch.column(i, &schema.Columns[i], a, b, batch.Cols[i])
		}
		g.rows.AppendBatch(&batch)
		for r := a; r < b; r++ {
			g.add(ch.rowIDs[r], ch.begins[r], ch.prev[r])
		}
	})
	f = provisionalFile{name: c.store.nextFile(), from: from, to: to, minBegin: g.begin[0], maxBegin: g.begin[len(g.begin)-1], columns: snap.v.layout.ids}
	in := segment.Input{Rows: to - from, RowIDs: g.rowIDs, Begin: g.begin, Prev: g.prev, MinTs: f.minBegin, MaxTs: f.maxBegin, Provisional: true}
	err = writeSegment(c.store, f.name, schema, in, g.rows.Cols)
	if err == nil {
		c.fresh = append(c.fresh, f.name)
	}
	return f, err
}

// eachChunk calls f with the chunks that overlap rows [from, to) of the delta:
// base is the delta's row of the chunk's row 0, [a, b) the chunk's rows.
func eachChunk(chunks []*chunk, from, to int, f func(c *chunk, base, a, b int)) {
	base := 0
	for _, c := range chunks {
		n := c.rows()
		if a, b := max(from-base, 0), min(to-base, n); a < b {
			f(c, base, a, b)
		}
		if base += n; base >= to {
			return
		}
	}
}

// chunkLogs returns the delete logs at ts of the rows [from, to) of the delta,
// by block of a file that begins with row from.
func chunkLogs(chunks []*chunk, from, to int, ts uint64) []logEntry {
	logs := make([]logEntry, (to-from+blockRows-1)/blockRows)
	type end struct {
		ts  uint64
		row int
	}
	var ends []end
	eachChunk(chunks, from, to, func(c *chunk, base, a, b int) {
		l, ok := c.dels.entry(ts)
		if !ok {
			return
		}
		for r := a; l.base != nil && r < b; r++ {
			if l.base.has(r) {
				row := base + r - from
				into := &logs[row/blockRows]
				if into.base == nil {
					into.base = &bitmap{}
				}
				into.base.set(row % blockRows)
				into.baseRows++
			}
		}
		for i, r := range l.rows {
			if int(r) >= a && int(r) < b {
				ends = append(ends, end{l.ts[i], base + int(r) - from})
			}
		}
	})
	sort.SliceStable(ends, func(i, j int) bool { return ends[i].ts < ends[j].ts })
	for _, e := range ends {
		into := &logs[e.row/blockRows]
		into.ts, into.rows = append(into.ts, e.ts), append(into.rows, uint16(e.row%blockRows))
	}
	used := logs[:0]
	for b, l := range logs {
		if l.block = b; l.baseRows+len(l.ts) > 0 {
			used = append(used, l)
		}
	}
	return used
}

// publish makes the written manifest's files the ones that stay, and lets go of
// those that only its predecessor listed.
func (c *checkpoint) publish() {
	s := c.store
	s.position.Store(c.p)
	current := map[string]bool{}
	for _, p := range c.provisional {
		for _, f := range p.files {
			current[f.name] = true
		}
	}
	for _, p := range s.provisional {
		for _, f := range p.files {
			if !current[f.name] {
				_ = s.fs.Remove(s.path(f.name)) // Open removes what stays
			}
		}
	}
	for _, name := range s.orphans {
		_ = s.fs.Remove(s.path(name)) // as above
	}
	s.provisional, s.orphans = c.provisional, nil
	for _, x := range c.listed {
		x.refs.Add(1)
	}
	for _, x := range s.listed {
		x.release()
	}
	s.listed = c.listed
}
