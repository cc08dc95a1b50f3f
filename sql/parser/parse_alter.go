package parser

// objectKind parses the kind of object in DROP, ALTER and COMMENT ON.
func (p *parser) objectKind(verb string) (ObjectKind, bool) {
	switch t := p.tok(); {
	case p.accept("table"):
		return ObjectTable, true
	case p.accept("index"):
		return ObjectIndex, true
	case p.accept("view"):
		return ObjectView, true
	case p.accept("materialized", "view"):
		return ObjectMaterializedView, true
	case p.accept("schema"):
		return ObjectSchema, true
	case p.accept("sequence"):
		return ObjectSequence, true
	case p.accept("type"):
		return ObjectType, true
	case p.accept("model"):
		return ObjectModel, true
	case t.isWord("column"), t.isWord("constraint"), t.isWord("database"):
		return 0, false
	case t.kind == tokWord && unsupportedObjects[t.text]:
		p.unsupported(t, verb+" "+upper(t.text))
	default:
		p.unexpected()
	}
	return 0, false
}

// drop parses DROP ….
func (p *parser) drop() Stmt {
	n := &DropStmt{Loc: p.next().loc()}
	t := p.tok()
	var ok bool
	if n.Kind, ok = p.objectKind("DROP"); !ok {
		p.unsupported(t, "DROP "+upper(t.text))
		return n
	}
	n.Concurrently = n.Kind == ObjectIndex && p.accept("concurrently")
	n.IfExists = p.ifExists()
	n.Names = p.objectNames()
	n.Cascade = p.acceptAny("cascade", "restrict") == "cascade"
	return n
}

// comment parses COMMENT ON … IS ….
func (p *parser) comment() Stmt {
	n := &CommentStmt{Loc: p.next().loc()}
	p.expect("on")
	var ok bool
	switch t := p.tok(); {
	case p.accept("column"):
		n.Kind = ObjectColumn
		p.commentColumn(n)
	case p.accept("constraint"):
		n.Kind = ObjectConstraint
		n.Sub = p.ident()
		p.expect("on")
		n.Name = p.objectName()
	case p.accept("database"):
		n.Kind = ObjectDatabase
		n.Name = p.objectName()
	default:
		if n.Kind, ok = p.objectKind("COMMENT ON"); !ok {
			p.unsupported(t, "COMMENT ON "+upper(t.text))
			return n
		}
		n.Name = p.objectName()
	}
	p.expect("is")
	if t := p.tok(); !p.accept("null") {
		n.Text = &StringLit{Loc: t.loc(), Value: p.stringConst()}
	}
	return n
}

// commentColumn parses [catalog.][schema.]table.column.
func (p *parser) commentColumn(n *CommentStmt) {
	t := p.tok()
	parts := p.nameParts(t)
	if p.err != nil {
		return
	}
	if len(parts) < 2 {
		p.syntaxError(t, "column name must be qualified").WithHint("Write COMMENT ON COLUMN table.column.")
		return
	}
	last := p.prev()
	n.Sub = Ident{Loc: last.loc(), Name: parts[len(parts)-1]}
	n.Name = p.objectNameOf(t.loc(), parts[:len(parts)-1])
}

// alter parses ALTER ….
func (p *parser) alter() Stmt {
	n := &AlterTableStmt{Loc: p.next().loc()}
	t := p.tok()
	var ok bool
	if n.Kind, ok = p.objectKind("ALTER"); !ok || n.Kind == ObjectModel {
		p.unsupported(t, "ALTER "+upper(t.text))
		return n
	}
	n.IfExists = p.ifExists()
	p.accept("only")
	n.Name = p.objectName()
	if a := p.renameAction(n.Kind); a != nil {
		n.Actions = []*AlterAction{a}
		return n
	}
	if n.Kind != ObjectTable {
		if p.tok().isLabel() {
			p.unsupported(t, "ALTER "+upper(n.Kind.String())+" other than RENAME, SET SCHEMA and OWNER TO")
		}
		p.unexpected()
		return n
	}
	n.Actions = []*AlterAction{p.alterAction()}
	for p.acceptPunct(",") {
		n.Actions = append(n.Actions, p.alterAction())
	}
	return n
}

// renameAction parses the actions that all kinds of objects have: RENAME, SET
// SCHEMA, OWNER TO. It returns nil for others.
func (p *parser) renameAction(kind ObjectKind) *AlterAction {
	a := &AlterAction{Loc: p.loc()}
	switch {
	case p.accept("rename"):
		p.rename(a, kind)
	case p.accept("set", "schema"):
		a.Kind = SetSchema
		a.NewName = p.ident()
	case p.accept("owner", "to"):
		a.Kind = OwnerTo
		a.NewName = Ident{Loc: p.loc(), Name: p.role()}
	default:
		return nil
	}
	return a
}

// rename parses what follows RENAME.
func (p *parser) rename(a *AlterAction, kind ObjectKind) {
	switch {
	case p.accept("to"):
		a.Kind = RenameObject
		a.NewName = p.ident()
		return
	case kind != ObjectTable && kind != ObjectView && kind != ObjectMaterializedView:
		p.unexpected()
		return
	case p.accept("constraint"):
		a.Kind = RenameConstraint
	default:
		p.accept("column")
		a.Kind = RenameColumn
	}
	a.Name = p.ident()
	p.expect("to")
	a.NewName = p.ident()
}

// alterAction parses one action of ALTER TABLE.
func (p *parser) alterAction() *AlterAction {
	a := &AlterAction{Loc: p.loc()}
	switch t := p.tok(); {
	case p.accept("add"):
		p.alterAdd(a)
	case p.accept("drop"):
		p.alterDrop(a)
	case p.accept("alter"):
		p.accept("column")
		a.Name = p.ident()
		p.alterColumn(a)
	case p.accept("validate", "constraint"):
		a.Kind = ValidateConstraint
		a.Name = p.ident()
	case p.at("set") && p.ahead(1).isPunct("("):
		p.next()
		a.Kind = SetOptions
		a.Options = p.optionList()
	case p.at("reset") && p.ahead(1).isPunct("("):
		p.next()
		a.Kind = ResetOptions
		a.Options = p.optionList()
	case t.kind == tokWord && unsupportedActions[t.text]:
		p.unsupported(t, "ALTER TABLE … "+upper(t.text))
	default:
		p.unexpected()
	}
	return a
}

// unsupportedActions begin actions of ALTER TABLE that PostgreSQL has and this
// dialect has not.
var unsupportedActions = wordSet(`
attach cluster detach disable enable force inherit no not of replica set`)

// alterAdd parses what follows ADD.
func (p *parser) alterAdd(a *AlterAction) {
	if p.atTableConstraint() {
		a.Kind = AddConstraint
		a.Constraint = p.tableConstraint()
		return
	}
	p.accept("column")
	a.Kind = AddColumn
	a.IfNotExists = p.ifNotExists()
	a.Column = p.columnDef()
}

// alterDrop parses what follows DROP.
func (p *parser) alterDrop(a *AlterAction) {
	a.Kind = DropConstraint
	if !p.accept("constraint") {
		p.accept("column")
		a.Kind = DropColumn
	}
	a.IfExists = p.ifExists()
	a.Name = p.ident()
	a.Cascade = p.acceptAny("cascade", "restrict") == "cascade"
}

// alterColumn parses what follows ALTER COLUMN name.
func (p *parser) alterColumn(a *AlterAction) {
	t := p.tok()
	switch {
	case p.accept("type") || p.accept("set", "data", "type"):
		a.Kind = SetColumnType
		a.Type = p.typeName()
		if c := p.tok(); c.isWord("collate") {
			p.unsupported(c, "COLLATE in ALTER COLUMN TYPE")
		}
		if p.accept("using") {
			a.Using = p.expr()
		}
	case p.accept("set", "default"):
		a.Kind = SetColumnDefault
		a.Default = p.expr()
	case p.accept("drop", "default"):
		a.Kind = DropColumnDefault
	case p.accept("set", "not", "null"):
		a.Kind = SetNotNull
	case p.accept("drop", "not", "null"):
		a.Kind = DropNotNull
	case p.accept("drop", "identity"):
		a.Kind = DropIdentity
		a.IfExists = p.ifExists()
	case p.at("add", "generated"):
		p.next()
		a.Kind = AddIdentity
		a.Identity = &ColumnConstraint{Loc: p.next().loc()}
		p.generated(a.Identity)
	case t.isWord("set") || t.isWord("reset") || t.isWord("drop"):
		p.unsupported(t, "ALTER COLUMN … "+upper(t.text)+" "+upper(p.ahead(1).text))
	default:
		p.unexpected()
	}
}
