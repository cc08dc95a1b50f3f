package rowstore

import (
	"cmp"
	"slices"

	"htapdb/sql/types"
)

// slot says where one column lies in an encoded row.
type slot struct {
	phys types.Physical
	bit  int // index in the null bitmap
	// off is the offset of a fixed-width value from the start of the row, or the
	// index among the variable-width columns.
	off   int
	fixed bool
}

// layout is the physical form of the rows of one schema version: the columns
// alive in it in order of column id.
type layout struct {
	version uint16
	// slots[i] belongs to ordinal i of the current Columns; a column the version
	// did not have yet has bit −1.
	slots    []slot
	columns  int // stored columns, dropped ones included
	fixedEnd int // offset of the end of the fixed part
	vars     int // variable-width columns
}

// rowHeaderLen is the length of the schema version before the null bitmap.
const rowHeaderLen = 2

// fixedWidth returns the encoded size of a representation, 0 for a variable one.
func fixedWidth(p types.Physical) int {
	switch p {
	case types.PhysBool:
		return 1
	case types.PhysInt16:
		return 2
	case types.PhysInt32, types.PhysFloat32:
		return 4
	case types.PhysInt64, types.PhysFloat64:
		return 8
	case types.PhysInt128, types.PhysInterval:
		return 16
	}
	return 0
}

// storedColumn is a column that rows hold or held.
type storedColumn struct {
	Column
	ordinal int // −1 for a dropped column
}

// compileLayouts builds the layout of every schema version up to the current.
func (s *Schema) compileLayouts() {
	var all []storedColumn
	for i, c := range s.def.Columns {
		all = append(all, storedColumn{c, i})
		if fixedWidth(c.Type.Physical()) == 0 {
			s.varOrder = append(s.varOrder, i)
		}
	}
	for _, c := range s.def.Dropped {
		all = append(all, storedColumn{c, -1})
	}
	slices.SortFunc(all, func(a, b storedColumn) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.varOrder, func(a, b int) int { return cmp.Compare(s.def.Columns[a].ID, s.def.Columns[b].ID) })

	// Versions between two changes share a layout, so that a table altered ten
	// thousand times does not hold ten thousand.
	changes := map[uint16]bool{0: true}
	for _, c := range all {
		changes[c.Since] = true
		if c.ordinal < 0 {
			changes[c.Until] = true
		}
	}
	s.layouts = make([]*layout, int(s.def.Version)+1)
	for v := range s.layouts {
		if v == 0 || changes[uint16(v)] {
			s.layouts[v] = s.newLayout(uint16(v), all)
		} else {
			s.layouts[v] = s.layouts[v-1]
		}
	}
	s.current = s.layouts[s.def.Version]
}

// newLayout lays out the columns alive in a version, which come in order of id.
func (s *Schema) newLayout(version uint16, all []storedColumn) *layout {
	l := &layout{version: version, slots: make([]slot, len(s.def.Columns))}
	for i := range l.slots {
		l.slots[i] = slot{phys: s.def.Columns[i].Type.Physical(), bit: -1}
	}
	var alive []storedColumn
	for _, c := range all {
		if c.Since <= version && (c.ordinal >= 0 || version < c.Until) {
			alive = append(alive, c)
		}
	}
	l.columns = len(alive)
	off := rowHeaderLen + (l.columns+7)/8
	for bit, c := range alive {
		phys := c.Type.Physical()
		width := fixedWidth(phys)
		sl := slot{phys: phys, bit: bit, off: off, fixed: width > 0}
		if width == 0 {
			sl.off = l.vars
			l.vars++
		}
		off += width
		if c.ordinal >= 0 {
			l.slots[c.ordinal] = sl
		}
	}
	l.fixedEnd = off
	return l
}
