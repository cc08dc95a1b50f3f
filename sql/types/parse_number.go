package types

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
)

// IntRange returns the least and greatest value of an integer kind.
func IntRange(k Kind) (lo, hi int64) {
	switch k {
	case Int2:
		return math.MinInt16, math.MaxInt16
	case Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// ParseInt reads an integer of t's width: digits with a sign, 0x, 0o and 0b
// prefixes, underscores between digits, blanks around.
func ParseInt(s string, t Type) (int64, error) {
	v, ok := parsePlainInt(s)
	if !ok {
		var err error
		if v, err = parseAnyInt(strings.Trim(s, space)); err != nil {
			if errors.Is(err, strconv.ErrRange) {
				return 0, intOutOfRange(s, t)
			}
			return 0, BadText(s, t)
		}
	}
	if lo, hi := IntRange(t.Kind); v < lo || v > hi {
		return 0, intOutOfRange(s, t)
	}
	return v, nil
}

func intOutOfRange(s string, t Type) error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, t)
}

// parsePlainInt is the common form, an optional sign and up to 18 digits.
func parsePlainInt(s string) (int64, bool) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if s == "" || len(s) > 18 {
		return 0, false
	}
	var v int64
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + int64(c)
	}
	if neg {
		v = -v
	}
	return v, true
}

func parseAnyInt(s string) (int64, error) {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || strings.HasPrefix(digits, "_") {
		return 0, errSyntax
	}
	base := 10
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] {
		case 'x', 'X', 'o', 'O', 'b', 'B':
			base = 0
		}
	}
	if base == 10 && strings.Contains(s, "_") {
		if strings.HasSuffix(s, "_") || strings.Contains(s, "__") {
			return 0, errSyntax
		}
		s = strings.ReplaceAll(s, "_", "")
	}
	return strconv.ParseInt(s, base, 64)
}

// isSpecialFloat recognises NaN and the infinities.
func isSpecialFloat(s string) bool {
	s = strings.ToLower(strings.Trim(s, space))
	if s == "nan" {
		return true
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	return s == "inf" || s == "infinity"
}

// ParseFloat reads a REAL or DOUBLE PRECISION, with NaN and Infinity; a number
// too large, or so small that it would become 0, is 22003.
func ParseFloat(s string, t Type) (float64, error) {
	in := strings.Trim(s, space)
	bits := 64
	if t.Kind == Float4 {
		bits = 32
	}
	switch strings.ToLower(strings.TrimLeft(in, "+-")) {
	case "nan", "inf", "infinity":
		if strings.ContainsAny(in[:1], "+-") && strings.EqualFold(in[1:], "nan") {
			return 0, BadText(s, t)
		}
	default:
		// strconv also takes hexadecimal and underscores, which are not SQL.
		if in == "" || strings.ContainsAny(in, "xX_pP") {
			return 0, BadText(s, t)
		}
	}
	f, err := strconv.ParseFloat(in, bits)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, BadText(s, t)
	}
	if err != nil || f == 0 && strings.ContainsAny(mantissa(in), "123456789") {
		return 0, sqlstate.New(sqlstate.NumericValueOutOfRange, "\"%s\" is out of range for type %s", s, t)
	}
	return f, nil
}

// mantissa is s up to its exponent.
func mantissa(s string) string {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i]
	}
	return s
}

// Decimal is a decimal number in digits: Value · 10^−Scale.
type Decimal struct {
	Value Int128
	Scale int
}

// ParseDecimal reads a decimal number exactly, with an optional exponent and
// underscores between digits: the digits after the point are its scale, but for
// zeros at the end that would make more than 38 digits. ok is false if s is not
// a number or does not fit 38 digits (outOfRange).
func ParseDecimal(s string) (d Decimal, outOfRange, ok bool) {
	d, outOfRange, ok = parseDecimal(s)
	if ok && d.Value.FitsPrecision(MaxPrecision) || !ok && !outOfRange {
		return d, outOfRange, ok
	}
	mant := mantissa(s)
	short := strings.TrimRight(mant, "0")
	if len(short) == len(mant) || !strings.Contains(short, ".") {
		return d, outOfRange, ok
	}
	return parseDecimal(short + s[len(mant):])
}

// parseDecimal reads a number with all its digits; a value of 39 may be ok.
func parseDecimal(s string) (d Decimal, outOfRange, ok bool) {
	s = strings.Trim(s, space)
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	mant := mantissa(s)
	exp, digits, point := 0, 0, false
	if len(mant) < len(s) {
		var err error
		if exp, err = strconv.Atoi(s[len(mant)+1:]); err != nil {
			return d, errors.Is(err, strconv.ErrRange), false
		}
	}
	ten, fits := Int128From(10), true
	for i := 0; i < len(mant); i++ {
		c := mant[i]
		switch {
		case c >= '0' && c <= '9':
			var ok1, ok2 bool
			d.Value, ok1 = d.Value.Mul(ten)
			d.Value, ok2 = d.Value.Add(Int128From(int64(c - '0')))
			fits = fits && ok1 && ok2
			digits++
			if point {
				d.Scale++
			}
		case c == '.' && !point:
			point = true
		case c == '_' && i > 0 && i+1 < len(mant) && mant[i-1] != '_' && mant[i-1] != '.' && mant[i+1] != '.':
		default:
			return d, false, false
		}
	}
	if digits == 0 {
		return d, false, false
	}
	if d.Value.Sign() == 0 && fits {
		d.Scale = min(max(d.Scale-exp, 0), MaxPrecision)
		return d, false, true
	}
	d.Scale -= exp
	if d.Scale < 0 && fits {
		if d.Scale < -MaxPrecision {
			return d, true, false
		}
		d.Value, fits = d.Value.Mul(pow10[-d.Scale])
		d.Scale = 0
	}
	if !fits {
		return d, true, false
	}
	if neg {
		d.Value = d.Value.Neg()
	}
	return d, false, true
}

// ParseNumeric reads a number and rounds it to t's scale, half away from zero.
// What has more digits than t's precision is 22003.
func ParseNumeric(s string, t Type) (Int128, error) {
	d, outOfRange, ok := ParseDecimal(s)
	var v Int128
	fits := false
	switch {
	case ok:
		v, fits = d.Rescale(int(t.Scale))
	case outOfRange:
		// More digits than 128 bits hold: they may be decimals to round away.
		v, fits = roundLong(s, int(t.Scale))
	case isSpecialFloat(s):
		return Int128{}, sqlstate.New(sqlstate.FeatureNotSupported, "%s is not supported in type numeric", strings.Trim(s, space))
	default:
		return Int128{}, BadText(s, t)
	}
	if !fits || !v.FitsPrecision(int(t.Precision)) {
		return Int128{}, NumericOverflow(t)
	}
	return v, nil
}

// roundLong reads a well-formed number of any length at a scale, by its digits
// up to there and the one that decides the rounding.
func roundLong(s string, scale int) (v Int128, ok bool) {
	s = strings.ReplaceAll(strings.Trim(s, space), "_", "")
	mant := mantissa(s)
	exp := 0
	if len(mant) < len(s) {
		var err error
		if exp, err = strconv.Atoi(s[len(mant)+1:]); err != nil {
			return v, strings.HasPrefix(s[len(mant)+1:], "-") // a tiny number is 0, a huge one fits nothing
		}
	}
	neg := strings.HasPrefix(mant, "-")
	whole, frac, _ := strings.Cut(strings.TrimLeft(mant, "+-"), ".")
	digits := strings.TrimLeft(whole+frac, "0")
	// keep is how many of the digits stand before the cut.
	keep := len(digits) - len(frac) + exp + scale
	if keep < 0 || digits == "" {
		return v, true
	}
	if keep > MaxPrecision {
		return v, false
	}
	padded := digits + strings.Repeat("0", max(0, keep-len(digits)))
	d, _, ok := ParseDecimal("0" + padded[:keep])
	if v = d.Value; ok && keep < len(digits) && digits[keep] >= '5' {
		v, _ = v.Add(Int128From(1))
	}
	if neg {
		v = v.Neg()
	}
	return v, ok
}

// Rescale returns the scaled integer of d at another scale, rounded half away from zero.
func (d Decimal) Rescale(scale int) (v Int128, ok bool) {
	drop := d.Scale - scale
	if drop > MaxPrecision {
		return Int128{}, true
	}
	if drop < -MaxPrecision {
		return d.Value, d.Value.Sign() == 0
	}
	if drop > 0 {
		return d.Value.DivRound(pow10[drop]), true
	}
	return d.Value.Mul(pow10[-drop])
}

// NumericOverflow is the error for a value that has more digits than t.
func NumericOverflow(t Type) *sqlstate.Error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "numeric field overflow").
		WithDetail("A field with precision %d, scale %d must round to an absolute value less than %s%s.",
			t.Precision, t.Scale, map[bool]string{true: "1", false: "10^"}[t.Precision == t.Scale],
			map[bool]string{true: "", false: strconv.Itoa(int(t.Precision) - int(t.Scale))}[t.Precision == t.Scale])
}
