package pgregress

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil/postgres"
)

// suite is one run over the files.
type suite struct {
	folder string
	pg     string // URL of the server
	ours   *engine
	base   string // a data directory that has seen the set-up file
	// before is what the set-up file left.
	before *taint
	// kinds explain differences that are no defects.
	kinds  []*kind
	report *os.File
	total  map[verdict]int
	// refusals are the statements that only PostgreSQL runs, by this engine's SQLSTATE.
	refusals map[string]int
}

// TestRegress runs every file of HTAPDB_PGREGRESS, or those that
// HTAPDB_PGREGRESS_ONLY names, and writes each statement that does not agree to
// the file HTAPDB_PGREGRESS_REPORT.
func TestRegress(t *testing.T) {
	folder := os.Getenv("HTAPDB_PGREGRESS")
	if folder == "" {
		t.Skip("skipped: HTAPDB_PGREGRESS names no folder with PostgreSQL's regression files (src/test/regress)")
	}
	files, err := filepath.Glob(filepath.Join(folder, "sql", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sql/*.sql below HTAPDB_PGREGRESS=%s", folder)
	}
	s := &suite{folder: folder, pg: postgres.Start(t, postgres.Options{}), total: map[verdict]int{}, refusals: map[string]int{}}
	s.before, s.kinds = newTaint(), loadRules(t)
	s.openReport(t)
	s.base = filepath.Join(t.TempDir(), "base")
	s.ours = &engine{program: buildEngine(t), files: filepath.Join(folder, "data")}
	s.setUp(t)
	only := strings.Fields(os.Getenv("HTAPDB_PGREGRESS_ONLY"))
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		if name == "test_setup" || len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		t.Run(name, func(t *testing.T) { s.file(t, name) })
	}
	summary := fmt.Sprintf("all files: %s\nexplained, by kind:\n%srefused, by SQLSTATE:%s", tally(s.total), byKind(s.kinds), byCode(s.refusals))
	fmt.Fprintf(s.report, "=== summary\n%s\n", summary)
	t.Log(summary)
	if len(only) > 0 {
		return
	}
	for _, k := range s.kinds {
		for _, r := range k.rules {
			if r.explains == 0 {
				t.Errorf("testdata/explained.txt:%d: no statement differs so any more: take the rule out", r.line)
			}
		}
	}
}

// byCode writes counts by SQLSTATE, the most frequent first.
func byCode(counts map[string]int) string {
	codes := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	var out strings.Builder
	for _, c := range codes {
		fmt.Fprintf(&out, " %s %d,", c, counts[c])
	}
	return strings.TrimSuffix(out.String(), ",")
}

// openReport opens the file for what does not agree.
func (s *suite) openReport(t *testing.T) {
	path := os.Getenv("HTAPDB_PGREGRESS_REPORT")
	if path == "" {
		path = os.DevNull
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	s.report = f
}

// setUp runs the set-up file on a database of PostgreSQL that the others are
// copies of, and on a data directory likewise.
func (s *suite) setUp(t *testing.T) {
	ctx := context.Background()
	s.admin(t, "CREATE DATABASE base")
	s.ours.dir = s.base
	if err := s.ours.start(); err != nil {
		t.Fatal(err)
	}
	s.compare(ctx, t, "test_setup", "base")
	if err := s.ours.stop(); err != nil {
		t.Fatalf("stopping after the set-up: %v\n%s", err, s.ours.logged())
	}
}

// admin runs a statement in PostgreSQL's own database.
func (s *suite) admin(t *testing.T, sql string) {
	t.Helper()
	c := &client{url: s.pg}
	defer c.close()
	if o := c.run(context.Background(), &statement{text: sql}); !o.ok() {
		t.Fatalf("%s: %s", sql, o.message)
	}
}

// file compares one file on fresh copies.
func (s *suite) file(t *testing.T, name string) {
	s.admin(t, `CREATE DATABASE "r_`+name+`" TEMPLATE base`)
	defer s.admin(t, `DROP DATABASE "r_`+name+`" WITH (FORCE)`)
	s.ours.dir = filepath.Join(t.TempDir(), "data")
	if out, err := exec.Command("cp", "-r", s.base, s.ours.dir).CombinedOutput(); err != nil {
		t.Fatalf("copying the data directory: %v\n%s", err, out)
	}
	if err := s.ours.start(); err != nil {
		t.Fatal(err)
	}
	counts := s.compare(context.Background(), t, name, "r_"+name)
	if err := s.ours.stop(); err != nil {
		t.Errorf("stopping the server: %v\n%s", err, s.ours.logged())
	}
	t.Logf("%s: %s", name, tally(counts))
}

// compare runs a file's statements on both servers in turn.
func (s *suite) compare(ctx context.Context, t *testing.T, name, database string) map[verdict]int {
	statements, err := readScript(filepath.Join(s.folder, "sql", name+".sql"),
		map[string]string{"PG_ABS_SRCDIR": s.folder, "PG_LIBDIR": s.folder, "PG_DLSUFFIX": ".so", "PG_ABS_BUILDDIR": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.pg)
	if err != nil {
		t.Fatal(err)
	}
	u.Path, u.RawQuery = database, parameters
	pg := &client{url: u.String()}
	us := &client{url: "postgres://htap@" + s.ours.addr + "/htap?sslmode=disable&" + parameters}
	defer pg.close()
	defer us.close()
	counts := map[verdict]int{}
	c := &comparison{taint: s.before.clone()}
	for i := range statements {
		st := &statements[i]
		if st.reconnect {
			pg.close()
			us.close()
			continue
		}
		s.one(ctx, t, name, c, st, pg, us, counts)
	}
	if name == "test_setup" {
		s.before = c.taint
	}
	for v, n := range counts {
		s.total[v] += n
	}
	return counts
}

// one runs and judges one statement.
func (s *suite) one(ctx context.Context, t *testing.T, name string, c *comparison, st *statement, pg, us *client, counts map[verdict]int) {
	a := pg.run(ctx, st)
	start := time.Now()
	b := us.run(ctx, st)
	took := time.Since(start)
	v := c.judge(st, &a, &b)
	if v == differ || v == accepted {
		if k := explain(s.kinds, name, st, v, &a, &b); k != nil {
			v = explains
		}
	}
	if v == refused {
		s.refusals[b.code]++
	}
	counts[v]++
	if v != agree && v != explains {
		s.note(name, st, v, &a, &b, took)
	}
	switch {
	case v.broken():
		t.Errorf("%s.sql:%d: %s %s: %s\n%s", name, st.line, v, b.code, b.message, clip(st.text, 400))
		if v != internal {
			s.revive(t, us)
		}
	case v == differ || v == accepted:
		t.Errorf("%s.sql:%d: %s %s (fix it, or give the reason in testdata/explained.txt)\n%s\nPostgreSQL: %s %s\nhtap:       %s",
			name, st.line, key(st.text), v, clip(st.text, 400), a.code, clip(strings.Join(a.rows, "\n"), 300), clip(strings.Join(b.rows, "\n"), 300))
	}
}

// revive starts the server again if it has gone, or is stuck.
func (s *suite) revive(t *testing.T, us *client) {
	us.close()
	if err := us.connect(context.Background()); err == nil {
		return
	}
	_ = s.ours.process.Process.Kill()
	_ = s.ours.process.Wait()
	if err := s.ours.start(); err != nil {
		t.Fatal(err)
	}
	us.url = "postgres://htap@" + s.ours.addr + "/htap?sslmode=disable&" + parameters
}

// note writes a statement that does not agree to the report.
func (s *suite) note(name string, st *statement, v verdict, a, b *outcome, took time.Duration) {
	fmt.Fprintf(s.report, "=== %s %s.sql:%d %s %.2fs\n%s\n--- PostgreSQL %s %s\n%s\n--- htap %s %s\n%s\n",
		v, name, st.line, key(st.text), took.Seconds(), clip(st.text, 2000),
		a.code, a.message, clip(strings.Join(a.rows, "\n"), 1500), b.code, b.message, clip(strings.Join(b.rows, "\n"), 1500))
}

func clip(text string, n int) string {
	if len(text) > n {
		return text[:n] + " …"
	}
	return text
}

// tally writes counts in the report's order.
func tally(counts map[verdict]int) string {
	var out []string
	all := 0
	for _, v := range verdicts {
		if counts[v] > 0 {
			out = append(out, fmt.Sprintf("%s %d", v, counts[v]))
			all += counts[v]
		}
	}
	return fmt.Sprintf("%d statements: %s", all, strings.Join(out, ", "))
}
