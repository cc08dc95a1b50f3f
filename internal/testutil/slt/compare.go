package slt

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// Dialect is how a file writes values.
type Dialect int

// The dialects.
const (
	// Exact is the database's own text of a value.
	Exact Dialect = iota
	// SQLite renders by the column's type letter: I without decimals, R with three.
	SQLite
	// DuckDB compares numbers by value, as DuckDB's runner does.
	DuckDB
)

// render writes one value.
func render(d Dialect, letter byte, v *string) string {
	if v == nil {
		return "NULL"
	}
	s := *v
	if s == "" {
		return "(empty)"
	}
	if d == SQLite {
		switch letter {
		case 'I':
			return integer(s)
		case 'R':
			if f, err := strconv.ParseFloat(s, 64); err == nil {
				return strconv.FormatFloat(f, 'f', 3, 64)
			}
		}
		return printable(s)
	}
	return strings.NewReplacer("\n", "\\n", "\t", "\\t").Replace(s)
}

// integer writes a value as a whole number, cut towards zero.
func integer(s string) string {
	switch s {
	case "t":
		return "1"
	case "f":
		return "0"
	}
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return s
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<62 {
		return strconv.FormatInt(int64(f), 10)
	}
	return s
}

// printable replaces what SQLite's runner does not print.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '@'
		}
		return r
	}, s)
}

// rendered writes a result and sorts it as the record says.
func rendered(d Dialect, r *Record, res *Result) [][]string {
	rows := make([][]string, len(res.Rows))
	for i, row := range res.Rows {
		rows[i] = make([]string, len(row))
		for k, v := range row {
			letter := byte('T')
			if k < len(r.Types) {
				letter = r.Types[k]
			}
			rows[i][k] = render(d, letter, v)
		}
	}
	sorted(r.Sort, rows)
	return rows
}

// sorted orders rows, or all of their values over the rows.
func sorted(mode string, rows [][]string) {
	switch mode {
	case "rowsort":
		sort.SliceStable(rows, func(i, k int) bool { return strings.Join(rows[i], "\x00") < strings.Join(rows[k], "\x00") })
	case "valuesort":
		all := values(rows)
		sort.Strings(all)
		for _, row := range rows {
			all = all[copy(row, all):]
		}
	}
}

// values are the values of rows in one list.
func values(rows [][]string) []string {
	var all []string
	for _, row := range rows {
		all = append(all, row...)
	}
	return all
}

// hashed is the line that stands for many values.
func hashed(values []string) string {
	h := md5.New()
	for _, v := range values {
		fmt.Fprintln(h, v)
	}
	return fmt.Sprintf("%d values hashing to %s", len(values), hex.EncodeToString(h.Sum(nil)))
}

// compare returns how got differs from the expected lines, "" for not at all.
func compare(d Dialect, r *Record, got [][]string) string {
	all := values(got)
	if len(r.Expected) == 1 && strings.Contains(r.Expected[0], " values hashing to ") {
		if h := hashed(all); h != r.Expected[0] {
			return fmt.Sprintf("%s, want %s", h, r.Expected[0])
		}
		return ""
	}
	want := r.Expected
	if len(got) > 0 && len(want) == len(got) && len(got[0]) > 1 {
		rows := make([][]string, len(want))
		for i, line := range want {
			if rows[i] = strings.Split(line, "\t"); len(rows[i]) != len(got[0]) {
				return fmt.Sprintf("row %d: %q, want %q", i+1, strings.Join(got[i], "\t"), line)
			}
		}
		if d == DuckDB { // whose files sort the expected rows too
			sorted(r.Sort, rows)
		}
		want = values(rows)
	} else if d == DuckDB && r.Sort != "nosort" {
		want = append([]string(nil), want...)
		sort.Strings(want)
	}
	if len(all) != len(want) {
		return fmt.Sprintf("%d values in %d rows, want %d: got %s", len(all), len(got), len(want), brief(all))
	}
	for i := range all {
		if !equal(d, all[i], want[i]) {
			return fmt.Sprintf("value %d: %q, want %q", i+1, all[i], want[i])
		}
	}
	return ""
}

// brief cuts a list of values for a message.
func brief(all []string) string {
	if len(all) > 12 {
		return fmt.Sprintf("%q …", all[:12])
	}
	return fmt.Sprintf("%q", all)
}

// equal compares two values in a dialect.
func equal(d Dialect, got, want string) bool {
	if got == want || d != DuckDB {
		return got == want
	}
	if b, ok := map[string]string{"t": "true", "f": "false"}[got]; ok {
		return strings.EqualFold(want, b) || want == map[string]string{"t": "1", "f": "0"}[got]
	}
	g, err1 := strconv.ParseFloat(got, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	if err1 != nil || err2 != nil {
		return false
	}
	if g == w {
		return true
	}
	return strings.ContainsAny(got+want, ".eE") && math.Abs(g-w) <= 1e-6*math.Max(math.Abs(g), math.Abs(w))
}
