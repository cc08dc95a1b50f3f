package parser

import (
	"path/filepath"
	"reflect"
	"testing"
)

// TestWalk checks on all trees of the goldens that Walk visits exactly the
// nodes that reflection finds, each once.
func TestWalk(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.golden")
	visited := map[reflect.Type]bool{}
	for _, path := range files {
		for _, c := range readGoldens(t, path) {
			list, err := Parse(c.sql)
			if err != nil {
				continue
			}
			for _, s := range list {
				want := map[Node]bool{}
				findNodes(reflect.ValueOf(s.Stmt), want)
				Walk(s.Stmt, func(n Node) bool {
					visited[reflect.TypeOf(n)] = true
					if !want[n] {
						t.Errorf("%s: visited twice, or not in the tree: %T", s.SQL, n)
					}
					delete(want, n)
					return true
				})
				for n := range want {
					t.Errorf("%s: not visited: %T", s.SQL, n)
				}
			}
		}
	}
	// Nearly all kinds of nodes; a few stand in expressions of other files only.
	if len(visited) < 75 {
		t.Errorf("the goldens have only %d kinds of nodes", len(visited))
	}
}

// findNodes collects the nodes in a tree by reflection.
func findNodes(v reflect.Value, into map[Node]bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		if n, ok := v.Interface().(Node); ok && v.Kind() == reflect.Pointer {
			into[n] = true
		}
		findNodes(v.Elem(), into)
	case reflect.Struct:
		for i := range v.NumField() {
			findNodes(v.Field(i), into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			findNodes(v.Index(i), into)
		}
	}
}

// TestWalkStops checks that nothing below a node is visited after false.
func TestWalkStops(t *testing.T) {
	e, err := ParseExpr("f(a + (SELECT b))")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	Walk(e, func(n2 Node) bool {
		n++
		_, sub := n2.(*SubqueryExpr)
		return !sub
	})
	if n != 4 { // f, +, a, the subquery
		t.Errorf("%d nodes visited, want 4", n)
	}
}
