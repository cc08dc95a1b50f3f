package colstore

import (
	"sync"
	"time"

	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/axiomhq/hyperloglog"
)

// TableStats is what the planner knows of a table. All of it is an estimate:
// segments count dead rows too.
type TableStats struct {
	// Rows is the number of visible rows, DeltaRows of them are not sealed yet.
	Rows, DeltaRows int64
	// Segments is the number of segment files, Bytes their size.
	Segments int
	Bytes    int64
	// Columns are in the schema's order.
	Columns []ColumnStats
	// counted is Rows when Columns were computed.
	counted int64
}

// ColumnStats is what the planner knows of a column.
type ColumnStats struct {
	// Min and Max bound the values, NULL if there are none. Long strings are cut.
	Min, Max types.Datum
	// NullFraction is the share of nulls, 0 to 1.
	NullFraction float64
	// Distinct estimates the number of different values.
	Distinct float64
	// BytesPerRow is the average size of an encoded row in segments.
	BytesPerRow float64
}

// statsCache is the last TableStats that was computed.
type statsCache struct {
	mu      sync.Mutex
	stats   TableStats
	changes uint64
	at      time.Time
	valid   bool
}

// statsAge is how old the row counts may be while the table changes.
const statsAge = 100 * time.Millisecond

// Stats returns the table's statistics. Row counts are at most 100 ms old; the
// columns' are computed again, from zone maps, sketches and the delta, when a
// tenth of the rows have changed. Otherwise a call costs next to nothing.
func (t *Table) Stats() TableStats {
	cache := &t.stats
	cache.mu.Lock()
	defer cache.mu.Unlock()
	changes, now := t.changes.Load(), time.Now()
	if cache.valid && (changes == cache.changes || now.Sub(cache.at) < statsAge) {
		return cache.stats
	}
	cache.stats = t.countStats(cache.valid, cache.stats)
	cache.changes, cache.at, cache.valid = changes, now, true
	return cache.stats
}

// countStats returns fresh row counts, with the columns of old if those will do.
func (t *Table) countStats(valid bool, old TableStats) TableStats {
	v := t.pin()
	defer v.release(t)
	safe := t.Safe()
	var now TableStats
	for _, x := range v.segs {
		now.Rows += int64(x.live(safe))
		now.Bytes += x.seg.SizeBytes()
	}
	now.Segments = len(v.segs)
	for _, c := range v.delta.list() {
		now.DeltaRows += int64(c.begun(safe) - c.dels.count(safe))
	}
	now.Rows += now.DeltaRows
	moved := now.Rows - old.counted
	if valid && len(old.Columns) == len(v.schema.Columns) && 10*max(moved, -moved) <= old.counted && old.counted > 0 {
		now.Columns, now.counted = old.Columns, old.counted
		return now
	}
	now.Columns, now.counted = make([]ColumnStats, len(v.schema.Columns)), now.Rows
	for i := range now.Columns {
		now.Columns[i] = v.columnStats(i)
	}
	return now
}

// columnStats combines the zone maps of the segments and a pass over the delta.
func (v *version) columnStats(ordinal int) ColumnStats {
	def := &v.schema.Columns[ordinal]
	a := statsSum{sketch: newSketch()}
	for _, x := range v.segs {
		c := x.column(ordinal, def)
		if c == nil {
			a.constant(def.Default, x.rows)
			continue
		}
		z := c.Zone()
		a.rows += z.Rows
		a.nulls += z.Nulls
		a.bounds(z.Min, z.Max)
		a.bytes += float64(c.SizeBytes())
		a.sealedRows += z.Rows
		a.most = max(a.most, z.Distinct)
		if s := c.Sketch(); s == nil || a.sketch.Merge(s) != nil {
			a.rough = a.rough || z.Nulls < z.Rows
		}
	}
	chunks := v.delta.list()
	step := 1 + len(chunks)/sampledChunks
	for i := len(chunks) - 1; i >= 0; i -= step {
		a.chunk(chunks[i], ordinal, def)
	}
	return a.result()
}

// sampledChunks is how many chunks of the delta the statistics look at.
const sampledChunks = 16

// newSketch returns an empty sketch that those of segments merge into.
func newSketch() *hyperloglog.Sketch {
	// An error is only for a precision out of range.
	s, _ := hyperloglog.NewSketch(12, true)
	return s
}

// statsSum is a ColumnStats being summed up.
type statsSum struct {
	rows, nulls int
	min, max    types.Datum
	sketch      *hyperloglog.Sketch
	rough       bool // a sketch was missing
	most        int  // distinct values of one segment
	sealedRows  int
	bytes       float64
	hashes      [blockRows]uint64
}

// bounds widens the bounds.
func (a *statsSum) bounds(lo, hi types.Datum) {
	if !lo.IsNull() && (a.min.IsNull() || vector.CompareDatum(lo, a.min) < 0) {
		a.min = lo
	}
	if !hi.IsNull() && (a.max.IsNull() || vector.CompareDatum(hi, a.max) > 0) {
		a.max = hi
	}
}

// constant adds n rows that hold d.
func (a *statsSum) constant(d types.Datum, n int) {
	a.rows += n
	if d.IsNull() {
		a.nulls += n
		return
	}
	a.bounds(d, d)
	a.sketch.InsertHash(vector.HashDatum(d))
}

// chunk adds the rows of a chunk, dead ones included.
func (a *statsSum) chunk(c *chunk, ordinal int, def *Column) {
	n := c.rows()
	if n == 0 {
		return
	}
	var col vector.Vector
	c.column(ordinal, def, 0, n, &col)
	if col.Enc == vector.Const {
		a.constant(def.Default, n)
		return
	}
	a.rows += n
	vector.HashColumn(&col, nil, n, a.hashes[:], false)
	var lo, hi types.Datum
	for i := range n {
		if col.IsNull(i) {
			a.nulls++
			continue
		}
		a.sketch.InsertHash(a.hashes[i])
		d := col.Datum(i)
		if lo.IsNull() || vector.CompareDatum(d, lo) < 0 {
			lo = d
		}
		if hi.IsNull() || vector.CompareDatum(d, hi) > 0 {
			hi = d
		}
	}
	a.bounds(lo, hi)
}

// result returns the sum.
func (a *statsSum) result() ColumnStats {
	s := ColumnStats{Min: a.min, Max: a.max, Distinct: float64(a.most)}
	if !a.rough {
		s.Distinct = float64(a.sketch.Estimate())
	}
	if a.rows > 0 {
		s.NullFraction = float64(a.nulls) / float64(a.rows)
		s.Distinct = min(s.Distinct, float64(a.rows-a.nulls))
	}
	if a.sealedRows > 0 {
		s.BytesPerRow = a.bytes / float64(a.sealedRows)
	}
	return s
}
