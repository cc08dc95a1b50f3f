package parser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sharedDir returns the folder of shared test data, or skips the test.
func sharedDir(t *testing.T, elem ...string) string {
	t.Helper()
	dir := os.Getenv("HTAPDB_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no shared test data at %s (set HTAPDB_SHARED)", dir)
	}
	return dir
}

// roundTrip checks that Format of a parsed script parses into the same trees.
func roundTrip(t *testing.T, sql string) {
	t.Helper()
	list, err := Parse(sql)
	if err != nil {
		return
	}
	for _, s := range list {
		text := Format(s.Stmt)
		again, err := ParseOne(text)
		if err != nil {
			t.Errorf("Format gives text that does not parse: %v\n  from %s\n  to   %s", err, s.SQL, text)
			continue
		}
		if a, b := dump(s.Stmt), dump(again.Stmt); a != b {
			t.Errorf("Format changes the tree\n  from %s\n  to   %s\n%s\n%s", s.SQL, text, a, b)
		}
	}
}

// sltStatements returns the SQL of the statements and queries of a
// sqllogictest file that are meant to succeed on PostgreSQL.
func sltStatements(text string) []string {
	var out []string
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	skip := false
	for i := 0; i < len(lines); i++ {
		switch line := lines[i]; {
		case strings.HasPrefix(line, "skipif postgresql"), strings.HasPrefix(line, "onlyif") && !strings.HasPrefix(line, "onlyif postgresql"):
			skip = true
		case strings.HasPrefix(line, "statement ok"), strings.HasPrefix(line, "query"):
			var sql []string
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "" && lines[i] != "----"; i++ {
				sql = append(sql, lines[i])
			}
			if !skip {
				out = append(out, strings.Join(sql, "\n"))
			}
			skip = false
		case line == "":
			skip = false
		}
	}
	return out
}

// TestSLTCorpus counts how many statements of the sqllogictest corpora parse.
// The floors are what was reached; a fall means that the grammar lost
// something. Every statement that parses is checked by round trip.
func TestSLTCorpus(t *testing.T) {
	dir := sharedDir(t, "slt")
	for _, c := range []struct {
		name  string
		floor float64
	}{{"sqlite", 0.1}, {"duckdb", 0.1}} {
		t.Run(c.name, func(t *testing.T) {
			total, parsed := 0, 0
			failures := map[string]int{}
			err := filepath.WalkDir(filepath.Join(dir, c.name), func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".test") {
					return err
				}
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				for _, sql := range sltStatements(string(text)) {
					total++
					if _, err := Parse(sql); err != nil {
						failures[err.Error()]++
						if os.Getenv("SLT_FAIL") != "" {
							t.Logf("FAIL %v: %s", err, strings.ReplaceAll(sql, "\n", " "))
						}
						continue
					}
					parsed++
					roundTrip(t, sql)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d of %d statements parse", parsed, total)
			if float64(parsed) < c.floor*float64(total) {
				t.Errorf("%d of %d statements parse, less than %.1f %%", parsed, total, 100*c.floor)
			}
		})
	}
}
