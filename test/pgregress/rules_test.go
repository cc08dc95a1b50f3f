package pgregress

import (
	"bufio"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kind is a kind of difference that is not a defect, with the reason, from
// testdata/explained.txt.
type kind struct {
	name, why string
	rules     []*rule
	used      int
}

// rule tells which statements a kind explains: those for which all of its
// conditions hold. The zero value of a condition is none.
type rule struct {
	line     int
	verdict  verdict
	file     string
	key      string         // of the statement's text
	says     string         // PostgreSQL's SQLSTATE
	reads    []string       // one of these relations is named
	only     string         // what the cells differ in: scale, digits
	text     *regexp.Regexp // the statement without its comments, in one line
	rows     *regexp.Regexp // the rows of PostgreSQL that htap does not have, and the reverse
	explains int
}

// readRules reads the kinds. A kind begins with its name, a colon and the reason;
// the rules follow, indented, one a line, each of conditions that all hold:
//
//	verdict=differ  file=with  key=0123456789abcdef  says=42501  reads=pg_class,pg_type
//	only=scale (numbers equal but for zeros at their end)  only=digits (but for 15 digits)
//	rows=REGEXP  text=REGEXP, each to the end of the line
func readRules(r io.Reader) ([]*kind, error) {
	var out []*kind
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case line[0] != ' ' && line[0] != '\t':
			name, why, ok := strings.Cut(line, ": ")
			if !ok || why == "" {
				return nil, fmt.Errorf("line %d: a kind without its reason: %s", n, line)
			}
			out = append(out, &kind{name: name, why: why})
		case len(out) == 0:
			return nil, fmt.Errorf("line %d: a rule before the first kind", n)
		default:
			rule, err := readRule(strings.TrimSpace(line))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			rule.line = n
			k := out[len(out)-1]
			k.rules = append(k.rules, rule)
		}
	}
	return out, lines.Err()
}

func readRule(line string) (*rule, error) {
	r := &rule{verdict: differ}
	for line != "" {
		word, rest, _ := strings.Cut(line, " ")
		name, value, ok := strings.Cut(word, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("%q is no condition", word)
		}
		switch name {
		case "verdict":
			r.verdict = verdict(value)
		case "file":
			r.file = value
		case "key":
			r.key = value
		case "says":
			r.says = value
		case "reads":
			r.reads = strings.Split(value, ",")
		case "only":
			if value != "scale" && value != "digits" {
				return nil, fmt.Errorf("only=%s: there are scale and digits", value)
			}
			r.only = value
		case "text", "rows":
			re, err := regexp.Compile("(?i)" + strings.TrimPrefix(line, name+"="))
			if err != nil {
				return nil, err
			}
			if rest = ""; name == "text" {
				r.text = re
			} else {
				r.rows = re
			}
		default:
			return nil, fmt.Errorf("unknown condition %q", name)
		}
		line = strings.TrimSpace(rest)
	}
	if r.key == "" && r.says == "" && r.reads == nil && r.only == "" && r.text == nil && r.rows == nil {
		return nil, fmt.Errorf("a rule for a whole file explains nothing")
	}
	return r, nil
}

// matches reports whether the rule explains what the servers said.
func (r *rule) matches(file string, st *statement, v verdict, pg, us *outcome) bool {
	switch {
	case r.verdict != v, r.file != "" && r.file != file, r.key != "" && r.key != key(st.text),
		r.says != "" && r.says != pg.code:
		return false
	}
	text := strings.Join(strings.Fields(plain(st.text)), " ")
	if r.reads != nil && !slices.ContainsFunc(wordRE.FindAllString(text, -1), func(w string) bool { return slices.Contains(r.reads, strings.ToLower(w)) }) {
		return false
	}
	if r.text != nil && !r.text.MatchString(text) {
		return false
	}
	if r.rows != nil && !onlyRows(r.rows, pg.rows, us.rows) {
		return false
	}
	return r.only == "" || onlyCells(r.only, pg.rows, us.rows)
}

// onlyRows reports that each row of one that the other does not have matches.
func onlyRows(re *regexp.Regexp, a, b []string) bool {
	for range 2 {
		for _, row := range a {
			if !slices.Contains(b, row) && !re.MatchString(row) {
				return false
			}
		}
		a, b = b, a
	}
	return true
}

// onlyCells reports that the cells of two results differ only as numbers may:
// in zeros at their end, or behind 15 digits.
func onlyCells(how string, a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := strings.Split(a[i], "|"), strings.Split(b[i], "|")
		if len(x) != len(y) {
			return false
		}
		for j := range x {
			if x[j] != y[j] && !sameNumber(how, x[j], y[j]) {
				return false
			}
		}
	}
	return true
}

func sameNumber(how, x, y string) bool {
	a, ok1 := new(big.Rat).SetString(x)
	b, ok2 := new(big.Rat).SetString(y)
	if !ok1 || !ok2 {
		return false
	}
	if how == "scale" || a.Sign() == 0 {
		return a.Cmp(b) == 0
	}
	d := new(big.Rat).Sub(a, b)
	d.Quo(d.Abs(d), a.Abs(a))
	f, _ := d.Float64()
	return f < 1e-14
}

// explain returns the kind that explains a difference, nil if there is none.
func explain(kinds []*kind, file string, st *statement, v verdict, pg, us *outcome) *kind {
	for _, k := range kinds {
		for _, r := range k.rules {
			if r.matches(file, st, v, pg, us) {
				r.explains++
				k.used++
				return k
			}
		}
	}
	return nil
}

// loadRules reads testdata/explained.txt.
func loadRules(t *testing.T) []*kind {
	f, err := os.Open(filepath.Join("testdata", "explained.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	kinds, err := readRules(f)
	if err != nil {
		t.Fatalf("testdata/explained.txt: %v", err)
	}
	return kinds
}

// byKind writes how many statements each kind explains.
func byKind(kinds []*kind) string {
	var out strings.Builder
	for _, k := range kinds {
		out.WriteString("  " + strconv.Itoa(k.used) + "\t" + k.name + "\n")
	}
	return out.String()
}

// TestRules: a rule explains what it describes and nothing beside it.
func TestRules(t *testing.T) {
	kinds, err := readRules(strings.NewReader(`
# a comment
plans: they are this engine's
	text=^explain\b
roles: there is one
	verdict=accepted says=42501
scale: a column has one
	file=union only=scale
	only=digits text=\bln\(
catalog: here there is less
	reads=pg_proc rows=^pg_
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, sql, want string
		v               verdict
		pg, us          outcome
	}{
		{"a", "-- why\nEXPLAIN select 1", "plans", differ, outcome{rows: []string{"x"}}, outcome{}},
		{"a", "select 1 -- explain", "", differ, outcome{rows: []string{"x"}}, outcome{}},
		{"a", "select 1", "roles", accepted, outcome{code: "42501"}, outcome{}},
		{"a", "select 1", "", accepted, outcome{code: "42601"}, outcome{}},
		{"a", "select 1", "", differ, outcome{code: "42501"}, outcome{}},
		{"union", "select 1", "scale", differ, outcome{rows: []string{"1|a", "2.5|b"}}, outcome{rows: []string{"1.0|a", "2.5|b"}}},
		{"union", "select 1", "", differ, outcome{rows: []string{"1|a"}}, outcome{rows: []string{"1.1|a"}}},
		{"with", "select 1", "", differ, outcome{rows: []string{"1"}}, outcome{rows: []string{"1.0"}}},
		{"a", "select ln(2)", "scale", differ, outcome{rows: []string{"0.69314718055994530942"}}, outcome{rows: []string{"0.6931471805599453"}}},
		{"a", "select ln(2)", "", differ, outcome{rows: []string{"0.69314718055994530942"}}, outcome{rows: []string{"0.69314718055"}}},
		{"a", "select * from pg_proc", "catalog", differ, outcome{rows: []string{"pg_a", "b"}}, outcome{rows: []string{"b"}}},
		{"a", "select * from pg_proc", "", differ, outcome{rows: []string{"pg_a", "b"}}, outcome{}},
		{"a", "select * from pg_process", "", differ, outcome{rows: []string{"pg_a"}}, outcome{}},
	} {
		got := ""
		if k := explain(kinds, c.file, &statement{text: c.sql}, c.v, &c.pg, &c.us); k != nil {
			got = k.name
		}
		if got != c.want {
			t.Errorf("%s in %s: explained by %q, want %q", c.sql, c.file, got, c.want)
		}
	}
	for _, bad := range []string{"\ttext=x", "kind without a reason", "k: why\n\tfile=with", "k: why\n\tonly=luck", "k: why\n\tnonsense", "k: why\n\ttext=("} {
		if _, err := readRules(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read without an error", bad)
		}
	}
}
