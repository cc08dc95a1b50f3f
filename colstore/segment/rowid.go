package segment

import (
	"cmp"
	"slices"
	"sort"

	"htapdb/vector"
)

// rowOrder returns the rows in order of their IDs, nil if that is the order
// they are in.
func rowOrder(ids []uint64) []uint64 {
	if slices.IsSorted(ids) {
		return nil
	}
	order := make([]uint64, len(ids))
	for i := range order {
		order[i] = uint64(i)
	}
	slices.SortFunc(order, func(a, b uint64) int { return cmp.Compare(ids[a], ids[b]) })
	return order
}

// unsigned returns element i of a touched column of the engine.
func (c *Column) unsigned(i int) uint64 {
	base := uint64(c.entry.base)
	switch c.entry.lane {
	case 1:
		return base + uint64(c.data[i])
	case 2:
		return base + uint64(cast[uint16](c.data)[i])
	case 4:
		return base + uint64(cast[uint32](c.data)[i])
	case 8:
		return base + cast[uint64](c.data)[i]
	}
	return base
}

// unsignedRange stores the elements from, from+1, … in out.
func (c *Column) unsignedRange(from int, out []uint64) {
	base, to := uint64(c.entry.base), from+len(out)
	switch c.entry.lane {
	case 1:
		vector.Unpack(out, c.data[from:to], base)
	case 2:
		vector.Unpack(out, cast[uint16](c.data)[from:to], base)
	case 4:
		vector.Unpack(out, cast[uint32](c.data)[from:to], base)
	case 8:
		for i, x := range cast[uint64](c.data)[from:to] {
			out[i] = base + x
		}
	default:
		for i := range out {
			out[i] = base
		}
	}
}

// readSystem fills out from a column of the engine, or with first, first+step, …
// where the file has none.
func readSystem(c *Column, from int, out []uint64, first, step uint64) error {
	if c == nil {
		for i := range out {
			out[i] = first + uint64(i)*step
		}
		return nil
	}
	if err := c.touch(); err != nil {
		return err
	}
	c.unsignedRange(from, out)
	return nil
}

// RowIDs stores the rowIDs of the rows from, from+1, … in out.
func (s *Segment) RowIDs(from int, out []uint64) error {
	return readSystem(s.rowIDs, from, out, s.header.firstRowID+uint64(from), 1)
}

// RowID returns the rowID of row i.
func (s *Segment) RowID(i int) (uint64, error) {
	var one [1]uint64
	err := s.RowIDs(i, one[:])
	return one[0], err
}

// FindRowID returns the row that has the ID.
func (s *Segment) FindRowID(id uint64) (row int, ok bool, err error) {
	n := s.NumRows()
	if s.rowIDs == nil {
		first := s.header.firstRowID
		return int(id - first), id >= first && id-first < uint64(n), nil
	}
	if err := s.rowIDs.touch(); err != nil {
		return 0, false, err
	}
	at := func(k int) int { return k }
	if s.rowOrder != nil {
		if err := s.rowOrder.touch(); err != nil {
			return 0, false, err
		}
		at = func(k int) int { return int(min(s.rowOrder.unsigned(k), uint64(n-1))) }
	}
	k := sort.Search(n, func(k int) bool { return s.rowIDs.unsigned(at(k)) >= id })
	if k == n || s.rowIDs.unsigned(at(k)) != id {
		return 0, false, nil
	}
	return at(k), true, nil
}

// RowIDBounds returns the least and the greatest rowID; ok is false without rows.
func (s *Segment) RowIDBounds() (least, most uint64, ok bool) {
	n := s.NumRows()
	if s.rowIDs != nil {
		return uint64(s.rowIDs.entry.min.Int()), uint64(s.rowIDs.entry.max.Int()), n > 0
	}
	return s.header.firstRowID, s.header.firstRowID + uint64(max(n-1, 0)), n > 0
}

// Begins stores the commit timestamps of the rows from, from+1, … in out.
func (s *Segment) Begins(from int, out []uint64) error {
	return readSystem(s.begin, from, out, s.header.minTs, 0)
}

// Begin returns the commit timestamp of row i.
func (s *Segment) Begin(i int) (uint64, error) {
	var one [1]uint64
	err := s.Begins(i, one[:])
	return one[0], err
}

// Prevs stores the rowIDs of the versions that the rows from, from+1, …
// replaced in out, 0 for none.
func (s *Segment) Prevs(from int, out []uint64) error {
	return readSystem(s.prev, from, out, 0, 0)
}
