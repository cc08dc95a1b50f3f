package pgregress

import (
	"fmt"
	"hash/fnv"
	"regexp"
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
type comparison struct {
	// tainted are names of objects that are not the same on both servers, because
	// a statement that makes or changes them ran on one only.
	tainted map[string]bool
}

// objectRE finds the object that a statement makes, changes or drops.
var objectRE = regexp.MustCompile(`(?is)^\s*(?:(?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:(?:global|local|temp|temporary|unlogged|unique|foreign|materialized|recursive|constraint|trusted|procedural|default|event|text|search|access)\s+)*` +
	`(?:table|view|index|type|domain|function|schema|sequence|aggregate|procedure|routine|operator\s+class|operator\s+family|trigger|rule|collation|conversion|language|role|user|group|policy|publication|statistics|server|configuration|dictionary|method|cast)` +
	`|insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?|copy|prepare|declare|select\b.*?\binto|comment\s+on\s+\w+|refresh\s+materialized\s+view|lock(?:\s+table)?)` +
	`\s+(?:if\s+(?:not\s+)?exists\s+|concurrently\s+|only\s+|temp\s+|temporary\s+|table\s+)*"?([a-z_]\w*)"?(?:\."?([a-z_]\w*)"?)?`)

// onRE finds the table of an index, trigger, rule or policy.
var onRE = regexp.MustCompile(`(?is)^\s*(?:create|drop)\s+(?:or\s+replace\s+)?(?:unique\s+)?(?:index|trigger|rule|policy)\b.*?\bon\s+(?:only\s+)?"?([a-z_]\w*)"?(?:\."?([a-z_]\w*)"?)?`)

var wordRE = regexp.MustCompile(`[a-zA-Z_]\w*`)

// judge compares two outcomes.
func (c *comparison) judge(st *statement, pg, us *outcome) verdict {
	v := c.compare(st, pg, us)
	if v != agree && v != errors2 && pg.ok() != us.ok() || v == differ && !isRead(st.text) {
		c.taint(st.text)
	}
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
	case !pg.ok() && !us.ok():
		if pg.code == us.code {
			return agree
		}
		if c.touches(st.text) {
			return follows
		}
		return errors2
	case pg.ok() && us.ok():
		if pg.columns == us.columns && sameRows(pg.rows, us.rows) {
			return agree
		}
		if c.touches(st.text) {
			return follows
		}
		return differ
	}
	if c.touches(st.text) {
		return follows
	}
	if pg.ok() {
		return refused
	}
	return accepted
}

// taint remembers the objects of a statement that ran on one server only.
func (c *comparison) taint(text string) {
	text = stripComments(text)
	for _, re := range []*regexp.Regexp{objectRE, onRE} {
		m := re.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		name := strings.ToLower(m[1])
		if m[2] != "" {
			name = strings.ToLower(m[2])
		}
		c.tainted[name] = true
	}
}

// touches reports whether the statement names an object that differs.
func (c *comparison) touches(text string) bool {
	text = stripComments(text)
	for _, w := range wordRE.FindAllString(text, -1) {
		if c.tainted[strings.ToLower(w)] {
			return true
		}
	}
	return false
}

// isRead reports statements that change nothing.
func isRead(text string) bool {
	switch strings.ToLower(wordRE.FindString(stripComments(text))) {
	case "select", "values", "table", "explain", "show", "with":
		return !regexp.MustCompile(`(?is)\b(insert|update|delete|merge|into)\b`).MatchString(text)
	}
	return false
}

var commentRE = regexp.MustCompile(`(?s)--[^\n]*\n?|/\*.*?\*/`)

func stripComments(text string) string { return commentRE.ReplaceAllString(text, " ") }

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
	_, _ = h.Write([]byte(strings.Join(strings.Fields(stripComments(text)), " "))) // never fails
	return fmt.Sprintf("%016x", h.Sum64())
}
