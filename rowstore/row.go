package rowstore

import (
	"encoding/binary"
	"math"
	"strings"
	"unsafe"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Row is a view over one encoded row version. The accessors take ordinals of
// the schema it was read with and decode that column only; an accessor other
// than IsNull and Datum must not be called for a NULL.
//
// A row from Get, Lock or an Event stays valid for ever. A row from an iterator
// is valid until the iterator moves; Clone keeps it. The zero Row is no row.
type Row struct {
	schema *Schema
	layout *layout
	data   []byte // the row without the version header; nil for no row
	rowID  uint64
	ts     Timestamp
	// wide says that the end offsets are 4 bytes; stable that data never changes.
	wide, stable bool
}

// Valid reports whether there is a row.
func (r Row) Valid() bool { return r.data != nil }

// Schema returns the schema that the row's ordinals refer to.
func (r Row) Schema() *Schema { return r.schema }

// RowID returns the rowID of this version, 0 for one that is not committed yet.
func (r Row) RowID() uint64 { return r.rowID }

// Timestamp returns the commit timestamp of this version, 0 for one that is
// not committed yet.
func (r Row) Timestamp() Timestamp { return r.ts }

// Len returns the number of columns.
func (r Row) Len() int { return len(r.layout.slots) }

// SizeBytes returns the length of the encoded row.
func (r Row) SizeBytes() int { return len(r.data) }

// Clone returns a row that stays valid when the iterator moves on.
func (r Row) Clone() Row {
	if !r.stable && r.data != nil {
		r.data = append([]byte(nil), r.data...)
		r.stable = true
	}
	return r
}

// as returns the row with the ordinals of another version of its table's schema.
func (r Row) as(schema *Schema) (Row, error) {
	if r.schema == schema || r.data == nil {
		return r, nil
	}
	var flags byte
	if r.wide {
		flags = flagWide
	}
	out, err := schema.decodeRow(r.data, flags)
	out.rowID, out.ts, out.stable = r.rowID, r.ts, r.stable
	return out, err
}

// stored reports whether the row holds a value for column i, and its slot.
func (r Row) stored(i int) (s *slot, ok bool) {
	s = &r.layout.slots[i]
	if s.bit < 0 {
		return s, false
	}
	return s, r.data[rowHeaderLen+s.bit>>3]&(1<<(s.bit&7)) == 0
}

// absent reports that the row's schema version did not have column i.
func (r Row) absent(i int) bool { return r.layout.slots[i].bit < 0 }

// IsNull reports whether column i is NULL.
func (r Row) IsNull(i int) bool {
	if r.absent(i) {
		return r.schema.def.Columns[i].Missing.IsNull()
	}
	_, ok := r.stored(i)
	return !ok
}

// Int64 returns a boolean (0, 1), integer, date, time, timestamp or short numeric.
func (r Row) Int64(i int) int64 {
	s := &r.layout.slots[i]
	if s.bit < 0 {
		return r.schema.def.Columns[i].Missing.Int()
	}
	b := r.data[s.off:]
	switch s.phys {
	case types.PhysBool:
		return int64(b[0])
	case types.PhysInt16:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case types.PhysInt32:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// Bool returns a boolean.
func (r Row) Bool(i int) bool { return r.Int64(i) != 0 }

// Float64 returns a REAL or DOUBLE PRECISION.
func (r Row) Float64(i int) float64 {
	s := &r.layout.slots[i]
	if s.bit < 0 {
		return r.schema.def.Columns[i].Missing.Float()
	}
	b := r.data[s.off:]
	if s.phys == types.PhysFloat32 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// Int128 returns a long numeric, or any integer widened.
func (r Row) Int128(i int) types.Int128 {
	s := &r.layout.slots[i]
	if s.bit < 0 {
		return r.schema.def.Columns[i].Missing.Int128()
	}
	if s.phys != types.PhysInt128 {
		return types.Int128From(r.Int64(i))
	}
	b := r.data[s.off:]
	return types.Int128{Lo: binary.LittleEndian.Uint64(b), Hi: int64(binary.LittleEndian.Uint64(b[8:]))}
}

// Interval returns an INTERVAL.
func (r Row) Interval(i int) types.IntervalValue {
	s := &r.layout.slots[i]
	if s.bit < 0 {
		return r.schema.def.Columns[i].Missing.Interval()
	}
	b := r.data[s.off:]
	return types.IntervalValue{
		Months: int32(binary.LittleEndian.Uint32(b)),
		Days:   int32(binary.LittleEndian.Uint32(b[4:])),
		Micros: int64(binary.LittleEndian.Uint64(b[8:])),
	}
}

// Bytes returns the content of a text, bytea, uuid or json column. It aliases
// the row: not to be written, valid as long as the row.
func (r Row) Bytes(i int) []byte {
	s := &r.layout.slots[i]
	if s.bit < 0 {
		return []byte(r.schema.def.Columns[i].Missing.Str())
	}
	l := r.layout
	width := 2
	if r.wide {
		width = 4
	}
	base := l.fixedEnd + l.vars*width
	start := 0
	if s.off > 0 {
		start = r.end(s.off-1, width)
	}
	return r.data[base+start : base+r.end(s.off, width)]
}

// end returns the end of the idx-th variable-width value, relative to the first.
func (r Row) end(idx, width int) int {
	at := r.layout.fixedEnd + idx*width
	if width == 2 {
		return int(binary.LittleEndian.Uint16(r.data[at:]))
	}
	return int(binary.LittleEndian.Uint32(r.data[at:]))
}

// Str returns a text, bytea, uuid or json column without copying: the string
// is valid only as long as the row.
func (r Row) Str(i int) string {
	b := r.Bytes(i)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Datum returns column i, NULL included. Its string is a copy unless the row
// stays valid for ever.
func (r Row) Datum(i int) types.Datum {
	s, ok := r.stored(i)
	if !ok {
		if s.bit < 0 {
			return r.schema.def.Columns[i].Missing
		}
		return types.NullDatum
	}
	switch s.phys {
	case types.PhysBool:
		return types.NewBool(r.Int64(i) != 0)
	case types.PhysInt16, types.PhysInt32, types.PhysInt64:
		return types.NewInt(s.phys, r.Int64(i))
	case types.PhysInt128:
		return types.NewInt128(r.Int128(i))
	case types.PhysFloat32:
		return types.NewFloat32(float32(r.Float64(i)))
	case types.PhysFloat64:
		return types.NewFloat64(r.Float64(i))
	case types.PhysInterval:
		return types.NewInterval(r.Interval(i))
	}
	if r.stable {
		return types.NewString(r.Str(i))
	}
	return types.NewString(string(r.Bytes(i)))
}

// AppendTo appends all columns to dst.
func (r Row) AppendTo(dst []types.Datum) []types.Datum {
	for i := range r.layout.slots {
		dst = append(dst, r.Datum(i))
	}
	return dst
}

// Datums returns all columns.
func (r Row) Datums() []types.Datum { return r.AppendTo(make([]types.Datum, 0, r.Len())) }

// formatRow prints values as PostgreSQL does in error details.
func formatRow(s *Schema, row []types.Datum) string {
	return FormatRow(row, func(i int) types.Type { return s.def.Columns[i].Type })
}

// FormatRow prints a row as errors show it: (1, abc, null). typeOf gives the
// type of each value.
func FormatRow(row []types.Datum, typeOf func(i int) types.Type) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, d := range row {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(formatDatum(typeOf(i), d))
	}
	b.WriteByte(')')
	return b.String()
}

// formatDatum prints one value, shortened to what fits an error.
func formatDatum(t types.Type, d types.Datum) string {
	if d.IsNull() {
		return "null"
	}
	text := types.Format(d, t, nil)
	const limit = 64
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return text
}

// corrupt returns XX001 for bytes that are not a row of the table.
func (s *Schema) corrupt(format string, args ...any) error {
	return sqlstate.New(sqlstate.DataCorrupted, "table \""+s.def.Name+"\": "+format, args...)
}
