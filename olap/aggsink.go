package olap

import (
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
)

const (
	// aggPartitions is into how many partitions by hash a worker's groups go
	// once it has partitionGroups of them, so that the merge is parallel.
	aggPartitions   = 16
	partitionShift  = 60
	partitionGroups = 10_000
)

// aggWorker is the sink of one worker of a HashAggregate.
type aggWorker struct {
	layout  *aggLayout
	r       *run
	exprs   *exprs
	preds   []*condition // by call, nil without a filter
	filters [][]int32
	sets    []*workerSet
}

// workerSet is one worker's groups of one grouping set: in whole, and those of
// batches after there were partitionGroups of them in parts.
type workerSet struct {
	keys  []int
	whole *aggTable
	parts []*aggTable

	keyCols []*vector.Vector
	hashes  []uint64
	rows    [aggPartitions][]int32
	hash    [aggPartitions][]uint64
	merged  []*vector.Vector
	inPart  [][]int32
}

// groupingSets returns the sets of a, the one set of all columns by default.
func (a *HashAggregate) groupingSets() [][]int {
	if a.GroupingSets != nil {
		return a.GroupingSets
	}
	return [][]int{allColumns(nil, len(a.GroupBy))}
}

func newAggWorker(w *worker, l *aggLayout, partial bool) (*aggWorker, error) {
	a := &aggWorker{layout: l, r: w.r, filters: make([][]int32, len(l.node.Aggs)), preds: make([]*condition, len(l.node.Aggs))}
	var err error
	if a.exprs, err = w.r.newExprs(l.exprs); err != nil {
		return nil, err
	}
	for i, s := range l.node.Aggs {
		if s.Filter == nil {
			continue
		}
		if a.preds[i], err = w.r.newPredicate(s.Filter); err != nil {
			return nil, err
		}
	}
	for _, keys := range l.node.groupingSets() {
		t, err := newAggTable(w.r, l, keys, partial)
		if err != nil {
			return nil, err
		}
		a.sets = append(a.sets, &workerSet{keys: keys, whole: t})
	}
	return a, nil
}

// allRows returns 0 … n−1.
func allRows(scratch []int32, n int) []int32 {
	scratch = growBytes(scratch, n)
	for i := range scratch {
		scratch[i] = int32(i)
	}
	return scratch
}

func (a *aggWorker) consume(b *vector.Batch) error {
	cols, err := a.exprs.eval(b)
	if err != nil {
		return err
	}
	for i, p := range a.preds {
		if p == nil {
			continue
		}
		if a.filters[i], err = p.filter(b); err != nil {
			return err
		}
	}
	for _, s := range a.sets {
		if s.parts == nil {
			err = s.whole.add(cols, a.filters, b.Sel, b.Len, nil)
			if err == nil && s.whole.partial && s.whole.table != nil && s.whole.groups >= partitionGroups {
				err = a.partition(s)
			}
		} else {
			err = a.addParts(s, cols, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// partition begins to spread new rows over partitions.
func (a *aggWorker) partition(s *workerSet) error {
	for range aggPartitions {
		t, err := newAggTable(a.r, a.layout, s.keys, true)
		if err != nil {
			return err
		}
		t.cache.off = true
		s.parts = append(s.parts, t)
	}
	return nil
}

// addParts spreads a batch over the partitions.
func (a *aggWorker) addParts(s *workerSet, cols []*vector.Vector, b *vector.Batch) error {
	s.keyCols = s.keyCols[:0]
	for _, k := range s.keys {
		s.keyCols = append(s.keyCols, cols[k])
	}
	s.hashes = hashRows(s.keyCols, b.Sel, b.Len, s.hashes)
	for p := range s.rows {
		s.rows[p], s.hash[p] = s.rows[p][:0], s.hash[p][:0]
	}
	for k, h := range s.hashes {
		p := h >> partitionShift
		s.rows[p] = append(s.rows[p], int32(rowOf(b.Sel, k)))
		s.hash[p] = append(s.hash[p], h)
	}
	filters := a.filters
	for p, rows := range s.rows {
		if len(rows) == 0 {
			continue
		}
		filters = a.filtersFor(rows)
		if err := s.parts[p].add(cols, filters, rows, b.Len, s.hash[p]); err != nil {
			return err
		}
	}
	return nil
}

// filtersFor returns the filters' rows that are also among rows.
func (a *aggWorker) filtersFor(rows []int32) [][]int32 {
	var out [][]int32
	for i, f := range a.filters {
		if a.preds[i] == nil {
			continue
		}
		if out == nil {
			out = make([][]int32, len(a.filters))
		}
		both, k := make([]int32, 0, min(len(f), len(rows))), 0
		for _, r := range rows {
			for k < len(f) && f[k] < r {
				k++
			}
			if k < len(f) && f[k] == r {
				both = append(both, r)
			}
		}
		out[i] = both
	}
	return out
}

// aggSource runs the input of a HashAggregate when it is opened and yields the
// groups. Each table is read by one worker.
type aggSource struct {
	layout *aggLayout
	input  *stream
	r      *run
	tables []*aggTable
	setOf  []int // of each table, the grouping set
	next   atomic.Int64
}

func (a *HashAggregate) compile(r *run) (*stream, error) {
	s, err := a.Input.compile(r)
	if err != nil {
		return nil, err
	}
	return newStream(a, &aggSource{layout: newAggLayout(a), input: s}), nil
}

func (a *aggSource) open(r *run) error {
	a.r = r
	if a.layout.sequential {
		a.input.sequential = true
	}
	var workers []*aggWorker
	err := r.drain(a.input, a.layout.node, func(w *worker) (sinkWorker, error) {
		partial := r.workersFor(a.input) > 1
		aw, err := newAggWorker(w, a.layout, partial)
		workers = append(workers, aw)
		return aw, err
	})
	if err != nil {
		return err
	}
	return r.timed(a.layout.node, func() error {
		for i := range workers[0].sets {
			if err := a.mergeSet(workers, i); err != nil {
				return err
			}
		}
		return r.parallel(len(a.tables), func(i int) error { return a.tables[i].finishOrdered() })
	})
}

func (a *aggSource) parallel() int { return max(1, len(a.tables)) }

func (a *aggSource) rows() int64 {
	var n int64
	for _, t := range a.tables {
		n += int64(t.groups)
	}
	return n
}

func (a *aggSource) reader(*worker) (reader, error) {
	n := a.layout.node
	return &aggReader{src: a, out: emptyBatch(len(n.Types())), keyOut: make([]*vector.Vector, 0, len(n.GroupBy))}, nil
}

// aggReader yields whole tables in pieces.
type aggReader struct {
	src    *aggSource
	table  *aggTable
	set    int
	at     int
	out    *vector.Batch
	keyOut []*vector.Vector
}

func (a *aggReader) next() (*vector.Batch, bool, error) {
	for a.table == nil || a.at >= a.table.groups {
		if a.table != nil {
			a.table.release()
			a.table = nil
		}
		i := int(a.src.next.Add(1) - 1)
		if i >= len(a.src.tables) {
			return nil, false, nil
		}
		a.table, a.set, a.at = a.src.tables[i], a.src.setOf[i], 0
	}
	to := min(a.at+a.src.r.batch, a.table.groups)
	err := a.fill(a.at, to)
	a.at = to
	return a.out, true, err
}

// fill makes out the groups [from, to) of the table.
func (a *aggReader) fill(from, to int) error {
	n, t := a.src.layout.node, a.table
	a.out.Len = to - from
	groupBy := len(n.GroupBy)
	for i := range groupBy {
		a.out.Cols[i] = nil
	}
	a.keyOut = a.keyOut[:0]
	for _, k := range t.keys {
		if a.out.Cols[k] == nil {
			a.out.Cols[k] = &vector.Vector{}
		}
		a.keyOut = append(a.keyOut, a.out.Cols[k])
	}
	if t.table != nil {
		t.table.keys.slice(a.keyOut, from, to)
	}
	for i, c := range a.out.Cols[:groupBy] {
		if c == nil {
			a.out.Cols[i] = vector.NewConst(n.GroupBy[i].Type(), types.NullDatum, to-from)
		}
	}
	for i, s := range t.states {
		out := a.out.Cols[groupBy+i]
		out.Type = n.Aggs[i].Agg.Result
		if err := s.Finish(out, from, to); err != nil {
			return err
		}
	}
	if n.GroupingSets != nil {
		id := types.NewInt64(groupingID(groupBy, t.keys))
		a.out.Cols[len(a.out.Cols)-1] = vector.NewConst(types.TInt8, id, to-from)
	}
	return nil
}

// groupingID has the bits of the columns that are not in the set.
func groupingID(groupBy int, set []int) int64 {
	id := int64(1)<<groupBy - 1
	for _, k := range set {
		id &^= 1 << (groupBy - 1 - k)
	}
	return id
}

func (a *aggReader) close() {}
