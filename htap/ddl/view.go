package ddl

import (
	"slices"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/rowstore"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// CreateView is CREATE VIEW. The view remembers the relations that its query
// names, which stay locked until the transaction ends.
func (x *Statement) CreateView(st *parser.CreateViewStmt) (*exec.Output, error) {
	if st.Materialized || st.Recursive || st.CheckOption != "" || st.Persistence == parser.Temporary {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "this kind of view is not supported").WithHint("CREATE [OR REPLACE] VIEW v AS SELECT … is.")
	}
	schema, err := x.schemaOf(st.Name)
	if err != nil {
		return nil, err
	}
	pl, err := x.Query(st.Query, x.Script, nil)
	if err != nil {
		return nil, err
	}
	if len(pl.Params) > 0 {
		return nil, sqlstate.New(sqlstate.UndefinedParameter, "there is no parameter $1 in a view")
	}
	v := &catalog.View{Schema: schema, Name: st.Name.Name}
	if v.Columns, err = viewColumns(st, pl.Columns); err != nil {
		return nil, err
	}
	if v.Sources, err = x.viewSources(pl.Sources); err != nil {
		return nil, err
	}
	var named []catalog.ViewSource
	if v.SQL, named, err = x.viewText(st.Query); err != nil {
		return nil, err
	}
	v.Sources = append(v.Sources, named...)
	old := x.Cat.View(schema, v.Name)
	replace := old != nil && st.OrReplace
	if replace {
		v.ID, v.Comment, v.ColumnComments = old.ID, old.Comment, old.ColumnComments
		err = x.checkReplaced(old, v, pl.Columns)
	} else if st.OrReplace && x.Cat.Exists(schema, v.Name) {
		err = sqlstate.New(sqlstate.WrongObjectType, "%q is not a view", v.Name)
	} else if x.Cat.Exists(schema, v.Name) {
		err = duplicateRelation(v.Name)
	} else {
		v.ID, err = x.Catalog.NextID(x.Ctx)
	}
	if err != nil {
		return nil, err
	}
	x.Tx.DDL = true
	return exec.Done, x.Catalog.PutView(x.Ctx, x.Tx.Txn, v, replace)
}

// viewText is the text of a view's query, with the objects that its constants name:
// their names have schemas in it, so that no other search_path changes what the view
// means.
func (x *Statement) viewText(query *parser.SelectStmt) (text string, named []catalog.ViewSource, err error) {
	text = parser.Format(query)
	if len(references(query, false)) == 0 {
		return text, nil, nil
	}
	own, err := parser.ParseOne(text) // the statement may run again along another path
	if err != nil {
		return "", nil, sqlstate.Wrap(sqlstate.InternalError, err, "reading the query of the view again")
	}
	items, err := x.qualify(own.Stmt, false, nil)
	if err != nil {
		return "", nil, err
	}
	for _, d := range items {
		source := d.source()
		if !slices.ContainsFunc(named, func(s catalog.ViewSource) bool { return s.ID == source.ID && s.Name == source.Name }) {
			named = append(named, source)
		}
	}
	return parser.Format(own.Stmt), named, nil
}

// viewColumns are the names of a view's columns: those that it is given, then
// those of the query.
func viewColumns(st *parser.CreateViewStmt, cols []exec.Column) ([]string, error) {
	if len(st.Columns) > len(cols) {
		return nil, sqlstate.New(sqlstate.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	var names []string
	for i, c := range cols {
		name := c.Name
		if i < len(st.Columns) {
			name = st.Columns[i].Name
		}
		if slices.Contains(names, name) {
			return nil, sqlstate.New(sqlstate.DuplicateColumn, "column %q specified more than once", name)
		}
		names = append(names, name)
	}
	return names, nil
}

// viewSources describes and locks what a view's query names.
func (x *Statement) viewSources(sources []binder.Source) ([]catalog.ViewSource, error) {
	var out []catalog.ViewSource
	for i := range sources {
		s := &sources[i]
		if s.View != nil {
			v := x.Cat.ViewByID(s.View.ID)
			if err := x.holdKnownView(v, false); err != nil {
				return nil, err
			}
			out = append(out, catalog.ViewSource{ID: v.ID, Schema: s.Schema, Name: s.Name, Columns: v.Columns})
			continue
		}
		t := x.Cat.TableByID(s.Table.ID)
		if err := x.LockTable(t, rowstore.LockTableShared); err != nil {
			return nil, err
		}
		src := catalog.ViewSource{ID: t.ID, Schema: s.Schema, Name: s.Name}
		for k := range t.Columns {
			src.Columns, src.IDs = append(src.Columns, t.Columns[k].Name), append(src.IDs, t.Columns[k].ID)
		}
		for _, o := range s.Used {
			src.Used = append(src.Used, t.Columns[o].ID)
		}
		out = append(out, src)
	}
	return out, nil
}

// reads reports whether a view reads the view with the identifier, maybe through
// others; seen are those that have been looked at.
func (x *Statement) reads(v *catalog.View, id catalog.ID, seen map[catalog.ID]bool) bool {
	for i := range v.Sources {
		s := v.Sources[i].ID
		if s == id {
			return true
		}
		below := x.Cat.ViewByID(s)
		if below == nil || seen[s] {
			continue
		}
		if seen[s] = true; x.reads(below, id, seen) {
			return true
		}
	}
	return false
}

// checkReplaced refuses a replacement that would change or drop columns of the
// view, which others may read. Columns may come at the end.
func (x *Statement) checkReplaced(old, v *catalog.View, cols []exec.Column) error {
	if err := x.holdKnownView(old, true); err != nil {
		return err
	}
	if x.reads(v, old.ID, map[catalog.ID]bool{}) {
		return sqlstate.New(sqlstate.InvalidObjectDefinition, "infinite recursion detected in rules for relation %q", v.Name)
	}
	was, err := parser.ParseOne("SELECT * FROM " + parser.QuoteIdent(old.Schema) + "." + parser.QuoteIdent(old.Name))
	if err != nil {
		return err
	}
	pl, err := x.Query(was.Stmt, was.SQL, nil)
	if err != nil {
		return nil // the old definition fails: there is nothing to keep
	}
	if len(cols) < len(pl.Columns) {
		return sqlstate.New(sqlstate.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i, c := range pl.Columns {
		if c.Name != v.Columns[i] {
			return sqlstate.New(sqlstate.InvalidTableDefinition, "cannot change name of view column %q to %q", c.Name, v.Columns[i])
		}
		if c.Type != cols[i].Type {
			return sqlstate.New(sqlstate.InvalidTableDefinition, "cannot change data type of view column %q from %s to %s", c.Name, c.Type, cols[i].Type)
		}
	}
	return nil
}
