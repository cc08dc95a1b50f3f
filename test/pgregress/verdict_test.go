package pgregress

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// verdict is how the two servers compare at one statement.
type verdict string

const (
	agree    verdict = "agree"    // the same rows, or errors with the same SQLSTATE
	errors2  verdict = "errors"   // both refuse it, with different SQLSTATEs
	refused  verdict = "refused"  // only PostgreSQL runs it
	accepted verdict = "accepted" // only htap runs it
	differ   verdict = "differ"   // both run it, with different rows
	follows  verdict = "follows"  // they differ because an earlier statement did
	explains verdict = "explained"
	internal verdict = "XX000"
	lost     verdict = "lost"
	hung     verdict = "hung"
)

// verdicts in the order of the report.
var verdicts = []verdict{agree, errors2, refused, accepted, differ, explains, follows, internal, lost, hung}

// broken are the verdicts that fail the test whatever the statement is.
func (v verdict) broken() bool { return v == internal || v == lost || v == hung }

// comparison follows one script on both servers.
type comparison struct{ taint *taint }

// judge compares two outcomes and notes what follows from them.
func (c *comparison) judge(st *statement, pg, us *outcome) verdict {
	v := c.compare(st, pg, us)
	c.taint.after(st.text, pg, us, v == agree)
	return v
}

func (c *comparison) compare(st *statement, pg, us *outcome) verdict {
	switch {
	case us.hung:
		return hung
	case us.lost && !pg.lost:
		return lost
	case us.code == "XX000" && pg.code != "XX000":
		return internal
	case us.code == "25P02" && pg.code != "25P02", pg.code == "25P02" && us.code != "25P02":
		return follows
	}
	v := agree
	switch {
	case !pg.ok() && !us.ok():
		if pg.code != us.code {
			v = errors2
		}
	case pg.ok() && us.ok():
		if pg.columns != us.columns || !sameRows(pg.rows, us.rows) || changedRows(pg.tag) != changedRows(us.tag) {
			v = differ
		}
	case pg.ok():
		v = refused
	default:
		v = accepted
	}
	if v != agree && c.taint.touches(st.text) {
		return follows
	}
	return v
}

// changedRows is the tag of a statement that changes rows, with their number.
func changedRows(tag string) string {
	switch word, _, _ := strings.Cut(tag, " "); word {
	case "INSERT", "UPDATE", "DELETE", "MERGE", "COPY":
		return tag
	}
	return ""
}

// sameRows compares two results as multisets: which of equal keys comes first is free.
func sameRows(a, b []string) bool {
	if slices.Equal(a, b) {
		return true
	}
	if len(a) != len(b) {
		return false
	}
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	for i := range a {
		if a[i] != b[i] && !closeRow(a[i], b[i]) {
			return false
		}
	}
	return true
}

// closeRow compares the cells of a row, floats up to the last digits.
func closeRow(a, b string) bool {
	x, y := strings.Split(a, "|"), strings.Split(b, "|")
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] == y[i] {
			continue
		}
		f, err1 := strconv.ParseFloat(x[i], 64)
		g, err2 := strconv.ParseFloat(y[i], 64)
		if err1 != nil || err2 != nil || !strings.ContainsAny(x[i], ".eE") {
			return false
		}
		if d := f - g; d > 1e-13*abs(f) || d < -1e-13*abs(f) {
			return false
		}
	}
	return true
}

func abs(f float64) float64 {
	if f < 0 {
		return -f
	}
	return f
}

// key names a statement in testdata/explained.txt without its text.
func key(text string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join(strings.Fields(plain(text)), " "))) // never fails
	return fmt.Sprintf("%016x", h.Sum64())
}
