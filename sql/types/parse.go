package types

import (
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"htapdb/sql/sqlstate"
)

// errSyntax is the internal sign that a text does not have the type's form.
var errSyntax = errors.New("syntax")

// errRange is the internal sign that a text has the form but not the range.
var errRange = errors.New("range")

// BadText is the error for a text that is not of type t: 22007 for dates, times
// and intervals, 22P02 for the rest.
func BadText(s string, t Type) *sqlstate.Error {
	code := sqlstate.InvalidTextRepresentation
	if t.Kind >= Date && t.Kind <= Interval {
		code = sqlstate.InvalidDatetimeFormat
	}
	return sqlstate.New(code, "invalid input syntax for type %s: \"%s\"", kinds[t.Kind].name, s)
}

// Parse is TextStyle.Parse in the default style. loc (nil is UTC) is the zone of
// a TIMESTAMPTZ that names none; now, today and their like are refused.
func Parse(s string, t Type, loc *time.Location) (Datum, error) {
	if loc == nil {
		return plainStyle.Parse(s, t)
	}
	return (&TextStyle{Zone: loc}).Parse(s, t)
}

// Parse reads a value of type t from its text, as PostgreSQL's input functions
// do. Length limits are checked: a text that is too long for VARCHAR(n) or
// CHAR(n) is 22001 unless the excess is blanks.
//
// Errors: 22P02, 22007 (form), 22003, 22008 (range).
func (st *TextStyle) Parse(s string, t Type) (Datum, error) {
	switch t.Kind {
	case Bool:
		v, ok := ParseBool(s)
		if !ok {
			return NullDatum, BadText(s, t)
		}
		return NewBool(v), nil
	case Int2, Int4, Int8:
		v, err := ParseInt(s, t)
		return NewInt(t.Physical(), v), err
	case Float4, Float8:
		v, err := ParseFloat(s, t)
		if t.Kind == Float4 {
			return NewFloat32(float32(v)), err
		}
		return NewFloat64(v), err
	case Numeric:
		v, err := ParseNumeric(s, t)
		return NumericDatum(v, t), err
	case Unknown, Text:
		return NewString(s), nil
	case Varchar, Char:
		v, err := FitLength(s, t, false)
		return NewString(v), err
	case Bytea:
		v, err := ParseBytea(s)
		return NewString(v), err
	case UUID:
		v, err := ParseUUID(s)
		return NewString(v), err
	case JSON:
		return NewString(s), CheckJSON(s)
	case JSONB:
		v, err := NormalizeJSON(s)
		return NewString(v), err
	}
	return st.parseDatetime(s, t)
}

// parseDatetime is Parse for dates, times and intervals.
func (st *TextStyle) parseDatetime(s string, t Type) (Datum, error) {
	if st == nil {
		st = plainStyle
	}
	switch t.Kind {
	case Date:
		v, err := st.ParseDate(s)
		return NewInt32(v), err
	case Time:
		v, err := st.ParseTime(s)
		return NewInt64(RoundMicros(v, t)), err
	case Timestamp:
		v, err := st.ParseTimestamp(s)
		return NewInt64(RoundMicros(v, t)), err
	case TimestampTZ:
		v, err := st.ParseTimestampTZ(s)
		return NewInt64(RoundMicros(v, t)), err
	case Interval:
		v, err := st.ParseInterval(s, t)
		return NewInterval(v), err
	}
	return NullDatum, sqlstate.New(sqlstate.FeatureNotSupported, "text input of type %s is not supported", t)
}

// NumericDatum stores the scaled integer v, which must fit t, in t's representation.
func NumericDatum(v Int128, t Type) Datum {
	if t.Physical() == PhysInt64 {
		return NewInt64(int64(v.Lo))
	}
	return NewInt128(v)
}

// space is what PostgreSQL's isspace skips around values.
const space = " \t\n\v\f\r"

// ParseBool reads true, yes, on, 1, their opposites and unique prefixes.
func ParseBool(s string) (v, ok bool) {
	s = strings.ToLower(strings.Trim(s, space))
	switch {
	case s == "":
		return false, false
	case s == "1", s == "on", strings.HasPrefix("true", s), strings.HasPrefix("yes", s):
		return true, true
	case s == "0", s == "of", s == "off", strings.HasPrefix("false", s), strings.HasPrefix("no", s):
		return false, true
	}
	return false, false
}

// FitLength applies the limit of VARCHAR(n) and CHAR(n): CHAR drops all trailing
// blanks (that is how it is kept), and a longer text loses its end if
// truncate is set or the end is blank, else it is 22001. Other types pass.
func FitLength(s string, t Type, truncate bool) (string, error) {
	switch t.Kind {
	case Char:
		s = strings.TrimRight(s, " ")
	case Varchar:
	default:
		return s, nil
	}
	limit := int(t.Length)
	if limit == 0 || len(s) <= limit {
		return s, nil
	}
	n := 0
	for i := range s {
		if n == limit {
			if truncate || strings.Trim(s[i:], " ") == "" {
				s = s[:i]
				break
			}
			return "", sqlstate.New(sqlstate.StringDataRightTruncation, "value too long for type %s", t)
		}
		n++
	}
	if t.Kind == Char {
		s = strings.TrimRight(s, " ")
	}
	return s, nil
}

// ParseBytea reads the hex form (\x6869) or the escape form (hi\000).
func ParseBytea(s string) (string, error) {
	if rest, ok := strings.CutPrefix(s, `\x`); ok {
		rest = strings.Map(func(r rune) rune {
			if strings.ContainsRune(space, r) {
				return -1
			}
			return r
		}, rest)
		b, err := hex.DecodeString(rest)
		var bad hex.InvalidByteError
		switch {
		case errors.As(err, &bad):
			return "", sqlstate.New(sqlstate.InvalidParameterValue, "invalid hexadecimal digit: \"%c\"", rune(bad))
		case err != nil:
			return "", sqlstate.New(sqlstate.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		return string(b), nil
	}
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			b = append(b, s[i])
		case i+1 < len(s) && s[i+1] == '\\':
			b = append(b, '\\')
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return "", sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return string(b), nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// ParseUUID reads 32 hexadecimal digits, with a hyphen allowed after each group
// of four and braces around, into 16 bytes.
func ParseUUID(s string) (string, error) {
	in := strings.Trim(s, space)
	if strings.HasPrefix(in, "{") && strings.HasSuffix(in, "}") {
		in = in[1 : len(in)-1]
	}
	var out [16]byte
	n := 0 // digits read
	for i := 0; i < len(in); i++ {
		c := in[i]
		if c == '-' && n > 0 && n%4 == 0 && n < 32 && in[i-1] != '-' {
			continue
		}
		d, ok := hexDigit(c)
		if !ok || n == 32 {
			return "", BadText(s, TUUID)
		}
		out[n/2] = out[n/2]<<4 | d
		n++
	}
	if n != 32 {
		return "", BadText(s, TUUID)
	}
	return string(out[:]), nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
