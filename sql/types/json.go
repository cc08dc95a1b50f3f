package types

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
)

// CheckJSON returns 22P02 unless s is one valid JSON value.
func CheckJSON(s string) error {
	if json.Valid([]byte(s)) {
		return nil
	}
	return sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type json").
		WithDetail("The value is \"%s\".", shorten(s))
}

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
func NormalizeJSON(s string) (string, error) {
	if err := CheckJSON(s); err != nil {
		return "", err
	}
	if err := checkEscapes(s); err != nil {
		return "", err
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type json").
			WithDetail("%s", err.Error())
	}
	var b bytes.Buffer
	appendJSON(&b, v)
	return b.String(), nil
}

func appendJSON(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		if v {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	case json.Number:
		b.WriteString(plainNumber(v.String()))
	case string:
		appendJSONString(b, v)
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			appendJSON(b, e)
		}
		b.WriteByte(']')
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Slice(keys, func(i, j int) bool {
			if len(keys[i]) != len(keys[j]) {
				return len(keys[i]) < len(keys[j])
			}
			return keys[i] < keys[j]
		})
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteString(", ")
			}
			appendJSONString(b, k)
			b.WriteString(": ")
			appendJSON(b, v[k])
		}
		b.WriteByte('}')
	}
}

// checkEscapes looks at the \u escapes of a valid JSON text.
func checkEscapes(s string) error {
	for i := strings.IndexByte(s, '\\'); i >= 0 && i+1 < len(s); {
		step := 2
		if s[i+1] == 'u' {
			step = 6
			r := escapedRune(s[i:])
			if r == 0 {
				return sqlstate.New(sqlstate.UntranslatableCharacter, "unsupported Unicode escape sequence").
					WithDetail("\\u0000 cannot be converted to text.")
			}
			if utf16.IsSurrogate(r) {
				if utf16.DecodeRune(r, escapedRune(s[i+6:])) == utf8.RuneError {
					return sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type json").
						WithDetail("Unicode low surrogate must follow a high surrogate.")
				}
				step = 12
			}
		}
		next := strings.IndexByte(s[i+step:], '\\')
		if next < 0 {
			return nil
		}
		i += step + next
	}
	return nil
}

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

// appendJSONString writes s in quotes; only what JSON demands is escaped.
func appendJSONString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ':
			b.WriteByte(c)
		default:
			if at := strings.IndexByte("\b\f\n\r\t", c); at >= 0 {
				b.WriteByte('\\')
				b.WriteByte("bfnrt"[at])
			} else {
				fmt.Fprintf(b, "\\u%04x", c)
			}
		}
	}
	b.WriteByte('"')
}
