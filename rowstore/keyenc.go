package rowstore

import (
	"bytes"
	"encoding/binary"
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Markers before each column of a secondary index: NULL sorts last, as
// PostgreSQL's ASC does. Primary key columns are never NULL and have none.
const (
	markValue byte = 0x02
	markNull  byte = 0x03
)

// Within a string a zero byte is written as 0x00 0xFF; 0x00 0x01 ends it. So a
// string sorts before its extensions, and the next column cannot change that.
const (
	stringEscape     byte = 0x00
	stringEscapedNul byte = 0xFF
	stringEnd        byte = 0x01
)

// maxKeyBytes bounds the encoded key columns of a row or index entry.
const maxKeyBytes = 32 << 10

// appendKeyDatum appends the order-preserving form of a value that is not NULL.
func appendKeyDatum(dst []byte, t types.Type, d types.Datum) ([]byte, error) {
	switch t.Physical() {
	case types.PhysBool:
		return append(dst, byte(d.Int())), nil
	case types.PhysInt16:
		return binary.BigEndian.AppendUint16(dst, uint16(d.Int())^1<<15), nil
	case types.PhysInt32:
		return binary.BigEndian.AppendUint32(dst, uint32(d.Int())^1<<31), nil
	case types.PhysInt64:
		return binary.BigEndian.AppendUint64(dst, uint64(d.Int())^1<<63), nil
	case types.PhysInt128:
		return appendKeyInt128(dst, d.Int128()), nil
	case types.PhysFloat32:
		return binary.BigEndian.AppendUint32(dst, orderFloat32(float32(d.Float()))), nil
	case types.PhysFloat64:
		return binary.BigEndian.AppendUint64(dst, orderFloat64(d.Float())), nil
	case types.PhysInterval:
		return appendKeyInt128(dst, intervalOrder(d.Interval())), nil
	}
	if t.Kind == types.UUID {
		if len(d.Str()) != 16 {
			return dst, sqlstate.New(sqlstate.InternalError, "uuid of %d bytes", len(d.Str()))
		}
		return append(dst, d.Str()...), nil
	}
	return appendKeyString(dst, d.Str()), nil
}

func appendKeyInt128(dst []byte, v types.Int128) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(v.Hi)^1<<63)
	return binary.BigEndian.AppendUint64(dst, v.Lo)
}

// orderFloat64 maps a float to an integer of the same order: −0 is 0 and every
// NaN is the one that sorts last.
func orderFloat64(f float64) uint64 {
	switch {
	case f != f:
		return math.MaxUint64
	case f == 0:
		return 1 << 63
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func unorderFloat64(u uint64) float64 {
	switch {
	case u == math.MaxUint64:
		return math.NaN()
	case u>>63 != 0:
		return math.Float64frombits(u &^ (1 << 63))
	}
	return math.Float64frombits(^u)
}

func orderFloat32(f float32) uint32 {
	switch {
	case f != f:
		return math.MaxUint32
	case f == 0:
		return 1 << 31
	}
	b := math.Float32bits(f)
	if b>>31 != 0 {
		return ^b
	}
	return b | 1<<31
}

func unorderFloat32(u uint32) float32 {
	switch {
	case u == math.MaxUint32:
		return float32(math.NaN())
	case u>>31 != 0:
		return math.Float32frombits(u &^ (1 << 31))
	}
	return math.Float32frombits(^u)
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// intervalOrder is the number that PostgreSQL compares intervals by: months
// count 30 days, days 24 hours.
func intervalOrder(v types.IntervalValue) types.Int128 {
	days := int64(v.Months)*30 + int64(v.Days)
	sum, _ := types.Mul64(days, microsPerDay).Add(types.Int128From(v.Micros))
	return sum
}

func appendKeyString(dst []byte, s string) []byte {
	for {
		i := indexNul(s)
		if i < 0 {
			break
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, stringEscape, stringEscapedNul)
		s = s[i+1:]
	}
	dst = append(dst, s...)
	return append(dst, stringEscape, stringEnd)
}

func indexNul(s string) int {
	for i := range len(s) {
		if s[i] == 0 {
			return i
		}
	}
	return -1
}

// skipKeyDatum returns the length of the value at the start of b, −1 if there is none.
func skipKeyDatum(b []byte, t types.Type) int {
	n := 0
	switch phys := t.Physical(); phys {
	case types.PhysString:
		if t.Kind != types.UUID {
			return skipKeyString(b)
		}
		n = 16
	default:
		n = fixedWidth(phys)
	}
	if len(b) < n {
		return -1
	}
	return n
}

func skipKeyString(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], stringEscape)
		if i < 0 || at+i+1 >= len(b) {
			return -1
		}
		at += i + 2
		switch b[at-1] {
		case stringEnd:
			return at
		case stringEscapedNul:
		default:
			return -1
		}
	}
}

// decodeKeyDatum decodes the value at the start of b and returns the rest. An
// interval comes back as the µs it compares by. ok is false for foreign bytes.
func decodeKeyDatum(b []byte, t types.Type) (d types.Datum, rest []byte, ok bool) {
	n := skipKeyDatum(b, t)
	if n < 0 {
		return d, b, false
	}
	v, rest := b[:n], b[n:]
	switch phys := t.Physical(); phys {
	case types.PhysBool:
		return types.NewBool(v[0] != 0), rest, v[0] <= 1
	case types.PhysInt16:
		return types.NewInt(phys, int64(int16(binary.BigEndian.Uint16(v)^1<<15))), rest, true
	case types.PhysInt32:
		return types.NewInt(phys, int64(int32(binary.BigEndian.Uint32(v)^1<<31))), rest, true
	case types.PhysInt64:
		return types.NewInt(phys, int64(binary.BigEndian.Uint64(v)^1<<63)), rest, true
	case types.PhysInt128:
		return types.NewInt128(decodeKeyInt128(v)), rest, true
	case types.PhysFloat32:
		return types.NewFloat32(unorderFloat32(binary.BigEndian.Uint32(v))), rest, true
	case types.PhysFloat64:
		return types.NewFloat64(unorderFloat64(binary.BigEndian.Uint64(v))), rest, true
	case types.PhysInterval:
		return decodeKeyInterval(v, rest)
	}
	if t.Kind == types.UUID {
		return types.NewString(string(v)), rest, true
	}
	return types.NewString(unescapeKeyString(v[:n-2])), rest, true
}

func decodeKeyInt128(v []byte) types.Int128 {
	return types.Int128{Hi: int64(binary.BigEndian.Uint64(v) ^ 1<<63), Lo: binary.BigEndian.Uint64(v[8:])}
}

// decodeKeyInterval splits the comparison number into months, days and µs.
func decodeKeyInterval(v, rest []byte) (types.Datum, []byte, bool) {
	days, micros := decodeKeyInt128(v).QuoRem(types.Int128From(microsPerDay))
	n, ok := days.Int64()
	months := n / 30
	if !ok || int64(int32(months)) != months {
		return types.NullDatum, rest, false
	}
	us, _ := micros.Int64()
	return types.NewInterval(types.IntervalValue{Months: int32(months), Days: int32(n % 30), Micros: us}), rest, true
}

func unescapeKeyString(b []byte) string {
	i := bytes.IndexByte(b, stringEscape)
	if i < 0 {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for ; i >= 0; i = bytes.IndexByte(b, stringEscape) {
		out = append(append(out, b[:i]...), 0)
		b = b[i+2:]
	}
	return string(append(out, b...))
}
