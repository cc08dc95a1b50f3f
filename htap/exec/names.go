package exec

import (
	"htapdb/htap/catalog"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// BindCheck binds a CHECK constraint over a batch in the table's column order.
func BindCheck(names binder.Catalog, t *catalog.Table, sql string) (fn.Expr, error) {
	e, err := parser.ParseExpr(sql)
	if err != nil {
		return nil, err
	}
	cols := make([]plan.Column, len(t.Columns))
	for i := range t.Columns {
		cols[i] = plan.Column{ID: plan.ColID(i), Name: t.Columns[i].Name, Type: t.Columns[i].Type}
	}
	return binder.BindExpr(e, cols, types.TBool, binder.Options{SQL: sql, Catalog: names})
}

// KeyOrdinals resolves the columns of a key.
func KeyOrdinals(t *catalog.Table, cols []parser.Ident, sql string) ([]int, error) {
	var out []int
	seen := map[int]bool{}
	for _, c := range cols {
		o := t.Ordinal(c.Name)
		if o < 0 {
			return nil, sqlstate.New(sqlstate.UndefinedColumn, "column %q named in key does not exist", c.Name).
				WithPosition(parser.Position(sql, c.Pos()))
		}
		if seen[o] {
			return nil, sqlstate.New(sqlstate.DuplicateColumn, "column %q appears twice in a key", c.Name)
		}
		seen[o] = true
		out = append(out, o)
	}
	return out, nil
}
