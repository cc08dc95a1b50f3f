package ddl

import (
	"slices"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/syscat"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// Comment is COMMENT ON: the text stands in the descriptor of its object, or of
// the relation that the object is a part of. Of objects without a descriptor (a
// schema, the database, a type, a model) it is not kept, which a warning says.
func (x *Statement) Comment(st *parser.CommentStmt) (*exec.Output, error) {
	text := ""
	if st.Text != nil {
		text = st.Text.Value
	}
	n := st.Name
	switch st.Kind {
	case parser.ObjectView:
		v := x.Cat.View(n.Schema, n.Name)
		if v == nil {
			return nil, x.notA(n, "view")
		}
		return exec.Done, x.changeView(v, func(v *catalog.View) { v.Comment = text })
	case parser.ObjectSequence:
		q := x.Cat.Sequence(n.Schema, n.Name)
		if q == nil {
			return nil, x.notA(n, "sequence")
		}
		next, err := x.holdSequence(q, true)
		if err != nil {
			return nil, err
		}
		next.Comment = text
		x.Tx.DDL = true
		return exec.Done, x.Catalog.ReplaceSequence(x.Ctx, x.Tx.Txn, next)
	case parser.ObjectColumn:
		if v := x.Cat.View(n.Schema, n.Name); v != nil {
			return x.commentViewColumn(st, v, text)
		}
	case parser.ObjectTable, parser.ObjectIndex, parser.ObjectConstraint:
	default:
		return x.uncommented(st)
	}
	return x.commentTable(st, text)
}

// commentTable comments on a table or a part of it.
func (x *Statement) commentTable(st *parser.CommentStmt, text string) (*exec.Output, error) {
	n := st.Name
	var t *catalog.Table
	if st.Kind == parser.ObjectIndex {
		if t = x.Cat.IndexTable(n.Schema, n.Name); t == nil {
			return nil, x.notA(n, "index")
		}
	} else {
		var err error
		if t = x.Cat.Table(n.Schema, n.Name); t == nil && x.Cat.Exists(n.Schema, n.Name) {
			return nil, x.notA(n, "table")
		}
		if t, err = x.Table(n); err != nil {
			return nil, err
		}
	}
	// The descriptor is written as a whole, so nobody else may change it.
	if err := x.LockTable(t, rowstore.LockTableExclusive); err != nil {
		return nil, err
	}
	next := t.Clone()
	switch st.Kind {
	case parser.ObjectTable:
		next.Comment = text
	case parser.ObjectColumn:
		o, err := x.alteredColumn(next, st.Sub)
		if err != nil {
			return nil, err
		}
		next.Columns[o].Comment = text
	case parser.ObjectIndex:
		next.PrimaryIndexComment = changed(next.PrimaryIndexComment, n.Name == next.PrimaryName, text)
		for i := range next.Indexes {
			next.Indexes[i].Comment = changed(next.Indexes[i].Comment, n.Name == next.Indexes[i].Name, text)
		}
	case parser.ObjectConstraint:
		if !hasConstraint(next, st.Sub.Name) {
			return nil, sqlstate.New(sqlstate.UndefinedObject, "constraint %q for table %q does not exist", st.Sub.Name, t.Name).
				WithPosition(parser.Position(x.Script, st.Sub.Pos()))
		}
		commentConstraint(next, st.Sub.Name, text)
	}
	x.Tx.DDL = true
	return exec.Done, x.Catalog.AlterTable(x.Ctx, x.Tx.Txn, t, next)
}

// commentConstraint sets the comment of the table's constraint with the name.
func commentConstraint(t *catalog.Table, name, text string) {
	t.PrimaryComment = changed(t.PrimaryComment, !t.HiddenKey() && t.PrimaryName == name, text)
	for i := range t.Indexes {
		k := &t.Indexes[i]
		k.ConstraintComment = changed(k.ConstraintComment, k.Constraint && k.Name == name, text)
	}
	for i := range t.Checks {
		t.Checks[i].Comment = changed(t.Checks[i].Comment, t.Checks[i].Name == name, text)
	}
}

// changed is a comment, or text in its place if it is the one.
func changed(comment string, isIt bool, text string) string {
	if isIt {
		return text
	}
	return comment
}

// changeView has change alter a view and stores it.
func (x *Statement) changeView(v *catalog.View, change func(*catalog.View)) error {
	next, err := x.holdView(v, true)
	if err != nil {
		return err
	}
	change(next)
	x.Tx.DDL = true
	return x.Catalog.PutView(x.Ctx, x.Tx.Txn, next, true)
}

func (x *Statement) commentViewColumn(st *parser.CommentStmt, v *catalog.View, text string) (*exec.Output, error) {
	if !slices.Contains(v.Columns, st.Sub.Name) {
		return nil, sqlstate.New(sqlstate.UndefinedColumn, "column %q of relation %q does not exist", st.Sub.Name, v.Name).
			WithPosition(parser.Position(x.Script, st.Sub.Pos()))
	}
	return exec.Done, x.changeView(v, func(v *catalog.View) {
		if v.ColumnComments == nil {
			v.ColumnComments = map[string]string{}
		}
		if v.ColumnComments[st.Sub.Name] = text; text == "" {
			delete(v.ColumnComments, st.Sub.Name)
		}
	})
}

// notA is the error for a name that is not that of a relation of the kind.
func (x *Statement) notA(n parser.ObjectName, kind string) error {
	e := x.Cat.NoRelation(n.Schema, n.Name)
	if x.Cat.Exists(n.Schema, n.Name) || x.Cat.IndexTable(n.Schema, n.Name) != nil {
		article := "a "
		if kind == "index" {
			article = "an "
		}
		e = sqlstate.New(sqlstate.WrongObjectType, "%q is not %s%s", n.Name, article, kind)
	}
	return e.WithPosition(parser.Position(x.Script, n.Pos()))
}

// uncommented looks for an object whose comments are not kept.
func (x *Statement) uncommented(st *parser.CommentStmt) (*exec.Output, error) {
	n := st.Name
	missing := func(code sqlstate.Code, format string) (*exec.Output, error) {
		return nil, sqlstate.New(code, format, n.Name).WithPosition(parser.Position(x.Script, n.Pos()))
	}
	switch st.Kind {
	case parser.ObjectSchema:
		if !x.Cat.HasSchema(n.Name) && !catalog.IsSystemSchema(n.Name) {
			return missing(sqlstate.InvalidSchemaName, "schema %q does not exist")
		}
	case parser.ObjectDatabase:
		if n.Name != "htap" {
			return missing(sqlstate.InvalidCatalogName, "database %q does not exist")
		}
	case parser.ObjectModel:
		if x.Cat.Model(n.Schema, n.Name) == nil {
			return missing(sqlstate.UndefinedObject, "model %q does not exist")
		}
	case parser.ObjectMaterializedView:
		return nil, x.notA(n, "materialized view")
	case parser.ObjectType:
		if !syscat.IsType(n.Name) {
			return missing(sqlstate.UndefinedObject, "type %q does not exist")
		}
	}
	x.Warn(sqlstate.FeatureNotSupported, "comments on a %s are not kept", st.Kind)
	return exec.Done, nil
}
