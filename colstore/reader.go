package colstore

import (
	"context"
	"sort"

	"htapdb/colstore/segment"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Reader is one worker's end of a scan. It is not safe for concurrent use.
type Reader struct {
	scan *Scan
	// m is the morsel in work; at is the next row of it (segment, overlay) or of
	// chunks[0].
	m       morsel
	at      int
	working bool
	order   []int // of the filters, best first
	// batch and the memory behind it are reused by every Next.
	batch   vector.Batch
	scratch []*vector.Vector
	sel     []int32
	vis     visibility
	filterV vector.Vector
	ids     []uint64
	// tested and passed count rows per filter since the last morsel.
	tested, passed []int64
	moving         []movingCode
	scanned, out   int64
	delta          int64
	bytes          float64
}

// NewReader returns a reader that shares the scan's work with the others.
func (sc *Scan) NewReader() *Reader {
	r := &Reader{scan: sc, sel: make([]int32, 0, vector.MaxBatch)}
	for _, t := range sc.Types() {
		r.scratch = append(r.scratch, &vector.Vector{Type: t})
	}
	r.batch.Cols = make([]*vector.Vector, len(r.scratch))
	return r
}

// Close gives the reader's counts to the scan's. It may be called early.
func (r *Reader) Close() {
	r.report()
	r.working = false
}

// fruitless is how many batches without a passing row Next works through before
// it returns an empty one, so that a call stays well below a millisecond.
const fruitless = morselRows / blockRows

// Next returns the next batch, or nil at the end. A batch may have no rows: the
// worker then gets a chance to do something else while nothing passes the
// filters. The batch and all it points to are valid until the next call of Next,
// strings and dictionaries until the snapshot is closed. Errors: the context's,
// DataCorrupted, IOError, and those of Generic predicates.
func (r *Reader) Next(ctx context.Context) (*vector.Batch, error) {
	if vector.Invariants {
		// Dictionaries, chunks and mapped bytes are not the reader's.
		vector.MangleSlice(r.sel, -1)
		for _, v := range r.scratch {
			v.Mangle()
		}
	}
	for range fruitless {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !r.working {
			ok, err := r.take()
			if err != nil || !ok {
				return nil, err
			}
		}
		var b *vector.Batch
		var err error
		switch {
		case r.m.seg != nil:
			b, err = r.nextSegment()
		case r.m.chunks != nil:
			b, err = r.nextChunk()
		default:
			b, err = r.nextOverlay()
		}
		if err != nil {
			return nil, r.scan.snap.table.corrupt(err)
		}
		if b != nil {
			r.out += int64(b.Rows())
			return b, nil
		}
	}
	return r.empty(), nil
}

// empty returns a batch without rows.
func (r *Reader) empty() *vector.Batch {
	for i, v := range r.scratch {
		v.Resize(0)
		r.batch.Cols[i] = v
	}
	r.batch.Len, r.batch.Sel = 0, r.sel[:0]
	return &r.batch
}

// take makes the next morsel that is not pruned the reader's; false at the end.
func (r *Reader) take() (bool, error) {
	sc := r.scan
	sc.started.Store(true)
	r.report()
	for {
		i := sc.next.Add(1) - 1
		if i >= int64(len(sc.morsels)) {
			return false, nil
		}
		r.m = sc.morsels[i]
		r.at, r.working = r.m.from, true
		if x := r.m.seg; x != nil {
			if err := x.prepare(sc); err != nil {
				return false, sc.snap.table.corrupt(err)
			}
			r.m.to = min(r.m.to, x.begun)
			if x.pruned || r.at >= r.m.to {
				continue
			}
			if past, err := r.movedPast(x); past || err != nil {
				if err != nil {
					return false, sc.snap.table.corrupt(err)
				}
				continue
			}
		}
		r.reorder()
		return true, nil
	}
}

// report adds the reader's counts to the scan's.
func (r *Reader) report() {
	sc := r.scan
	for i, f := range sc.filters[:len(r.tested)] {
		f.tested.Add(r.tested[i])
		f.passed.Add(r.passed[i])
		r.tested[i], r.passed[i] = 0, 0
	}
	r.reportMoving()
	sc.stats.scanned.Add(r.scanned)
	sc.stats.out.Add(r.out)
	sc.stats.delta.Add(r.delta)
	sc.stats.bytes.Add(int64(r.bytes))
	r.scanned, r.out, r.delta, r.bytes = 0, 0, 0, 0
}

// reorder puts the filters in the order of cost per row that they remove, as
// observed by all readers so far.
func (r *Reader) reorder() {
	fs := r.scan.filters
	if len(r.order) != len(fs) {
		r.order, r.tested, r.passed = make([]int, len(fs)), make([]int64, len(fs)), make([]int64, len(fs))
		for i := range fs {
			r.order[i] = i
		}
	}
	if len(fs) < 2 {
		return
	}
	rank := make([]float64, len(fs))
	for i, f := range fs {
		// One imagined row that passed and one that did not keep the rank finite.
		removed := float64(f.tested.Load()-f.passed.Load()+1) / float64(f.tested.Load()+2)
		rank[i] = f.cost / removed
	}
	sort.SliceStable(r.order, func(i, j int) bool { return rank[r.order[i]] < rank[r.order[j]] })
}

// nextSegment returns the next batch of the segment's morsel, nil if no row of
// the next run passes or the morsel is done.
func (r *Reader) nextSegment() (*vector.Batch, error) {
	x, sc := r.m.seg, r.scan
	from := r.at
	block := from / blockRows
	n := min(sc.spec.BatchSize, r.m.to-from, (block+1)*blockRows-from)
	r.at += n
	r.working = r.at < r.m.to
	base := block * blockRows
	r.vis.look(&x.dels[block], sc.snap.ts, x.hidden, base, from-base, n)
	sel, err := r.filter(n, func(i int, sel, out []int32) ([]int32, error) {
		c := &x.compiled[i]
		if c.all {
			return sel, nil
		}
		r.bytes += x.rowWidth[len(sc.spec.Columns)+i] * float64(selected(sel, n))
		return notNil(c.code.Filter(from, n, sel, out))
	}, func(i int, m *movingFilter, sel, out []int32) ([]int32, bool, error) {
		code, err := r.segmentCode(i, m, x)
		if code == nil || err != nil || code.Prune() == segment.PruneAll {
			return sel, false, err
		}
		sel, err = notNil(code.Filter(from, n, sel, out))
		return sel, true, err
	})
	if err != nil || selected(sel, n) == 0 {
		return nil, err
	}
	return r.materialize(from, n, sel)
}

// filter runs the filters over n rows, of which r.vis says what is visible, and
// returns those that pass, nil for all. test applies the i-th filter, move the
// i-th moving one unless that says nothing yet.
func (r *Reader) filter(n int, test func(i int, sel, out []int32) ([]int32, error),
	move func(i int, m *movingFilter, sel, out []int32) ([]int32, bool, error)) (sel []int32, err error) {
	r.scanned += int64(n - r.vis.gone)
	if r.vis.gone == n {
		return r.sel[:0], nil
	}
	if !r.vis.late() {
		sel = r.vis.settle(nil, r.sel)
	}
	for i, m := range r.scan.moving {
		before := selected(sel, n)
		if before == 0 {
			break
		}
		var applied bool
		if sel, applied, err = move(i, m, sel, r.sel[:0]); err != nil {
			return nil, err
		}
		if applied {
			r.moving[i].tested += int64(before)
			r.moving[i].passed += int64(selected(sel, n))
		}
	}
	for _, i := range r.order {
		// An arbitrary function must not meet the values of rows that are not
		// there: it may raise errors.
		if r.scan.filters[i].Predicate.Selects() {
			sel = r.vis.settle(sel, r.sel)
		}
		before := selected(sel, n)
		if before == 0 {
			break
		}
		if sel, err = test(i, sel, r.sel[:0]); err != nil {
			return nil, err
		}
		if cap(sel) > cap(r.sel) {
			r.sel = sel[:0]
		}
		r.tested[i] += int64(before)
		r.passed[i] += int64(selected(sel, n))
	}
	sel = r.vis.settle(sel, r.sel)
	if len(sel) == n {
		sel = nil
	}
	return sel, nil
}

// notNil makes nil an empty selection: a filter's result is never 'all rows'.
func notNil(sel []int32, err error) ([]int32, error) {
	if sel == nil {
		sel = []int32{}
	}
	return sel, err
}

// selected returns the number of rows that sel (nil: the first n) selects.
func selected(sel []int32, n int) int {
	if sel == nil {
		return n
	}
	return len(sel)
}

// materialize reads the output columns of the rows that are left.
func (r *Reader) materialize(from, n int, sel []int32) (*vector.Batch, error) {
	x, sc := r.m.seg, r.scan
	rows := selected(sel, n)
	for i, ordinal := range sc.spec.Columns {
		r.bytes += x.rowWidth[i] * float64(rows)
		if ordinal == RowIDColumn {
			r.ids = grown(r.ids, n)
			if err := x.seg.RowIDs(from, r.ids); err != nil {
				return nil, err
			}
			r.rowIDs(i, r.ids)
			continue
		}
		v, err := x.read(ordinal, &sc.snap.v.schema.Columns[ordinal], from, n, sel, r.scratch[i])
		if err != nil {
			return nil, err
		}
		r.batch.Cols[i] = v
	}
	r.batch.Len, r.batch.Sel = n, sel
	return &r.batch, nil
}

// grown returns a slice of n elements, in buf's memory if it is large enough.
func grown(buf []uint64, n int) []uint64 {
	if cap(buf) < n {
		return make([]uint64, n, max(n, vector.MaxBatch))
	}
	return buf[:n]
}

// rowIDs makes output column i of the IDs.
func (r *Reader) rowIDs(i int, ids []uint64) {
	v := r.scratch[i]
	v.Resize(len(ids))
	for j, id := range ids {
		v.I64[j] = int64(id)
	}
	r.batch.Cols[i] = v
}

// nextChunk returns the next batch of the morsel's chunks.
func (r *Reader) nextChunk() (*vector.Batch, error) {
	sc := r.scan
	c, from := r.m.chunks[0], r.at
	limit := c.begun(sc.snap.ts)
	n := min(sc.spec.BatchSize, limit-from)
	r.at += n
	if r.at >= limit {
		r.m.chunks, r.at = r.m.chunks[1:], 0
		r.working = len(r.m.chunks) > 0
	}
	if n <= 0 {
		return nil, nil
	}
	r.vis.look(&c.dels, sc.snap.ts, sc.hidden.chunks[c], 0, from, n)
	column := func(ordinal int, out *vector.Vector) {
		c.column(ordinal, &sc.snap.v.schema.Columns[ordinal], from, from+n, out)
	}
	return r.flat(n, column, c.rowIDs[from:from+n])
}

// nextOverlay returns the next batch of the overlay's rows.
func (r *Reader) nextOverlay() (*vector.Batch, error) {
	sc, from := r.scan, r.at
	n := min(sc.spec.BatchSize, r.m.to-from)
	r.at += n
	r.working = r.at < r.m.to
	column := func(ordinal int, out *vector.Vector) { *out = *sc.extra.Cols[ordinal].Slice(from, from+n) }
	var ids []uint64
	if sc.extraID != nil {
		ids = sc.extraID[from : from+n]
	}
	r.vis.gone, r.vis.settled = 0, true
	return r.flat(n, column, ids)
}

// flat filters and returns rows that are in memory as vectors, which column
// makes without copying.
func (r *Reader) flat(n int, column func(int, *vector.Vector), ids []uint64) (*vector.Batch, error) {
	sc := r.scan
	r.delta += int64(n - r.vis.gone)
	sel, err := r.filter(n, func(i int, sel, out []int32) ([]int32, error) {
		f := sc.filters[i]
		column(f.Column, &r.filterV)
		return notNil(f.flat.apply(&r.filterV, sel, n, out))
	}, func(i int, m *movingFilter, sel, out []int32) ([]int32, bool, error) {
		f := r.flatCode(i, m)
		if f == nil {
			return sel, false, nil
		}
		column(m.column, &r.filterV)
		sel, err := notNil(f.apply(&r.filterV, sel, n, out))
		return sel, true, err
	})
	if err != nil || selected(sel, n) == 0 {
		return nil, err
	}
	for i, ordinal := range sc.spec.Columns {
		switch {
		case ordinal != RowIDColumn:
			v := &vector.Vector{}
			column(ordinal, v)
			r.batch.Cols[i] = v
		case ids != nil:
			r.rowIDs(i, ids)
		default:
			r.batch.Cols[i] = vector.NewConst(types.TInt8, types.NullDatum, n)
		}
	}
	r.batch.Len, r.batch.Sel = n, sel
	return &r.batch, nil
}
