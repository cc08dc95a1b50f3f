package setting

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/internal/testutil"
)

// declared are the names of the variables of list.go that are settings with a reader.
func declared(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	f, err := parser.ParseFile(token.NewFileSet(), "list.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if len(v.Values) != 1 {
				continue
			}
			if _, call := v.Values[0].(*ast.CallExpr); call && v.Names[0].Name != "_" {
				out[v.Names[0].Name] = false
			}
		}
	}
	return out
}

// readers marks the variables that a tree of Go files refers to outside tests.
func readers(t *testing.T, root string, vars map[string]bool) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "setting" {
				if _, known := vars[sel.Sel.Name]; known {
					vars[sel.Sel.Name] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReaders: each setting that is not in the list of those without effect has
// somebody who reads it; a planted one without is found.
func TestReaders(t *testing.T) {
	vars := declared(t)
	if len(vars) < 15 {
		t.Fatalf("only %d declarations found", len(vars))
	}
	vars["Planted"] = false
	readers(t, filepath.Join(testutil.Root(), "htap"), vars)
	for name, read := range vars {
		if read == (name == "Planted") {
			t.Errorf("setting.%s: read is %v", name, read)
		}
	}
	for _, s := range All() {
		if s.Scope == Session && s.Why == "" && s.About == "" {
			t.Errorf("%s has no description", s.Name)
		}
	}
}

// TestAcceptedDocs: the settings without effect are those of the page, with their
// values and reasons.
func TestAcceptedDocs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(testutil.Root(), "docs/sql/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Settings without effect\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string]bool{}
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| `") {
			rows[strings.TrimSpace(line)] = true
		}
	}
	for _, s := range All() {
		if s.Why == "" {
			continue
		}
		values := "all"
		if s.Only != nil {
			values = "`" + strings.Join(s.Only, "`, `") + "`"
			if s.Only[0] == "" {
				values = "`''`"
			}
		}
		row := "| `" + s.Name + "` | " + values + " | " + s.Why + " |"
		if !rows[row] {
			t.Errorf("docs/sql/README.md lacks\n%s", row)
		}
		delete(rows, row)
	}
	for row := range rows {
		t.Errorf("docs/sql/README.md has\n%s", row)
	}
}

// TestVars: what SET, SET LOCAL, savepoints and the ends of transactions leave.
func TestVars(t *testing.T) {
	v := New(Defaults())
	set := func(text string, local bool) {
		t.Helper()
		if err := v.Set(Route.Setting, text, local); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want string) {
		t.Helper()
		if got := Route.Get(&v); got != want {
			t.Errorf("route is %s, want %s", got, want)
		}
	}
	begin := v.Mark()
	set("row", false)
	set("column", true)
	is("column")
	save := v.Mark()
	set("auto", false)
	v.Rollback(save)
	is("column")
	v.Commit()
	is("row")
	v.Rollback(begin)
	is("auto")
	set("column", true)
	if err := v.Set(Workers.Setting, "3", false); err != nil {
		t.Fatal(err)
	}
	v.Commit()
	is("auto")
	if Workers.Get(&v) != 3 {
		t.Error("SET beside SET LOCAL was lost")
	}
	v.SetAllDefault()
	if Workers.Get(&v) != 0 {
		t.Error("RESET ALL left a value")
	}
	set("row", false)
	v.SetCustom("my.own", "x", false)
	v.Begin()
	set("column", false)
	v.SetCustom("my.own", "y", false)
	if v.Source(Route.Setting) != "session" || v.Start(Route.Setting) != "row" {
		t.Errorf("source %s, start %s", v.Source(Route.Setting), v.Start(Route.Setting))
	}
	v.SetDefault(Route.Setting, false)
	v.SetCustomDefault("MY.own", false)
	is("row")
	if x, _ := v.Custom("my.own"); x != "x" || v.Source(Route.Setting) != "client" {
		t.Errorf("my.own is %q, the route from %s", x, v.Source(Route.Setting))
	}
	if n := testing.AllocsPerRun(100, func() { _ = StatementTimeout.Get(&v) }); n != 0 {
		t.Errorf("reading allocates %v", n)
	}
}

// TestNormal: values are shown as PostgreSQL shows them, and wrong ones refused.
func TestNormal(t *testing.T) {
	for _, c := range []struct {
		s          *Setting
		text, want string
	}{
		{StatementTimeout.Setting, "90000", "90s"},
		{StatementTimeout.Setting, "1.5s", "1500ms"},
		{StatementTimeout.Setting, "120 s", "2min"},
		{StatementTimeout.Setting, "-1", ""},
		{StatementTimeout.Setting, "30d", ""},
		{StatementTimeout.Setting, "1 fortnight", ""},
		{SearchPath.Setting, `"$user",Public`, `"$user", public`},
		{SearchPath.Setting, `"A ""b",c`, `"A ""b", c`},
		{SearchPath.Setting, `a,,b`, ""},
		{SearchPath.Setting, `a b`, ""},
		{SearchPath.Setting, `"a`, ""},
		{SearchPath.Setting, ``, ``},
		{SynchronousCommit.Setting, "LOCAL", "local"},
		{DateStyle.Setting, "mdy", "ISO, MDY"},
		{DateStyle.Setting, "klingon", ""},
		{IntervalStyle.Setting, "ISO_8601", "iso_8601"},
		{byName["extra_float_digits"], "3", "3"},
		{byName["extra_float_digits"], "0", ""},
		{byName["row_security"], "no", "off"},
	} {
		got, err := c.s.Parse(c.text)
		if got != c.want || (err != nil) != (c.want == "" && c.text != "") {
			t.Errorf("%s = %q: %q, %v", c.s.Name, c.text, got, err)
		}
	}
	v := New(Defaults())
	for _, c := range [][2]string{{"German", "German, DMY"}, {"mdy", "German, MDY"}, {"SQL", "SQL, MDY"}, {"iso, ymd", "ISO, YMD"}} {
		if err := v.Set(DateStyle.Setting, c[0], false); err != nil || v.Text(DateStyle.Setting) != c[1] {
			t.Errorf("DateStyle %s: %s, %v", c[0], v.Text(DateStyle.Setting), err)
		}
	}
}
