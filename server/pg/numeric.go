package pg

import (
	"encoding/binary"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// The binary NUMERIC: counts and signs as int16, then digits of base 10,000.
//
//	ndigits │ weight │ sign │ dscale │ digit₀ … digitₙ₋₁
//	value = ± Σ digitₖ · 10000^(weight−k), shown with dscale decimals

// Signs of the binary NUMERIC.
const (
	numericPositive = 0x0000
	numericNegative = 0x4000
	numericNaN      = 0xC000
	numericInf      = 0xD000
	numericNegInf   = 0xF000
)

// appendNumericBinary appends the scaled integer v with scale decimals.
func appendNumericBinary(dst []byte, v types.Int128, scale int) []byte {
	var text [48]byte
	digits := types.AppendInt128(text[:0], v)
	sign := uint16(numericPositive)
	if digits[0] == '-' {
		sign, digits = numericNegative, digits[1:]
	}
	if v.Sign() == 0 {
		digits = digits[:0]
	}
	// Pad so that the decimal point falls between two groups of four: zeros in
	// front of the integer part, zeros behind the fraction.
	var padded [96]byte
	buf := padded[:0]
	intDigits := len(digits) - scale // may be negative: leading zeros of the fraction
	lead := (4 - ((intDigits%4)+4)%4) % 4
	if intDigits < 0 {
		lead = -intDigits
		intDigits = 0
	}
	for range lead {
		buf = append(buf, '0')
	}
	buf = append(buf, digits...)
	for range (4 - scale%4) % 4 {
		buf = append(buf, '0')
	}
	weight := (intDigits+3)/4 - 1
	// Groups of zeros at both ends are left out.
	for len(buf) >= 4 && string(buf[:4]) == "0000" {
		buf, weight = buf[4:], weight-1
	}
	for len(buf) >= 4 && string(buf[len(buf)-4:]) == "0000" {
		buf = buf[:len(buf)-4]
	}
	if len(buf) == 0 {
		weight = 0
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(buf)/4))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, uint16(scale))
	for i := 0; i < len(buf); i += 4 {
		group := uint16(buf[i]-'0')*1000 + uint16(buf[i+1]-'0')*100 + uint16(buf[i+2]-'0')*10 + uint16(buf[i+3]-'0')
		dst = binary.BigEndian.AppendUint16(dst, group)
	}
	return dst
}

// parseNumericBinary reads a binary NUMERIC and rounds it to t's scale.
func parseNumericBinary(b []byte, t types.Type) (types.Datum, error) {
	bad := func() (types.Datum, error) {
		return types.NullDatum, sqlstate.New(sqlstate.InvalidBinaryFormat, "invalid binary form of numeric")
	}
	if len(b) < 8 {
		return bad()
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	b = b[8:]
	switch sign {
	case numericPositive, numericNegative:
	case numericNaN, numericInf, numericNegInf:
		return types.NullDatum, sqlstate.New(sqlstate.FeatureNotSupported, "NaN and infinity of numeric are not supported")
	default:
		return bad()
	}
	if len(b) != 2*n {
		return bad()
	}
	// A weight out of range would make a huge text: it overflows whatever the
	// digits are.
	if n > 0 && weight > types.MaxPrecision/4+1 {
		return types.NullDatum, types.NumericOverflow(t)
	}
	var buf [256]byte
	text, up, ok := appendGroups(buf[:0], b, weight, int(t.Scale))
	if !ok {
		return bad()
	}
	d, _, ok := types.ParseDecimal(string(text))
	v := d.Value
	if ok && up {
		v, ok = v.Add(types.Int128From(1))
	}
	if !ok || !v.FitsPrecision(int(t.Precision)) {
		return types.NullDatum, types.NumericOverflow(t)
	}
	if sign == numericNegative {
		v = v.Neg()
	}
	return types.NumericDatum(v, t), nil
}

// appendGroups writes the base-10,000 digits b in decimal without a point, down
// to scale decimals. up says that the digit after the last is 5 or more, which
// rounds half away from zero whatever comes behind it.
func appendGroups(text, b []byte, weight, scale int) (out []byte, up, ok bool) {
	for at := 0; at < len(b); at += 2 {
		if binary.BigEndian.Uint16(b[at:]) >= 10000 {
			return nil, false, false
		}
	}
	text = append(text, '0')
	last := weight + scale/4 + 1 // the group of the first digit below scale
	for k := min(0, weight+1); k <= last; k++ {
		g := uint16(0)
		if k >= 0 && 2*k < len(b) {
			g = binary.BigEndian.Uint16(b[2*k:])
		}
		text = append(text, byte('0'+g/1000), byte('0'+g/100%10), byte('0'+g/10%10), byte('0'+g%10))
	}
	below := 4 - scale%4 // digits of the last group below scale
	up = text[len(text)-below] >= '5'
	return text[:len(text)-below], up, true
}
