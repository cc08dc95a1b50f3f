package htap

import (
	"strconv"

	"htapdb/htap/catalog"
	"htapdb/htap/physical"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// createTableAs is CREATE TABLE … AS: the rows go through the bulk path.
func (x *execution) createTableAs(st *parser.CreateTableAsStmt) (*output, error) {
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	if st.Persistence == parser.Temporary {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "temporary tables are not supported")
	}
	if x.cat.Exists(schema, st.Name.Name) {
		old := x.cat.Table(schema, st.Name.Name)
		switch {
		case st.IfNotExists:
			x.s.warn(sqlstate.DuplicateTable, "relation %q already exists, skipping", st.Name.Name)
			return &output{tag: "CREATE TABLE AS"}, nil
		case st.OrReplace && old != nil:
			d := &dropItem{table: old}
			if err := x.lockItem(d); err != nil {
				return nil, err
			}
			if err := x.dropAll([]*dropItem{d}, false); err != nil {
				return nil, err
			}
		default:
			return nil, sqlstate.New(sqlstate.DuplicateTable, "relation %q already exists", st.Name.Name)
		}
	}
	p, err := x.s.planAt(&Stmt{s: x.s, parsed: parser.Statement{Stmt: st.Query}, script: x.st.script, declared: x.st.params}, x.cat)
	if err != nil {
		return nil, err
	}
	t, err := x.tableLike(schema, st, p.columns)
	if err != nil {
		return nil, err
	}
	// The source is read as of this statement; the table exists from the next on.
	physicalStmt := x.statement()
	if err := x.s.db.catalog.CreateTable(x.ctx, x.s.tx.txn, t); err != nil {
		return nil, err
	}
	x.s.tx.ddl = true
	if st.WithNoData {
		return &output{tag: "CREATE TABLE AS"}, nil
	}
	l, err := x.newLoader(t)
	if err != nil {
		return nil, err
	}
	defer l.abort()
	n, err := physical.Run(x.ctx, p.root, physicalStmt, x.exec(physicalStmt), func(b *vector.Batch) error { return l.add(b) })
	if err == nil {
		err = l.finish()
	}
	return &output{tag: "SELECT " + strconv.FormatInt(n, 10), n: n}, err
}

// tableLike makes a descriptor with the query's columns.
func (x *execution) tableLike(schema string, st *parser.CreateTableAsStmt, cols []Column) (*catalog.Table, error) {
	if len(st.Columns) > len(cols) {
		return nil, sqlstate.New(sqlstate.SyntaxError, "too many column names were specified")
	}
	id, err := x.s.db.catalog.NextID(x.ctx)
	if err != nil {
		return nil, err
	}
	t := &catalog.Table{ID: id, StorageID: id, Schema: schema, Name: st.Name.Name, Version: 1, NextColumnID: 1}
	for i, c := range cols {
		name := c.Name
		if i < len(st.Columns) {
			name = st.Columns[i].Name
		}
		if t.Ordinal(name) >= 0 {
			return nil, sqlstate.New(sqlstate.DuplicateColumn, "column %q specified more than once", name)
		}
		typ := c.Type
		if typ.Kind == types.Unknown {
			typ = types.TText
		}
		t.Columns = append(t.Columns, catalog.Column{ID: t.NextColumnID, Name: name, Type: typ})
		t.NextColumnID++
	}
	return t, nil
}

// boundCheck binds a CHECK constraint over a batch in the table's column order.
func boundCheck(x *execution, t *catalog.Table, sql string) (fn.Expr, error) {
	e, err := parser.ParseExpr(sql)
	if err != nil {
		return nil, err
	}
	cols := make([]plan.Column, len(t.Columns))
	for i := range t.Columns {
		cols[i] = plan.Column{ID: plan.ColID(i), Name: t.Columns[i].Name, Type: t.Columns[i].Type}
	}
	return binder.BindExpr(e, cols, types.TBool, binder.Options{SQL: sql, Catalog: &binding{s: x.s, cat: x.cat}})
}
