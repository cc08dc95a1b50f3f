package test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"htapdb/internal/testutil"
	"htapdb/internal/testutil/slt"
)

// Property: a column of any number type compared with a constant of any other
// gives the rows that exact arithmetic gives, by every route, out of the delta and out of
// segments, for constants at and beyond the ends of the column's type.

// numberColumns are the columns' types with the digits before and after the point.
var numberColumns = []struct {
	typ           string
	whole, scaled int
	ends          []string
}{
	{"smallint", 5, 0, []string{"-32768", "32767"}},
	{"integer", 10, 0, []string{"-2147483648", "2147483647"}},
	{"bigint", 19, 0, []string{"-9223372036854775808", "9223372036854775807"}},
	{"numeric(6,2)", 4, 2, []string{"-9999.99", "9999.99"}},
	{"numeric(18,18)", 0, 18, []string{"-0.999999999999999999", "0.999999999999999999"}},
	{"numeric(18,0)", 18, 0, []string{"-999999999999999999", "999999999999999999"}},
	{"numeric(20,10)", 10, 10, []string{"-9999999999.9999999999", "9999999999.9999999999"}},
	{"numeric(38,12)", 26, 12, []string{"-99999999999999999999999999.999999999999", "99999999999999999999999999.999999999999"}},
	{"numeric(38,0)", 38, 0, []string{"-" + strings.Repeat("9", 38), strings.Repeat("9", 38)}},
	{"numeric(38,38)", 0, 38, []string{"-0." + strings.Repeat("9", 38), "0." + strings.Repeat("9", 38)}},
}

// someNumber is a decimal of up to so many digits before and after the point.
func someNumber(r *rand.Rand, whole, scaled int) string {
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		return b.String()
	}
	s := strings.TrimLeft(digits(r.IntN(whole+1)), "0")
	if s == "" {
		s = "0"
	}
	if n := r.IntN(scaled + 1); n > 0 {
		s += "." + digits(n)
	}
	if r.IntN(2) == 0 {
		return "-" + s
	}
	return s
}

// rat is the exact value of a decimal.
func rat(t *testing.T, s string) *big.Rat {
	t.Helper()
	v, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return v
}

// someConstant is near what the column can hold, or beyond; double says that it is written as one.
func someConstant(r *rand.Rand, values, ends []string) (text string, double bool) {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	switch r.IntN(7) {
	case 0:
		return pick(values), false
	case 1:
		return pick(ends), false
	case 2: // one more digit at either end
		if s := pick(ends); strings.Contains(s, ".") {
			return s + "5", false
		}
		return pick(ends) + ".5", false
	case 3:
		return pick([]string{"", "-"}) + "1" + strings.Repeat("0", r.IntN(38)), false
	case 4:
		return pick([]string{"", "-"}) + "0." + strings.Repeat("0", r.IntN(36)) + "1", false
	case 5:
		return strconv.FormatFloat(r.NormFloat64()*1e5, 'g', -1, 64), true
	}
	return someNumber(r, 28, 9), false
}

// countDigits counts the digits of a decimal.
func countDigits(s string) int {
	return strings.Count(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, strings.TrimLeft(s, "-0.")), "0")
}

var ratHolds = map[string]func(c int) bool{
	"=": func(c int) bool { return c == 0 }, "<>": func(c int) bool { return c != 0 },
	"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
}

func TestConstantsOfOtherTypes(t *testing.T) {
	r := testutil.Rand(t)
	db := engine(t, nil)
	for i, c := range numberColumns {
		table := fmt.Sprintf("n%d", i)
		values := append([]string{"0"}, c.ends...)
		for range 20 {
			v := someNumber(r, c.whole, c.scaled)
			if isNumeric := strings.HasPrefix(c.typ, "numeric"); isNumeric || len(strings.TrimPrefix(v, "-")) < c.whole {
				values = append(values, v)
			}
		}
		// Half of the rows come as a segment, half into the delta.
		half := len(values) / 2
		var rows []string
		for k, v := range values[:half] {
			rows = append(rows, fmt.Sprintf("(%d, %s)", k, v))
		}
		exec(t, db, "", fmt.Sprintf("CREATE TABLE %s AS SELECT a::int AS id, b::%s AS c FROM (VALUES %s, (1000, NULL)) v(a, b)", table, c.typ, strings.Join(rows, ",")))
		rows = nil
		for k, v := range values[half:] {
			rows = append(rows, fmt.Sprintf("(%d, %s)", half+k, v))
		}
		exec(t, db, "", fmt.Sprintf("INSERT INTO %s VALUES %s, (1001, NULL)", table, strings.Join(rows, ",")))
		checkConstants(t, db, r, table, c.ends, values)
	}
}

// checkConstants compares the column with constants in every way.
func checkConstants(t *testing.T, db *slt.Engine, r *rand.Rand, table string, ends, values []string) {
	for range 60 {
		x, double := someConstant(r, values, ends)
		y, _ := someConstant(r, values, ends)
		op := []string{"=", "<>", "<", "<=", ">", ">="}[r.IntN(6)]
		write := func(s string) string { return s }
		if double {
			if len(ends[0]) > 12 || strings.Contains(ends[0], ".") {
				continue // compared as doubles, which is not exact
			}
			write = func(s string) string { return "'" + s + "'::float8" }
		}
		if countDigits(x) > 38 || countDigits(y) > 38 {
			continue // NUMERIC has no more
		}
		cond, holds := "c "+op+" "+write(x), func(v *big.Rat) bool { return ratHolds[op](v.Cmp(rat(t, x))) }
		switch r.IntN(5) {
		case 0:
			cond, holds = write(x)+" "+op+" c", func(v *big.Rat) bool { return ratHolds[op](rat(t, x).Cmp(v)) }
		case 1:
			cond = "c BETWEEN " + write(x) + " AND " + y
			holds = func(v *big.Rat) bool { return v.Cmp(rat(t, x)) >= 0 && v.Cmp(rat(t, y)) <= 0 }
		case 2:
			cond = "c IN (" + write(x) + ", " + y + ")"
			holds = func(v *big.Rat) bool { return v.Cmp(rat(t, x)) == 0 || v.Cmp(rat(t, y)) == 0 }
		}
		var want []string
		for i, v := range values {
			if holds(rat(t, v)) {
				want = append(want, strconv.Itoa(i))
			}
		}
		for _, route := range []string{"row", "column", "auto"} {
			exec(t, db, "", "SET htap.route = '"+route+"'")
			sql := "SELECT id FROM " + table + " WHERE " + cond + " ORDER BY id"
			res, err := db.Query(t.Context(), "", sql, "")
			if err != nil && strings.Contains(cond, " IN ") && errorCode(err) == "22003" {
				break // the list has no common type of 38 digits
			}
			if err != nil {
				t.Fatalf("%s by %s: %v", sql, route, err)
			}
			var have []string
			for _, row := range res.Rows {
				have = append(have, *row[0])
			}
			if !slices.Equal(have, want) {
				t.Errorf("%s by %s: rows %v, want %v", sql, route, have, want)
			}
		}
	}
}
