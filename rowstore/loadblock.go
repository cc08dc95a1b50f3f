package rowstore

import (
	"encoding/binary"
	"math"
	"slices"
	"unsafe"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Block is rows by column, as a bulk load takes them. A load only reads it.
type Block struct {
	// Rows is the number of rows.
	Rows int
	// Columns are in the order of TableDef.Columns.
	Columns []BlockColumn
}

// BlockColumn is one column of a Block. The elements are in the slice of the
// column's representation; the others are not looked at.
type BlockColumn struct {
	// Valid has a byte for each row, 0 for NULL; nil means no NULL. What lies
	// under a NULL does not matter, except that its code has to be one.
	Valid []uint8
	// Codes has each row's index among the elements, nil if element i is row i.
	Codes []uint32

	Bool     []uint8 // 0 or 1
	Int16    []int16
	Int32    []int32
	Int64    []int64
	Int128   []types.Int128
	Float32  []float32
	Float64  []float64
	String   []string
	Interval []types.IntervalValue
}

// elements returns the number of elements.
func (c *BlockColumn) elements(phys types.Physical) int {
	switch phys {
	case types.PhysBool:
		return len(c.Bool)
	case types.PhysInt16:
		return len(c.Int16)
	case types.PhysInt32:
		return len(c.Int32)
	case types.PhysInt64:
		return len(c.Int64)
	case types.PhysInt128:
		return len(c.Int128)
	case types.PhysFloat32:
		return len(c.Float32)
	case types.PhysFloat64:
		return len(c.Float64)
	case types.PhysInterval:
		return len(c.Interval)
	}
	return len(c.String)
}

// null reports whether row i is NULL.
func (c *BlockColumn) null(i int) bool { return c.Valid != nil && c.Valid[i] == 0 }

// datum returns row i.
func (c *BlockColumn) datum(phys types.Physical, i int) types.Datum {
	if c.null(i) {
		return types.NullDatum
	}
	if c.Codes != nil {
		i = int(c.Codes[i])
	}
	switch phys {
	case types.PhysBool:
		return types.NewBool(c.Bool[i] != 0)
	case types.PhysInt16:
		return types.NewInt16(c.Int16[i])
	case types.PhysInt32:
		return types.NewInt32(c.Int32[i])
	case types.PhysInt64:
		return types.NewInt64(c.Int64[i])
	case types.PhysInt128:
		return types.NewInt128(c.Int128[i])
	case types.PhysFloat32:
		return types.NewFloat32(c.Float32[i])
	case types.PhysFloat64:
		return types.NewFloat64(c.Float64[i])
	case types.PhysInterval:
		return types.NewInterval(c.Interval[i])
	}
	return types.NewString(c.String[i])
}

// checkBlock refuses a block that is not of the table.
func (s *Schema) checkBlock(b *Block) error {
	if len(b.Columns) != len(s.def.Columns) {
		return sqlstate.New(sqlstate.InternalError, "table %q has %d columns, the rows %d", s.def.Name, len(s.def.Columns), len(b.Columns))
	}
	for i := range b.Columns {
		c, def := &b.Columns[i], &s.def.Columns[i]
		n := c.elements(def.Type.Physical())
		if c.Codes != nil {
			n = len(c.Codes)
		}
		if n < b.Rows || c.Valid != nil && len(c.Valid) < b.Rows {
			return sqlstate.New(sqlstate.InternalError, "column %q of table %q: %d values of type %s for %d rows", def.Name, s.def.Name, n, def.Type, b.Rows)
		}
	}
	return nil
}

// checkBlockNotNull returns 23502 for the first row with a NULL in a column that
// refuses it.
func (s *Schema) checkBlockNotNull(b *Block) error {
	bad := b.Rows
	for _, ord := range s.notNull {
		if valid := b.Columns[ord].Valid; valid != nil {
			if i := slices.Index(valid[:bad], 0); i >= 0 {
				bad = i
			}
		}
	}
	if bad == b.Rows {
		return nil
	}
	return s.checkNotNull(s.blockRow(b, bad))
}

// blockRow returns row i.
func (s *Schema) blockRow(b *Block, i int) []types.Datum {
	row := make([]types.Datum, len(b.Columns))
	for c := range row {
		row[c] = b.Columns[c].datum(s.def.Columns[c].Type.Physical(), i)
	}
	return row
}

// maxPartRows is how many rows are encoded at a time: few enough for the second
// level cache to hold them while column after column is written into them.
const maxPartRows = 2048

// blockEncoder writes the rows of blocks, column by column, in the form of
// appendRow.
type blockEncoder struct {
	// varBytes, row, start and pos belong to the rows of the part being encoded:
	// the length of the variable-width values, and where in the arena the encoded
	// row, its first variable-width value and the next one begin.
	varBytes        []int
	row, start, pos []int
	// gathered holds the elements of a column with codes.
	gathered BlockColumn
}

// measure sets the lengths of the variable-width values of n rows.
func (e *blockEncoder) measure(s *Schema, b *Block, from, n int) {
	e.varBytes = resized(e.varBytes, n)
	clear(e.varBytes)
	for _, ord := range s.varOrder {
		c := &b.Columns[ord]
		switch {
		case c.Valid != nil:
			for i := range e.varBytes {
				if c.Valid[from+i] != 0 {
					e.varBytes[i] += len(c.String[c.index(from+i)])
				}
			}
		case c.Codes != nil:
			for i, k := range c.Codes[from : from+n] {
				e.varBytes[i] += len(c.String[k])
			}
		default:
			for i, str := range c.String[from : from+n] {
				e.varBytes[i] += len(str)
			}
		}
	}
}

// index returns where the element of row i is.
func (c *BlockColumn) index(i int) int {
	if c.Codes != nil {
		return int(c.Codes[i])
	}
	return i
}

// rowLen returns the length of the fixed part and of the whole of a row with n
// bytes of variable-width values.
func (l *layout) rowLen(n int) (head, whole int) {
	width := 2
	if n > math.MaxUint16 {
		width = 4
	}
	head = l.fixedEnd + l.vars*width
	return head, head + n
}

// fill writes the values of n rows, for which row, start and pos say where. Their
// fixed parts are zero.
func (e *blockEncoder) fill(s *Schema, b *Block, from, n int, arena []byte) {
	l := s.current
	for i := range b.Columns {
		c, sl := &b.Columns[i], &l.slots[i]
		if sl.fixed {
			e.fillFixed(c, sl, from, n, arena)
		}
		if c.Valid == nil {
			continue
		}
		at, bit := rowHeaderLen+sl.bit>>3, byte(1)<<(sl.bit&7)
		for k, ok := range c.Valid[from : from+n] {
			if ok != 0 {
				continue
			}
			p := e.row[k]
			arena[p+at] |= bit
			if sl.fixed {
				clear(arena[p+sl.off : p+sl.off+fixedWidth(sl.phys)])
			}
		}
	}
	for _, ord := range s.varOrder {
		e.fillStrings(&b.Columns[ord], l.fixedEnd, l.slots[ord].off, from, n, arena)
	}
}

// fillFixed writes a column of fixed width, with whatever lies under its NULLs.
func (e *blockEncoder) fillFixed(c *BlockColumn, sl *slot, from, n int, arena []byte) {
	rows := e.row[:n]
	g := &e.gathered
	switch sl.phys {
	case types.PhysBool:
		fill1(arena, rows, sl.off, part(c, c.Bool, &g.Bool, from, n))
	case types.PhysInt16:
		fill2(arena, rows, sl.off, bitsOf[uint16](part(c, c.Int16, &g.Int16, from, n)))
	case types.PhysInt32:
		fill4(arena, rows, sl.off, bitsOf[uint32](part(c, c.Int32, &g.Int32, from, n)))
	case types.PhysInt64:
		fill8(arena, rows, sl.off, bitsOf[uint64](part(c, c.Int64, &g.Int64, from, n)))
	case types.PhysFloat32:
		fill4(arena, rows, sl.off, bitsOf[uint32](part(c, c.Float32, &g.Float32, from, n)))
	case types.PhysFloat64:
		fill8(arena, rows, sl.off, bitsOf[uint64](part(c, c.Float64, &g.Float64, from, n)))
	case types.PhysInt128:
		for i, v := range part(c, c.Int128, &g.Int128, from, n) {
			binary.LittleEndian.PutUint64(arena[rows[i]+sl.off:], v.Lo)
			binary.LittleEndian.PutUint64(arena[rows[i]+sl.off+8:], uint64(v.Hi))
		}
	case types.PhysInterval:
		for i, v := range part(c, c.Interval, &g.Interval, from, n) {
			binary.LittleEndian.PutUint32(arena[rows[i]+sl.off:], uint32(v.Months))
			binary.LittleEndian.PutUint32(arena[rows[i]+sl.off+4:], uint32(v.Days))
			binary.LittleEndian.PutUint64(arena[rows[i]+sl.off+8:], uint64(v.Micros))
		}
	}
}

// part returns the elements of n rows: a slice of a, or gathered into scratch.
func part[T any](c *BlockColumn, a []T, scratch *[]T, from, n int) []T {
	if c.Codes == nil {
		return a[from : from+n]
	}
	out := resized(*scratch, n)
	*scratch = out
	if len(a) == 0 { // every row is NULL
		clear(out)
		return out
	}
	for i, k := range c.Codes[from : from+n] {
		out[i] = a[k]
	}
	return out
}

// resized returns a with length n; its elements are not kept.
func resized[T any](a []T, n int) []T { return slices.Grow(a[:0], n)[:n] }

// bitsOf views a as unsigned integers of the same width.
func bitsOf[U uint16 | uint32 | uint64, T int16 | int32 | int64 | float32 | float64](a []T) []U {
	return unsafe.Slice((*U)(unsafe.Pointer(unsafe.SliceData(a))), len(a))
}

func fill1(arena []byte, rows []int, off int, a []uint8) {
	a = a[:len(rows)]
	for i, p := range rows {
		arena[p+off] = a[i]
	}
}

func fill2(arena []byte, rows []int, off int, a []uint16) {
	a = a[:len(rows)]
	for i, p := range rows {
		binary.LittleEndian.PutUint16(arena[p+off:], a[i])
	}
}

func fill4(arena []byte, rows []int, off int, a []uint32) {
	a = a[:len(rows)]
	for i, p := range rows {
		binary.LittleEndian.PutUint32(arena[p+off:], a[i])
	}
}

func fill8(arena []byte, rows []int, off int, a []uint64) {
	a = a[:len(rows)]
	for i, p := range rows {
		binary.LittleEndian.PutUint64(arena[p+off:], a[i])
	}
}

// fillStrings writes the bytes and the end offset of one variable-width value of
// each row, the idx-th.
func (e *blockEncoder) fillStrings(c *BlockColumn, fixedEnd, idx, from, n int, arena []byte) {
	pos, start := e.pos[:n], e.start[:n]
	for i := range pos {
		if !c.null(from + i) {
			pos[i] += copy(arena[pos[i]:], c.String[c.index(from+i)])
		}
		end, at := pos[i]-start[i], e.row[i]+fixedEnd
		if e.varBytes[i] > math.MaxUint16 {
			binary.LittleEndian.PutUint32(arena[at+4*idx:], uint32(end))
		} else {
			binary.LittleEndian.PutUint16(arena[at+2*idx:], uint16(end))
		}
	}
}
