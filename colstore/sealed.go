package colstore

import (
	"errors"
	"sort"
	"sync/atomic"

	"htapdb/colstore/segment"
	"htapdb/vector"
)

// sealed is an open segment with what changes about it: its delete logs, and who
// uses it.
type sealed struct {
	store  *Store
	name   string
	seg    *segment.Segment
	layout *layout
	// rows is how many of the file's rows count: those behind it were committed
	// after the position of the manifest that listed the file.
	rows int
	// first and last bound the rowIDs.
	first, last uint64
	// minBegin and maxBegin bound the begin timestamps. With oneBegin all rows
	// begin at maxBegin, whatever the file says: a load's file is written before
	// its timestamp is known, and a merged one needs no history.
	minBegin, maxBegin uint64
	oneBegin           bool
	// dels has the delete log of every 2,048 rows.
	dels []deletes
	// refs counts the versions that list the segment, and the manifest; the last
	// one removes the file unless keep is set.
	refs atomic.Int32
	keep atomic.Bool
	// bytes is what is reserved for the delete logs, and for the file if it takes
	// memory that cannot give way.
	bytes atomic.Int64
}

// openSealed opens the named file. It has no references yet.
func (s *Store) openSealed(name string, l *layout) (*sealed, error) {
	seg, err := segment.Open(s.fs, s.path(name))
	if err != nil {
		return nil, err
	}
	n := seg.NumRows()
	x := &sealed{
		store: s, name: name, seg: seg, layout: l, rows: n,
		minBegin: seg.MinTs(), maxBegin: seg.MaxTs(),
		dels: make([]deletes, (n+blockRows-1)/blockRows),
	}
	x.first, x.last, _ = seg.RowIDBounds()
	if seg.InMemory() {
		x.bytes.Store(seg.SizeBytes())
		s.mem.Force(seg.SizeBytes())
	}
	if !s.onDisk() {
		// The mapping, or copy, is enough.
		_ = s.fs.Remove(s.path(name))
	}
	return x, nil
}

// release gives up a reference.
func (x *sealed) release() {
	if x.refs.Add(-1) > 0 {
		return
	}
	// The mapping's error has nobody to go to, and nothing depends on it.
	_ = x.seg.Release()
	x.store.mem.Release(x.bytes.Load())
	if !x.keep.Load() && x.store.onDisk() {
		x.store.removed.Remove(x.store.path(x.name))
	}
}

// live returns how many rows have not ended at ts.
func (x *sealed) live(ts uint64) int {
	n := x.rows
	for b := range x.dels {
		n -= x.dels[b].count(ts)
	}
	return n
}

// begun returns how many rows begin at or before ts: they are the first ones.
func (x *sealed) begun(ts uint64) (int, error) {
	switch {
	case ts >= x.maxBegin:
		return x.rows, nil
	case x.oneBegin || ts < x.minBegin:
		return 0, nil
	}
	var err error
	n := sort.Search(x.rows, func(i int) bool {
		begin, e := x.seg.Begin(i)
		err = errors.Join(err, e)
		return begin > ts
	})
	return n, err
}

// find returns the row with the rowID, if it counts.
func (x *sealed) find(id uint64) (row int, ok bool, err error) {
	if id < x.first || id > x.last {
		return 0, false, nil
	}
	row, ok, err = x.seg.FindRowID(id)
	return row, ok && row < x.rows, err
}

// rowsOf returns the number of rows in block b.
func (x *sealed) rowsOf(b int) int { return min(blockRows, x.rows-b*blockRows) }

// seal writes what g gathered as a segment file and opens it. Begin timestamps
// are kept only if one is above the horizon.
func (s *Store) seal(schema *TableSchema, l *layout, g *gathered, horizon uint64) (*sealed, error) {
	in := segment.Input{Rows: len(g.rowIDs), RowIDs: g.rowIDs, Begin: g.begin, Prev: g.prev}
	in.MinTs, in.MaxTs = g.begin[0], g.begin[0]
	for _, b := range g.begin {
		in.MinTs, in.MaxTs = min(in.MinTs, b), max(in.MaxTs, b)
	}
	forgotten := in.MaxTs <= horizon
	if forgotten {
		in.Begin, in.MinTs = nil, in.MaxTs
	}
	x, err := s.writeSealed(schema, l, in, g.rows.Cols)
	if err != nil {
		return nil, err
	}
	x.oneBegin = forgotten
	return x, nil
}

// writeSealed writes in, completed by the columns, as a segment and opens it.
func (s *Store) writeSealed(schema *TableSchema, l *layout, in segment.Input, cols []*vector.Vector) (*sealed, error) {
	name := s.nextFile()
	if err := writeSegment(s, name, schema, in, cols); err != nil {
		return nil, err
	}
	return s.openSealed(name, l)
}

// writeSegment writes in, completed by the columns, as the named file.
func writeSegment(s *Store, name string, schema *TableSchema, in segment.Input, cols []*vector.Vector) error {
	if s.opts.Space != nil && s.onDisk() {
		if err := s.opts.Space(); err != nil {
			return err
		}
	}
	for i, c := range schema.Columns {
		in.Columns = append(in.Columns, segment.ColumnInput{ID: c.ID, Data: cols[i]})
	}
	if dense(in.RowIDs) {
		in.FirstRowID, in.RowIDs = in.RowIDs[0], nil
	}
	if allZero(in.Prev) {
		in.Prev = nil
	}
	_, err := segment.Write(s.fs, s.path(name), in)
	return err
}

// dense reports whether ids are consecutive.
func dense(ids []uint64) bool {
	if len(ids) == 0 {
		return false
	}
	for i, id := range ids {
		if id != ids[0]+uint64(i) {
			return false
		}
	}
	return true
}

// allZero reports whether every element is 0.
func allZero(xs []uint64) bool {
	for _, x := range xs {
		if x != 0 {
			return false
		}
	}
	return true
}

// gatherSegment appends what is left of a segment.
func (r *rewrite) gatherSegment(g *gathered, x *sealed) error {
	ids, begins, prevs := make([]uint64, blockRows), make([]uint64, blockRows), make([]uint64, blockRows)
	for b := range x.dels {
		from, n := b*blockRows, max(x.rowsOf(b), 0)
		sel := g.survivors(&x.dels[b], n, r.horizon)
		if len(sel) == 0 {
			continue
		}
		batch := vector.Batch{Len: n, Sel: sel, Cols: make([]*vector.Vector, len(r.v.schema.Columns))}
		for i := range r.v.schema.Columns {
			v, err := x.read(i, &r.v.schema.Columns[i], from, n, nil, &vector.Vector{})
			if err != nil {
				return err
			}
			batch.Cols[i] = v
		}
		g.rows.AppendBatch(&batch)
		if err := errors.Join(x.seg.RowIDs(from, ids[:n]), x.begins(from, begins[:n]), x.seg.Prevs(from, prevs[:n])); err != nil {
			return err
		}
		for _, row := range sel {
			g.add(ids[row], begins[row], prevs[row])
		}
	}
	return nil
}

// begins stores the begin timestamps of the rows from, from+1, … in out.
func (x *sealed) begins(from int, out []uint64) error {
	if !x.oneBegin {
		return x.seg.Begins(from, out)
	}
	for i := range out {
		out[i] = x.maxBegin
	}
	return nil
}

// column returns the file's column, nil if the file was written before the
// column existed.
func (x *sealed) column(ordinal int, def *Column) *segment.Column {
	i := x.layout.index(ordinal, def.ID)
	if i < 0 {
		return nil
	}
	c, _ := x.seg.ColumnByID(def.ID)
	return c
}

// read makes rows [from, from+n) of a column, of which only those in sel (nil:
// all) are needed, in scratch or as a constant, and returns the vector.
func (x *sealed) read(ordinal int, def *Column, from, n int, sel []int32, scratch *vector.Vector) (*vector.Vector, error) {
	c := x.column(ordinal, def)
	if c == nil {
		return vector.NewConst(def.Type, def.Default, n), nil
	}
	if err := c.Read(from, n, sel, scratch); err != nil {
		return nil, err
	}
	// The file's type may have other modifiers than the column has by now.
	scratch.Type = def.Type
	return scratch, nil
}

// locate returns the delete log and row that hold the rowID, and the counter of
// the memory that the log has reserved; nil if there is no such row. It takes a
// segment's log to be about to grow. The caller holds applyMu.
func (t *Table) locate(id uint64) (*deletes, int, *atomic.Int64, error) {
	v := t.current
	if c, row := v.delta.find(id); row >= 0 {
		return &c.dels, row, &c.bytes, nil
	}
	var hit *sealed
	var at int
	var failed error
	v.candidates(id, func(x *sealed) bool {
		row, ok, err := x.find(id)
		if ok {
			hit, at = x, row
		}
		failed = err
		return ok || err != nil
	})
	if hit == nil || failed != nil {
		return nil, 0, nil, failed
	}
	t.touched[hit] = true
	return &hit.dels[at/blockRows], at % blockRows, &hit.bytes, nil
}
