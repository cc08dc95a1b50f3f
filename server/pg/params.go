package pg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// decodeParam reads parameter number n (from 1) of type t in a format; the
// result holds no reference to b. A nil b is NULL.
func decodeParam(b []byte, t types.Type, format int16, n int, st *types.TextStyle) (types.Datum, error) {
	if b == nil {
		return types.NullDatum, nil
	}
	switch format {
	case formatText:
		if !validText(b) {
			return types.NullDatum, badEncoding(b)
		}
		if t.Kind == types.Unknown || t.Kind == types.Invalid {
			t = types.TText
		}
		return st.Parse(string(b), t)
	case formatBinary:
		d, err := decodeBinary(b, t, parameterName(n))
		if err == nil {
			err = checkRange(d, t)
		}
		return d, err
	}
	return types.NullDatum, badFormat(format)
}

// validText reports UTF-8 without the zero byte, which texts on the wire end with.
func validText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// badFormat is the error for a format code that is neither text nor binary.
func badFormat(format int16) error {
	return sqlstate.New(sqlstate.InvalidParameterValue, "unsupported format code: %d", format)
}

// badEncoding is the error for a text that is not valid.
func badEncoding(b []byte) error {
	var shown []string
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 || r == 0 {
			for _, c := range b[i:min(i+sequenceLength(b[i]), len(b))] {
				shown = append(shown, fmt.Sprintf("0x%02x", c))
			}
			break
		}
		i += n
	}
	return sqlstate.New(sqlstate.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", strings.Join(shown, " "))
}

// sequenceLength is the length of the character that a byte begins, 1 if none.
func sequenceLength(first byte) int {
	switch {
	case first >= 0xf0 && first < 0xf8:
		return 4
	case first >= 0xe0:
		return 3
	case first >= 0xc0:
		return 2
	}
	return 1
}

// place says in an error where a value comes from: a parameter, or the field of
// a row of COPY. It is a text only when there is an error.
type place struct{ row, n int }

func parameterName(n int) place  { return place{n: n} }
func fieldName(row, n int) place { return place{row, n} }

// String returns the place's name.
func (p place) String() string {
	if p.row == 0 {
		return "bind parameter " + strconv.Itoa(p.n)
	}
	return "row " + strconv.Itoa(p.row) + ", field " + strconv.Itoa(p.n)
}

// binaryWidth is the length of the binary form of fixed-width kinds.
var binaryWidth = map[types.Kind]int{
	types.Bool: 1, types.Int2: 2, types.Int4: 4, types.Int8: 8, types.Float4: 4, types.Float8: 8,
	types.Date: 4, types.Time: 8, types.Timestamp: 8, types.TimestampTZ: 8, types.Interval: 16, types.UUID: 16,
}

// decodeBinary reads the binary form of a value of type t, which comes from from.
func decodeBinary(b []byte, t types.Type, from place) (types.Datum, error) {
	if w, fixed := binaryWidth[t.Kind]; fixed && len(b) < w && from.row == 0 {
		return types.NullDatum, insufficient()
	} else if fixed && len(b) != w {
		return types.NullDatum, sqlstate.New(sqlstate.InvalidBinaryFormat, "incorrect binary data format in %s: %s has %d bytes, got %d", from, t.BaseName(), w, len(b))
	}
	switch t.Kind {
	case types.Bool:
		return types.NewBool(b[0] != 0), nil
	case types.Int2:
		return types.NewInt16(int16(binary.BigEndian.Uint16(b))), nil
	case types.Int4:
		return types.NewInt32(int32(binary.BigEndian.Uint32(b))), nil
	case types.Int8, types.Time:
		return types.NewInt64(int64(binary.BigEndian.Uint64(b))), nil
	case types.Float4:
		return types.NewFloat32(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
	case types.Float8:
		return types.NewFloat64(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
	case types.Numeric:
		return parseNumericBinary(b, t)
	case types.Date:
		return decodeDate(int32(binary.BigEndian.Uint32(b)))
	case types.Timestamp, types.TimestampTZ:
		return decodeTimestamp(int64(binary.BigEndian.Uint64(b)))
	case types.Interval:
		return types.NewInterval(types.IntervalValue{
			Micros: int64(binary.BigEndian.Uint64(b)),
			Days:   int32(binary.BigEndian.Uint32(b[8:])),
			Months: int32(binary.BigEndian.Uint32(b[12:])),
		}), nil
	case types.UUID, types.Bytea:
		return types.NewString(string(b)), nil
	case types.JSONB:
		if len(b) == 0 || b[0] != 1 {
			return types.NullDatum, sqlstate.New(sqlstate.InvalidBinaryFormat, "unsupported jsonb version in %s", from)
		}
		b = b[1:]
	}
	if !validText(b) {
		return types.NullDatum, badEncoding(b)
	}
	if t.Kind == types.Unknown || t.Kind == types.Invalid {
		t = types.TText
	}
	return types.Parse(string(b), t, nil)
}

// decodeDate reads days since 2000-01-01; the extremes are the infinities.
func decodeDate(days int32) (types.Datum, error) {
	if days == math.MinInt32 || days == math.MaxInt32 {
		return types.NullDatum, sqlstate.New(sqlstate.FeatureNotSupported, "infinite dates are not supported")
	}
	v := int64(days) + epochDays
	if v > int64(types.MaxDate) || v < int64(types.MinDate) {
		return types.NullDatum, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range")
	}
	return types.NewInt32(int32(v)), nil
}

// decodeTimestamp reads µs since 2000-01-01; the extremes are the infinities.
func decodeTimestamp(us int64) (types.Datum, error) {
	if us == math.MinInt64 || us == math.MaxInt64 {
		return types.NullDatum, sqlstate.New(sqlstate.FeatureNotSupported, "infinite timestamps are not supported")
	}
	if us > types.MaxTimestamp-epochMicros || us < types.MinTimestamp-epochMicros {
		return types.NullDatum, sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp out of range")
	}
	return types.NewInt64(us + epochMicros), nil
}

// checkRange refuses what a binary form can hold and its type cannot.
func checkRange(d types.Datum, t types.Type) error {
	if t.Kind == types.Time && !d.IsNull() && (d.Int() < 0 || d.Int() > types.MicrosPerDay) {
		return sqlstate.New(sqlstate.DatetimeFieldOverflow, "time out of range")
	}
	return nil
}

// paramType is the declared type of a parameter: the zero Type leaves it to
// inference, as OID 0 and unknown do.
func paramType(oid uint32) (types.Type, error) {
	switch oid {
	case 0, 705:
		return types.Type{}, nil
	case 26: // oid, a number in our catalog
		return types.TInt8, nil
	case 18, 19: // "char" and name
		return types.TText, nil
	}
	t, ok := types.FromOID(oid)
	if !ok {
		return t, sqlstate.New(sqlstate.FeatureNotSupported, "a parameter of the type with OID %d is not supported", oid)
	}
	return t, nil
}
