package types

import (
	"encoding/hex"
	"math"
	"strconv"
	"time"
)

// Format is TextStyle.Format in the default style; timestamps with time zone
// are shown in loc (nil is UTC).
func Format(d Datum, t Type, loc *time.Location) string {
	if loc == nil {
		return plainStyle.Format(d, t)
	}
	return (&TextStyle{Zone: loc}).Format(d, t)
}

// AppendFormat appends what Format returns to dst.
func AppendFormat(dst []byte, d Datum, t Type, loc *time.Location) []byte {
	if loc == nil {
		return plainStyle.Append(dst, d, t)
	}
	style := TextStyle{Zone: loc}
	return style.Append(dst, d, t)
}

// Format returns d's text as PostgreSQL prints type t. NULL is the empty string.
func (st *TextStyle) Format(d Datum, t Type) string {
	if d.phys == PhysString {
		switch t.Kind {
		case Bytea, UUID, Char:
		default:
			return d.s
		}
	}
	var buf [64]byte
	return string(st.Append(buf[:0], d, t))
}

// Append appends what Format returns to dst.
func (st *TextStyle) Append(dst []byte, d Datum, t Type) []byte {
	if d.IsNull() {
		return dst
	}
	switch t.Kind {
	case Bool:
		if d.Bool() {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case Int2, Int4, Int8:
		return strconv.AppendInt(dst, d.i, 10)
	case Float4:
		return AppendFloat(dst, d.Float(), 32)
	case Float8:
		return AppendFloat(dst, d.Float(), 64)
	case Numeric:
		return AppendNumeric(dst, d.Int128(), int(t.Scale))
	case Char:
		return appendPadded(dst, d.s, int(t.Length))
	case Bytea:
		dst = append(dst, '\\', 'x')
		return hex.AppendEncode(dst, []byte(d.s))
	case UUID:
		return AppendUUID(dst, d.s)
	case Date:
		return st.AppendDate(dst, int32(d.i))
	case Time:
		return AppendTime(dst, d.i)
	case Timestamp:
		return st.AppendTimestamp(dst, d.i)
	case TimestampTZ:
		return st.AppendTimestampTZ(dst, d.i)
	case Interval:
		return st.AppendInterval(dst, d.Interval())
	}
	return append(dst, d.s...)
}

// appendPadded writes a CHAR(n) value, which is kept without its trailing blanks, with them.
func appendPadded(dst []byte, s string, n int) []byte {
	dst = append(dst, s...)
	for count := runeCount(s); count < n; count++ {
		dst = append(dst, ' ')
	}
	return dst
}

// runeCount counts characters without allocating; bytes that are not UTF-8 count one each.
func runeCount(s string) int {
	n := 0
	for range s {
		n++
	}
	return n
}

// AppendFloat appends the shortest digits that read back as f, laid out as
// PostgreSQL does: fixed from 1e-4 up to 15 digits (6 for 32 bits), else with
// an exponent of at least two digits.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f == 0:
		if math.Signbit(f) {
			return append(dst, '-', '0')
		}
		return append(dst, '0')
	}
	limit := 15
	if bits == 32 {
		limit = 6
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	exp := 0
	for i := len(dst) - 1; i > start; i-- {
		if dst[i] == 'e' {
			exp, _ = strconv.Atoi(string(dst[i+1:]))
			break
		}
	}
	if exp < -4 || exp >= limit {
		return dst
	}
	return strconv.AppendFloat(dst[:start], f, 'f', -1, bits)
}

// AppendInt128 appends v in decimal.
func AppendInt128(dst []byte, v Int128) []byte {
	if i, ok := v.Int64(); ok {
		return strconv.AppendInt(dst, i, 10)
	}
	hi, lo := v.abs()
	if v.Hi < 0 {
		dst = append(dst, '-')
	}
	const chunk = 1e19 // the largest power of ten in 64 bits
	qh, ql, _, r := divide128(hi, lo, 0, chunk)
	if qh != 0 || ql >= chunk {
		_, top, _, mid := divide128(qh, ql, 0, chunk)
		dst = strconv.AppendUint(dst, top, 10)
		return appendDigits(appendDigits(dst, mid, 19), r, 19)
	}
	if ql == 0 {
		return strconv.AppendUint(dst, r, 10)
	}
	return appendDigits(strconv.AppendUint(dst, ql, 10), r, 19)
}

// appendDigits appends v with leading zeros up to width digits.
func appendDigits(dst []byte, v uint64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for n := 0; n < width || v > 0; n++ {
		i--
		buf[i] = byte('0' + v%10)
		v /= 10
	}
	return append(dst, buf[i:]...)
}

// AppendNumeric appends the scaled integer v with scale decimals.
func AppendNumeric(dst []byte, v Int128, scale int) []byte {
	if scale == 0 {
		return AppendInt128(dst, v)
	}
	var buf [48]byte
	digits := AppendInt128(buf[:0], v)
	if digits[0] == '-' {
		dst = append(dst, '-')
		digits = digits[1:]
	}
	if len(digits) <= scale {
		dst = append(dst, '0', '.')
		for i := len(digits); i < scale; i++ {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[:len(digits)-scale]...)
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-scale:]...)
}

// AppendUUID appends the 16 bytes b as 8-4-4-4-12 hexadecimal digits.
func AppendUUID(dst []byte, b string) []byte {
	const digits = "0123456789abcdef"
	for i := 0; i < len(b); i++ {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[b[i]>>4], digits[b[i]&15])
	}
	return dst
}
