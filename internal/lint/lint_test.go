package lint

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

const (
	maxFileLines     = 800
	maxFunctionLines = 100
	module           = "htapdb/"
)

// source is one parsed Go file of the module.
type source struct {
	path  string // relative to the root, with slashes
	pkg   string // its directory
	lines int
	fset  *token.FileSet
	file  *ast.File
}

func (s *source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources parses every Go file of the module that is not generated.
func sources(t *testing.T) []*source {
	t.Helper()
	root := filepath.Join("..", "..")
	var out []*source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "testdata" || name == ".git" || name == ".venv" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		if ast.IsGenerated(f) {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		out = append(out, &source{
			path: rel, pkg: filepath.ToSlash(filepath.Dir(rel)),
			lines: strings.Count(string(text), "\n"), fset: fset, file: f,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Packages import downwards only, along layers.txt.
func TestLayers(t *testing.T) {
	text, err := os.ReadFile("layers.txt")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := ParsePolicy(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		if !policy.Known(s.pkg) {
			t.Errorf("%s: package %s has no line in internal/lint/layers.txt", s.path, s.pkg)
			continue
		}
		for _, imp := range s.file.Imports {
			dep, ok := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), module)
			if ok && !policy.Allowed(s.pkg, dep) {
				t.Errorf("%s: %s may not import %s (internal/lint/layers.txt)", s.path, s.pkg, dep)
			}
		}
	}
}

// The checker itself: a forbidden edge is refused, a transitive one allowed.
func TestPolicy(t *testing.T) {
	p, err := ParsePolicy("NONE < a < b < c\na < d # comment")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pkg, dep string
		want     bool
	}{{"b", "a", true}, {"c", "a", true}, {"a", "b", false}, {"d", "b", false}, {"d", "a", true}} {
		if got := p.Allowed(c.pkg, c.dep); got != c.want {
			t.Errorf("%s imports %s: %v, want %v", c.pkg, c.dep, got, c.want)
		}
	}
	if p.Known("e") {
		t.Error("e is not in the policy")
	}
}

// misplacedImport is the first import that follows one of another kind without a
// blank line: of the standard library, of this module, of others.
func misplacedImport(s *source) string {
	kind := func(path string) int {
		first, _, _ := strings.Cut(path, "/")
		switch {
		case first == "htapdb":
			return 1
		case strings.Contains(first, "."):
			return 2
		}
		return 0
	}
	lastLine, lastKind := 0, 0
	for _, imp := range s.file.Imports {
		path := strings.Trim(imp.Path.Value, `"`)
		line := s.fset.Position(imp.Pos()).Line
		if line == lastLine+1 && kind(path) != lastKind {
			return path
		}
		lastLine, lastKind = line, kind(path)
	}
	return ""
}

// Files, functions and documentation keep to the house style; what breaks it
// today is in offenders.txt, which may only shrink.
func TestStyle(t *testing.T) {
	offenders := readOffenders(t)
	found := map[string]bool{}
	report := func(key, format string, args ...any) {
		found[key] = true
		if !offenders[key] {
			t.Errorf("%s (key %q)", fmt.Sprintf(format, args...), key)
		}
	}
	documented := map[string]bool{}
	packages := map[string]string{}
	for _, s := range sources(t) {
		if s.lines > maxFileLines {
			report("file "+s.path, "%s: %d lines, at most %d", s.path, s.lines, maxFileLines)
		}
		if name := misplacedImport(s); name != "" {
			report("import "+s.path, "%s: %q stands in a group of imports of another kind", s.path, name)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
			if n > maxFunctionLines {
				report("func "+s.path+" "+f.Name.Name, "%s: %s has %d lines, at most %d", s.path, f.Name.Name, n, maxFunctionLines)
			}
		}
		if s.test() {
			continue
		}
		packages[s.pkg] = s.path
		documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		undocumented(s, func(name string) {
			report("doc "+s.pkg+" "+name, "%s: exported %s has no comment", s.path, name)
		})
	}
	for pkg, path := range packages {
		if !documented[pkg] {
			report("package "+pkg, "%s: package %s has no comment", path, pkg)
		}
	}
	var gone []string
	for key := range offenders {
		if !found[key] {
			gone = append(gone, key)
		}
	}
	sort.Strings(gone)
	for _, key := range gone {
		t.Errorf("offenders.txt: %q no longer offends: delete the line", key)
	}
}

// undocumented calls miss for each exported declaration without a comment.
// A member of a commented group, and a method of an unexported type, may go without.
func undocumented(s *source, miss func(name string)) {
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
				miss(d.Name.Name)
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT || d.Doc != nil {
				continue
			}
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.IsExported() && spec.Doc == nil {
						miss(spec.Name.Name)
					}
				case *ast.ValueSpec:
					exported := slices.ContainsFunc(spec.Names, (*ast.Ident).IsExported)
					if exported && spec.Doc == nil && spec.Comment == nil {
						miss(spec.Names[0].Name)
					}
				}
			}
		}
	}
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	typ := f.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return true
		}
	}
}

func readOffenders(t *testing.T) map[string]bool { return readList(t, "offenders.txt") }

// readList reads a file of lines; "# reason" begins or ends one.
func readList(t *testing.T, name string) map[string]bool {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]bool{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line, _, _ := strings.Cut(sc.Text(), "#")
		if line = strings.TrimSpace(line); line != "" {
			out[line] = true
		}
	}
	return out
}
