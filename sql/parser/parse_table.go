package parser

// createTable parses what follows CREATE TABLE.
func (p *parser) createTable(loc Loc, replace bool, persistence Persistence) Stmt {
	n := &CreateTableStmt{Loc: loc, OrReplace: replace, Persistence: persistence}
	n.IfNotExists = p.ifNotExists()
	n.Name = p.objectName()
	switch t := p.tok(); {
	case t.isWord("partition"):
		p.unsupported(t, "PARTITION OF")
	case t.isWord("of"):
		p.unsupported(t, "CREATE TABLE OF")
	case !t.isPunct("("):
		return p.createTableAs(n, nil)
	}
	if end := p.ahead(2); p.ahead(1).isName() && (end.isPunct(",") || end.isPunct(")")) {
		return p.createTableAs(n, p.parenIdents())
	}
	p.expectPunct("(")
	for p.err == nil && !p.atPunct(")") {
		p.tableElement(n)
		if !p.acceptPunct(",") {
			break
		}
	}
	p.expectPunct(")")
	p.tableSuffix(n)
	if t := p.tok(); t.isWord("as") {
		p.syntaxError(t, "syntax error at or near \"AS\"").
			WithHint("CREATE TABLE … AS takes its types from the query: give column names only.")
	}
	return n
}

// createTableAs parses the rest of CREATE TABLE … AS.
func (p *parser) createTableAs(head *CreateTableStmt, columns []Ident) Stmt {
	p.tableSuffix(head)
	n := &CreateTableAsStmt{
		Loc: head.Loc, Name: head.Name, Persistence: head.Persistence, IfNotExists: head.IfNotExists,
		OrReplace: head.OrReplace, Columns: columns, Options: head.Options, OnCommit: head.OnCommit,
	}
	p.expect("as")
	if t := p.tok(); t.isWord("execute") {
		p.unsupported(t, "CREATE TABLE AS EXECUTE")
	}
	n.Query = p.query()
	n.WithNoData = p.withNoData()
	return n
}

// tableSuffix parses what may follow the columns: WITH (…), ON COMMIT….
func (p *parser) tableSuffix(n *CreateTableStmt) {
	switch t := p.tok(); {
	case t.isWord("inherits"):
		p.unsupported(t, "table inheritance")
	case t.isWord("partition"):
		p.unsupported(t, "PARTITION BY")
	case t.isWord("using"):
		p.unsupported(t, "a table access method")
	}
	switch {
	case p.accept("without", "oids"):
	case p.accept("with"):
		n.Options = p.optionList()
	}
	if p.accept("on", "commit") {
		switch {
		case p.accept("drop"):
			n.OnCommit = "drop"
		case p.accept("delete", "rows"):
			n.OnCommit = "delete rows"
		default:
			p.expect("preserve", "rows")
			n.OnCommit = "preserve rows"
		}
	}
	p.noTablespace()
}

// tableElement parses a column, a table constraint or LIKE.
func (p *parser) tableElement(n *CreateTableStmt) {
	switch t := p.tok(); {
	case p.at("like"):
		n.Likes = append(n.Likes, p.tableLike())
	case p.atTableConstraint():
		n.Constraints = append(n.Constraints, p.tableConstraint())
	case t.isWord("exclude") && (p.ahead(1).isWord("using") || p.ahead(1).isPunct("(")):
		p.unsupported(t, "EXCLUDE constraint")
	default:
		n.Columns = append(n.Columns, p.columnDef())
	}
}

// tableLike parses LIKE t [INCLUDING x]….
func (p *parser) tableLike() *TableLike {
	n := &TableLike{Loc: p.next().loc(), Table: p.objectName()}
	for p.err == nil {
		switch p.acceptAny("including", "excluding") {
		case "including":
			n.Including = append(n.Including, p.likeOption())
		case "excluding":
			n.Excluding = append(n.Excluding, p.likeOption())
		default:
			return n
		}
	}
	return n
}

// likeOption parses what LIKE includes or excludes.
func (p *parser) likeOption() string {
	w := p.acceptAny("all", "comments", "compression", "constraints", "defaults", "generated", "identity", "indexes",
		"statistics", "storage")
	if w == "" {
		p.unexpected()
	}
	return w
}

// columnDef parses name type [constraints].
func (p *parser) columnDef() *ColumnDef {
	n := &ColumnDef{Loc: p.loc(), Name: p.name()}
	n.Type = p.typeName()
	for p.err == nil {
		t := p.tok()
		switch {
		case p.accept("collate"):
			name := p.anyName()
			n.Collation = &name
		case t.isWord("storage"), t.isWord("compression"):
			p.unsupported(t, upper(t.text)+" of a column")
		default:
			c := p.columnConstraint()
			if c == nil {
				return n
			}
			n.Constraints = append(n.Constraints, c)
		}
	}
	return n
}

// constraintName parses CONSTRAINT name.
func (p *parser) constraintName() string {
	if !p.accept("constraint") {
		return ""
	}
	return p.name()
}

// columnConstraint parses a constraint of a column, nil if there is none.
func (p *parser) columnConstraint() *ColumnConstraint {
	c := &ColumnConstraint{Loc: p.loc(), Name: p.constraintName()}
	switch {
	case p.accept("not", "null"):
		c.Kind = ConstrNotNull
	case p.accept("null"):
		c.Kind = ConstrNull
	case p.accept("default"):
		c.Kind = ConstrDefault
		// NOT NULL and the other constraints may follow, so that the
		// expression has no AND, OR, NOT or IS outside parentheses.
		c.Expr = p.exprPrec(precCompare)
	case p.accept("primary", "key"):
		c.Kind = ConstrPrimaryKey
	case p.accept("unique"):
		c.Kind = ConstrUnique
		c.NullsNotDistinct = p.nullsNotDistinct()
	case p.accept("check"):
		c.Kind = ConstrCheck
		c.Expr = p.checkCondition()
	case p.at("references"):
		c.Kind = ConstrForeignKey
		c.References = p.references()
	case p.accept("generated"):
		p.generated(c)
	case c.Name != "":
		p.unexpected()
	default:
		return nil
	}
	c.Deferral, _ = p.deferral()
	return c
}

// checkCondition parses (condition) [NO INHERIT].
func (p *parser) checkCondition() Expr {
	p.expectPunct("(")
	e := p.expr()
	p.expectPunct(")")
	p.accept("no", "inherit")
	return e
}

// generated parses what follows GENERATED.
func (p *parser) generated(c *ColumnConstraint) {
	c.Kind = ConstrIdentity
	if p.accept("always") {
		c.Always = true
	} else {
		p.expect("by", "default")
	}
	p.expect("as")
	if c.Always && p.acceptPunct("(") {
		c.Kind = ConstrGenerated
		c.Expr = p.expr()
		p.expectPunct(")")
		if t := p.tok(); t.isWord("virtual") {
			p.unsupported(t, "GENERATED … VIRTUAL").WithHint("Use STORED.")
		}
		p.expect("stored")
		return
	}
	p.expect("identity")
	if p.acceptPunct("(") {
		c.Sequence = p.sequenceOptions()
		p.expectPunct(")")
	}
}

// deferral parses [NOT] DEFERRABLE, INITIALLY … and NOT VALID.
func (p *parser) deferral() (d Deferral, notValid bool) {
	for p.err == nil {
		switch {
		case p.accept("deferrable"):
			d.Deferrable = true
		case p.accept("not", "deferrable"):
			d.Deferrable = false
		case p.accept("initially", "deferred"):
			d.Deferrable, d.InitiallyDeferred = true, true
		case p.accept("initially", "immediate"):
		case p.accept("not", "valid"):
			notValid = true
		default:
			return d, notValid
		}
	}
	return d, notValid
}

// atTableConstraint reports whether a table constraint begins here.
func (p *parser) atTableConstraint() bool {
	return p.at("constraint") || p.at("primary", "key") || p.at("unique") || p.at("check") || p.at("foreign", "key")
}

// tableConstraint parses a constraint of a table.
func (p *parser) tableConstraint() *TableConstraint {
	c := &TableConstraint{Loc: p.loc(), Name: p.constraintName()}
	switch t := p.tok(); {
	case p.accept("primary", "key"):
		c.Kind = ConstrPrimaryKey
		p.keyColumns(c)
	case p.accept("unique"):
		c.Kind = ConstrUnique
		c.NullsNotDistinct = p.nullsNotDistinct()
		p.keyColumns(c)
	case p.accept("check"):
		c.Kind = ConstrCheck
		c.Expr = p.checkCondition()
	case p.accept("foreign", "key"):
		c.Kind = ConstrForeignKey
		c.Columns = p.parenIdents()
		c.References = p.references()
	case t.isWord("exclude"):
		p.unsupported(t, "EXCLUDE constraint")
	default:
		p.unexpected()
	}
	c.Deferral, c.NotValid = p.deferral()
	return c
}

// keyColumns parses (columns) [INCLUDE (columns)] of a key.
func (p *parser) keyColumns(c *TableConstraint) {
	if t := p.tok(); t.isWord("using") {
		p.unsupported(t, "a constraint USING INDEX")
	}
	c.Columns = p.parenIdents()
	if p.accept("include") {
		c.Include = p.parenIdents()
	}
	if t := p.tok(); t.isWord("with") {
		p.unsupported(t, "storage parameters of a constraint")
	}
}

// references parses REFERENCES t [(columns)] [MATCH …] [ON DELETE …].
func (p *parser) references() *References {
	r := &References{Loc: p.loc()}
	p.expect("references")
	r.Table = p.objectName()
	r.Columns = p.optParenIdents()
	if p.accept("match") {
		if r.Match = p.acceptAny("full", "partial", "simple"); r.Match == "" {
			p.unexpected()
		}
	}
	for p.err == nil {
		switch {
		case p.accept("on", "delete"):
			r.OnDelete = p.refAction()
		case p.accept("on", "update"):
			r.OnUpdate = p.refAction()
		default:
			return r
		}
	}
	return r
}

// refAction parses a referential action.
func (p *parser) refAction() RefAction {
	switch {
	case p.accept("cascade"):
		return Cascade
	case p.accept("restrict"):
		return Restrict
	case p.accept("set", "null"):
		return SetNull
	case p.accept("set", "default"):
		return SetDefault
	}
	p.expect("no", "action")
	return NoAction
}
