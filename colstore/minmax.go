package colstore

import (
	"context"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Bounds are the least and the greatest value of a column, NULL if there is none.
type Bounds struct {
	Least, Most types.Datum
	// Of Segments, Read had to be read.
	Segments, Read int
}

// MinMax returns the bounds of a column in what the
// snapshot with the overlay shows. Segments of which all
// rows are visible answer from their zone maps, and those whose zone map lies
// within what is known already are not read. Errors: the context's,
// InternalError for an ordinal that the schema does not have, DataCorrupted.
func (s *Snapshot) MinMax(ctx context.Context, column int, o *Overlay) (Bounds, error) {
	if column < 0 || column >= len(s.v.schema.Columns) {
		return Bounds{}, sqlstate.New(sqlstate.InternalError, "table %q has no column %d", s.v.schema.Name, column)
	}
	if err := o.check(s.v.schema); err != nil {
		return Bounds{}, err
	}
	h, err := s.hide(o)
	if err != nil {
		return Bounds{}, err
	}
	m := minMax{snap: s, column: column, def: &s.v.schema.Columns[column]}
	if o.rows() > 0 {
		m.add(o.Rows.Cols[column], o.Rows.Sel, o.Rows.Len)
	}
	for _, c := range s.chunks {
		m.chunk(c, h.chunks[c])
	}
	var rest []*sealed
	for _, x := range s.v.segs {
		if !m.zone(x, h.segs[x]) {
			rest = append(rest, x)
		}
	}
	for _, x := range rest {
		if err := ctx.Err(); err != nil {
			return Bounds{}, err
		}
		if err := m.segment(x, h.segs[x]); err != nil {
			return Bounds{}, s.table.corrupt(err)
		}
	}
	return Bounds{Least: m.least, Most: m.most, Segments: len(s.v.segs), Read: m.read}, nil
}

// minMax is the bounds being widened.
type minMax struct {
	snap        *Snapshot
	column      int
	def         *Column
	least, most types.Datum
	read        int // segments of which rows had to be read
	vis         visibility
	sel         [blockRows]int32
	col         vector.Vector
}

// widen includes lo and hi, which may be NULL.
func (m *minMax) widen(lo, hi types.Datum) {
	if !lo.IsNull() && (m.least.IsNull() || vector.CompareDatum(lo, m.least) < 0) {
		m.least = lo
	}
	if !hi.IsNull() && (m.most.IsNull() || vector.CompareDatum(hi, m.most) > 0) {
		m.most = hi
	}
}

// chunk includes the visible rows of a chunk.
func (m *minMax) chunk(c *chunk, hidden []int32) {
	n := c.begun(m.snap.ts)
	m.vis.look(&c.dels, m.snap.ts, hidden, 0, 0, n)
	if n == 0 || m.vis.gone == n {
		return
	}
	c.column(m.column, m.def, 0, n, &m.col)
	m.add(&m.col, m.vis.settle(nil, m.sel[:0]), n)
}

// zone includes the segment by its zone map; false if its rows have to be read.
func (m *minMax) zone(x *sealed, hidden []int32) bool {
	c := x.column(m.column, m.def)
	if c == nil {
		return false
	}
	z := c.Zone()
	if z.Nulls == z.Rows {
		return true
	}
	if m.snap.ts < x.maxBegin || x.rows != z.Rows || len(hidden) > 0 || z.MinTruncated || z.MaxTruncated || x.live(m.snap.ts) != x.rows {
		return false
	}
	m.widen(z.Min, z.Max)
	return true
}

// within reports whether the segment cannot widen the bounds.
func (m *minMax) within(x *sealed) bool {
	c := x.column(m.column, m.def)
	if c == nil || m.least.IsNull() {
		return false
	}
	// A cut least value is below the real one, a cut greatest one may be as well.
	z := c.Zone()
	return !z.MaxTruncated && vector.CompareDatum(z.Min, m.least) >= 0 && vector.CompareDatum(z.Max, m.most) <= 0
}

// segment includes the visible rows of a segment.
func (m *minMax) segment(x *sealed, hidden []int32) error {
	begun, err := x.begun(m.snap.ts)
	if err != nil || begun == 0 || m.within(x) {
		return err
	}
	m.read++
	var scratch vector.Vector
	for b := range x.dels {
		from := b * blockRows
		n := min(begun-from, blockRows)
		if n <= 0 {
			break
		}
		m.vis.look(&x.dels[b], m.snap.ts, hidden, from, 0, n)
		if m.vis.gone == n {
			continue
		}
		sel := m.vis.settle(nil, m.sel[:0])
		v, err := x.read(m.column, m.def, from, n, sel, &scratch)
		if err != nil {
			return err
		}
		m.add(v, sel, n)
	}
	return nil
}

// add includes the rows sel (nil: the first n) of a vector.
func (m *minMax) add(v *vector.Vector, sel []int32, n int) {
	if v.Enc != vector.Flat {
		m.addEncoded(v, sel, n)
		return
	}
	switch v.Type.Physical() {
	case types.PhysInt16:
		if lo, hi, count := vector.MinMaxInt(v.I16[:n], v.Valid, sel); count > 0 {
			m.widen(types.NewInt16(lo), types.NewInt16(hi))
		}
	case types.PhysInt32:
		if lo, hi, count := vector.MinMaxInt(v.I32[:n], v.Valid, sel); count > 0 {
			m.widen(types.NewInt32(lo), types.NewInt32(hi))
		}
	case types.PhysInt64:
		if lo, hi, count := vector.MinMaxInt(v.I64[:n], v.Valid, sel); count > 0 {
			m.widen(types.NewInt64(lo), types.NewInt64(hi))
		}
	case types.PhysFloat64:
		if lo, hi, count := vector.MinMaxFloat(v.F64[:n], v.Valid, sel); count > 0 {
			m.widen(types.NewFloat64(lo), types.NewFloat64(hi))
		}
	default:
		for i := range selected(sel, n) {
			if sel != nil {
				i = int(sel[i])
			}
			d := v.Datum(i)
			m.widen(d, d)
		}
	}
}

// addEncoded includes rows of a constant or dictionary vector; an entry of a
// dictionary is compared once.
func (m *minMax) addEncoded(v *vector.Vector, sel []int32, n int) {
	if v.Enc == vector.Const {
		d := v.Datum(0)
		m.widen(d, d)
		return
	}
	used := make([]bool, v.Dict.Len)
	for i := range selected(sel, n) {
		if sel != nil {
			i = int(sel[i])
		}
		if !v.IsNull(i) {
			used[v.Codes[i]] = true
		}
	}
	for code, is := range used {
		if is {
			d := v.Dict.Datum(code)
			m.widen(d, d)
		}
	}
}
