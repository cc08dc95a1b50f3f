package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"htapdb/internal/testutil/slt"
)

// Costs, memory and workers depend on the machine and on estimates; that there is
// memory is shown.
var unstable = regexp.MustCompile(` \(path=(\w+) [^)]*\)|Memory: \d+kB| \(rows=\d+\)`)

// Property: each fast path is taken, as EXPLAIN ANALYZE tells. The test fails
// when a filter is not pushed any more, a segment not pruned, a result not read off.
func TestFastPaths(t *testing.T) {
	path := filepath.Join("testdata", "fastpaths.txt")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db := engine(t, []string{"SET htap.workers = 1"})
	var out []string
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		head, want, ok := strings.Cut(block+"\n", "\n----\n")
		if !ok {
			out = append(out, block)
			continue
		}
		sql := head[strings.LastIndexByte(head, '\n')+1:]
		if strings.Contains(head, "setup\n") {
			exec(t, db, "", sql)
			out = append(out, head+"\n----")
			continue
		}
		have := explained(t, db, "EXPLAIN (ANALYZE, TIMING off, SUMMARY off) "+sql)
		if have != strings.TrimRight(want, "\n") && !*rewrite {
			t.Errorf("%s\nshows\n%s\nwant\n%s", sql, have, want)
		}
		out = append(out, head+"\n----\n"+have)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// explained runs an EXPLAIN and returns its text without what varies.
func explained(t *testing.T, db *slt.Engine, sql string) string {
	t.Helper()
	res, err := db.Query(t.Context(), "", sql, "")
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var lines []string
	for _, row := range res.Rows {
		line := unstable.ReplaceAllStringFunc(*row[0], func(s string) string {
			if m := unstable.FindStringSubmatch(s); m[1] != "" {
				return " (path=" + m[1] + ")"
			}
			if strings.HasPrefix(s, " (rows=") {
				return ""
			}
			return "Memory: nkB"
		})
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// EXPLAIN (ANALYZE, FORMAT json) has the shape of PostgreSQL's and what was actually done.
func TestExplainJSON(t *testing.T) {
	db := engine(t, []string{"SET htap.workers = 1", "SET htap.route = 'column'"})
	exec(t, db, "", "CREATE TABLE f AS SELECT g AS id FROM generate_series(1, 300000) g")
	res, err := db.Query(t.Context(), "", "EXPLAIN (ANALYZE, FORMAT json) SELECT id FROM f WHERE id <= 10", "")
	if err != nil {
		t.Fatal(err)
	}
	var top []struct {
		Plan struct {
			Type    string  `json:"Node Type"`
			Rows    float64 `json:"Actual Rows"`
			Time    float64 `json:"Actual Total Time"`
			Plan    float64 `json:"Plan Rows"`
			Filter  string
			Removed float64 `json:"Rows Removed by Filter"`
			Pushed  []struct {
				Predicate, Kind string
			} `json:"Pushed Filters"`
			Segments       int
			SegmentsPruned int `json:"Segments Pruned"`
			RowsPruned     int `json:"Rows Pruned"`
			Memory         *float64
		}
		Planning  float64 `json:"Planning Time"`
		Execution float64 `json:"Execution Time"`
	}
	if err := json.Unmarshal([]byte(*res.Rows[0][0]), &top); err != nil {
		t.Fatal(err)
	}
	p := top[0].Plan
	if p.Type != "Column Scan" || p.Rows != 10 || p.Time <= 0 || p.Plan <= 0 || p.Filter == "" || p.Removed == 0 ||
		len(p.Pushed) != 1 || p.Pushed[0].Kind != "zone map, encoded" || p.Segments != 3 || p.SegmentsPruned != 2 || p.RowsPruned == 0 ||
		p.Memory == nil || top[0].Planning <= 0 || top[0].Execution <= 0 {
		t.Errorf("%s", *res.Rows[0][0])
	}
}

// EXPLAIN's options are read, refused or without effect, never taken and forgotten.
func TestExplainOptions(t *testing.T) {
	db := engine(t, nil)
	exec(t, db, "", "CREATE TABLE o (a int)")
	for _, c := range []struct{ options, code, has, lacks string }{
		{"ANALYZE", "", "actual time=", ""},
		{"ANALYZE off", "", "path=", "actual"},
		{"ANALYZE, TIMING off", "", "actual rows=", "time="},
		{"ANALYZE, SUMMARY off", "", "actual time=", "Execution Time"},
		{"SUMMARY", "", "Planning Time", "Execution Time"},
		{"COSTS off", "", "path=", "row_cost"},
		{"COSTS off", "", "path=", "(rows="},
		{"VERBOSE, BUFFERS, SETTINGS, COSTS", "", "row_cost", ""},
		{"ANALYZE perhaps", "42601", "", ""},
		{"COSTS 2", "42601", "", ""},
		{"BUFFERS maybe", "42601", "", ""},
		{"TIMING", "22023", "", ""},
		{"WAL", "22023", "", ""},
		{"FORMAT csv", "22023", "", ""},
		{"FORMAT xml", "0A000", "", ""},
		{"LOUD", "42601", "", ""},
	} {
		res, err := db.Query(t.Context(), "", "EXPLAIN ("+c.options+") SELECT a FROM o WHERE a > 1", "")
		if code := errorCode(err); code != c.code {
			t.Errorf("EXPLAIN (%s): error %q, want %q", c.options, code, c.code)
		}
		if err != nil {
			continue
		}
		var all []string
		for _, row := range res.Rows {
			all = append(all, *row[0])
		}
		if text := strings.Join(all, "\n"); !strings.Contains(text, c.has) || c.lacks != "" && strings.Contains(text, c.lacks) {
			t.Errorf("EXPLAIN (%s) should have %q and not %q:\n%s", c.options, c.has, c.lacks, text)
		}
	}
}
