package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"htapdb/cmd/htap/serving"
	"htapdb/cmd/htap/shell"
	"htapdb/htap"
	"htapdb/htap/model"
	"htapdb/internal/testutil"
	"htapdb/ml"
	"htapdb/vector/fn"

	"github.com/alecthomas/kong"
)

// pages are what people read first; these tests run what stands in them.
var pages = []string{"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/sql/README.md", "docs/operations/README.md", "docs/ml/README.md"}

// page reads a page.
func page(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block is the first block of code of a language in a page.
func block(t *testing.T, path, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page(t, path), "\n```"+language+"\n")
	code, _, ok2 := strings.Cut(rest, "\n```\n")
	if !ok || !ok2 {
		t.Fatalf("%s has no block of %s", path, language)
	}
	return code + "\n"
}

// section is the text of a page below a heading.
func section(t *testing.T, path, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page(t, path), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no section %q", path, heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

var codeSpan = regexp.MustCompile("`([^`\n]+)`")

// spans are the pieces of code within a text's lines.
func spans(text string) []string {
	var out []string
	for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// trailing are the blanks at the ends of lines and of a text, which people do not see.
var trailing = regexp.MustCompile(`[ \n]+(\n|$)`)

// likeText makes an expression of an expected text in which … stands for anything in a line.
func likeText(want string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".+") + "$")
}

// exchange is a statement of a session and what the shell prints.
type exchange struct{ sql, want string }

// exchanges reads a block with a session of the shell.
func exchanges(session string) (command string, out []exchange) {
	lines := strings.Split(strings.TrimSuffix(session, "\n"), "\n")
	for _, line := range lines[1:] {
		if sql, ok := strings.CutPrefix(line, "htap=> "); ok {
			out = append(out, exchange{sql: sql})
		} else if sql, ok := strings.CutPrefix(line, "htap-> "); ok {
			out[len(out)-1].sql += "\n" + sql
		} else {
			out[len(out)-1].want += line + "\n"
		}
	}
	return lines[0], out
}

// TestReadmeSession runs the README's session: every statement prints what
// stands there.
func TestReadmeSession(t *testing.T) {
	if testing.Short() {
		t.Skip("the session imports 3 million rows")
	}
	t.Chdir(testutil.Root())
	command, session := exchanges(block(t, "README.md", "console"))
	if command != "$ go run ./cmd/htap sql" || len(session) < 3 {
		t.Fatalf("%q begins a session of %d statements", command, len(session))
	}
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	sh := shell.New(shell.Embedded(t.Context(), db), shell.Options{Out: &out, Err: &errs, Terminal: true, Width: func() int { return 100 }})
	defer sh.Close()
	for _, x := range session {
		out.Reset()
		if status := sh.Script(t.Context(), strings.NewReader(x.sql), "README.md"); status != shell.ExitOK {
			t.Fatalf("%s\nends with status %d: %s", x.sql, status, &errs)
		}
		got, want := trailing.ReplaceAllString(out.String(), "\n"), trailing.ReplaceAllString(x.want, "\n")
		if !likeText(want).MatchString(got) {
			t.Errorf("%s\nprints\n%s\nwhere README.md has\n%s", x.sql, got, want)
		}
		awaitColumns(t, db)
	}
}

// awaitColumns waits, as a person who types does, until the columns of new
// tables have come through the feed.
func awaitColumns(t *testing.T, db *htap.DB) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		live := true
		for _, table := range db.Status().Tables {
			live = live && table.State == "live"
		}
		if live {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatal("the columns are not live after a minute")
		}
	}
}

// TestReadmeGo proves that the README's Go code is the body of the function in
// htap/example_test.go, which runs there.
func TestReadmeGo(t *testing.T) {
	_, body, _ := strings.Cut(page(t, "htap/example_test.go"), "func readme(ctx context.Context) error {\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	want := strings.ReplaceAll("\n"+body, "\n\t", "\n")[1:] + "\n"
	if got := block(t, "README.md", "go"); got != want {
		t.Errorf("README.md has\n%s\nhtap/example_test.go has\n%s", got, want)
	}
	if n := strings.Count(page(t, "README.md"), "\n"); n > 150 {
		t.Errorf("README.md has %d lines, at most 150", n)
	}
}

// TestDocsServe starts the server as docs/operations does, on free ports, and
// connects as README.md does.
func TestDocsServe(t *testing.T) {
	line := strings.Fields(block(t, "docs/operations/README.md", "sh"))
	if len(line) < 3 || line[0] != "htap" || line[1] != "serve" {
		t.Fatalf("docs/operations begins with %q", line)
	}
	port := regexp.MustCompile(`:\d+$`)
	for i, arg := range line {
		if line[i] = port.ReplaceAllString(arg, ":0"); arg == "DIR" {
			line[i] = t.TempDir()
		}
	}
	s := serve(t, line[2:]...)
	if !strings.Contains(page(t, "README.md"), "`"+serving.Default.ReadyLine()+"`") {
		t.Errorf("README.md does not have the line of a server with the default addresses, %q", serving.Default.ReadyLine())
	}
	var psql []string
	for _, span := range spans(page(t, "README.md")) {
		if strings.HasPrefix(span, "psql ") {
			psql = strings.Fields(strings.ReplaceAll(span, "5433", s.pg[strings.LastIndexByte(s.pg, ':')+1:]))
		}
	}
	if _, err := exec.LookPath("psql"); err != nil {
		testutil.Missing(t, "no psql")
	}
	cmd := exec.CommandContext(t.Context(), psql[0], append(psql[1:], "-Atc", "SELECT 6 * 7")...)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "42\n" {
		t.Errorf("%q: %q, %v", psql, out, err)
	}
	if status := s.stop(t, syscall.SIGTERM); status != 0 {
		t.Errorf("status %d, log:\n%s", status, &s.errs)
	}
}

// TestDocsCommands proves that every command line of the program in the pages
// has the subcommands and flags that there are.
func TestDocsCommands(t *testing.T) {
	found := 0
	for _, path := range pages {
		for _, command := range append(spans(page(t, path)), strings.Split(page(t, path), "\n")...) {
			command, _, _ = strings.Cut(strings.TrimPrefix(command, "$ "), "#")
			command = strings.Replace(strings.TrimSpace(command), "go run ./cmd/htap ", "htap ", 1)
			args := strings.Fields(command)
			if len(args) < 2 || args[0] != "htap" || strings.ContainsAny(command, "`…") {
				continue
			}
			parser, err := kong.New(&cli{}, kong.Vars{"pg": serving.Default.PG, "flight": serving.Default.Flight, "http": serving.Default.HTTP})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(args[1:]); err != nil {
				t.Errorf("%s: %s: %v", path, command, err)
			}
			found++
		}
	}
	if found < 4 {
		t.Errorf("only %d commands were found", found)
	}
}

// TestContributing proves that the packages, tests, benchmarks and files that
// its commands name are there. Running them all is what .ci/run does.
func TestContributing(t *testing.T) {
	var tests string // the text of all test files
	for _, pattern := range []string{"*/*_test.go", "*/*/*_test.go", "*/*/*/*_test.go"} {
		files, err := filepath.Glob(filepath.Join(testutil.Root(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			tests += string(b)
		}
	}
	text := page(t, "CONTRIBUTING.md")
	for _, m := range regexp.MustCompile(`-(?:run|fuzz|bench) '?([A-Za-z|]+)`).FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Split(m[1], "|") {
			if name != "XXX" && !regexp.MustCompile(`\nfunc (Test|Fuzz|Benchmark)?`+name).MatchString(tests) {
				t.Errorf("there is no %s", name)
			}
		}
	}
	for _, m := range regexp.MustCompile(`HTAPDB_[A-Z]+`).FindAllString(text, -1) {
		if !strings.Contains(tests+page(t, "internal/testutil/testutil.go"), `"`+m+`"`) {
			t.Errorf("nothing reads %s", m)
		}
	}
	for _, m := range regexp.MustCompile(`\./([a-z./]*[a-z])|(\.ci/run)`).FindAllStringSubmatch(block(t, "CONTRIBUTING.md", "sh"), -1) {
		if _, err := os.Stat(filepath.Join(testutil.Root(), m[1]+m[2])); err != nil {
			t.Error(err)
		}
	}
}

// TestDocsLinks proves that what the pages link to exists.
func TestDocsLinks(t *testing.T) {
	for _, path := range pages {
		for _, m := range regexp.MustCompile(`\]\(([^)#]+)`).FindAllStringSubmatch(page(t, path), -1) {
			if _, err := os.Stat(filepath.Join(testutil.Root(), filepath.Dir(path), m[1])); err != nil && !strings.Contains(m[1], "://") {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// TestDocsSettings proves that both tables of settings have all of the engine's,
// with their defaults.
func TestDocsSettings(t *testing.T) {
	_, out, _ := program(t, "", "sql", "--format", "csv", "-c", "SELECT name, current_setting(name) FROM pg_catalog.pg_settings WHERE name LIKE 'htap.%' ORDER BY 1")
	for path, heading := range map[string]string{"docs/sql/README.md": "Settings of the engine", "docs/operations/README.md": "Settings"} {
		text := section(t, path, heading)
		for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
			name, value, _ := strings.Cut(line, ",")
			if name == "htap.simd" {
				value = "auto" // it shows what auto has chosen on this machine
			}
			if !strings.Contains(text, fmt.Sprintf("\n| `%s` | `%s` |", name, value)) {
				t.Errorf("%s lacks %s with the default %s", path, name, value)
			}
		}
	}
}

// tableFunctions are calls of the functions that docs/sql lists and that stand in
// FROM only.
var tableFunctions = map[string]string{"generate_series": "generate_series(1, 2)", "unnest": "unnest('{a,b}')"}

// TestDocsSQL proves that the functions and the tests that docs/sql lists exist,
// and that the statements of docs/operations run.
func TestDocsSQL(t *testing.T) {
	for _, name := range spans(section(t, "docs/sql/README.md", "Functions and operators")) {
		if strings.HasSuffix(name, "*") || name != strings.ToLower(name) || strings.ContainsAny(name, "+~&") {
			continue // operators and families
		}
		_, err := os.Stat(filepath.Join(testutil.Root(), "test/slt", name+".slt"))
		if call, ok := tableFunctions[name]; ok {
			if status, _, errs := program(t, "", "sql", "-c", "SELECT * FROM "+call); status != 0 {
				t.Errorf("%s: %s", call, errs)
			}
			continue
		}
		if err != nil && !fn.IsScalar(name) && !fn.IsAggregate(name) && !fn.IsWindowOnly(name) {
			t.Errorf("docs/sql names %s, which is no function and no test", name)
		}
	}
	script := "CREATE TABLE t (id bigint PRIMARY KEY); CREATE TABLE name (x text); "
	for _, span := range spans(page(t, "docs/operations/README.md")) {
		if strings.HasPrefix(span, "SELECT ") || strings.HasPrefix(span, "CHECK ") || strings.HasPrefix(span, "SHOW ") {
			script += span + "; "
		}
	}
	if status, _, errs := program(t, script, "sql"); status != 0 || strings.Count(script, ";") < 5 {
		t.Errorf("%s: status %d, %s", script, status, errs)
	}
}

// TestDocsModels runs the sessions of docs/ml: every statement prints what stands
// there. Each algorithm has a page with its options as they are.
func TestDocsModels(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(testutil.Root(), "docs/ml/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := "docs/ml/" + filepath.Base(path)
		if !strings.Contains(page(t, name), "\n```console\n") {
			t.Errorf("%s has no session", name)
			continue
		}
		db, err := htap.Open("")
		if err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		sh := shell.New(shell.Embedded(t.Context(), db), shell.Options{Out: &out, Err: &errs, Terminal: true, Width: func() int { return 100 }})
		defer sh.Close()
		_, session := exchanges(block(t, name, "console"))
		for _, x := range session {
			out.Reset()
			errs.Reset()
			if status := sh.Script(t.Context(), strings.NewReader(x.sql), name); status != shell.ExitOK {
				t.Fatalf("%s: %s\nends with status %d: %s", name, x.sql, status, &errs)
			}
			got, want := trailing.ReplaceAllString(out.String()+errs.String(), "\n"), trailing.ReplaceAllString(x.want, "\n")
			if !likeText(want).MatchString(got) {
				t.Errorf("%s: %s\nprints\n%s\nwhere the page has\n%s", name, x.sql, got, want)
			}
		}
	}
	overview := page(t, "docs/ml/README.md")
	for _, e := range model.Algorithms.All() {
		info := e.Info()
		link := regexp.MustCompile("\\| `" + info.Name + "` \\|.*\\]\\((\\w+\\.md)\\) \\|\n").FindStringSubmatch(overview)
		if link == nil {
			t.Errorf("docs/ml/README.md has no link to the page of %s", info.Name)
		} else if want := optionTable(info); !strings.Contains(page(t, "docs/ml/"+link[1]), want) {
			t.Errorf("docs/ml/%s should have these options of %s:\n%s", link[1], info.Name, want)
		}
	}
}

// optionTable is the table of an algorithm's options.
func optionTable(info *ml.Info) string {
	var b strings.Builder
	b.WriteString("| Option | Value | Default | |\n|---|---|---|---|\n")
	for i := range info.Options {
		o := &info.Options[i]
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", o.Name, o.Values(), o.Default, o.Help)
	}
	return b.String()
}
