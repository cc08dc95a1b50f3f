package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// maxBufferRows bounds the rows of one rowBuffer: rows are named by int32.
const maxBufferRows = 1<<31 - 1

// rowBuffer is rows kept in memory, column by column. One goroutine writes it;
// when it is complete any number read.
type rowBuffer struct {
	cols []column
	rows int
	// capacity is for how many rows memory is reserved.
	capacity int
	mem      track
}

func newRowBuffer(ts []types.Type, mem track) *rowBuffer {
	b := &rowBuffer{cols: make([]column, len(ts)), mem: mem}
	for i, t := range ts {
		b.cols[i] = newColumn(t)
	}
	return b
}

// append adds the rows sel (the first n if nil) of the columns.
func (b *rowBuffer) append(cols []*vector.Vector, sel []int32, n int) error {
	if sel != nil {
		n = len(sel)
	}
	copied, err := b.reserve(cols, sel, n)
	if err != nil {
		return err
	}
	for i := range b.cols {
		b.cols[i].append(cols[i], sel, n)
	}
	b.rows += n
	return b.mem.add(-copied)
}

// reserve accounts for n more rows before they are added: for the doubled
// arrays when capacity runs out, and for the bytes of strings. copied is what is
// reserved for as long as an array is copied into its double: the columns grow one
// after the other, so that it is the largest one.
func (b *rowBuffer) reserve(cols []*vector.Vector, sel []int32, n int) (copied int64, err error) {
	if b.rows+n > maxBufferRows {
		return 0, tooManyRows(b.mem.who)
	}
	var bytes int64
	for i := range b.cols {
		c := &b.cols[i]
		if c.phys == types.PhysString && c.dict == nil && !(c.vec.Len == 0 && canUnify(cols[i])) {
			for k := range n {
				bytes += int64(len(stringAt(cols[i], rowOf(sel, k))))
			}
		}
	}
	if b.rows+n > b.capacity {
		capacity := max(b.rows+n, 2*b.capacity)
		for i := range b.cols {
			bytes += int64(capacity-b.capacity) * (b.cols[i].elementSize() + 1)
			copied = max(copied, int64(b.capacity)*b.cols[i].elementSize())
		}
		b.capacity = capacity
	}
	return copied, b.mem.add(bytes + copied)
}

// settle makes the reservation what the buffer really holds.
func (b *rowBuffer) settle() error {
	var n int64
	for i := range b.cols {
		n += b.cols[i].bytes()
	}
	return b.mem.set(n)
}

// adopt appends the rows of o, which must not be used any more. Between two columns
// it asks check whether to go on.
func (b *rowBuffer) adopt(o *rowBuffer, check func() error) error {
	if b.rows+o.rows > maxBufferRows {
		return tooManyRows(b.mem.who)
	}
	if b.rows > 0 && o.rows > 0 {
		// Both copies exist for a moment.
		if err := b.mem.add(o.mem.used); err != nil {
			return err
		}
	}
	for i := range b.cols {
		if err := check(); err != nil {
			return err
		}
		b.cols[i].adopt(&o.cols[i])
		o.cols[i] = column{}
	}
	b.rows += o.rows
	b.capacity = b.rows
	o.mem.release()
	o.rows = 0
	return b.settle()
}

// gather makes out's columns the given rows of the buffer's columns cols.
func (b *rowBuffer) gather(out []*vector.Vector, cols []int, rows []int32) {
	for i, c := range cols {
		b.cols[c].gather(out[i], rows)
	}
}

// slice makes out the rows [from, to) of the leading columns, sharing memory
// where possible.
func (b *rowBuffer) slice(out []*vector.Vector, from, to int) {
	for i, v := range out {
		b.cols[i].slice(v, from, to)
	}
}

// release gives the memory back; the buffer is empty then.
func (b *rowBuffer) release() {
	for i := range b.cols {
		b.cols[i] = newColumn(b.cols[i].typ)
	}
	b.rows, b.capacity = 0, 0
	b.mem.release()
}
