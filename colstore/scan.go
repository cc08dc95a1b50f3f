package colstore

import (
	"sync"
	"sync/atomic"

	"htapdb/colstore/segment"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// RowIDColumn in ScanSpec.Columns asks for the rows' rowIDs, as BIGINT.
const RowIDColumn = -2

// Filter is a condition on one column; a scan's filters are conjuncts.
type Filter struct {
	// Column is an ordinal of the snapshot's schema.
	Column    int
	Predicate predicate.Predicate
}

// ScanSpec says what a scan reads.
type ScanSpec struct {
	// Columns are the output columns: ordinals of the snapshot's schema, or RowIDColumn.
	Columns []int
	Filters []Filter
	// Overlay is nil for none.
	Overlay *Overlay
	// BatchSize is the largest number of physical rows of a batch, 1 to
	// vector.MaxBatch; 0 is the largest.
	BatchSize int
}

// morselRows is the number of rows that a reader takes at once from a segment or
// the delta: a multiple of a batch, some hundred microseconds of work.
const morselRows = 32 << 10

// Scan reads a snapshot with one or more readers, which share the work. Filters
// may be added until the first Next; nothing else changes.
type Scan struct {
	snap    *Snapshot
	spec    ScanSpec
	filters []*filter
	moving  []*movingFilter
	hidden  hidden
	segs    []*segmentScan
	extra   *vector.Batch // the overlay's rows, without a selection
	extraID []uint64
	morsels []morsel
	next    atomic.Int64
	started atomic.Bool
	stats   scanCounters
}

// filter is a Filter with what the readers have learnt about it.
type filter struct {
	Filter
	flat *flatFilter
	cost float64
	// tested and passed count rows, for ordering the filters and for EXPLAIN.
	tested, passed atomic.Int64
	// pruned counts the segments of which the zone map showed that no row passes,
	// how those that were tested, by segment.Method.
	pruned atomic.Int64
	how    [segment.Methods]atomic.Int64
}

// morsel is a run of rows of a segment, a run of chunks, or a run of the
// overlay's rows.
type morsel struct {
	seg      *segmentScan
	chunks   []*chunk
	from, to int // of the segment or of the overlay
}

// segmentScan is the work on one segment that all its morsels share.
type segmentScan struct {
	*sealed
	hidden []int32
	once   sync.Once
	err    error
	// begun is how many rows the snapshot sees, pruned that no row passes.
	begun  int
	pruned bool
	// moved is set when a moving filter has pruned the segment or the rest of it.
	moved atomic.Bool
	// compiled has an entry per filter of the scan.
	compiled []compiledFilter
	// rowWidth is the average bytes of an encoded row of each output column, and
	// of each filter column behind them.
	rowWidth []float64
}

// compiledFilter is a filter on one segment.
type compiledFilter struct {
	// all means that every row passes; otherwise code filters encoded rows.
	all  bool
	code *segment.Compiled
}

// ScanStats counts what a scan did so far.
type ScanStats struct {
	// SegmentsTotal were in the snapshot; of SegmentsPruned the zone maps showed
	// that no row passes, or the snapshot sees no row.
	SegmentsTotal, SegmentsPruned int64
	// RowsScanned were visible to the snapshot and tested, RowsOut passed.
	RowsScanned, RowsOut int64
	// DeltaRows of the scanned rows were not sealed yet, or the overlay's.
	DeltaRows int64
	// RowsPruned are those of pruned segments: nobody looked at them.
	RowsPruned int64
	// BytesTouched estimates the encoded bytes that were read.
	BytesTouched int64
}

// FilterStats says how a filter of a scan was applied so far.
type FilterStats struct {
	// Column is the filter's, Predicate what it is, nil for a moving one that never began.
	Column    int
	Predicate *predicate.Predicate
	// Moving filters narrowed while the scan ran.
	Moving bool
	// By counts the segments by how the filter was decided in them.
	By [segment.Methods]int64
	// Tested rows were tested, Passed passed.
	Tested, Passed int64
	// SegmentsPruned were skipped because of this filter.
	SegmentsPruned int64
}

// FilterStats returns the filters in the order in which they were added, moving ones last.
func (sc *Scan) FilterStats() []FilterStats {
	var out []FilterStats
	for _, f := range sc.filters {
		s := FilterStats{Column: f.Column, Predicate: &f.Predicate, Tested: f.tested.Load(), Passed: f.passed.Load(), SegmentsPruned: f.pruned.Load()}
		for i := range f.how {
			s.By[i] = f.how[i].Load()
		}
		out = append(out, s)
	}
	for _, m := range sc.moving {
		s := FilterStats{Column: m.column, Predicate: m.Load(), Moving: true, Tested: m.tested.Load(), Passed: m.passed.Load(), SegmentsPruned: m.pruned.Load()}
		s.By[segment.ByZoneMap] = s.SegmentsPruned
		for i := range m.how {
			s.By[i] += m.how[i].Load()
		}
		out = append(out, s)
	}
	return out
}

// scanCounters is ScanStats being counted.
type scanCounters struct {
	pruned, prunedRows, scanned, out, delta, bytes atomic.Int64
}

// NewScan plans a scan. Errors: InternalError for an ordinal that the schema
// does not have, DataCorrupted.
func (s *Snapshot) NewScan(spec ScanSpec) (*Scan, error) {
	if spec.BatchSize <= 0 || spec.BatchSize > vector.MaxBatch {
		spec.BatchSize = vector.MaxBatch
	}
	for _, c := range spec.Columns {
		if c != RowIDColumn && (c < 0 || c >= len(s.v.schema.Columns)) {
			return nil, sqlstate.New(sqlstate.InternalError, "table %q has no column %d", s.v.schema.Name, c)
		}
	}
	if err := spec.Overlay.check(s.v.schema); err != nil {
		return nil, err
	}
	sc := &Scan{snap: s, spec: spec}
	for _, f := range spec.Filters {
		if err := sc.AddFilter(f); err != nil {
			return nil, err
		}
	}
	var err error
	if sc.hidden, err = s.hide(spec.Overlay); err != nil {
		return nil, err
	}
	sc.plan()
	return sc, nil
}

// plan cuts the snapshot into morsels.
func (sc *Scan) plan() {
	for _, x := range sc.snap.v.segs {
		seg := &segmentScan{sealed: x, hidden: sc.hidden.segs[x]}
		sc.segs = append(sc.segs, seg)
		for from := 0; from < x.rows; from += morselRows {
			sc.morsels = append(sc.morsels, morsel{seg: seg, from: from, to: min(from+morselRows, x.rows)})
		}
	}
	chunks := sc.snap.chunks
	for len(chunks) > 0 {
		n, rows := 0, 0
		for n < len(chunks) && rows < morselRows {
			rows += chunks[n].rows()
			n++
		}
		sc.morsels = append(sc.morsels, morsel{chunks: chunks[:n]})
		chunks = chunks[n:]
	}
	if o := sc.spec.Overlay; o.rows() > 0 {
		sc.extra, sc.extraID = o.Rows.Compact(), o.RowIDs
		if o.RowIDs != nil && o.Rows.Sel != nil {
			sc.extraID = nil
			for _, r := range o.Rows.Sel {
				sc.extraID = append(sc.extraID, o.RowIDs[r])
			}
		}
		for from := 0; from < sc.extra.Len; from += morselRows {
			sc.morsels = append(sc.morsels, morsel{from: from, to: min(from+morselRows, sc.extra.Len)})
		}
	}
}

// AddFilter adds a conjunct, such as a join makes at run time. It may be called
// until the first Next of any reader. Errors: InternalError if it is too late or
// the ordinal is wrong.
func (sc *Scan) AddFilter(f Filter) error {
	schema := sc.snap.v.schema
	if f.Column < 0 || f.Column >= len(schema.Columns) {
		return sqlstate.New(sqlstate.InternalError, "table %q has no column %d to filter", schema.Name, f.Column)
	}
	if sc.started.Load() {
		return sqlstate.New(sqlstate.InternalError, "a filter on table %q came after its scan began", schema.Name)
	}
	t := schema.Columns[f.Column].Type
	sc.filters = append(sc.filters, &filter{Filter: f, flat: newFlatFilter(f.Predicate, t), cost: filterCost(f, t)})
	return nil
}

// filterCost is the relative cost of testing a row.
func filterCost(f Filter, t types.Type) float64 {
	cost := 1.0
	switch f.Predicate.Kind {
	case predicate.Generic, predicate.Match:
		cost = 8
	case predicate.In:
		cost = 2
	}
	if t.Physical() == types.PhysString {
		cost *= 2
	}
	return cost
}

// Types returns the types of the output columns.
func (sc *Scan) Types() []types.Type {
	ts := make([]types.Type, len(sc.spec.Columns))
	for i, c := range sc.spec.Columns {
		ts[i] = types.TInt8
		if c != RowIDColumn {
			ts[i] = sc.snap.v.schema.Columns[c].Type
		}
	}
	return ts
}

// Stats returns what the scan did so far.
func (sc *Scan) Stats() ScanStats {
	return ScanStats{
		SegmentsTotal:  int64(len(sc.segs)),
		SegmentsPruned: sc.stats.pruned.Load(),
		RowsScanned:    sc.stats.scanned.Load(),
		RowsOut:        sc.stats.out.Load(),
		DeltaRows:      sc.stats.delta.Load(),
		RowsPruned:     sc.stats.prunedRows.Load(),
		BytesTouched:   sc.stats.bytes.Load(),
	}
}

// prepare does the work on a segment that its first morsel needs: pruning and
// compiling the filters.
func (x *segmentScan) prepare(sc *Scan) error {
	x.once.Do(func() {
		x.err = x.compile(sc)
		if x.pruned {
			sc.stats.pruned.Add(1)
			sc.stats.prunedRows.Add(int64(x.begun))
		}
	})
	return x.err
}

// compile is prepare, once.
func (x *segmentScan) compile(sc *Scan) error {
	var err error
	if x.begun, err = x.sealed.begun(sc.snap.ts); err != nil {
		return err
	}
	if x.begun == 0 {
		x.pruned = true
		return nil
	}
	schema := sc.snap.v.schema
	width := func(ordinal int) float64 {
		if ordinal == RowIDColumn {
			return 8
		}
		c := x.column(ordinal, &schema.Columns[ordinal])
		if c == nil {
			return 0
		}
		return float64(c.SizeBytes()) / float64(max(x.seg.NumRows(), 1))
	}
	for _, c := range sc.spec.Columns {
		x.rowWidth = append(x.rowWidth, width(c))
	}
	for _, f := range sc.filters {
		x.rowWidth = append(x.rowWidth, width(f.Column))
		c, none, err := x.compileFilter(f, &schema.Columns[f.Column])
		if err != nil {
			return err
		}
		if none {
			f.pruned.Add(1)
			x.pruned = true
			return nil
		}
		x.compiled = append(x.compiled, c)
	}
	return nil
}

// compileFilter prepares f for the segment; none means that no row passes.
func (x *segmentScan) compileFilter(f *filter, def *Column) (c compiledFilter, none bool, err error) {
	col := x.column(f.Column, def)
	if col == nil {
		// One row stands for all: the column is its default throughout.
		var one [1]int32
		pass, err := f.flat.apply(vector.NewConst(def.Type, def.Default, 1), nil, 1, one[:0])
		return compiledFilter{all: true}, len(pass) == 0, err
	}
	code, err := col.Compile(f.Predicate)
	if err != nil {
		return c, false, err
	}
	f.how[code.Method()].Add(1)
	switch code.Prune() {
	case segment.PruneNone:
		return c, true, nil
	case segment.PruneAll:
		return compiledFilter{all: true}, false, nil
	}
	return compiledFilter{code: code}, false, nil
}
