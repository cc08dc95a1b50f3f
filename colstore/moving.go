package colstore

import (
	"sync/atomic"

	"htapdb/colstore/segment"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/predicate"
)

// movingFilter is a predicate that narrows while the scan runs, on one column.
type movingFilter struct {
	column int
	typ    types.Type
	*predicate.Moving
	// tested and passed count rows, pruned segments that no row of which could pass
	// any more when a morsel of them was taken.
	tested, passed, pruned atomic.Int64
	how                    [segment.Methods]atomic.Int64
}

// movingCode is what a reader has made of a moving filter for the place where it reads.
type movingCode struct {
	pred *predicate.Predicate
	seg  *segmentScan
	// skip means that the filter says nothing about the segment.
	skip bool
	code *segment.Compiled
	flat *flatFilter

	tested, passed int64
}

// AddMoving adds a conjunct that changes while the scan runs: it is looked at
// again before each segment and each batch. It may be called until the first Next.
// Errors are AddFilter's.
func (sc *Scan) AddMoving(column int, m *predicate.Moving) error {
	schema := sc.snap.v.schema
	if column < 0 || column >= len(schema.Columns) || sc.started.Load() {
		return sqlstate.New(sqlstate.InternalError, "a filter on column %d of table %q cannot be added", column, schema.Name)
	}
	sc.moving = append(sc.moving, &movingFilter{column: column, typ: schema.Columns[column].Type, Moving: m})
	return nil
}

// movedPast reports that no row of the segment passes the moving filters as they are now.
func (r *Reader) movedPast(x *segmentScan) (bool, error) {
	for i, m := range r.scan.moving {
		c, err := r.segmentCode(i, m, x)
		if err != nil {
			return false, err
		}
		if c != nil && c.Prune() == segment.PruneNone {
			if x.moved.CompareAndSwap(false, true) {
				m.pruned.Add(1)
			}
			r.scan.stats.prunedRows.Add(int64(r.m.to - r.at))
			return true, nil
		}
	}
	return false, nil
}

// segmentCode is moving filter i for the segment, nil if it says nothing yet.
func (r *Reader) segmentCode(i int, m *movingFilter, x *segmentScan) (*segment.Compiled, error) {
	p := m.Load()
	if p == nil {
		return nil, nil
	}
	if r.moving == nil {
		r.moving = make([]movingCode, len(r.scan.moving))
	}
	k := &r.moving[i]
	if k.pred != p || k.seg != x {
		k.pred, k.seg, k.flat, k.code = p, x, nil, nil
		col := x.column(m.column, &r.scan.snap.v.schema.Columns[m.column])
		k.skip = col == nil || m.KeepNulls && p.Kind != predicate.IsNull && col.Zone().Nulls > 0
		if !k.skip {
			var err error
			if k.code, err = col.Compile(*p); err != nil {
				return nil, err
			}
			if how := k.code.Method(); how != segment.ByZoneMap {
				m.how[how].Add(1)
			}
		}
	}
	if k.skip {
		return nil, nil
	}
	return k.code, nil
}

// flatCode is moving filter i for vectors, nil if it says nothing yet.
func (r *Reader) flatCode(i int, m *movingFilter) *flatFilter {
	p := m.Load()
	if p == nil || m.KeepNulls && p.Kind != predicate.IsNull {
		return nil
	}
	if r.moving == nil {
		r.moving = make([]movingCode, len(r.scan.moving))
	}
	k := &r.moving[i]
	if k.pred != p || k.flat == nil {
		k.pred, k.seg, k.flat = p, nil, newFlatFilter(*p, m.typ)
	}
	return k.flat
}

// reportMoving adds the reader's counts of the moving filters to the scan's.
func (r *Reader) reportMoving() {
	for i := range r.moving {
		m, k := r.scan.moving[i], &r.moving[i]
		m.tested.Add(k.tested)
		m.passed.Add(k.passed)
		k.tested, k.passed = 0, 0
	}
}
