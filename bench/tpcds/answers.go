package tpcds

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Tolerance is how much two numbers may differ, relative to the larger: averages
// and quotients are doubles, which are rounded as the sums were made.
const Tolerance = 1e-9

// Compare returns nil if two answers to q have the same rows in any order, else an
// error that shows the first difference. Values are texts; those that are
// numbers in both are compared by value.
func Compare(q Query, want, got [][]string) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d rows, want %d", len(got), len(want))
	}
	want, got = sorted(want), sorted(got)
	for i := range want {
		if len(want[i]) != len(got[i]) {
			return fmt.Errorf("%d columns, want %d", len(got[i]), len(want[i]))
		}
		for k := range want[i] {
			unit := 0.0
			if slices.Contains(q.Cents, k) {
				unit = 0.01
			}
			if !equal(want[i][k], got[i][k], unit) {
				return fmt.Errorf("sorted row %d is\n\t%s, want\n\t%s", i+1, strings.Join(got[i], "|"), strings.Join(want[i], "|"))
			}
		}
	}
	return nil
}

// sorted returns the rows in an order in which values that are equal in two
// answers are at the same places: by their texts, numbers cut to a few digits.
func sorted(rows [][]string) [][]string {
	type keyed struct {
		key string
		row []string
	}
	all := make([]keyed, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for _, v := range row {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				v = strconv.FormatFloat(f, 'e', 6, 64)
			}
			b.WriteString(v)
			b.WriteByte(0)
		}
		all[i] = keyed{b.String(), row}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	out := make([][]string, len(rows))
	for i, k := range all {
		out[i] = k.row
	}
	return out
}

// equal reports whether two values are equal, or numbers that differ by unit at most.
func equal(a, b string, unit float64) bool {
	if a == b {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && math.Abs(x-y) <= unit+Tolerance*max(math.Abs(x), math.Abs(y))
}
