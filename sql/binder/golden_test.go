package binder_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/sql/binder"
	"htapdb/sql/binder/bindtest"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
)

// TestGolden runs testdata/*.txt. The commands are bind (parameters, columns
// and the plan), columns (parameters and columns only) and error.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata (%v)", err)
	}
	c := testCatalog(t)
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			bindtest.Golden(t, f, func(t *testing.T, command, sql string) string { return describe(t, c, command, sql) })
		})
	}
}

func describe(t *testing.T, c binder.Catalog, command, sql string) string {
	b, err := bindText(t, c, sql)
	if err != nil {
		if command != "error" {
			return "unexpected " + errorText(sql, err)
		}
		return errorText(sql, err)
	}
	if err := plan.Validate(b.Root, false); err != nil {
		return "invalid plan: " + err.Error()
	}
	if command == "error" {
		return "no error"
	}
	var out []string
	if len(b.Params) > 0 {
		var ps []string
		for _, p := range b.Params {
			ps = append(ps, p.String())
		}
		out = append(out, "params: "+strings.Join(ps, ", "))
	}
	var cols []string
	for _, col := range b.Columns {
		text := col.Name + " " + col.Type.String()
		if col.Table != nil {
			text += fmt.Sprintf(" (%s.%s)", col.Table.Name, col.Table.Columns[col.Ordinal].Name)
		}
		cols = append(cols, text)
	}
	out = append(out, "columns: "+strings.Join(cols, ", "))
	if command == "bind" {
		out = append(out, plan.Explain(b.Root, nil)...)
	}
	return strings.Join(out, "\n")
}

// errorText shows an error with the place that it points at.
func errorText(sql string, err error) string {
	var e *sqlstate.Error
	if !errors.As(err, &e) {
		return "not a sqlstate.Error: " + err.Error()
	}
	out := fmt.Sprintf("%s: %s", e.Code, e.Message)
	if e.Detail != "" {
		out += "\ndetail: " + e.Detail
	}
	if e.Hint != "" {
		out += "\nhint: " + e.Hint
	}
	if e.Position > 0 {
		rest := []rune(sql)[e.Position-1:]
		out += fmt.Sprintf("\nat %d: %s", e.Position, firstWord(string(rest)))
	}
	return out
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, "\n")
	if len(word) > 16 {
		word = word[:16] + "…"
	}
	return word
}

// TestViewErrors: an error inside a view has no position in the statement.
func TestViewErrors(t *testing.T) {
	c, err := bindtest.New("create table t (a integer); create view v as select a / 'x' as q from t;")
	if err != nil {
		t.Fatal(err)
	}
	_, err = bindText(t, c, "select * from v")
	var e *sqlstate.Error
	if !errors.As(err, &e) || e.Position != 0 {
		t.Errorf("error %v with position, want one without", err)
	}
}

// TestBindExpr binds an expression over given columns.
func TestBindExpr(t *testing.T) {
	tab, err := testCatalog(t).Table("", "t")
	if err != nil {
		t.Fatal(err)
	}
	ids := &plan.IDs{}
	cols := plan.NewScan(tab, "t", ids).Columns()
	for _, c := range []struct{ sql, want string }{
		{"a + 1", "(a + 1)"},
		{"d > 5 and c is not null", "((d > 5.00) AND (c IS NOT NULL))"},
		{"'2001-01-01'", "'2001-01-01'"},
	} {
		e, err := parser.ParseExpr(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		x, err := binder.BindExpr(e, cols, tab.Columns[0].Type, binder.Options{SQL: c.sql, Catalog: testCatalog(t)})
		if c.sql != "a + 1" {
			if err == nil {
				t.Errorf("%s: assigned to integer", c.sql)
			}
			continue
		}
		if err != nil || x.String() != c.want {
			t.Errorf("%s: %v, %v; want %s", c.sql, x, err, c.want)
		}
	}
}
