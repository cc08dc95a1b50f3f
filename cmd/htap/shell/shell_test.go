package shell

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/peterh/liner"
)

// TestCommands proves the exit status of -c and that the first error ends it.
func TestCommands(t *testing.T) {
	for _, c := range []struct {
		texts  []string
		status int
		out    string
	}{
		{[]string{"SELECT 1 AS a; SELECT 2 AS a"}, ExitOK, "a\n1\na\n2\n"},
		{[]string{"SELECT 1 AS a", "SELECT 2 AS a"}, ExitOK, "a\n1\na\n2\n"},
		{[]string{"SELECT nope", "SELECT 2 AS a"}, ExitFatal, ""},
		{[]string{`\nope`}, ExitFatal, ""},
		{[]string{``}, ExitOK, ""},
		// The statements of one text are one transaction.
		{[]string{"CREATE TABLE t (a int); SELECT nope"}, ExitFatal, ""},
	} {
		s, out, _ := newTestShell(t, Options{Format: CSV})
		if got := s.Commands(context.Background(), c.texts); got != c.status {
			t.Errorf("%q: status %d, want %d", c.texts, got, c.status)
		}
		if out.String() != c.out {
			t.Errorf("%q: output %q, want %q", c.texts, out, c.out)
		}
		if s.has(context.Background(), "public", "t") {
			t.Errorf("%q: table t is there", c.texts)
		}
	}
}

// TestCopyFromInput proves that a COPY of -c reads the standard input.
func TestCopyFromInput(t *testing.T) {
	s, out, errs := newTestShell(t, Options{Format: CSV, In: strings.NewReader("1,a\n2,b\n")})
	if got := s.Commands(context.Background(), []string{"CREATE TABLE t (a int, b text)", "COPY t FROM STDIN (FORMAT csv)", "SELECT count(*) FROM t"}); got != ExitOK {
		t.Fatalf("status %d: %s", got, errs)
	}
	if want := "count\n2\n"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

// TestBrokenOutput proves that a closed pipe ends the shell without a message.
func TestBrokenOutput(t *testing.T) {
	s, _, errs := newTestShell(t, Options{Format: CSV})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	defer w.Close()
	s.out = w
	if got := s.Commands(context.Background(), []string{"SELECT * FROM generate_series(1, 100000)"}); got != ExitFatal {
		t.Errorf("status %d, want %d", got, ExitFatal)
	}
	if errs.Len() > 0 {
		t.Errorf("message %q", errs)
	}
}

// TestAlignedBounded proves that rows beyond the sample are all printed.
func TestAlignedBounded(t *testing.T) {
	s, out, _ := newTestShell(t, Options{})
	const n = sampleRows + 123
	if got := s.Commands(context.Background(), []string{"SELECT g FROM generate_series(1, 10123) g"}); got != ExitOK {
		t.Fatal(got)
	}
	if lines := strings.Count(out.String(), "\n"); lines != n+4 {
		t.Errorf("%d lines, want %d", lines, n+4)
	}
	if !strings.HasSuffix(out.String(), "(10123 rows)\n\n") {
		t.Errorf("ends with %q", out.String()[out.Len()-30:])
	}
}

// TestInclude proves that a file can include others, but not itself for ever.
func TestInclude(t *testing.T) {
	s, out, errs := newTestShell(t, Options{Format: CSV})
	dir := t.TempDir()
	inner, loop := filepath.Join(dir, "inner.sql"), filepath.Join(dir, "loop.sql")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(inner, "SELECT 2 AS a;\n")
	write(loop, `\i `+loop+"\n")
	if got := s.Script(context.Background(), strings.NewReader("SELECT 1 AS a;\n\\i "+inner+"\n"), "outer"); got != ExitOK {
		t.Fatalf("status %d: %s", got, errs)
	}
	if want := "a\n1\na\n2\n"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
	if got := s.Script(context.Background(), strings.NewReader(`\i `+loop), "outer"); got != ExitScript || !strings.Contains(errs.String(), "nested") {
		t.Errorf("status %d, messages %q", got, errs)
	}
}

// TestHistory proves that the file is the owner's, is cut, and that statements
// of several lines become one entry only where that does not change them.
func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(path, []byte(strings.Repeat("old;\n", 2*historyLines+5)), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &liner.State{}
	h := openHistory(path, l)
	h.addLines(l, []string{"SELECT 1,", "  2;"})
	h.addLines(l, []string{"SELECT 1, 2;"}) // the same again is not kept
	h.addLines(l, []string{"SELECT 1 -- one", ", 2;"})
	lines, err := readLines(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := lines[len(lines)-4:], []string{"old;", "SELECT 1, 2;", "SELECT 1 -- one", ", 2;"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(lines) != historyLines+3 {
		t.Errorf("%d lines, want %d", len(lines), historyLines+3)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	openHistory(fresh, l).add(l, "SELECT 1;")
	if info, err := os.Stat(fresh); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestComplete proves what Tab offers, by the words before.
func TestComplete(t *testing.T) {
	s, _, errs := newTestShell(t, Options{})
	ctx := context.Background()
	if s.Commands(ctx, []string{"CREATE TABLE flights (origin text, delay bigint); CREATE TABLE fleet (plane text); CREATE SCHEMA x; CREATE TABLE x.y (z int)"}) != ExitOK {
		t.Fatal(errs)
	}
	s.names.refresh(ctx, s)
	for _, c := range []struct {
		line string
		want []string
	}{
		{"SELECT * FROM fl", []string{"fleet", "flights"}},
		{"SELECT * FROM x", []string{"x.y"}},
		{"SELECT ori", []string{"origin"}},
		{"SELECT flights.", []string{"flights.delay", "flights.origin"}},
		{"SELECT count(*) FROM flights WHERE del", []string{"delay", "delete"}},
		{"GRO", []string{"GROUP"}},
		{"sel", []string{"select"}},
		{"SELECT ", nil},
		{`\ti`, []string{`\timing`}},
		{`\d fli`, []string{"flights"}},
	} {
		if _, got, _ := s.names.complete(c.line, len(c.line)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.line, got, c.want)
		}
	}
	head, got, tail := s.names.complete("SELECT ori FROM flights", len("SELECT ori"))
	if head != "SELECT " || tail != " FROM flights" || len(got) != 1 {
		t.Errorf("in the middle: %q %q %q", head, got, tail)
	}
}

// TestSplitName proves that names are read as SQL reads them.
func TestSplitName(t *testing.T) {
	for in, want := range map[string][2]string{
		"t": {"", "t"}, "T": {"", "t"}, `"T"`: {"", "T"}, "s.t": {"s", "t"}, `"S"."T.x"`: {"S", "T.x"}, `s."T`: {"s", "T"}, `"`: {"", ""}, "": {"", ""},
	} {
		if schema, name := splitName(in); [2]string{schema, name} != want {
			t.Errorf("%q: got %q.%q, want %q", in, schema, name, want)
		}
	}
}

// TestClean proves that no control character reaches a terminal.
func TestClean(t *testing.T) {
	var all strings.Builder
	for r := range rune(0x100) {
		all.WriteRune(r)
	}
	all.WriteString("\u202e\u2066\xff\xc3(")
	for _, r := range clean(all.String()) {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || isDirection(r) {
			t.Errorf("%U is left", r)
		}
	}
	if got := clean("a\tb\r\n\x00"); got != `a    b\r`+"\n"+`\u0000` {
		t.Errorf("got %q", got)
	}
}

// TestProgress proves that a quick statement shows nothing and that stopping
// twice is harmless.
func TestProgress(t *testing.T) {
	var p progress
	var b bytes.Buffer
	p.start(&b)
	p.stop()
	p.stop()
	if b.Len() != 0 {
		t.Errorf("got %q", &b)
	}
}
