package colstore

import (
	"sort"
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
)

// chunk is a fixed run of delta rows. Its arrays are allocated once and never
// move; the applier writes row n and then publishes n+1, so a reader that has
// loaded n may read every row below it without a lock.
type chunk struct {
	// rowIDs and begins ascend; prev is the row that each row replaced, 0 for none.
	rowIDs, begins, prev []uint64
	layout               *layout
	cols                 []chunkColumn
	// n is the number of published rows, at most len(rowIDs).
	n atomic.Int32
	// dels says when rows ended.
	dels deletes
	// refs counts the deltas that list the chunk; the last one gives the memory back.
	refs atomic.Int32
	// bytes is what the chunk has reserved from the table's account.
	bytes atomic.Int64
}

// chunkColumn is one column of a chunk.
type chunkColumn struct {
	// vec has elements for all rows of the chunk and no validity.
	vec vector.Vector
	// valid is nil until a null arrives, then a byte for each row of the chunk:
	// bytes, because the bits of one word could not be written beside readers.
	valid atomic.Pointer[[]uint8]
	// arena holds the bytes of strings; the applier's.
	arena arena
}

// newChunk returns an empty chunk for capacity rows of the schema.
func newChunk(schema *TableSchema, l *layout, capacity int) *chunk {
	ids := make([]uint64, 3*capacity)
	c := &chunk{
		rowIDs: ids[:capacity:capacity],
		begins: ids[capacity : 2*capacity : 2*capacity],
		prev:   ids[2*capacity:],
		layout: l,
		cols:   make([]chunkColumn, len(schema.Columns)),
	}
	for i, col := range schema.Columns {
		c.cols[i].vec = vector.Vector{Type: col.Type}
		c.cols[i].vec.Resize(capacity)
	}
	return c
}

// chunkBytes returns the size in memory of an empty chunk.
func chunkBytes(schema *TableSchema, capacity int) int64 {
	width := int64(3 * 8)
	for _, c := range schema.Columns {
		width += elementBytes(c.Type)
	}
	return width*int64(capacity) + 256
}

// elementBytes returns the size of a flat element, without a string's bytes.
func elementBytes(t types.Type) int64 {
	switch t.Physical() {
	case types.PhysBool:
		return 1
	case types.PhysInt16:
		return 2
	case types.PhysInt32, types.PhysFloat32:
		return 4
	case types.PhysInt64, types.PhysFloat64:
		return 8
	}
	return 16
}

// rows returns the number of published rows.
func (c *chunk) rows() int { return int(c.n.Load()) }

// room returns how many rows the chunk still takes.
func (c *chunk) room() int { return len(c.rowIDs) - c.rows() }

// append copies rows [from, to) of g, which must fit, to the chunk's end and
// publishes them. It returns the bytes of strings it allocated.
func (c *chunk) append(g *Group, from, to int) (allocated int64) {
	at := c.rows()
	copy(c.rowIDs[at:], g.RowIDs[from:to])
	copy(c.begins[at:], g.Begin[from:to])
	if g.Prev != nil {
		copy(c.prev[at:], g.Prev[from:to])
	}
	for i := range c.cols {
		allocated += c.cols[i].append(at, g.Rows.Cols[i], from, to)
	}
	c.n.Store(int32(at + to - from))
	return allocated
}

// append copies rows [from, to) of the flat vector src to the rows from at on.
func (c *chunkColumn) append(at int, src *vector.Vector, from, to int) (allocated int64) {
	if src.Valid != nil {
		c.appendValid(at, src.Valid[from:to])
	} else if valid := c.valid.Load(); valid != nil {
		ones((*valid)[at : at+to-from])
	}
	dst := &c.vec
	switch dst.Type.Physical() {
	case types.PhysBool:
		copy(dst.Bool[at:], src.Bool[from:to])
	case types.PhysInt16:
		copy(dst.I16[at:], src.I16[from:to])
	case types.PhysInt32:
		copy(dst.I32[at:], src.I32[from:to])
	case types.PhysInt64:
		copy(dst.I64[at:], src.I64[from:to])
	case types.PhysInt128:
		copy(dst.I128[at:], src.I128[from:to])
	case types.PhysFloat32:
		copy(dst.F32[at:], src.F32[from:to])
	case types.PhysFloat64:
		copy(dst.F64[at:], src.F64[from:to])
	case types.PhysInterval:
		copy(dst.Iv[at:], src.Iv[from:to])
	case types.PhysString:
		for i, s := range src.Str[from:to] {
			if src.Valid != nil && src.Valid[from+i] == 0 {
				continue
			}
			var grown int64
			dst.Str[at+i], grown = c.arena.keep(s)
			allocated += grown
		}
	}
	return allocated
}

// appendValid records the validity of the rows from at on, allocating the bytes
// at the first null.
func (c *chunkColumn) appendValid(at int, src []uint8) {
	valid := c.valid.Load()
	if valid == nil {
		if !hasZero(src) {
			return
		}
		bytes := make([]uint8, c.vec.Len)
		ones(bytes)
		copy(bytes[at:], src)
		c.valid.Store(&bytes)
		return
	}
	copy((*valid)[at:], src)
}

// hasZero reports whether a byte of b is 0.
func hasZero(b []uint8) bool {
	for _, x := range b {
		if x == 0 {
			return true
		}
	}
	return false
}

// ones sets every byte to 1.
func ones(b []uint8) {
	for i := range b {
		b[i] = 1
	}
}

// begun returns how many rows begin at or before ts: they are the first ones.
func (c *chunk) begun(ts uint64) int {
	n := c.rows()
	if n == 0 || c.begins[n-1] <= ts {
		return n
	}
	return sort.Search(n, func(i int) bool { return c.begins[i] > ts })
}

// find returns the row with the ID, or −1.
func (c *chunk) find(id uint64) int {
	ids := c.rowIDs[:c.rows()]
	i := sort.Search(len(ids), func(i int) bool { return ids[i] >= id })
	if i < len(ids) && ids[i] == id {
		return i
	}
	return -1
}

// column makes out the rows [from, to) of a column without copying. ordinal is
// the column's place in the reader's schema; a column that did not exist when
// the chunk was made is its default.
func (c *chunk) column(ordinal int, def *Column, from, to int, out *vector.Vector) {
	i := c.layout.index(ordinal, def.ID)
	if i < 0 {
		*out = *vector.NewConst(def.Type, def.Default, to-from)
		return
	}
	col := &c.cols[i]
	*out = *col.vec.Slice(from, to)
	if valid := col.valid.Load(); valid != nil {
		out.Valid = (*valid)[from:to:to]
	}
}

// delta is the list of a superversion's chunks. Only the applier appends to it,
// under Table.applyMu, and only to the current superversion's.
type delta struct {
	// chunks is replaced by a longer slice over the same memory: a reader keeps
	// the one it loaded.
	chunks atomic.Pointer[[]*chunk]
}

// newDelta returns a delta that lists chunks and holds a reference on each.
func newDelta(chunks []*chunk) *delta {
	for _, c := range chunks {
		c.refs.Add(1)
	}
	d := &delta{}
	d.chunks.Store(&chunks)
	return d
}

// list returns the chunks.
func (d *delta) list() []*chunk { return *d.chunks.Load() }

// push appends a chunk.
func (d *delta) push(c *chunk) {
	c.refs.Add(1)
	longer := append(d.list(), c)
	d.chunks.Store(&longer)
}

// find returns the chunk and row that hold the rowID, row −1 if there is none.
func (d *delta) find(id uint64) (*chunk, int) { return findChunk(d.list(), id) }

// findChunk is delta.find in a list of chunks: they ascend by rowID, and at most
// the last one is empty.
func findChunk(chunks []*chunk, id uint64) (*chunk, int) {
	i := sort.Search(len(chunks), func(i int) bool { return chunks[i].rows() == 0 || chunks[i].rowIDs[0] > id })
	if i == 0 {
		return nil, -1
	}
	c := chunks[i-1]
	return c, c.find(id)
}
