package parser

import (
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/internal/testutil"
)

// sltStatements returns the SQL of the statements and queries of a
// sqllogictest file that are meant to succeed on PostgreSQL.
func sltStatements(text string) []string {
	var out []string
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	skip := false
	for i := 0; i < len(lines); i++ {
		switch line := lines[i]; {
		case strings.HasPrefix(line, "skipif postgresql"),
			strings.HasPrefix(line, "onlyif") && !strings.HasPrefix(line, "onlyif postgresql"):
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

// TestSLTCorpus counts how many statements of the sqllogictest corpora parse,
// and checks by round trip a part of those that do, chosen by their hash. What
// is missing from the first corpus is SQLite's own (IN (), NOT INDEXED), from
// the second DuckDB's (structs, maps, macros, PIVOT, lambdas…). The floors are
// what was reached: below them the grammar has lost something.
// SLT_FAILURES=1 lists what does not parse.
func TestSLTCorpus(t *testing.T) {
	dir := testutil.Shared(t, "slt")
	for _, c := range []struct {
		name   string
		floor  float64 // share of statements that parse
		sample uint32  // one in so many goes through the round trip
	}{{"sqlite", 0.9998, 100}, {"duckdb", 0.84, 1}} {
		t.Run(c.name, func(t *testing.T) {
			total, parsed := 0, 0
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
						if os.Getenv("SLT_FAILURES") != "" {
							t.Logf("%v: %s", err, strings.Join(strings.Fields(sql), " "))
						}
						continue
					}
					parsed++
					h := fnv.New32a()
					h.Write([]byte(sql))
					if testutil.Long() || h.Sum32()%c.sample == 0 {
						roundTrip(t, sql)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d of %d statements parse", parsed, total)
			if float64(parsed) < c.floor*float64(total) {
				t.Errorf("%d of %d statements parse, less than %.2f %%", parsed, total, 100*c.floor)
			}
		})
	}
}

// TestPsqlQueries parses what psql sends for its backslash commands.
func TestPsqlQueries(t *testing.T) {
	data, err := os.ReadFile(testutil.Shared(t, "reference", "psql-queries.txt"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for part := range strings.SplitSeq(string(data), "********* QUERY **********\n") {
		sql, _, ok := strings.Cut(part, "\n**************************")
		if !ok {
			continue
		}
		n++
		if _, err := Parse(sql); err != nil {
			t.Errorf("%s\n%s", describe(err), sql)
		}
		roundTrip(t, sql)
	}
	if n < 20 {
		t.Errorf("only %d queries in the file", n)
	}
}

// TestTPCH parses the 22 queries of the benchmark.
func TestTPCH(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testutil.Root(), "bench", "tpch", "queries", "q*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 22 {
		t.Errorf("%d queries, want 22", len(files))
	}
	for _, path := range files {
		sql, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(string(sql)); err != nil {
			t.Errorf("%s: %s", filepath.Base(path), describe(err))
		}
		roundTrip(t, string(sql))
	}
}
