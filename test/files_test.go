package test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/internal/testutil/slt"
	"htapdb/vector"
)

var rewrite = flag.Bool("rewrite", false, "write the answers into the files of slt instead of comparing them")

// matrix are the configurations that every file of slt runs under.
var matrix = []struct {
	name string
	set  []string
	simd string
}{
	{name: "row", set: []string{"SET htap.route = 'row'"}},
	{name: "column", set: []string{"SET htap.route = 'column'"}},
	{name: "batch=3", set: []string{"SET htap.route = 'column'", "SET htap.batch_size = 3"}},
	{name: "workers=1", set: []string{"SET htap.route = 'column'", "SET htap.workers = 1"}},
	{name: "optimizer=off", set: []string{"SET htap.optimizer = off"}},
	{name: "simd=off", set: []string{"SET htap.route = 'column'"}, simd: "go"},
}

// files are the paths of slt/*.slt.
func files(t *testing.T) []string {
	paths, err := filepath.Glob(filepath.Join("slt", "*.slt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in slt: %v", err)
	}
	return paths
}

// parse reads a file that must be runnable.
func parse(t *testing.T, path string) (*slt.File, string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := slt.Parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if f.Skip != "" {
		t.Fatalf("%s: %s", path, f.Skip)
	}
	return f, string(text)
}

// engine opens a database that ends with the test.
func engine(t *testing.T, set []string, names ...string) *slt.Engine {
	t.Helper()
	e, err := slt.NewEngine(set, names...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	})
	return e
}

// setSIMD chooses the instructions of the process until the test ends; "" is auto.
func setSIMD(t *testing.T, level string) {
	t.Helper()
	if level == "" {
		level = "auto"
	}
	if err := vector.SetSIMD(level); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vector.SetSIMD("auto") })
}

// run runs a file and reports what differs; with -rewrite it is written instead.
func run(t *testing.T, db slt.DB, path string, write bool) {
	t.Helper()
	f, text := parse(t, path)
	var all []*slt.Outcome
	x := slt.Runner{DB: db, Each: func(o *slt.Outcome) bool {
		all = append(all, o)
		rewritten := write && (o.Rows != nil || o.Record.Fails && o.Code != "")
		if (o.Status == slt.Wrong || o.Status == slt.Failed) && !rewritten {
			t.Errorf("%s:%d: %s\n%s", path, o.Record.Line, o.Note, o.Record.SQL)
		}
		return true
	}}
	if x.Run(context.Background(), f); x.DB != nil && write {
		if out := slt.Rewrite(text, all); out != text {
			if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The files of slt give PostgreSQL's answers under every configuration.
func TestFiles(t *testing.T) {
	for _, path := range files(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".slt"), func(t *testing.T) {
			for _, c := range matrix {
				t.Run(c.name, func(t *testing.T) {
					setSIMD(t, c.simd)
					run(t, engine(t, c.set, "htapdb"), path, false)
				})
			}
		})
	}
}
