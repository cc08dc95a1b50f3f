package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// targetTable finds the table that a DML statement changes.
func (b *binder) targetTable(name parser.ObjectName) (*plan.Table, error) {
	t, err := b.cat.Table(name.Schema, name.Name)
	if err != nil {
		return nil, b.locate(err, name.Pos())
	}
	if t != nil {
		if t.Virtual {
			return nil, b.errorAt(name.Pos(), sqlstate.InsufficientPrivilege, "permission denied: %q is a system catalog", name.Name)
		}
		return t, nil
	}
	v, err := b.cat.View(name.Schema, name.Name)
	if err != nil {
		return nil, b.locate(err, name.Pos())
	}
	if v != nil {
		return nil, b.unsupported(name.Pos(), "changing rows through view %q is", name.Name)
	}
	return nil, b.undefinedTable(name)
}

// insert binds INSERT.
func (b *binder) insert(s *parser.InsertStmt) (*dmlResult, error) {
	sc, defs, err := b.dmlScope(s.With)
	if err != nil {
		return nil, err
	}
	t, err := b.targetTable(s.Table)
	if err != nil {
		return nil, err
	}
	targets, err := b.insertColumns(t, s)
	if err != nil {
		return nil, err
	}
	n := &plan.Insert{Table: t, Values: make([]fn.Expr, len(t.Columns))}
	given := make([]bool, len(t.Columns))
	if s.Source == nil {
		n.Source = oneRow()
	} else if err := b.insertSource(n, s, targets, given, sc); err != nil {
		return nil, err
	}
	for o := range t.Columns {
		if !given[o] {
			if n.Values[o], err = b.columnDefault(t, o, s.Pos()); err != nil {
				return nil, err
			}
		}
	}
	n.NewCols = b.rowColumns(t)
	if n.Checks, err = b.checks(t, n.NewCols); err != nil {
		return nil, err
	}
	alias := t.Name
	if s.Alias != "" {
		alias = s.Alias
	}
	if s.OnConflict != nil {
		if n.OnConflict, err = b.onConflict(s.OnConflict, t, alias, sc); err != nil {
			return nil, err
		}
	}
	rel := b.rowRelation(t, alias, n.NewCols)
	if n.Returning, n.Returned, err = b.returning(s.Returning, newNamespace(rel), sc); err != nil {
		return nil, err
	}
	if err := b.checkWritten(n.Returning, n.NewCols, "RETURNING", s.Pos()); err != nil {
		return nil, err
	}
	return &dmlResult{node: b.placeTargetCTEs(n, defs), cols: n.Returned}, nil
}

// dmlScope is the scope of a DML statement with its WITH items.
func (b *binder) dmlScope(w *parser.With) (*scope, []*cte, error) {
	sc := b.rootScope()
	if w == nil {
		return sc, nil, nil
	}
	defs, err := b.with(w, sc)
	return sc, defs, err
}

// insertColumns returns the ordinals that the source's columns go to.
func (b *binder) insertColumns(t *plan.Table, s *parser.InsertStmt) ([]int, error) {
	var out []int
	if len(s.Columns) == 0 {
		for o := range t.Columns {
			out = append(out, o)
		}
		return out, nil
	}
	seen := map[int]bool{}
	for _, c := range s.Columns {
		o, err := b.targetColumn(t, c)
		if err != nil {
			return nil, err
		}
		if seen[o] {
			return nil, b.errorAt(c.Pos(), sqlstate.DuplicateColumn, "column %q specified more than once", c.Name)
		}
		seen[o] = true
		out = append(out, o)
	}
	return out, nil
}

func (b *binder) targetColumn(t *plan.Table, c parser.Ident) (int, error) {
	o := t.Ordinal(c.Name)
	if o < 0 {
		err := b.errorAt(c.Pos(), sqlstate.UndefinedColumn, "column %q of relation %q does not exist", c.Name, t.Name)
		best, guess := maxEditDistance(c.Name)+1, ""
		for i := range t.Columns {
			if d := editDistance(t.Columns[i].Name, c.Name); d < best {
				best, guess = d, t.Columns[i].Name
			}
		}
		if guess != "" {
			return 0, err.WithHint("Perhaps you meant to reference the column %q.", t.Name+"."+guess)
		}
		return 0, err
	}
	return o, nil
}

// insertSource binds the rows to insert and the values of the columns given.
func (b *binder) insertSource(n *plan.Insert, s *parser.InsertStmt, targets []int, given []bool, sc *scope) error {
	var q *query
	var err error
	if v, ok := s.Source.Body.(*parser.ValuesClause); ok && plainValues(s.Source) {
		q, targets, err = b.insertValues(v, n.Table, s, targets, sc)
	} else {
		q, err = b.selectStmt(s.Source, sc)
	}
	if err != nil {
		return err
	}
	if len(q.cols) > len(targets) {
		return b.errorAt(q.cols[len(targets)].pos, sqlstate.SyntaxError, "INSERT has more expressions than target columns")
	}
	if len(q.cols) < len(targets) && len(s.Columns) > 0 {
		return b.errorAt(s.Columns[len(q.cols)].Pos(), sqlstate.SyntaxError, "INSERT has more target columns than expressions")
	}
	for i, c := range q.cols {
		col := &n.Table.Columns[targets[i]]
		if c.Type.Kind == types.Unknown {
			if err := b.setType(q, i, col.Type, fn.AssignmentCast); err != nil {
				return err
			}
		}
	}
	b.closeQuery(q)
	for i, c := range q.cols {
		o := targets[i]
		col := &n.Table.Columns[o]
		if col.Identity && s.Overriding == "user" {
			continue // the sequence's value takes the place of the one given
		}
		if col.AlwaysGenerated && s.Overriding != "system" {
			return b.errorAt(c.pos, "428C9", "cannot insert a non-DEFAULT value into column %q", col.Name).
				WithDetail("Column %q is an identity column defined as GENERATED ALWAYS.", col.Name).
				WithHint("Use OVERRIDING SYSTEM VALUE to override.")
		}
		if n.Values[o], err = b.assign(plan.Ref(c.Column), col.Type, col.Name, c.pos); err != nil {
			return err
		}
		given[o] = true
	}
	n.Source = q.node
	return nil
}

// plainValues reports a VALUES without clauses of its own.
func plainValues(s *parser.SelectStmt) bool {
	return s.With == nil && len(s.OrderBy) == 0 && s.Limit == nil && s.Offset == nil && s.OrderByAll == nil
}

// insertValues binds VALUES row by row against the columns' types, so that
// literals and parameters get them. A column that is DEFAULT in all rows is left to the default; in some rows
// the default's expression stands in its place.
func (b *binder) insertValues(e *parser.ValuesClause, t *plan.Table, s *parser.InsertStmt, targets []int, sc *scope) (*query, []int, error) {
	width := len(e.Rows[0])
	if width > len(targets) {
		return nil, nil, b.errorAt(e.Rows[0][len(targets)].Pos(), sqlstate.SyntaxError, "INSERT has more expressions than target columns")
	}
	if width < len(targets) && len(s.Columns) > 0 {
		return nil, nil, b.errorAt(s.Columns[width].Pos(), sqlstate.SyntaxError, "INSERT has more target columns than expressions")
	}
	inner := sc.child()
	inner.clause = "VALUES"
	v := &plan.Values{Rows: make([][]fn.Expr, len(e.Rows))}
	q := &query{node: v}
	var kept []int
	for j := range width {
		o := targets[j]
		defaults := 0
		for _, row := range e.Rows {
			if _, ok := row[j].(*parser.DefaultExpr); ok {
				defaults++
			}
		}
		if defaults == len(e.Rows) {
			continue
		}
		if defaults > 0 && t.Columns[o].Sequence {
			return nil, nil, b.unsupported(e.Rows[0][j].Pos(), "DEFAULT beside values in a sequence column is")
		}
		for i, row := range e.Rows {
			x, err := b.insertValue(row[j], t, o, inner)
			if err != nil {
				return nil, nil, err
			}
			v.Rows[i] = append(v.Rows[i], x)
		}
		col := b.newColumn(t.Columns[o].Name, t.Columns[o].Type)
		v.Cols = append(v.Cols, col)
		q.cols = append(q.cols, outColumn{col, e.Rows[0][j].Pos()})
		kept = append(kept, o)
	}
	if width < len(targets) {
		return q, kept, nil
	}
	return q, kept, nil
}

func (b *binder) insertValue(e parser.Expr, t *plan.Table, ordinal int, sc *scope) (fn.Expr, error) {
	col := &t.Columns[ordinal]
	if _, isDefault := e.(*parser.DefaultExpr); isDefault {
		return b.columnDefault(t, ordinal, e.Pos())
	}
	x, err := b.expr(e, sc)
	if err != nil {
		return nil, err
	}
	return b.assign(x, col.Type, col.Name, e.Pos())
}

// columnDefault binds the default of a column: nil where a sequence supplies
// the value, NULL without a default.
func (b *binder) columnDefault(t *plan.Table, ordinal, pos int) (fn.Expr, error) {
	col := &t.Columns[ordinal]
	switch {
	case col.Sequence:
		return nil, nil
	case col.Default == "":
		return plan.Null(col.Type), nil
	}
	e, err := parser.ParseExpr(col.Default)
	if err != nil {
		return nil, sqlstate.Wrap(sqlstate.InternalError, err, "default of column %q does not parse", col.Name)
	}
	noPos := b.noPos
	b.noPos = true
	defer func() { b.noPos = noPos }()
	sc := b.rootScope()
	sc.clause = "DEFAULT expressions"
	x, err := b.expr(e, sc)
	if err != nil {
		return nil, err
	}
	return b.assign(x, col.Type, col.Name, pos)
}

// rowColumns makes one column for each table column, for a row that is being written.
func (b *binder) rowColumns(t *plan.Table) []plan.Column {
	out := make([]plan.Column, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		out[i] = plan.Column{ID: b.ids.Next(), Name: c.Name, Type: c.Type, NotNull: c.NotNull}
		b.origins[out[i].ID] = origin{t, i}
	}
	return out
}

// rowRelation names the columns of a written row.
func (b *binder) rowRelation(t *plan.Table, alias string, cols []plan.Column) *relation {
	rel := &relation{schema: t.Schema, name: alias, table: t, ordinals: map[plan.ColID]int{}}
	for i, c := range cols {
		rel.add(c.Name, c)
		rel.ordinals[c.ID] = i
	}
	return rel
}

// checks binds the CHECK constraints over a written row.
func (b *binder) checks(t *plan.Table, cols []plan.Column) ([]plan.BoundCheck, error) {
	var out []plan.BoundCheck
	noPos := b.noPos
	b.noPos = true
	defer func() { b.noPos = noPos }()
	for _, c := range t.Checks {
		e, err := parser.ParseExpr(c.SQL)
		if err != nil {
			return nil, sqlstate.Wrap(sqlstate.InternalError, err, "constraint %q does not parse", c.Name)
		}
		sc := b.rootScope().child()
		sc.ns, sc.clause = newNamespace(b.rowRelation(t, t.Name, cols)), "check constraints"
		x, err := b.condition(e, sc, "argument of CHECK")
		if err != nil {
			return nil, err
		}
		out = append(out, plan.BoundCheck{Name: c.Name, Cond: x})
	}
	return out, nil
}

// checkWritten refuses subqueries that are correlated with a row that is being
// written: they are computed with the source, before there is one.
func (b *binder) checkWritten(exprs []fn.Expr, written []plan.Column, clause string, pos int) error {
	row := plan.NewColSet(written)
	correlated := false
	for _, e := range exprs {
		if e == nil {
			continue
		}
		fn.Walk(e, func(x fn.Expr) bool {
			s, ok := x.(*plan.Subquery)
			correlated = correlated || ok && plan.Used(s).Intersects(row)
			return !correlated
		})
	}
	if correlated {
		return b.unsupported(pos, "a subquery in %s that refers to the row written is", clause)
	}
	return nil
}

// returning binds a RETURNING list over what ns names, inside the scope outer.
func (b *binder) returning(targets []*parser.Target, ns *namespace, outer *scope) ([]fn.Expr, []plan.Column, error) {
	if len(targets) == 0 {
		return nil, nil, nil
	}
	c := &core{b: b, sc: outer.child()}
	c.sc.ns, c.sc.clause = ns, "RETURNING"
	if err := c.bindTargets(targets); err != nil {
		return nil, nil, err
	}
	var exprs []fn.Expr
	var cols []plan.Column
	for _, it := range c.items {
		x := b.known(it.expr)
		exprs, cols = append(exprs, x), append(cols, b.newColumn(it.name, x.Type()))
	}
	return exprs, cols, nil
}
