package opt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/sql/binder"
	"htapdb/sql/binder/bindtest"
	"htapdb/sql/opt"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
)

func catalog(t testing.TB) *bindtest.Catalog {
	t.Helper()
	c, err := bindtest.TPCH()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func bind(t testing.TB, c binder.Catalog, sql string) plan.Node {
	t.Helper()
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	b, err := binder.Bind(stmt.Stmt, binder.Options{SQL: sql, Catalog: c})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if err := plan.Validate(b.Root, false); err != nil {
		t.Fatalf("%s: bound plan: %v\n%s", sql, err, strings.Join(plan.Explain(b.Root, nil), "\n"))
	}
	return b.Root
}

// optimize runs the optimizer and checks the plan after every step.
func optimize(t testing.TB, root plan.Node, off bool) plan.Node {
	t.Helper()
	trace := func(step string, n plan.Node) {
		if err := plan.Validate(n, true); err != nil {
			t.Fatalf("after %s: %v\n%s", step, err, strings.Join(plan.Explain(n, nil), "\n"))
		}
	}
	n, err := opt.Optimize(root, opt.Options{Disabled: off, Trace: trace})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Validate(n, true); err != nil {
		t.Fatalf("optimized plan: %v\n%s", err, strings.Join(plan.Explain(n, nil), "\n"))
	}
	want, have := root.Columns(), n.Columns()
	if len(want) != len(have) {
		t.Fatalf("%d columns became %d", len(want), len(have))
	}
	for i := range want {
		if want[i].ID != have[i].ID || want[i].Type != have[i].Type {
			t.Fatalf("column %d: %v became %v", i, want[i], have[i])
		}
	}
	return n
}

// TestTPCH compares the optimized plans of the 22 queries with testdata/tpch.
func TestTPCH(t *testing.T) {
	c := catalog(t)
	for q := 1; q <= 22; q++ {
		name := fmt.Sprintf("q%02d", q)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../../bench/tpch/queries", name+".sql"))
			if err != nil {
				t.Fatal(err)
			}
			root := bind(t, c, string(text))
			optimize(t, root, true)
			n := optimize(t, root, false)
			bindtest.GoldenFile(t, filepath.Join("testdata", "tpch", name+".txt"), strings.Join(plan.Explain(n, nil), "\n")+"\n")
		})
	}
}
