package colstore

import (
	"math/bits"
	"sort"
	"sync/atomic"
)

// blockRows is the number of rows that share a delete log: one batch.
const blockRows = 2048

// bitmap has one bit for each row of a block.
type bitmap [blockRows / 64]uint64

// set marks row i.
func (b *bitmap) set(i int) { b[i>>6] |= 1 << (i & 63) }

// has reports whether row i is marked.
func (b *bitmap) has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

// identity is 0, 1, 2 … as a selection.
var identity = func() (rows [blockRows]int32) {
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}()

// word returns the bits of rows [64w, 64w+64) that lie in [from, to), as a mask.
func word(w, from, to int) uint64 {
	mask := ^uint64(0)
	if low := from - w<<6; low > 0 {
		mask <<= low
	}
	if high := to - w<<6; high < 64 {
		mask &= 1<<high - 1
	}
	return mask
}

// count returns how many rows of [from, to) are marked.
func (b *bitmap) count(from, to int) int {
	n := 0
	for w := from >> 6; w<<6 < to; w++ {
		n += bits.OnesCount64(b[w] & word(w, from, to))
	}
	return n
}

// appendClear appends the rows of [from, to) that are not marked, less from, to
// sel in ascending order.
func (b *bitmap) appendClear(sel []int32, from, to int) []int32 {
	for w := from >> 6; w<<6 < to; w++ {
		base := w<<6 - from
		clear := ^b[w] & word(w, from, to)
		if clear == ^uint64(0) {
			sel = append(sel, identity[base:base+64]...)
			continue
		}
		for ; clear != 0; clear &= clear - 1 {
			sel = append(sel, int32(base+bits.TrailingZeros64(clear)))
		}
	}
	return sel
}

// drop removes from sel, which counts from the row from on, the marked rows.
func (b *bitmap) drop(sel []int32, from int) []int32 {
	k := 0
	for _, r := range sel {
		i := int(r) + from
		sel[k] = r
		k += int(^b[i>>6] >> (i & 63) & 1)
	}
	return sel[:k]
}

// deleteLog lists the rows of one block that ended, in the order in which they
// ended. A row ends at most once.
//
// A log rather than an end timestamp for each row: a block that lost three rows
// costs a scan three steps and not 2,048 comparisons, and thirty bytes and not
// sixteen thousand.
type deleteLog struct {
	// base marks rows whose end is at or before the table's floor, for which no
	// timestamp is needed any more; nil if there are none. Immutable.
	base     *bitmap
	baseRows int
	// ts[i] and rows[i] for i < n are the entries, ts ascending. The applier
	// writes entry n, then publishes n+1.
	ts   []uint64
	rows []uint16
	n    atomic.Int32
}

// deletes is the delete log of a block, nil while nothing in it was deleted. The
// applier and, under Table.applyMu, maintenance write; anyone reads.
type deletes struct {
	log atomic.Pointer[deleteLog]
	// ended marks every row that has an end, however late. Only who writes looks
	// at it: it makes 'did this row end already?' one step.
	ended *bitmap
}

// add records that row ended at ts, which is not below the last one's. It
// returns how many bytes the log grew.
func (d *deletes) add(row int, ts uint64) (bytes int64) {
	l := d.log.Load()
	if l == nil || int(l.n.Load()) == len(l.ts) {
		bytes = -d.bytes()
		l = l.grown()
		d.log.Store(l)
		bytes += d.bytes()
	}
	if d.ended == nil {
		d.ended = &bitmap{}
	}
	d.ended.set(row)
	n := l.n.Load()
	l.ts[n], l.rows[n] = ts, uint16(row)
	l.n.Store(n + 1)
	return bytes
}

// grown returns a copy of l (nil: an empty log) with room for more entries.
func (l *deleteLog) grown() *deleteLog {
	g := &deleteLog{}
	var n int
	if l != nil {
		n = int(l.n.Load())
		g.base, g.baseRows = l.base, l.baseRows
	}
	size := min(max(4, 2*n), blockRows)
	g.ts, g.rows = make([]uint64, size), make([]uint16, size)
	if n > 0 {
		copy(g.ts, l.ts[:n])
		copy(g.rows, l.rows[:n])
	}
	g.n.Store(int32(n))
	return g
}

// upTo returns the number of entries with a timestamp ≤ ts.
func (l *deleteLog) upTo(ts uint64) int {
	n := int(l.n.Load())
	if n == 0 || l.ts[n-1] <= ts {
		return n
	}
	return sort.Search(n, func(i int) bool { return l.ts[i] > ts })
}

// count returns how many rows of the block had ended at ts.
func (d *deletes) count(ts uint64) int {
	l := d.log.Load()
	if l == nil {
		return 0
	}
	return l.baseRows + l.upTo(ts)
}

// mark sets in b the rows that had ended at ts and returns how many they are.
func (d *deletes) mark(b *bitmap, ts uint64) int {
	l := d.log.Load()
	if l == nil {
		return 0
	}
	if l.base != nil {
		for i, w := range l.base {
			b[i] |= w
		}
	}
	n := l.upTo(ts)
	for _, r := range l.rows[:n] {
		b.set(int(r))
	}
	return l.baseRows + n
}

// has reports whether row has an end, however late. The caller holds applyMu.
func (d *deletes) has(row int) bool { return d.ended != nil && d.ended.has(row) }

// after calls f with the entries whose timestamp is above ts, in order.
func (d *deletes) after(ts uint64, f func(row int, end uint64)) {
	l := d.log.Load()
	if l == nil {
		return
	}
	for i, n := l.upTo(ts), int(l.n.Load()); i < n; i++ {
		f(int(l.rows[i]), l.ts[i])
	}
}

// foldEntries is how many entries make folding pay: a bitmap weighs as much.
const foldEntries = 32

// entries returns the number of entries that are not in the base.
func (d *deletes) entries() int {
	l := d.log.Load()
	if l == nil {
		return 0
	}
	return int(l.n.Load())
}

// fold moves the entries with a timestamp ≤ floor into the base; the caller
// holds applyMu and has made floor the table's floor. It returns the change of
// memory in bytes.
func (d *deletes) fold(floor uint64) (bytes int64) {
	l := d.log.Load()
	if l == nil {
		return 0
	}
	n, total := l.upTo(floor), int(l.n.Load())
	if n < foldEntries {
		return 0
	}
	bytes = -d.bytes()
	f := &deleteLog{base: &bitmap{}, baseRows: l.baseRows + n}
	if l.base != nil {
		*f.base = *l.base
	}
	for _, r := range l.rows[:n] {
		f.base.set(int(r))
	}
	f.ts = append([]uint64(nil), l.ts[n:total]...)
	f.rows = append([]uint16(nil), l.rows[n:total]...)
	f.n.Store(int32(total - n))
	d.log.Store(f)
	return bytes + d.bytes()
}

// bytes returns the log's size in memory.
func (d *deletes) bytes() int64 {
	l := d.log.Load()
	if l == nil {
		return 0
	}
	size := int64(10*len(l.ts)) + 64 + int64(len(bitmap{})*8)
	if l.base != nil {
		size += int64(len(l.base) * 8)
	}
	return size
}
