package types

import (
	"strings"

	"htapdb/sql/sqlstate"
)

// ArrayElement is an element of an array in text form.
type ArrayElement struct {
	Text string
	Null bool
}

// ParseArray reads the text form of a one-dimensional array, {a,"b c",NULL}, or
// of an int2vector or oidvector, "1 2". Error: 22P02.
func ParseArray(s string) ([]ArrayElement, error) {
	if !strings.HasPrefix(s, "{") {
		var out []ArrayElement
		for _, f := range strings.Fields(s) {
			out = append(out, ArrayElement{Text: f})
		}
		return out, nil
	}
	malformed := sqlstate.New(sqlstate.InvalidTextRepresentation, "malformed array literal: %q", s)
	if !strings.HasSuffix(s, "}") {
		return nil, malformed
	}
	body := s[1 : len(s)-1]
	if strings.TrimSpace(body) == "" {
		return nil, nil
	}
	var out []ArrayElement
	for {
		e, rest, ok := arrayElement(body)
		if !ok {
			return nil, malformed
		}
		out = append(out, e)
		if rest == "" {
			return out, nil
		}
		body = rest[1:] // the comma
	}
}

// arrayElement reads one element; rest is empty or begins with a comma.
func arrayElement(s string) (e ArrayElement, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s, ',')
		if end < 0 {
			end = len(s)
		}
		text := strings.TrimRight(s[:end], " ")
		if text == "" || strings.ContainsAny(text, `{}"`) {
			return e, "", false
		}
		return ArrayElement{Text: strings.ReplaceAll(text, `\`, ""), Null: strings.EqualFold(text, "null")}, s[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i < len(s) {
				b.WriteByte(s[i])
			}
		case '"':
			rest = strings.TrimLeft(s[i+1:], " ")
			return ArrayElement{Text: b.String()}, rest, rest == "" || rest[0] == ','
		default:
			b.WriteByte(s[i])
		}
	}
	return e, "", false
}

// QuoteArrayElement is the form of a text as an element of an array.
func QuoteArrayElement(s string) string {
	if s != "" && !strings.EqualFold(s, "null") && !strings.ContainsAny(s, "{},\"\\ \t\n\r\v\f") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
