package pg

import (
	"encoding/binary"
	"math"
	"strconv"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Format codes of the protocol.
const (
	formatText   int16 = 0
	formatBinary int16 = 1
)

// maxRow is the longest DataRow body; its length must fit an int32.
const maxRow = 1<<30 - 1

// appendValue appends the wire form of element i of a flat vector that is not null.
type appendValue func(dst []byte, v *vector.Vector, i int, st *types.TextStyle) []byte

// rowEncoder turns batches into DataRow messages. It is reused: begin for each
// result, then append for ranges of alive rows.
type rowEncoder struct {
	// kind is the message's: 'D', or 'd' for the rows of a binary COPY, which
	// have the form of a DataRow.
	kind    byte
	formats []int16
	style   *types.TextStyle
	cols    []columnView
}

// columnView is a column of the current batch, its encoding resolved once.
type columnView struct {
	append appendValue
	kind   types.Type
	// data is the flat vector that holds the elements.
	data *vector.Vector
	// valid is by row, nil without nulls.
	valid []uint8
	// codes leads from the row to the element of a dictionary; constant says that
	// element 0 (and validity 0) is every row's.
	codes    []uint32
	constant bool
}

// begin prepares for a result of n columns in the formats, one a column.
func (e *rowEncoder) begin(formats []int16, st *types.TextStyle) {
	e.kind, e.formats, e.style = 'D', formats, st
	e.cols = e.cols[:0]
	for range formats {
		e.cols = append(e.cols, columnView{})
	}
}

// batch points the column views at b.
func (e *rowEncoder) batch(b *vector.Batch) {
	for i, v := range b.Cols {
		c := &e.cols[i]
		if c.append == nil || c.kind != v.Type {
			c.kind = v.Type
			c.append = textEncoder(v.Type)
			if e.formats[i] == formatBinary {
				c.append = binaryEncoder(v.Type)
			}
		}
		c.data, c.valid, c.codes, c.constant = v, v.Valid, nil, false
		switch v.Enc {
		case vector.Const:
			c.constant = true
		case vector.Dict:
			c.data, c.codes = v.Dict, v.Codes
		}
	}
}

// rows appends DataRows of the alive rows [from, to) of b until dst is longer
// than limit; it returns the row to continue at.
func (e *rowEncoder) rows(dst []byte, b *vector.Batch, from, to, limit int) ([]byte, int, error) {
	for ; from < to && len(dst) < limit; from++ {
		at := len(dst)
		dst = append(dst, e.kind, 0, 0, 0, 0, byte(len(e.cols)>>8), byte(len(e.cols)))
		row := b.Row(from)
		for i := range e.cols {
			dst = e.cols[i].cell(dst, row, e.style)
		}
		size := len(dst) - at - 1
		if size > maxRow {
			return dst[:at], from, sqlstate.New(sqlstate.ProgramLimitExceeded, "a row of the result has %d bytes on the wire, the protocol allows %d", size, maxRow)
		}
		binary.BigEndian.PutUint32(dst[at+1:], uint32(size))
	}
	return dst, from, nil
}

// cell appends length and value of one cell, length −1 for NULL.
func (c *columnView) cell(dst []byte, row int, st *types.TextStyle) []byte {
	if c.constant {
		row = 0
	}
	if c.valid != nil && c.valid[row] == 0 {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	if c.codes != nil {
		row = int(c.codes[row])
	}
	at := len(dst)
	dst = c.append(append(dst, 0, 0, 0, 0), c.data, row, st)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendRowDescription appends a RowDescription; formats has one code a column,
// or is nil for text.
func appendRowDescription(dst []byte, cols []htap.Column, formats []int16) []byte {
	at := len(dst)
	dst = append(dst, 'T', 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(cols)))
	for i, c := range cols {
		dst = append(dst, cString(c.Name)...)
		dst = append(dst, 0)
		dst = binary.BigEndian.AppendUint32(dst, c.TableID)
		dst = binary.BigEndian.AppendUint16(dst, uint16(c.Ordinal))
		dst = binary.BigEndian.AppendUint32(dst, wireOID(c.Type))
		dst = binary.BigEndian.AppendUint16(dst, uint16(c.Type.TypLen()))
		dst = binary.BigEndian.AppendUint32(dst, uint32(typMod(c.Type)))
		f := formatText
		if formats != nil {
			f = formats[i]
		}
		dst = binary.BigEndian.AppendUint16(dst, uint16(f))
	}
	binary.BigEndian.PutUint32(dst[at+1:], uint32(len(dst)-at-1))
	return dst
}

// wireOID is the type's OID; a literal whose type nothing decided is shown as text.
func wireOID(t types.Type) uint32 {
	if t.Kind == types.Unknown || t.Kind == types.Invalid {
		return types.TText.OID()
	}
	return t.OID()
}

// typMod is the modifier to announce: none for a NUMERIC with the default ones,
// which is what a computed NUMERIC has.
func typMod(t types.Type) int32 {
	if t == types.Base(types.Numeric) {
		return -1
	}
	return t.TypMod()
}

// textEncoder returns the encoder of a type's text form, which is that of
// types.AppendFormat; the kinds that results are full of skip the Datum.
func textEncoder(t types.Type) appendValue {
	switch t.Kind {
	case types.Int2:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return strconv.AppendInt(dst, int64(v.I16[i]), 10)
		}
	case types.Int4:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return strconv.AppendInt(dst, int64(v.I32[i]), 10)
		}
	case types.Int8:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return strconv.AppendInt(dst, v.I64[i], 10)
		}
	case types.Date:
		return func(dst []byte, v *vector.Vector, i int, st *types.TextStyle) []byte {
			return st.AppendDate(dst, v.I32[i])
		}
	case types.Timestamp:
		return func(dst []byte, v *vector.Vector, i int, st *types.TextStyle) []byte {
			return st.AppendTimestamp(dst, v.I64[i])
		}
	case types.Bool, types.Char, types.Bytea, types.UUID, types.Time, types.TimestampTZ, types.Interval,
		types.Numeric, types.Float4, types.Float8:
		return func(dst []byte, v *vector.Vector, i int, st *types.TextStyle) []byte {
			return st.Append(dst, v.Datum(i), v.Type)
		}
	}
	return appendString
}

// appendString is the form of text in both formats.
func appendString(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
	return append(dst, v.Str[i]...)
}

// Days and microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL's
// binary dates begin.
const (
	epochDays   = 10957
	epochMicros = epochDays * types.MicrosPerDay
)

// binaryEncoder returns the encoder of a type's binary form.
func binaryEncoder(t types.Type) appendValue {
	switch t.Kind {
	case types.Bool:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte { return append(dst, v.Bool[i]) }
	case types.Int2:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return binary.BigEndian.AppendUint16(dst, uint16(v.I16[i]))
		}
	case types.Int4:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return binary.BigEndian.AppendUint32(dst, uint32(v.I32[i]))
		}
	case types.Int8, types.Time:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return binary.BigEndian.AppendUint64(dst, uint64(v.I64[i]))
		}
	case types.Date:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return binary.BigEndian.AppendUint32(dst, uint32(v.I32[i]-epochDays))
		}
	case types.Timestamp, types.TimestampTZ:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return binary.BigEndian.AppendUint64(dst, uint64(v.I64[i]-epochMicros))
		}
	case types.Float4:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return binary.BigEndian.AppendUint32(dst, math.Float32bits(v.F32[i]))
		}
	case types.Float8:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.F64[i]))
		}
	case types.Numeric:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return appendNumericBinary(dst, v.Datum(i).Int128(), int(v.Type.Scale))
		}
	case types.Interval:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			iv := v.Iv[i]
			dst = binary.BigEndian.AppendUint64(dst, uint64(iv.Micros))
			dst = binary.BigEndian.AppendUint32(dst, uint32(iv.Days))
			return binary.BigEndian.AppendUint32(dst, uint32(iv.Months))
		}
	case types.JSONB:
		return func(dst []byte, v *vector.Vector, i int, _ *types.TextStyle) []byte {
			return append(append(dst, 1), v.Str[i]...) // 1 is the version of the form
		}
	case types.Char:
		return textEncoder(t)
	}
	return appendString
}
