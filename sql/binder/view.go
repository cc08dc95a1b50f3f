package binder

import (
	"slices"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
)

// MaxViewDepth bounds views over views, and ends a recursive definition.
const MaxViewDepth = 64

// relationNamed finds the relation that a name means: within a view the one that had
// it when the view was made, with the columns of then; else what the catalog
// says, with Columns nil. A name that means nothing gives neither table nor view.
func (b *binder) relationNamed(name parser.ObjectName) (ViewSource, error) {
	if b.view != nil {
		for _, s := range b.view.Sources {
			if s.Name == name.Name && s.Schema == name.Schema {
				return s, nil
			}
		}
	}
	s := ViewSource{Schema: name.Schema, Name: name.Name}
	var err error
	if s.Table, err = b.cat.Table(name.Schema, name.Name); err == nil && s.Table == nil {
		s.View, err = b.cat.View(name.Schema, name.Name)
	}
	if err == nil && b.view == nil {
		b.noteSource(&s)
	}
	return s, err
}

// noteSource remembers a relation for Bound.Sources.
func (b *binder) noteSource(s *ViewSource) {
	if s.View == nil && (s.Table == nil || s.Table.Virtual) {
		return
	}
	same := func(o Source) bool { return o.Schema == s.Schema && o.Name == s.Name }
	if !slices.ContainsFunc(b.sources, same) {
		b.sources = append(b.sources, Source{Schema: s.Schema, Name: s.Name, Table: s.Table, View: s.View})
	}
}

// usedSources are the sources with the columns that the query uses: those that
// an expression of the text names, and those that the plan reads without a
// name, as NATURAL JOIN does.
func (b *binder) usedSources(q *query) ([]Source, error) {
	var ids plan.ColSet
	for ref := range b.columnPos {
		ids.Add(plan.ColID(ref.Index))
		if err := b.tick(); err != nil {
			return nil, err
		}
	}
	plan.Walk(q.node, func(n plan.Node) bool {
		for _, e := range n.Exprs() {
			plan.AddUsed(&ids, e)
		}
		return true
	})
	if err := b.look(); err != nil {
		return nil, err
	}
	for _, c := range q.cols {
		ids.Add(c.ID)
	}
	for id, o := range b.origins {
		if !ids.Has(id) {
			continue
		}
		for i := range b.sources {
			s := &b.sources[i]
			if s.Table != nil && s.Table.ID == o.table.ID && !slices.Contains(s.Used, o.ordinal) {
				s.Used = append(s.Used, o.ordinal)
			}
		}
	}
	for i := range b.sources {
		slices.Sort(b.sources[i].Used)
	}
	return b.sources, nil
}

// narrow keeps the given columns of a relation under their names there; nil keeps all.
func (r *relation) narrow(columns []SourceColumn) {
	if columns == nil {
		return
	}
	all := r.cols
	r.cols = nil
	for _, c := range columns {
		if c.Ordinal < len(all) {
			r.add(c.Name, all[c.Ordinal].col)
		}
	}
}

// viewRef binds a view's query in place of its name.
func (b *binder) viewRef(src *ViewSource, e *parser.TableRef) (plan.Node, *namespace, error) {
	v := src.View
	q, err := b.viewQuery(v, e.Pos())
	if err != nil {
		return nil, nil, err
	}
	rel := &relation{schema: v.Schema, name: aliasName(e.Alias, e.Name.Name)}
	if e.Alias != nil {
		rel.schema = ""
	}
	for i, c := range q.cols {
		name := c.Name
		if i < len(v.Columns) {
			name = v.Columns[i]
		}
		rel.add(name, c.Column)
	}
	rel.narrow(src.Columns)
	if err := b.renamed(rel, e.Alias); err != nil {
		return nil, nil, err
	}
	return q.node, newNamespace(rel), nil
}

// viewQuery binds the query of a view, which sees nothing of the statement around it.
func (b *binder) viewQuery(v *View, pos int) (*query, error) {
	if b.views >= MaxViewDepth {
		return nil, b.errorAt(pos, sqlstate.StatementTooComplex, "view %q is nested too deeply", v.Name)
	}
	stmt, err := parser.ParseOne(v.SQL)
	if err != nil {
		return nil, sqlstate.Wrap(sqlstate.InternalError, err, "definition of view %q does not parse", v.Name)
	}
	sel, ok := stmt.Stmt.(*parser.SelectStmt)
	if !ok {
		return nil, sqlstate.New(sqlstate.InternalError, "definition of view %q is no query", v.Name)
	}
	noPos, outer := b.noPos, b.view
	b.noPos, b.view, b.views = true, v, b.views+1
	q, err := b.selectStmt(sel, b.rootScope())
	b.noPos, b.view, b.views = noPos, outer, b.views-1
	if err != nil {
		return nil, err
	}
	b.closeQuery(q)
	return q, nil
}
