package router_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/sql/binder"
	"htapdb/sql/binder/bindtest"
	"htapdb/sql/opt"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/router"
	"htapdb/sql/sqlstate"
)

func catalog(t testing.TB) *bindtest.Catalog {
	t.Helper()
	c, err := bindtest.TPCH()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func optimized(t testing.TB, c binder.Catalog, sql string) plan.Node {
	t.Helper()
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	b, err := binder.Bind(stmt.Stmt, binder.Options{SQL: sql, Catalog: c})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	n, err := opt.Optimize(b.Root, opt.Options{})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// options are by the command of a case: auto, row, column, building (columns
// are not live), never (columns cannot serve), column-building, column-never.
func options(command string) router.Options {
	var o router.Options
	mode, state, _ := strings.Cut(command, "-")
	if state == "" {
		state = mode
	}
	switch mode {
	case "row":
		o.Mode = router.Row
	case "column":
		o.Mode = router.Column
	}
	switch state {
	case "building":
		o.Columns = func(*plan.Scan) router.ColumnState { return router.ColumnState{Reason: "columns are building"} }
	case "never":
		o.Columns = func(*plan.Scan) router.ColumnState {
			return router.ColumnState{Never: true, Reason: "temporary table"}
		}
	}
	return o
}

// TestRoutes compares the access lines of testdata/*.txt: path, costs, index
// conditions. Key constraints must be found under casts, in lists, in ranges and with parameters.
func TestRoutes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata (%v)", err)
	}
	c := catalog(t)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			bindtest.Golden(t, f, func(t *testing.T, command, sql string) string {
				n, err := router.Route(optimized(t, c, sql), options(command))
				var e *sqlstate.Error
				if errors.As(err, &e) {
					return string(e.Code) + ": " + e.Message
				}
				if err := plan.Validate(n, true); err != nil {
					t.Errorf("%s: %v", sql, err)
				}
				return accessLines(n)
			})
		})
	}
}

// accessLines are the lines of EXPLAIN about scans, with Index Cond and Filter.
func accessLines(n plan.Node) string {
	var out []string
	for _, l := range plan.Explain(n, nil) {
		l = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), "->"))
		if strings.Contains(l, "(path=") || strings.HasPrefix(l, "Index") || strings.HasPrefix(l, "Filter:") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// TestForced: a forced route binds every access.
func TestForced(t *testing.T) {
	c := catalog(t)
	n := optimized(t, c, "select * from t, lineitem where t.a = 1 and l_orderkey = 5 and l_partkey = t.b")
	for _, mode := range []router.Mode{router.Row, router.Column} {
		r, err := router.Route(n, router.Options{Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		plan.Walk(r, func(n plan.Node) bool {
			if s, ok := n.(*plan.Scan); ok && s.Access.Path.IsRow() != (mode == router.Row) {
				t.Errorf("mode %d: %s on %s", mode, s.Access.Path, s.Table.Name)
			}
			return true
		})
	}
}

// TestJSON checks the shape of EXPLAIN (FORMAT json).
func TestJSON(t *testing.T) {
	n, err := router.Route(optimized(t, catalog(t), "select b from t where a = 1"), router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := plan.ExplainJSON(n, nil)
	if err != nil {
		t.Fatal(err)
	}
	bindtest.GoldenFile(t, "testdata/point.json", string(text)+"\n")
}

func BenchmarkPlan(b *testing.B) {
	c := catalog(b)
	for _, q := range []struct{ name, sql string }{
		{"point", "select c from t where a = $1"},
		{"join8", "select count(*) from part, supplier, lineitem, orders, customer, nation n1, nation n2, region where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey and o_custkey = c_custkey and c_nationkey = n1.n_nationkey and n1.n_regionkey = r_regionkey and r_name = 'AMERICA' and s_nationkey = n2.n_nationkey"},
	} {
		b.Run(q.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := router.Route(optimized(b, c, q.sql), router.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
