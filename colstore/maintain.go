package colstore

import (
	"sort"
	"sync/atomic"

	"htapdb/vector"
)

// maintainRows is how many appended and ended rows of a table make maintenance
// look at it.
const maintainRows = 4 * blockRows

// kick asks the maintenance goroutine to look at the tables.
func (s *Store) kick() {
	select {
	case s.kicked <- struct{}{}:
	default:
	}
}

// maintenance seals and compacts until Close.
func (s *Store) maintenance() {
	for {
		select {
		case <-s.stop:
			return
		case <-s.kicked:
		}
		s.Maintain()
	}
}

// Maintain seals, compacts and folds whatever is due in any table, and returns
// when nothing is. The maintenance goroutine does this in the background;
// calling it is for tests and for commands that want it done now. After an error
// of the file system (Options.OnError) the table is as it was, and what is due
// stays due.
func (s *Store) Maintain() {
	s.maintaining.Lock()
	defer s.maintaining.Unlock()
	for _, t := range s.Tables() {
		t.owed.Store(0)
		for !s.closed() {
			did, err := t.maintain()
			if err != nil && s.opts.OnError != nil {
				s.opts.OnError(t, err)
			}
			if !did || err != nil {
				break
			}
		}
	}
}

// horizon returns the floor up to which history may be dropped now, after having
// raised the table's floor to it.
func (t *Table) horizon() uint64 {
	h := t.Safe()
	if f := t.store.opts.Horizon; f != nil {
		h = min(h, f())
	}
	return t.raiseFloor(h)
}

// maintain does one piece of work on the table and reports whether it did any.
func (t *Table) maintain() (bool, error) {
	h := t.horizon()
	t.fold(h)
	v := t.pin()
	defer v.release(t)
	if r := t.planDelta(v, h); r != nil {
		return true, r.run()
	}
	if r := t.planSegments(v, h); r != nil {
		return true, r.run()
	}
	return false, nil
}

// fold moves delete log entries below the floor into bitmaps.
func (t *Table) fold(h uint64) {
	t.applyMu.Lock()
	defer t.applyMu.Unlock()
	// Only what was touched: a large table has hundreds of thousands of logs.
	for x := range t.touched {
		most := 0
		for b := range x.dels {
			t.foldBlock(&x.dels[b], h, &x.bytes)
			most = max(most, x.dels[b].entries())
		}
		if most < foldEntries {
			delete(t.touched, x)
		}
	}
	for _, c := range t.current.delta.list() {
		t.foldBlock(&c.dels, h, &c.bytes)
	}
}

// foldBlock folds one log and adjusts what is reserved for it.
func (t *Table) foldBlock(d *deletes, h uint64, bytes *atomic.Int64) {
	if grown := d.fold(h); grown != 0 {
		t.mem.Force(grown)
		bytes.Add(grown)
	}
}

// rewrite replaces some chunks at the delta's front, or some segments, by what
// is left of them without the rows that ended at or before the horizon.
type rewrite struct {
	table   *Table
	v       *version
	horizon uint64
	// chunks is how many of the delta's first chunks are replaced; segs are the
	// segments. One of both is empty.
	chunks int
	segs   []*sealed
	// toChunks keeps the rows in memory instead of sealing them.
	toChunks bool
	// live is the number of rows that are left.
	live int
}

// planDelta decides whether full chunks are due to be sealed, or to be rewritten
// because most of their rows are dead.
func (t *Table) planDelta(v *version, h uint64) *rewrite {
	chunks := v.delta.list()
	r := &rewrite{table: t, v: v, horizon: h}
	total := 0
	for _, c := range chunks[:max(len(chunks)-1, 0)] {
		live := c.rows() - c.dels.count(h)
		if r.live+live > t.store.opts.SealRows {
			return r
		}
		r.live, total, r.chunks = r.live+live, total+c.rows(), r.chunks+1
	}
	switch {
	case r.live > t.store.opts.SealRows-blockRows && r.live > 0:
		return r
	case total >= 8*blockRows && r.live <= total/2:
		r.toChunks = true
		return r
	}
	return nil
}

// planSegments decides whether segments are due to be rewritten: one that is
// less than a quarter live, or a run of neighbours that fit into one.
func (t *Table) planSegments(v *version, h uint64) *rewrite {
	limit := t.store.opts.SealRows
	for i := 0; i < len(v.segs); i++ {
		s := v.segs[i]
		live := s.live(h)
		sparse := live < s.rows/4
		if s.maxBegin > h || !sparse && live > limit/2 {
			continue
		}
		r := &rewrite{table: t, v: v, horizon: h, segs: []*sealed{s}, live: live}
		for _, next := range v.segs[i+1:] {
			more := next.live(h)
			if next.maxBegin > h || r.live+more > limit || more > limit/2 && more >= next.rows/4 {
				break
			}
			r.segs, r.live = append(r.segs, next), r.live+more
			sparse = sparse || more < next.rows/4
		}
		// A few small segments wait for company, or every merge would copy the
		// same rows again.
		if sparse || len(r.segs) >= 4 || len(r.segs) > 1 && r.live > limit/2 {
			return r
		}
	}
	return nil
}

// gathered is what is left of the replaced rows.
type gathered struct {
	rows                *vector.Batch
	rowIDs, begin, prev []uint64
	// remap[i][r] is the new place of row r of the i-th replaced block, −1 if it
	// was dropped.
	blocks []*deletes
	remap  [][]int32
}

// run carries the rewrite out.
func (r *rewrite) run() error {
	t := r.table
	need := int64(r.live) * rowBytes(r.v.schema)
	t.mem.Force(need)
	defer t.mem.Release(need)
	g := newGathered(r.v.schema, r.live)
	for _, c := range r.v.delta.list()[:r.chunks] {
		r.gatherChunk(g, c)
	}
	for _, s := range r.segs {
		if err := r.gatherSegment(g, s); err != nil {
			return t.corrupt(err)
		}
	}
	if r.toChunks {
		return r.swapChunks(g)
	}
	if r.live == 0 {
		r.swap(g, nil, nil)
		return nil
	}
	s, err := t.store.seal(r.v.schema, r.v.layout, g, r.horizon)
	if err != nil {
		return err
	}
	s.refs.Add(1)
	r.swap(g, s, nil)
	s.release()
	return nil
}

// newGathered returns room for n rows.
func newGathered(schema *TableSchema, n int) *gathered {
	g := &gathered{rows: vector.NewBatch(schema.Types(), 0)}
	for _, c := range g.rows.Cols {
		c.Resize(n)
		c.Resize(0)
	}
	g.rowIDs, g.begin, g.prev = make([]uint64, 0, n), make([]uint64, 0, n), make([]uint64, 0, n)
	return g
}

// survivors returns the rows of a block of n that have not ended at the horizon,
// and notes where they go.
func (g *gathered) survivors(d *deletes, n int, horizon uint64) []int32 {
	var dead bitmap
	d.mark(&dead, horizon)
	sel := dead.appendClear(make([]int32, 0, n), 0, n)
	remap := make([]int32, n)
	for i := range remap {
		remap[i] = -1
	}
	at := int32(len(g.rowIDs))
	for i, row := range sel {
		remap[row] = at + int32(i)
	}
	g.blocks, g.remap = append(g.blocks, d), append(g.remap, remap)
	return sel
}

// gatherChunk appends what is left of a chunk.
func (r *rewrite) gatherChunk(g *gathered, c *chunk) {
	n := c.rows()
	sel := g.survivors(&c.dels, n, r.horizon)
	batch := vector.Batch{Len: n, Sel: sel, Cols: make([]*vector.Vector, len(r.v.schema.Columns))}
	for i := range r.v.schema.Columns {
		batch.Cols[i] = &vector.Vector{}
		c.column(i, &r.v.schema.Columns[i], 0, n, batch.Cols[i])
	}
	g.rows.AppendBatch(&batch)
	for _, row := range sel {
		g.add(c.rowIDs[row], c.begins[row], c.prev[row])
	}
}

// add appends a row's identity.
func (g *gathered) add(id, begin, prev uint64) {
	g.rowIDs, g.begin, g.prev = append(g.rowIDs, id), append(g.begin, begin), append(g.prev, prev)
}

// laterEnds returns the rows of g that ended after the horizon, in the order of
// their ends, by their new places. The caller holds applyMu, so that none is
// missed and none comes twice.
func (g *gathered) laterEnds(horizon uint64) (rows []int32, ends []uint64) {
	type end struct {
		row int32
		ts  uint64
	}
	var all []end
	for i, d := range g.blocks {
		remap := g.remap[i]
		d.after(horizon, func(row int, ts uint64) { all = append(all, end{remap[row], ts}) })
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].ts < all[j].ts })
	for _, e := range all {
		rows, ends = append(rows, e.row), append(ends, e.ts)
	}
	return rows, ends
}

// swap installs the version in which s (may be nil) and chunks stand for what
// was replaced. Ends that arrived since are carried over.
func (r *rewrite) swap(g *gathered, s *sealed, chunks []*chunk) {
	t := r.table
	t.applyMu.Lock()
	defer t.applyMu.Unlock()
	cur := t.current
	if !r.stillCurrent(cur) {
		return
	}
	rows, ends := g.laterEnds(r.horizon)
	for i, row := range rows {
		var grown int64
		if s != nil {
			grown = s.dels[row/blockRows].add(int(row%blockRows), ends[i])
			s.bytes.Add(grown)
		} else {
			c, at := nthRow(chunks, int(row))
			grown = c.dels.add(at, ends[i])
			c.bytes.Add(grown)
		}
		t.mem.Force(grown)
	}
	gone := make(map[*sealed]bool, len(r.segs))
	for _, old := range r.segs {
		gone[old] = true
		delete(t.touched, old)
	}
	if s != nil && len(rows) > 0 {
		t.touched[s] = true
	}
	segs := make([]*sealed, 0, len(cur.segs)+1)
	for _, old := range cur.segs {
		if !gone[old] {
			segs = append(segs, old)
		}
	}
	if s != nil {
		segs = append(segs, s)
	}
	rest := append(append([]*chunk(nil), chunks...), cur.delta.list()[r.chunks:]...)
	t.install(newVersion(cur.schema, cur.layout, segs, rest))
}

// stillCurrent reports whether what was replaced is still in the current
// version: a Reset or drop meanwhile has taken it out.
func (r *rewrite) stillCurrent(cur *version) bool {
	if r.chunks > 0 {
		now := cur.delta.list()
		return len(now) >= r.chunks && now[0] == r.v.delta.list()[0]
	}
	for _, s := range cur.segs {
		if s == r.segs[0] {
			return true
		}
	}
	return false
}

// nthRow returns the chunk and row of the i-th row of chunks.
func nthRow(chunks []*chunk, i int) (*chunk, int) {
	for _, c := range chunks {
		if i < c.rows() {
			return c, i
		}
		i -= c.rows()
	}
	return nil, -1
}

// swapChunks puts the rows into new chunks, which stay in memory.
func (r *rewrite) swapChunks(g *gathered) error {
	t := r.table
	group := &Group{Rows: g.rows, RowIDs: g.rowIDs, Begin: g.begin, Prev: g.prev}
	var chunks []*chunk
	for from := 0; from < r.live; {
		n := min(r.live-from, blockRows)
		c := newChunk(r.v.schema, r.v.layout, n)
		bytes := chunkBytes(r.v.schema, n)
		bytes += c.append(group, from, from+n)
		c.bytes.Store(bytes)
		c.refs.Add(1)
		t.mem.Force(bytes)
		chunks, from = append(chunks, c), from+n
	}
	r.swap(g, nil, chunks)
	for _, c := range chunks {
		if c.refs.Add(-1) == 0 {
			t.mem.Release(c.bytes.Load())
		}
	}
	return nil
}

// rowBytes estimates the size of a flat row.
func rowBytes(schema *TableSchema) int64 {
	width := int64(3 * 8)
	for _, c := range schema.Columns {
		width += elementBytes(c.Type)
	}
	return width
}
