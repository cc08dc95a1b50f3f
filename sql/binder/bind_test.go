package binder_test

import (
	"os"
	"path/filepath"
	"testing"

	"htapdb/sql/binder"
	"htapdb/sql/binder/bindtest"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
)

// testCatalog is shared: a Catalog is read-only after it was built.
func testCatalog(t testing.TB) *bindtest.Catalog {
	t.Helper()
	c, err := bindtest.TPCH()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func bindText(t testing.TB, c binder.Catalog, sql string) (*binder.Bound, error) {
	t.Helper()
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		return nil, err
	}
	return binder.Bind(stmt.Stmt, binder.Options{SQL: sql, Catalog: c})
}

// TestTPCHBinds binds all 22 queries and checks the scoping of their plans.
func TestTPCHBinds(t *testing.T) {
	files, err := filepath.Glob("../../bench/tpch/queries/q*.sql")
	if err != nil || len(files) != 22 {
		t.Fatalf("%d TPC-H queries found, want 22 (%v)", len(files), err)
	}
	c := testCatalog(t)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := bindText(t, c, string(text))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		if err := plan.Validate(b.Root, false); err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
	}
}
