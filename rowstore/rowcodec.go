package rowstore

import (
	"encoding/binary"
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Flags of a value's first byte.
const (
	flagTombstone   = 1 << 0 // the version ends the row; no row follows
	flagPredecessor = 1 << 1 // a predecessor rowID follows the rowID
	flagWide        = 1 << 2 // end offsets are 4 bytes
	knownFlags      = flagTombstone | flagPredecessor | flagWide
)

// rowIDOffset is where a value's rowID lies: commit patches it there.
// versionHeaderLen is what precedes the row of a version without a predecessor.
const (
	rowIDOffset      = 1
	versionHeaderLen = rowIDOffset + 8
)

// maxRowBytes bounds an encoded row; Pebble's batches stay far below 4 GiB.
const maxRowBytes = 256 << 20

// appendVersionHeader appends flags, a placeholder for the rowID and, if prev
// is not 0, the predecessor.
func appendVersionHeader(dst []byte, flags byte, rowID, prev uint64) []byte {
	if prev != 0 {
		flags |= flagPredecessor
	}
	dst = append(dst, flags)
	dst = binary.LittleEndian.AppendUint64(dst, rowID)
	if prev != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, prev)
	}
	return dst
}

// version is a decoded value of the primary index, without the row's columns.
type version struct {
	flags       byte
	rowID, prev uint64
	row         []byte // aliases the value
}

func (v *version) tombstone() bool { return v.flags&flagTombstone != 0 }

// ended returns the rowID that a successor of this version replaces: its own,
// or for a tombstone the one it ended.
func (v *version) ended() uint64 {
	if v.tombstone() {
		return v.prev
	}
	return v.rowID
}

// decodeVersion splits a value; ok is false for bytes that are none.
func decodeVersion(value []byte) (v version, ok bool) {
	if len(value) < 1+8 || value[0]&^byte(knownFlags) != 0 {
		return v, false
	}
	v.flags = value[0]
	v.rowID = binary.LittleEndian.Uint64(value[rowIDOffset:])
	rest := value[9:]
	if v.flags&flagPredecessor != 0 {
		if len(rest) < 8 {
			return v, false
		}
		v.prev = binary.LittleEndian.Uint64(rest)
		rest = rest[8:]
	}
	v.row = rest
	return v, true
}

// appendRow appends the encoded row and returns the flag that its width needs.
// The caller has checked the number of columns and NOT NULL.
func (s *Schema) appendRow(dst []byte, row []types.Datum) (out []byte, flags byte, err error) {
	l := s.current
	start := len(dst)
	varBytes := 0
	if l.vars > 0 {
		for i := range row {
			if !l.slots[i].fixed && !row[i].IsNull() {
				varBytes += len(row[i].Str())
			}
		}
	}
	width := 2
	if varBytes > math.MaxUint16 {
		width, flags = 4, flagWide
	}
	head := l.fixedEnd + l.vars*width
	if head+varBytes > maxRowBytes {
		return dst, 0, s.rowTooLarge()
	}
	dst = append(dst, make([]byte, head)...)
	enc := dst[start:]
	binary.LittleEndian.PutUint16(enc, s.def.Version)
	for i := range row {
		sl := &l.slots[i]
		if row[i].IsNull() {
			enc[rowHeaderLen+sl.bit>>3] |= 1 << (sl.bit & 7)
			continue
		}
		if row[i].Physical() != sl.phys {
			return dst, 0, sqlstate.New(sqlstate.InternalError, "column %q of table %q: value has another representation than %s",
				s.def.Columns[i].Name, s.def.Name, s.def.Columns[i].Type)
		}
		if sl.fixed {
			putFixed(enc[sl.off:], sl.phys, row[i])
		}
	}
	if l.vars > 0 {
		dst = s.appendVars(dst, start, width, row)
	}
	return dst, flags, nil
}

func (s *Schema) rowTooLarge() error {
	return sqlstate.New(sqlstate.ProgramLimitExceeded, "row of table %q is larger than %d bytes", s.def.Name, maxRowBytes)
}

// appendVars writes the end offsets and appends the variable-width values in
// the order of their slots, which is that of column ids.
func (s *Schema) appendVars(dst []byte, start, width int, row []types.Datum) []byte {
	l := s.current
	end := 0
	for _, i := range s.varOrder {
		if !row[i].IsNull() {
			str := row[i].Str()
			dst = append(dst, str...)
			end += len(str)
		}
		at := start + l.fixedEnd + l.slots[i].off*width
		if width == 2 {
			binary.LittleEndian.PutUint16(dst[at:], uint16(end))
		} else {
			binary.LittleEndian.PutUint32(dst[at:], uint32(end))
		}
	}
	return dst
}

// putFixed writes a fixed-width value.
func putFixed(dst []byte, phys types.Physical, d types.Datum) {
	switch phys {
	case types.PhysBool:
		dst[0] = byte(d.Int())
	case types.PhysInt16:
		binary.LittleEndian.PutUint16(dst, uint16(d.Int()))
	case types.PhysInt32:
		binary.LittleEndian.PutUint32(dst, uint32(d.Int()))
	case types.PhysInt64:
		binary.LittleEndian.PutUint64(dst, uint64(d.Int()))
	case types.PhysFloat32:
		binary.LittleEndian.PutUint32(dst, math.Float32bits(float32(d.Float())))
	case types.PhysFloat64:
		binary.LittleEndian.PutUint64(dst, math.Float64bits(d.Float()))
	case types.PhysInt128:
		v := d.Int128()
		binary.LittleEndian.PutUint64(dst, v.Lo)
		binary.LittleEndian.PutUint64(dst[8:], uint64(v.Hi))
	case types.PhysInterval:
		v := d.Interval()
		binary.LittleEndian.PutUint32(dst, uint32(v.Months))
		binary.LittleEndian.PutUint32(dst[4:], uint32(v.Days))
		binary.LittleEndian.PutUint64(dst[8:], uint64(v.Micros))
	}
}

// decodeRow returns a view over data, which it checks so that no accessor can
// leave it. flags are the version's.
func (s *Schema) decodeRow(data []byte, flags byte) (Row, error) {
	if len(data) < rowHeaderLen {
		return Row{}, s.corrupt("row of %d bytes", len(data))
	}
	v := binary.LittleEndian.Uint16(data)
	if int(v) >= len(s.layouts) {
		// The row was written after an ALTER TABLE that this reader's plan does not
		// know: it has to be planned again.
		return Row{}, sqlstate.New(sqlstate.SerializationFailure,
			"definition of table %q changed: row has schema version %d, statement was planned for %d", s.def.Name, v, s.def.Version)
	}
	l := s.layouts[v]
	r := Row{schema: s, layout: l, data: data, wide: flags&flagWide != 0}
	width := 2
	if r.wide {
		width = 4
	}
	base := l.fixedEnd + l.vars*width
	if len(data) < base {
		return Row{}, s.corrupt("row of %d bytes, its fixed part has %d", len(data), base)
	}
	last := 0
	for idx := range l.vars {
		end := r.end(idx, width)
		if end < last {
			return Row{}, s.corrupt("row with descending offsets")
		}
		last = end
	}
	if base+last != len(data) {
		return Row{}, s.corrupt("row of %d bytes, its offsets end at %d", len(data), base+last)
	}
	return r, nil
}
