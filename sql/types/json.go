package types

import (
	"strconv"
	"strings"
)

// CheckJSON returns 22P02 unless s is one valid JSON value.
func CheckJSON(s string) error { return CheckJSONWithin(s, JSONLimits{}) }

// shorten cuts a value that an error shows.
func shorten(s string) string {
	const limit = 100
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// NormalizeJSON returns the JSONB text of s: no insignificant blanks, one space
// after ':' and ',', keys by length and then bytes, the last of equal keys,
// numbers without an exponent. Escapes that are no character of text are
// refused: 22P05 for \u0000, 22P02 for half of a surrogate pair.
func NormalizeJSON(s string) (string, error) { return NormalizeJSONWithin(s, JSONLimits{}) }

// escapedRune is the code unit of a \uXXXX at the start of s, −1 if there is none.
func escapedRune(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// MaxPlainExponent bounds the exponents that are written out as digits.
const MaxPlainExponent = 400

// plainNumber writes a JSON number without its exponent, and zero without a sign.
func plainNumber(s string) string {
	digits, exp := s, 0
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		n, err := strconv.Atoi(s[e+1:])
		if err != nil || n > MaxPlainExponent || n < -MaxPlainExponent {
			return s
		}
		digits, exp = s[:e], n
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	whole, frac, _ := strings.Cut(digits, ".")
	if exp > 0 {
		frac += strings.Repeat("0", max(0, exp-len(frac)))
		whole, frac = whole+frac[:exp], frac[exp:]
	} else if exp < 0 {
		whole = strings.Repeat("0", max(0, -exp-len(whole)+1)) + whole
		whole, frac = whole[:len(whole)+exp], whole[len(whole)+exp:]+frac
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if frac != "" {
		frac = "." + frac
	}
	if strings.Trim(whole+frac, "0.") == "" {
		sign = ""
	}
	return sign + whole + frac
}
