package lint

import (
	"go/ast"
	"sort"
	"strings"
	"testing"
)

// forTests are packages whose callers are tests.
var forTests = []string{"internal/testutil", "internal/lint", "sql/binder/bindtest", "ml/modeltest", "bench", "test"}

// isForTests reports a package of forTests or below.
func isForTests(pkg string) bool {
	for _, p := range forTests {
		if pkg == p || strings.HasPrefix(pkg, p+"/") {
			return true
		}
	}
	return false
}

// forOthers reports a function that other modules call: the library's own, and
// the methods by which Arrow Flight and database/sql reach us.
func forOthers(pkg string, f *ast.FuncDecl) bool {
	switch pkg {
	case "htap":
		return f.Name.IsExported() && exportedReceiver(f)
	case "htap/driver", "server/flight":
		return f.Name.IsExported()
	}
	return false
}

// What is finished is connected: no function is named by tests alone. Names are
// compared, not types, so that it takes a second: .ci/run asks the call graph as
// well, which also sees a function that only an unused one calls. What may be unused is in
// unused.txt with its reason; the list may only shrink.
func TestNothingForTestsAlone(t *testing.T) {
	declared, named := map[string]string{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.test() || isForTests(s.pkg) {
			continue
		}
		declarations := map[*ast.Ident]bool{}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				declarations[f.Name] = true
				if forOthers(s.pkg, f) {
					continue
				}
				declared[s.pkg+" "+f.Name.Name] = f.Name.Name
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && !declarations[id] {
				named[id.Name] = true
			}
			return true
		})
	}
	allowed := readList(t, "unused.txt")
	var dead []string
	for key, name := range declared {
		if !named[name] && name != "main" && name != "init" && !allowed[key] {
			dead = append(dead, key)
		}
	}
	sort.Strings(dead)
	for _, key := range dead {
		t.Errorf("%s: no code but tests names it: connect or delete it", key)
	}
	for key := range allowed {
		if name, ok := declared[key]; !ok || named[name] {
			t.Errorf("unused.txt: %q is used, or gone: delete the line", key)
		}
	}
}
