package types

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"htapdb/internal/testutil"
	"htapdb/sql/sqlstate"
)

// normalizeTree is the twin of the reader: it makes a tree with encoding/json and
// writes it.
func normalizeTree(s string) (string, error) {
	if !json.Valid([]byte(s)) {
		return "", errors.New("not valid")
	}
	if err := checkEscapes(s); err != nil {
		return "", err
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", err
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

// compareReader compares the reader with its twin on one text.
func compareReader(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		return // no text of the engine is
	}
	if valid := json.Valid([]byte(s)); valid != (CheckJSON(s) == nil) {
		t.Errorf("%q: encoding/json says %t, CheckJSON %v", s, valid, CheckJSON(s))
	}
	want, wantErr := normalizeTree(s)
	got, err := NormalizeJSON(s)
	if (err == nil) != (wantErr == nil) || err == nil && got != want {
		t.Errorf("%q is %q, %v instead of %q, %v", s, got, err, want, wantErr)
	}
	if err == nil {
		if again, err := NormalizeJSON(got); again != got {
			t.Errorf("%q is not its own normal form, but %q, %v", got, again, err)
		}
	}
}

var jsonTexts = []string{
	``, ` `, `null`, `nul`, `true false`, `-`, `-0`, `01`, `1.`, `.5`, `1e`, `1e+5`, `-1.50e-3`, `1e400`, `1e401`, `0e0`, `[`, `[1,]`, `[,1]`, `{}`, `{"a"}`,
	`{"a":}`, `{"a":1,}`, `{"b":1,"a":2}`, `{"aa":1,"b":{"y":1,"x":[{"q":1,"p":2}]},"a":3}`, `{"a":1,"a":2}`, `{"b":1,"a":2,"b":{"c":[]},"a":[]}`, `"`, `"a`, `"\`,
	`"\u00"`, `"\u0041\ud83d\ude00\/"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\u0000"`, `"\u0001\b\f\n\r\t\"\\"`, "\"a\nb\"", "\"\u007f\u2028é😀\"", "\v1", " [ 1 , 2 ] \n", `{"\u0061":1,"a":2}`,
	`[[[[]]],{"":""}]`, `"a" "b"`, `[1 2]`, `{"a" 1}`, `{1:2}`, `tru`, `[nulll]`,
}

func TestJSONReader(t *testing.T) {
	for _, s := range jsonTexts {
		compareReader(t, s)
	}
	rng := testutil.Rand(t)
	for range 20_000 {
		s := randomJSON(rng, 4)
		compareReader(t, s)
		if len(s) > 0 { // and damaged
			b := []byte(s)
			b[rng.IntN(len(b))] = `{}[]",:\0e-.tn`[rng.IntN(14)]
			compareReader(t, string(b))
		}
	}
}

// randomJSON is a random value.
func randomJSON(rng *rand.Rand, depth int) string {
	blank := func() string { return strings.Repeat(" ", rng.IntN(2)) }
	text := func() string {
		s := ""
		for range rng.IntN(4) {
			s += []string{"a", "b", `\n`, `\u0062`, "é", `\"`, " ", `\ud83d\ude00`}[rng.IntN(8)]
		}
		return `"` + s + `"`
	}
	switch k := rng.IntN(8); {
	case k == 0 || depth == 0:
		return []string{"null", "true", "false", "0", "-1.5", "1e3", "12E-2", "7"}[rng.IntN(8)]
	case k < 3:
		return text()
	case k < 5:
		var parts []string
		for range rng.IntN(4) {
			parts = append(parts, blank()+randomJSON(rng, depth-1)+blank())
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	var parts []string
	for range rng.IntN(6) {
		parts = append(parts, blank()+text()+blank()+":"+blank()+randomJSON(rng, depth-1)+blank())
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// An object of many members is sorted by runs that are merged.
func TestJSONManyMembers(t *testing.T) {
	rng := testutil.Rand(t)
	var b strings.Builder
	for i := range 3*jsonSortRun + 17 {
		fmt.Fprintf(&b, `,"%d":%d`, rng.IntN(60_000), i)
	}
	compareReader(t, "{"+b.String()[1:]+"}")
}

func TestJSONDepth(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, err := NormalizeJSON(deep(maxJSONDepth)); err != nil {
		t.Error(err)
	}
	for _, s := range []string{deep(maxJSONDepth + 1), strings.Repeat("[", 10_000_000)} {
		if _, err := NormalizeJSON(s); !sqlstate.Is(err, sqlstate.StatementTooComplex) {
			t.Error(err)
		}
	}
}

// What is read is charged before it is made, and a cancel ends it within a piece.
func TestJSONLimits(t *testing.T) {
	members := strings.Builder{}
	for i := range 200_000 {
		fmt.Fprintf(&members, `,"%d":1`, 1_000_000-i)
	}
	for name, s := range map[string]string{"array": "[" + strings.Repeat("1,", 2_000_000) + "1]", "object": "{" + members.String()[1:] + "}",
		"text": `"` + strings.Repeat("x", 4_000_000) + `"`, "escapes": `"` + strings.Repeat(`\n`, 2_000_000) + `"`} {
		t.Run(name, func(t *testing.T) {
			var used, most int64
			limits := JSONLimits{Take: func(n int64) error {
				if used += n; used > most {
					most = used
				}
				return nil
			}}
			out, err := NormalizeJSONWithin(s, limits)
			if err != nil || used < int64(len(out)) || used > 3*int64(len(s)) {
				t.Errorf("%d bytes are taken for a result of %d: %v", used, len(out), err)
			}
			if name == "object" && most < used+200_000*2*jsonMemberBytes {
				t.Errorf("at most %d bytes were taken, without the members", most)
			}
			full := errors.New("full")
			used = 0
			limits.Take = func(n int64) error {
				if used += n; n > 0 && used > int64(len(s))/2 {
					used -= n
					return full
				}
				return nil
			}
			if _, err := NormalizeJSONWithin(s, limits); !errors.Is(err, full) || used != 0 {
				t.Errorf("with too little memory: %v, and %d bytes stay", err, used)
			}
			looks := 0
			limits = JSONLimits{Interrupted: func() error {
				if looks++; looks == 5 {
					return full
				}
				return nil
			}}
			if _, err := NormalizeJSONWithin(s, limits); !errors.Is(err, full) {
				t.Errorf("cancelled: %v", err)
			}
		})
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range jsonTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Count(s, "[")+strings.Count(s, "{") < maxJSONDepth {
			compareReader(t, s)
		}
	})
}
