package test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil"
	"htapdb/internal/testutil/slt"
)

// corpus is a tree of files that another project wrote.
type corpus struct {
	dialect slt.Dialect
	names   []string
	// sample is how many records of a file, and files of the tree by step, a
	// default run takes.
	records, step int
	// floor and longFloor are the numbers of records that must pass.
	floor, longFloor int
	// differs is set for answers of another system than PostgreSQL, of which
	// only internal errors and endless statements count as wrong.
	differs bool
}

// tally counts the outcomes of a corpus.
type tally struct {
	counts map[slt.Status]int
	codes  map[string]int
	files  int
	// skipped counts files by the word that made them unfit.
	skipped map[string]int
	broken  []string
}

// find lists the files below a folder.
func find(t *testing.T, root string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".test") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(paths)
	return paths
}

// file runs one file of a corpus in a database of its own.
func (c corpus) file(t *testing.T, path string, limit int, sum *tally) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := slt.Parse(string(text))
	if err != nil {
		sum.skipped["not parsed"]++
		return
	}
	if f.Skip != "" {
		_, directive, _ := strings.Cut(f.Skip, ": ")
		sum.skipped[strings.Fields(directive)[0]]++
		return
	}
	e, err := slt.NewEngine([]string{"SET lock_timeout = '200ms'"}, c.names...)
	if err != nil {
		t.Fatal(err)
	}
	sum.files++
	seen := 0
	x := slt.Runner{DB: e, Dialect: c.dialect, Timeout: 10 * time.Second, Each: func(o *slt.Outcome) bool {
		if seen++; o.Status == slt.Failed {
			sum.codes[o.Code]++
		}
		if o.Status == slt.Wrong && !c.differs || o.Code == "XX000" || o.Code == "57014" {
			sum.broken = append(sum.broken, fmt.Sprintf("%s:%d: %s\n\t%s", path, o.Record.Line, o.Note, o.Record.SQL))
		} else if o.Status == slt.Failed && testing.Verbose() {
			t.Logf("%s:%d: %s\n\t%s", path, o.Record.Line, o.Note, o.Record.SQL)
		}
		return limit == 0 || seen < limit
	}}
	for status, n := range x.Run(context.Background(), f) {
		sum.counts[status] += n
	}
	if err := e.Close(); err != nil {
		t.Errorf("%s: closing: %v", path, err)
	}
}

// run runs a corpus and holds it to its floor.
func (c corpus) run(t *testing.T, root string) {
	t.Helper()
	sum := &tally{counts: map[slt.Status]int{}, codes: map[string]int{}, skipped: map[string]int{}}
	floor := c.floor
	limit, step := c.records, c.step
	if testutil.Long() {
		floor, limit, step = c.longFloor, 0, 1
	}
	paths := find(t, root)
	if one := os.Getenv("HTAPDB_SLT"); one != "" {
		paths, floor, limit, step = filter(paths, one), 0, 0, 1
	}
	for i := 0; i < len(paths); i += step {
		c.file(t, paths[i], limit, sum)
	}
	t.Logf("%d of %d files: %d records passed, %d skipped, %d failed by SQLSTATE %v, %d wrong; files left out by directive %v",
		sum.files, len(paths), sum.counts[slt.Passed], sum.counts[slt.Skipped], sum.counts[slt.Failed], sum.codes, sum.counts[slt.Wrong], sum.skipped)
	if n := sum.counts[slt.Passed]; n < floor {
		t.Errorf("%d records pass, want at least %d", n, floor)
	}
	for _, b := range sum.broken {
		t.Error(b)
	}
}

// filter keeps the paths that contain a word.
func filter(paths []string, word string) []string {
	var out []string
	for _, p := range paths {
		if strings.Contains(p, word) {
			out = append(out, p)
		}
	}
	return out
}

// SQLite's corpus, by its conditions for PostgreSQL. HTAPDB_SLT runs the files
// whose path contains its value.
func TestCorpusSQLite(t *testing.T) {
	corpus{
		dialect: slt.SQLite, names: []string{"postgresql", "htapdb"}, records: 400, step: 1,
		floor: 7400, longFloor: 178000,
	}.run(t, testutil.Shared(t, "slt", "sqlite"))
}

// DuckDB's corpus, of which only what PostgreSQL and DuckDB agree on can pass.
func TestCorpusDuckDB(t *testing.T) {
	corpus{
		dialect: slt.DuckDB, names: []string{"htapdb"}, records: 0, step: 8,
		floor: 400, longFloor: 5200, differs: true,
	}.run(t, testutil.Shared(t, "slt", "duckdb"))
}
