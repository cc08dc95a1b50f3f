package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// registryPackage is where the names of functions are known.
const registryPackage = "vector/fn"

// Functions are recognised by their identity (fn.Op, fn.AggregateOp), never by
// name: outside the registry a function's name is only ever written out, and no operator
// is called by a literal name.
func TestFunctionsAreIdentities(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || s.pkg == registryPackage {
			continue
		}
		for _, msg := range namedFunctions(s.fset, s.file) {
			t.Error(s.path + ":" + msg)
		}
	}
}

// The checker itself: the forms in which names were compared, and those allowed.
func TestNamedFunctions(t *testing.T) {
	for _, c := range []struct {
		body string
		bad  bool
	}{
		{`_ = c.Func.Name == "is_null"`, true},
		{`_ = "=" != c.Func.Name`, true},
		{`switch c.Func.Name { case "not": }`, true},
		{`_ = known[c.Func.Name]`, true},
		{`op := c.Func.Name; _ = op`, true},
		{`op = c.Func.Name`, true},
		{`x = strings.HasPrefix(c.Func.Name, "is ")`, true},
		{`fn.NewCall("<=", a, b)`, true},
		{`b.call("is null", a)`, true},
		{`w.WriteString(c.Func.Name)`, false},
		{`s += c.Func.Name + "("`, false},
		{`fn.NewCall("similar_to_escape", a)`, false},
		{`_ = c.Func.Op == fn.OpEq`, false},
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "x.go", "package x\nfunc f() {\n"+c.body+"\n}", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := namedFunctions(fset, f); (len(got) > 0) != c.bad {
			t.Errorf("%s: %q, want bad=%v", c.body, got, c.bad)
		}
	}
}

// namedFunctions reports the places where a function's name decides something.
func namedFunctions(fset *token.FileSet, f *ast.File) []string {
	var out []string
	report := func(n ast.Node, what string) {
		out = append(out, fmt.Sprintf("%d: %s: use the function's identity (vector/fn/identity.go)", fset.Position(n.Pos()).Line, what))
	}
	check := func(n ast.Node, what string, exprs ...ast.Expr) {
		for _, e := range exprs {
			if isFunctionName(e) {
				report(n, what)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op != token.ADD {
				check(n, "a function's name is compared", n.X, n.Y)
			}
		case *ast.SwitchStmt:
			if n.Tag != nil {
				check(n, "a switch on a function's name", n.Tag)
			}
		case *ast.IndexExpr:
			check(n, "a lookup by a function's name", n.Index)
		case *ast.AssignStmt:
			check(n, "a function's name is kept", n.Rhs...)
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "strings" {
					check(n, "a function's name is taken apart", n.Args...)
				}
			}
			if len(n.Args) > 0 && callsByName(n.Fun) && isOperatorLiteral(n.Args[0]) {
				report(n, "an operator is called by name")
			}
		}
		return true
	})
	return out
}

// isFunctionName recognises x.Func.Name.
func isFunctionName(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Name" {
		return false
	}
	inner, ok := sel.X.(*ast.SelectorExpr)
	return ok && inner.Sel.Name == "Func"
}

// callsByName recognises NewCall and the binder's call.
func callsByName(fun ast.Expr) bool {
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name == "NewCall" || f.Sel.Name == "call"
	case *ast.Ident:
		return f.Name == "NewCall" || f.Name == "mustCall"
	}
	return false
}

// isOperatorLiteral recognises the literal name of an operator.
func isOperatorLiteral(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return false
	}
	name, err := strconv.Unquote(lit.Value)
	if err != nil || name == "" {
		return false
	}
	return name == "not" || strings.HasPrefix(name, "is ") || !strings.ContainsAny(name[:1], "abcdefghijklmnopqrstuvwxyz_")
}
