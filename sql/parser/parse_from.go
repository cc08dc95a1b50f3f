package parser

// fromList parses FROM items separated by commas.
func (p *parser) fromList() []TableExpr {
	list := []TableExpr{p.tableExpr()}
	for p.acceptPunct(",") {
		list = append(list, p.tableExpr())
	}
	return list
}

// tableExpr parses a FROM item with its joins.
func (p *parser) tableExpr() TableExpr {
	outer := p.enter()
	t := p.joins(p.tablePrimary())
	p.leave(outer)
	return t
}

// joins parses the joins after left.
func (p *parser) joins(left TableExpr) TableExpr {
	for p.err == nil && p.atJoin() {
		left = p.join(left)
		p.grow()
	}
	return left
}

// atJoin reports whether a join follows.
func (p *parser) atJoin() bool {
	t := p.tok()
	p.expectJoinWords()
	if t.kind != tokWord {
		return false
	}
	switch t.text {
	case "join", "inner", "left", "right", "full", "cross", "natural":
		return true
	case "asof":
		return p.atAsof()
	}
	return false
}

// expectJoinWords notes, for the explanation of an error, that a join could
// begin here.
func (p *parser) expectJoinWords() {
	if p.trace == nil {
		return
	}
	for _, w := range [...]string{"join", "left", "right", "inner", "full", "cross", "natural"} {
		p.expected(0, w)
	}
}

// atAsof reports whether the word ASOF begins a join, rather than being an
// alias: a join has to follow it.
func (p *parser) atAsof() bool {
	if !p.tok().isWord("asof") {
		return false
	}
	next := p.ahead(1)
	return next.isWord("join") || next.isWord("left") || next.isWord("inner") ||
		next.isWord("right") || next.isWord("full")
}

// join parses one join whose left side was read.
func (p *parser) join(left TableExpr) TableExpr {
	outer := p.enter()
	defer p.leave(outer)
	j := &JoinExpr{Loc: at(left), Left: left}
	j.Asof = p.atAsof() && p.accept("asof")
	j.Natural = p.accept("natural")
	switch p.acceptAny("inner", "left", "right", "full", "cross") {
	case "left":
		j.Kind = LeftJoin
	case "right":
		j.Kind = RightJoin
	case "full":
		j.Kind = FullJoin
	case "cross":
		j.Kind = CrossJoin
	}
	if j.Kind != InnerJoin && j.Kind != CrossJoin {
		p.accept("outer")
	}
	p.expect("join")
	j.Right = p.tablePrimary()
	if j.Natural || j.Kind == CrossJoin {
		return j
	}
	// a JOIN b JOIN c ON x ON y: the inner ON belongs to the inner join.
	for p.err == nil && p.atJoin() {
		j.Right = p.join(j.Right)
		p.grow()
	}
	p.joinCondition(j)
	return j
}

// joinCondition parses ON or USING.
func (p *parser) joinCondition(j *JoinExpr) {
	switch {
	case p.accept("on"):
		j.On = p.expr()
	case p.accept("using"):
		j.Using = p.parenIdents()
		if t := p.tok(); p.accept("as") {
			j.UsingAlias = &TableAlias{Loc: t.loc(), Name: p.name()}
		}
	default:
		p.unexpected()
	}
}

// tablePrimary parses a FROM item without joins.
func (p *parser) tablePrimary() TableExpr {
	t := p.tok()
	p.expectedOperand()
	switch {
	case p.accept("lateral"):
		return p.lateral(t)
	case t.isPunct("("):
		return p.tableParen(t)
	case t.isWord("values") && p.queryAhead(0):
		query := &SelectStmt{Loc: t.loc(), Body: p.values()}
		return &SubqueryRef{Loc: t.loc(), Query: query, Alias: p.tableAlias()}
	case t.kind == tokString:
		p.next()
		return &FileRef{Loc: t.loc(), Path: t.text, Alias: p.tableAlias()}
	case p.accept("only"):
		paren := p.acceptPunct("(")
		n := &TableRef{Loc: t.loc(), Only: true, Name: p.objectName()}
		if paren {
			p.expectPunct(")")
		}
		n.Alias = p.tableAlias()
		return n
	case t.isWord("rows") && p.ahead(1).isWord("from") && p.ahead(2).isPunct("("):
		p.unsupported(t, "ROWS FROM")
	}
	return p.tableOrFunction(t)
}

// tableOrFunction parses a table name or a function call.
func (p *parser) tableOrFunction(t token) TableExpr {
	if keywordFunctions[t.text] && t.kind == tokWord && !p.ahead(1).isPunct("(") {
		call, _ := p.keywordCall(t).(*FuncCall)
		return p.functionRef(t, call)
	}
	if p.ahead(1).isPunct("(") && t.kind == tokWord {
		switch call := p.specialCall(t).(type) {
		case nil:
		case *FuncCall:
			return p.functionRef(t, call)
		default:
			p.unsupported(t, upper(t.text)+" in FROM")
		}
	}
	parts := p.nameParts(t)
	if p.err != nil {
		return &TableRef{Loc: t.loc()}
	}
	if p.atPunct("(") {
		return p.functionRef(t, p.tableCall(p.objectNameOf(t.loc(), parts)))
	}
	if len(parts) == 1 && !t.isName() {
		p.unexpectedAt(p.prev())
	}
	n := &TableRef{Loc: t.loc(), Name: p.objectNameOf(t.loc(), parts), Alias: p.tableAlias()}
	if s := p.tok(); s.isWord("tablesample") {
		p.unsupported(s, "TABLESAMPLE")
	}
	return n
}

// tableCall parses the arguments of a function in FROM. OVER and FILTER do not
// belong to it: a word after it is its alias.
func (p *parser) tableCall(name ObjectName) *FuncCall {
	c := &FuncCall{Loc: name.Loc, Name: name}
	outer := p.enter()
	p.expectPunct("(")
	switch {
	case p.acceptPunct(")"):
	case p.tok().isOp("*") && p.ahead(1).isPunct(")"):
		p.next()
		p.next()
		c.Star = true
	default:
		p.callArgs(c)
	}
	p.leave(outer)
	return c
}

// lateral parses what follows LATERAL.
func (p *parser) lateral(t token) TableExpr {
	if p.acceptPunct("(") {
		n := &SubqueryRef{Loc: t.loc(), Lateral: true, Query: p.query()}
		p.expectPunct(")")
		n.Alias = p.tableAlias()
		return n
	}
	switch n := p.tableOrFunction(p.tok()).(type) {
	case *FunctionRef:
		n.Loc, n.Lateral = t.loc(), true
		return n
	default:
		p.syntaxError(t, "LATERAL takes a subquery or a function")
		return n
	}
}

// functionRef parses what may follow a call in FROM.
func (p *parser) functionRef(t token, call *FuncCall) TableExpr {
	n := &FunctionRef{Loc: t.loc(), Call: call}
	n.Ordinality = p.accept("with", "ordinality")
	as := p.loc()
	if p.at("as") && p.ahead(1).isPunct("(") {
		p.next()
		n.ColumnDefs = p.columnDefList()
		return n
	}
	name := p.aliasName()
	if name == "" {
		return n
	}
	n.Alias = &TableAlias{Loc: as, Name: name}
	if !p.atPunct("(") {
		return n
	}
	if end := p.ahead(2); end.isPunct(",") || end.isPunct(")") {
		n.Alias.Columns = p.parenIdents()
	} else {
		n.ColumnDefs = p.columnDefList()
	}
	return n
}

// columnDefList parses (name type, …).
func (p *parser) columnDefList() []*FunctionColumn {
	var list []*FunctionColumn
	p.expectPunct("(")
	for p.err == nil {
		list = append(list, &FunctionColumn{Loc: p.loc(), Name: p.name(), Type: p.typeName()})
		if !p.acceptPunct(",") {
			break
		}
	}
	p.expectPunct(")")
	return list
}

// tableAlias parses [AS] name [(columns)], if it is there.
func (p *parser) tableAlias() *TableAlias {
	loc := p.loc()
	name := p.aliasName()
	if name == "" {
		return nil
	}
	return &TableAlias{Loc: loc, Name: name, Columns: p.optParenIdents()}
}

// aliasName parses [AS] name of a FROM item, or returns "".
func (p *parser) aliasName() string {
	if p.accept("as") {
		return p.name()
	}
	p.expectClauseWords()
	p.expectJoinWords()
	if !p.tok().isName() || p.atQualify() || p.atAsof() {
		return ""
	}
	return p.next().text
}

// tableParen parses ( … ) in FROM: a query, or a join in parentheses.
func (p *parser) tableParen(t token) TableExpr {
	outer := p.enter()
	p.expectPunct("(")
	inner, query := p.tableOrQuery()
	p.expectPunct(")")
	p.leave(outer)
	return p.aliasedParen(t, inner, query)
}

// aliasedParen parses the alias after the parentheses that begin at t.
func (p *parser) aliasedParen(t token, inner TableExpr, query *SelectStmt) TableExpr {
	if query != nil {
		return &SubqueryRef{Loc: t.loc(), Query: query, Alias: p.tableAlias()}
	}
	join, ok := inner.(*JoinExpr)
	if !ok || join.Alias != nil {
		if p.err == nil && !ok {
			p.syntaxError(p.prev(), "syntax error at or near \")\"").
				WithHint("Parentheses in FROM hold a query or a join.")
		}
		return inner
	}
	join.Alias = p.tableAlias()
	return join
}

// tableOrQuery parses what stands in parentheses in FROM: exactly one result
// is not nil.
func (p *parser) tableOrQuery() (TableExpr, *SelectStmt) {
	if p.atQuery() {
		return nil, p.query()
	}
	if !p.atPunct("(") || !p.parensHoldQuery() {
		return p.tableExpr(), nil
	}
	t := p.tok()
	outer := p.enter()
	p.expectPunct("(")
	inner, query := p.tableOrQuery()
	p.expectPunct(")")
	p.leave(outer)
	if query != nil {
		if p.atQueryRest() {
			return nil, p.queryRest(t.loc(), nil, operandBody(query))
		}
		if p.atPunct(")") {
			return nil, query
		}
	}
	return p.joins(p.aliasedParen(t, inner, query)), nil
}
