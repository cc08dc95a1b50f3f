package ddl

import (
	"strconv"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/load"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// CreateTableAs is CREATE TABLE … AS: the rows go through the bulk path.
func (x *Statement) CreateTableAs(st *parser.CreateTableAsStmt) (*exec.Output, error) {
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	if st.Persistence == parser.Temporary {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "temporary tables are not supported")
	}
	if x.Cat.Exists(schema, st.Name.Name) {
		old := x.Cat.Table(schema, st.Name.Name)
		switch {
		case st.IfNotExists:
			x.Warn(sqlstate.DuplicateTable, "relation %q already exists, skipping", st.Name.Name)
			return &exec.Output{Tag: "CREATE TABLE AS"}, nil
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
	p, err := x.Query(st.Query, x.Script, x.Params)
	if err != nil {
		return nil, err
	}
	t, err := x.tableLike(schema, st, p.Columns)
	if err != nil {
		return nil, err
	}
	// The source is read as of this statement; the table exists from the next on.
	if err := x.Catalog.CreateTable(x.Ctx, x.Tx.Txn, t); err != nil {
		return nil, err
	}
	x.Tx.DDL = true
	if st.WithNoData {
		return &exec.Output{Tag: "CREATE TABLE AS"}, nil
	}
	l, err := load.New(x.Statement, t)
	if err != nil {
		return nil, err
	}
	defer l.Abort()
	n, err := p.Run(l.Add)
	if err == nil {
		err = l.Finish()
	}
	return &exec.Output{Tag: "SELECT " + strconv.FormatInt(n, 10), N: n}, err
}

// tableLike makes a descriptor with the query's columns.
func (x *Statement) tableLike(schema string, st *parser.CreateTableAsStmt, cols []exec.Column) (*catalog.Table, error) {
	if len(st.Columns) > len(cols) {
		return nil, sqlstate.New(sqlstate.SyntaxError, "too many column names were specified")
	}
	id, err := x.Catalog.NextID(x.Ctx)
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
