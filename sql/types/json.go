package types

import (
	"bytes"
	"encoding/json"
	"sort"
	"strings"

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
// after ':' and ',', keys by length and then bytes, the last of equal keys.
func NormalizeJSON(s string) (string, error) {
	if err := CheckJSON(s); err != nil {
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
		b.WriteString(v.String())
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

// appendJSONString writes s as JSON without escaping what HTML would need.
func appendJSONString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	// Encoding a string to a buffer cannot fail; Encode ends with a newline.
	if enc.Encode(s) == nil {
		b.Truncate(b.Len() - 1)
	}
}
