package lint

import (
	"fmt"
	"go/ast"
	"go/importer"
	goparser "go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"htapdb/internal/testutil"
)

// syntax is the package whose trees the parser fills.
const syntax = "htapdb/sql/parser"

// TestSyntaxIsConsumed walks the fields of the syntax tree: each that the parser
// fills is read outside of the parser, by what gives it its effect or refuses it. A
// clause that is accepted and ignored has a field that nobody reads. syntax.txt has
// the exceptions with their reasons, which stand in docs/sql too where they concern
// a user; one that is read is struck off.
func TestSyntaxIsConsumed(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks the packages that read trees")
	}
	read := map[string]bool{}
	for _, p := range readers(t) {
		p.check(t, read)
	}
	excused := excuses(t)
	for _, f := range treeFields(t) {
		reason, listed := excused[f]
		switch {
		case !read[f] && !listed:
			t.Errorf("parser.%s is filled and never read: give it its effect or refuse it by name", f)
		case read[f] && listed:
			t.Errorf("parser.%s is read: strike it off syntax.txt (%s)", f, reason)
		}
		delete(excused, f)
	}
	for f := range excused {
		t.Errorf("syntax.txt lists %s, which is no field", f)
	}
}

// readers are the packages that import the parser, and the parser itself, whose
// methods of trees answer for fields.
func readers(t *testing.T) []*checked {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-f",
		"{{.ImportPath}}\t{{.Export}}\t{{.Dir}}\t{{join .GoFiles \",\"}}\t{{join .Imports \",\"}}", "./htap/...", "./server/...", "./cmd/htap/shell")
	cmd.Dir, cmd.Stderr = testutil.Root(), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	var list []*checked
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		exports[f[0]] = f[1]
		if f[0] == syntax || slices.Contains(strings.Split(f[4], ","), syntax) {
			list = append(list, &checked{path: f[0], dir: f[2], files: strings.Split(f[3], ","), exports: exports})
		}
	}
	return list
}

// checked is a package to type-check.
type checked struct {
	path, dir string
	files     []string
	exports   map[string]string
}

// check notes the fields of trees that the package reads.
func (p *checked) check(t *testing.T, read map[string]bool) {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.files {
		f, err := goparser.ParseFile(fset, filepath.Join(p.dir, name), nil, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(p.exports[path]) }
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", open)}
	if _, err := conf.Check(p.path, fset, files, info); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Base(fset.Position(f.Pos()).Filename)
		if p.path == syntax && !strings.HasPrefix(name, "ast") && name != "output_name.go" {
			continue // to build, to walk and to print a tree is not to use it
		}
		written := assigned(f)
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || written[sel] {
				return true
			}
			if s := info.Selections[sel]; s != nil && s.Kind() == types.FieldVal {
				noteField(s, read)
			}
			return true
		})
	}
}

// assigned are the selectors that a file assigns to.
func assigned(f *ast.File) map[*ast.SelectorExpr]bool {
	out := map[*ast.SelectorExpr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
			for _, l := range a.Lhs {
				if sel, ok := l.(*ast.SelectorExpr); ok {
					out[sel] = true
				}
			}
		}
		return true
	})
	return out
}

// noteField notes the fields that a selection goes through.
func noteField(s *types.Selection, read map[string]bool) {
	at := s.Recv()
	for _, i := range s.Index() {
		if p, ok := at.Underlying().(*types.Pointer); ok {
			at = p.Elem()
		}
		str, ok := at.Underlying().(*types.Struct)
		if !ok {
			return
		}
		field := str.Field(i)
		if named, ok := types.Unalias(at).(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == syntax {
			read[named.Obj().Name()+"."+field.Name()] = true
		}
		at = field.Type()
	}
}

// treeFields are the exported fields of the tree's structs.
func treeFields(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testutil.Root(), "sql", "parser", "ast*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no trees: %v", err)
	}
	var out []string
	for _, path := range paths {
		f, err := goparser.ParseFile(token.NewFileSet(), path, nil, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			str, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range str.Fields.List {
				for _, name := range field.Names {
					if name.IsExported() {
						out = append(out, spec.Name.Name+"."+name.Name)
					}
				}
			}
			return false
		})
	}
	return out
}

// excuses reads syntax.txt: a field and its reason on each line.
func excuses(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("syntax.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		field, reason, ok := strings.Cut(line, " ")
		if !ok || strings.TrimSpace(reason) == "" {
			t.Fatal(fmt.Errorf("syntax.txt: %q has no reason", line))
		}
		out[field] = strings.TrimSpace(reason)
	}
	return out
}
