package parser

// optWhere parses WHERE condition, if it is there.
func (p *parser) optWhere() Expr {
	if !p.accept("where") {
		return nil
	}
	return p.expr()
}

// whereOrCursor parses WHERE condition or WHERE CURRENT OF cursor.
func (p *parser) whereOrCursor() (where Expr, cursor string) {
	if p.accept("where", "current", "of") {
		return nil, p.name()
	}
	return p.optWhere(), ""
}

// returning parses RETURNING targets, if it is there.
func (p *parser) returning() []*Target {
	if !p.accept("returning") {
		return nil
	}
	return p.targets()
}

// insert parses INSERT INTO … whose WITH was read.
func (p *parser) insert(loc Loc, with *With) *InsertStmt {
	p.next()
	p.expect("into")
	n := &InsertStmt{Loc: loc, With: with, Table: p.objectName()}
	if p.accept("as") {
		n.Alias = p.name()
	}
	if p.atPunct("(") && !p.parensHoldQuery() {
		n.Columns = p.assignedColumns()
	}
	if p.accept("overriding") {
		if n.Overriding = p.acceptAny("system", "user"); n.Overriding == "" {
			p.unexpected()
		}
		p.expect("value")
	}
	if !p.accept("default", "values") {
		n.Source = p.query()
	}
	if p.at("on", "conflict") {
		n.OnConflict = p.onConflict()
	}
	n.Returning = p.returning()
	return n
}

// assignedColumns parses (column, …) of INSERT.
func (p *parser) assignedColumns() []Ident {
	p.expectPunct("(")
	list := []Ident{p.assignedColumn()}
	for p.acceptPunct(",") {
		list = append(list, p.assignedColumn())
	}
	p.expectPunct(")")
	return list
}

// assignedColumn parses the column of an assignment.
func (p *parser) assignedColumn() Ident {
	id := p.ident()
	if t := p.tok(); t.isPunct(".") || t.isPunct("[") {
		p.unsupported(t, "assignment to a field or an array element")
	}
	return id
}

// onConflict parses ON CONFLICT … DO ….
func (p *parser) onConflict() *OnConflict {
	n := &OnConflict{Loc: p.next().loc()}
	p.next()
	switch {
	case p.acceptPunct("("):
		n.Target = p.indexElems()
		p.expectPunct(")")
		n.TargetWhere = p.optWhere()
	case p.accept("on", "constraint"):
		n.Constraint = p.name()
	}
	t := p.tok()
	p.expect("do")
	if p.accept("nothing") {
		n.DoNothing = true
		return n
	}
	p.expect("update", "set")
	if len(n.Target) == 0 && n.Constraint == "" {
		p.syntaxError(t, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).")
	}
	n.Set = p.setClauses()
	n.Where = p.optWhere()
	return n
}

// update parses UPDATE … whose WITH was read.
func (p *parser) update(loc Loc, with *With) *UpdateStmt {
	p.next()
	n := &UpdateStmt{Loc: loc, With: with, Table: p.targetTable()}
	p.expect("set")
	n.Set = p.setClauses()
	if p.accept("from") {
		n.From = p.fromList()
	}
	n.Where, n.WhereCurrentOf = p.whereOrCursor()
	n.Returning = p.returning()
	return n
}

// delete parses DELETE FROM … whose WITH was read.
func (p *parser) delete(loc Loc, with *With) *DeleteStmt {
	p.next()
	p.expect("from")
	n := &DeleteStmt{Loc: loc, With: with, Table: p.targetTable()}
	if p.accept("using") {
		n.Using = p.fromList()
	}
	n.Where, n.WhereCurrentOf = p.whereOrCursor()
	n.Returning = p.returning()
	return n
}

// targetTable parses the table of UPDATE and DELETE with its alias, which is
// not SET unless AS stands before it.
func (p *parser) targetTable() *TableRef {
	n := &TableRef{Loc: p.loc(), Only: p.accept("only"), Name: p.objectName()}
	loc := p.loc()
	switch {
	case p.accept("as"):
		n.Alias = &TableAlias{Loc: loc, Name: p.name()}
	case p.at("set"), p.at("where"), p.at("using"), p.at("returning"):
	case p.tok().isName():
		n.Alias = &TableAlias{Loc: loc, Name: p.name()}
	}
	return n
}

// setClauses parses assignments separated by commas.
func (p *parser) setClauses() []*SetClause {
	list := []*SetClause{p.setClause()}
	for p.acceptPunct(",") {
		list = append(list, p.setClause())
	}
	return list
}

// setClause parses column = value or (columns) = values.
func (p *parser) setClause() *SetClause {
	n := &SetClause{Loc: p.loc()}
	if p.atPunct("(") {
		n.Multi = true
		n.Columns = p.assignedColumns()
		p.expectOp("=")
		n.Value = p.multiValue()
		return n
	}
	n.Columns = []Ident{p.assignedColumn()}
	p.expectOp("=")
	n.Value = p.valueExpr()
	return n
}

// expectOp skips the operator s, which has to be there.
func (p *parser) expectOp(s string) {
	if !p.acceptOp(s) {
		p.unexpected()
	}
}

// multiValue parses the right side of (a, b) = …: a row, whose items may be
// DEFAULT, or a subquery.
func (p *parser) multiValue() Expr {
	t := p.tok()
	row := &RowExpr{Loc: t.loc(), Explicit: t.isWord("row")}
	if row.Explicit {
		p.next()
	} else if p.parensHoldQuery() {
		if e, query := p.paren(); query == nil {
			return e
		} else {
			return &SubqueryExpr{Loc: t.loc(), Query: query}
		}
	}
	p.expectPunct("(")
	row.Items = []Expr{p.valueExpr()}
	for p.acceptPunct(",") {
		row.Items = append(row.Items, p.valueExpr())
	}
	p.expectPunct(")")
	row.Explicit = row.Explicit || len(row.Items) == 1
	return row
}

// truncate parses TRUNCATE.
func (p *parser) truncate() Stmt {
	n := &TruncateStmt{Loc: p.next().loc()}
	p.accept("table")
	p.accept("only")
	n.Tables = p.objectNames()
	if p.accept("restart", "identity") {
		n.RestartIdentity = true
	} else {
		p.accept("continue", "identity")
	}
	n.Cascade = p.acceptAny("cascade", "restrict") == "cascade"
	return n
}
