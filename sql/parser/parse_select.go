package parser

import "htapdb/sql/sqlstate"

// atQuery reports whether a query without parentheses begins here.
func (p *parser) atQuery() bool {
	for _, w := range [...]string{"select", "with", "values"} {
		p.expected(0, w)
	}
	return p.queryAhead(0)
}

// queryAhead is atQuery for the token i places ahead. VALUES may be a column
// name and is a query only before a parenthesis.
func (p *parser) queryAhead(i int) bool {
	t := p.ahead(i)
	if t.kind != tokWord {
		return false
	}
	switch t.text {
	case "select", "with", "table", "from":
		return true
	case "values":
		return p.ahead(i + 1).isPunct("(")
	}
	return false
}

// atQueryRest reports whether a clause follows that continues a query after a
// part in parentheses.
func (p *parser) atQueryRest() bool {
	for _, w := range [...]string{"union", "intersect", "except", "order", "limit", "offset", "fetch", "for"} {
		if p.at(w) {
			return true
		}
	}
	return false
}

// query parses a query with WITH, set operations, ORDER BY and LIMIT.
func (p *parser) query() *SelectStmt {
	loc := p.loc()
	var with *With
	if p.at("with") {
		with = p.with()
	}
	return p.queryWith(loc, with)
}

// queryWith parses a query whose WITH clause was read.
func (p *parser) queryWith(loc Loc, with *With) *SelectStmt {
	outer := p.enter()
	q := p.queryRest(loc, with, p.queryOperand())
	p.leave(outer)
	return q
}

// queryRest parses a query whose first operand was read.
func (p *parser) queryRest(loc Loc, with *With, first QueryBody) *SelectStmt {
	q := &SelectStmt{Loc: loc, With: with, Body: p.setOps(first, 1)}
	if p.accept("order") {
		p.expect("by")
		p.orderBy(q)
	}
	for p.err == nil && p.queryClause(q) {
	}
	if inner, ok := operandBody(q).(*SelectStmt); ok && inner != q {
		inner.Loc = loc // parentheses around the whole query
		return inner
	}
	return q
}

// setOps parses the set operations after left that bind at least as tightly
// as least: 1 for UNION and EXCEPT, 2 for INTERSECT.
func (p *parser) setOps(left QueryBody, least int) QueryBody {
	for p.err == nil {
		kind, prec := Union, 1
		switch {
		case p.at("union"):
		case p.at("except"):
			kind = Except
		case p.at("intersect"):
			kind, prec = Intersect, 2
		default:
			return left
		}
		if prec < least {
			return left
		}
		p.next()
		all := p.acceptAny("all", "distinct") == "all"
		if t := p.tok(); p.at("by", "name") {
			p.unsupported(t, "BY NAME in a set operation")
		}
		right := p.setOps(p.queryOperand(), prec+1)
		left = &SetOp{Loc: at(left), Op: kind, All: all, Left: left, Right: right}
		p.grow()
	}
	return left
}

// queryOperand parses SELECT, VALUES, TABLE, FROM-first, or a query in
// parentheses.
func (p *parser) queryOperand() QueryBody {
	t := p.tok()
	switch {
	case p.at("select"):
		return p.selectCore()
	case p.at("from"):
		return p.fromFirst()
	case p.at("values"):
		return p.values()
	case p.at("table"):
		p.next()
		name := p.objectName()
		return starFrom(t.loc(), &TableRef{Loc: name.Loc, Name: name})
	case p.acceptPunct("("):
		q := p.query()
		p.expectPunct(")")
		return operandBody(q)
	}
	p.unexpected()
	return &SelectCore{Loc: t.loc()}
}

// operandBody is what a query in parentheses is as an operand: its body, if
// nothing else belongs to it.
func operandBody(q *SelectStmt) QueryBody {
	if q.With == nil && len(q.OrderBy) == 0 && q.OrderByAll == nil && q.Limit == nil &&
		q.Offset == nil && len(q.Locking) == 0 {
		return q.Body
	}
	return q
}

// starFrom is SELECT * FROM table.
func starFrom(loc Loc, table TableExpr) *SelectCore {
	return &SelectCore{
		Loc:     loc,
		Targets: []*Target{{Loc: loc, Expr: &Star{Loc: loc}}},
		From:    []TableExpr{table},
	}
}

// values parses VALUES (…), (…); a comma may stand at the end.
func (p *parser) values() QueryBody {
	n := &ValuesClause{Loc: p.next().loc()}
	for p.err == nil {
		p.expectPunct("(")
		t := p.tok()
		row := []Expr{p.valueExpr()}
		for p.acceptPunct(",") {
			row = append(row, p.valueExpr())
		}
		p.expectPunct(")")
		if len(n.Rows) > 0 && len(row) != len(n.Rows[0]) {
			p.syntaxError(t, "VALUES lists must all be the same length").
				WithDetail("The first row has %d values, row %d has %d.", len(n.Rows[0]), len(n.Rows)+1, len(row))
		}
		n.Rows = append(n.Rows, row)
		if !p.acceptPunct(",") || p.tok().kind == tokEOF || p.tok().isPunct(";") || p.tok().isPunct(")") {
			break
		}
	}
	return n
}

// valueExpr parses an expression or DEFAULT.
func (p *parser) valueExpr() Expr {
	if t := p.tok(); p.accept("default") {
		return &DefaultExpr{Loc: t.loc()}
	}
	return p.expr()
}

// selectCore parses SELECT … up to the set operations.
func (p *parser) selectCore() *SelectCore {
	c := &SelectCore{Loc: p.next().loc()}
	p.selectList(c)
	if p.accept("from") {
		c.From = p.fromList()
	}
	p.coreClauses(c)
	return c
}

// fromFirst parses FROM t [SELECT …] …; without SELECT it is SELECT *.
func (p *parser) fromFirst() *SelectCore {
	loc := p.next().loc()
	c := starFrom(loc, nil)
	c.From = p.fromList()
	if p.accept("select") {
		c.Targets = nil
		p.selectList(c)
	}
	p.coreClauses(c)
	return c
}

// selectList parses [ALL | DISTINCT [ON (…)]] targets.
func (p *parser) selectList(c *SelectCore) {
	if p.acceptAny("all", "distinct") == "distinct" {
		c.Distinct = true
		if p.accept("on") {
			c.DistinctOn = p.parenExprs()
		}
	}
	p.expectedOperand()
	if !p.atTargetsEnd() || c.Distinct {
		c.Targets = p.targets()
	}
	if t := p.tok(); t.isWord("into") {
		p.unsupported(t, "SELECT INTO").WithHint("Use CREATE TABLE … AS SELECT.")
	}
}

// atTargetsEnd reports whether a select list ends here; a comma may stand
// before it.
func (p *parser) atTargetsEnd() bool {
	t := p.tok()
	switch t.kind {
	case tokEOF:
		return true
	case tokPunct:
		return t.text == ")" || t.text == ";"
	case tokWord:
		switch t.text {
		case "from", "where", "group", "having", "window", "order", "limit", "offset", "fetch",
			"for", "union", "intersect", "except", "into":
			return true
		}
	}
	return false
}

// coreClauses parses WHERE, GROUP BY, HAVING, WINDOW and QUALIFY.
func (p *parser) coreClauses(c *SelectCore) {
	if p.accept("where") {
		c.Where = p.expr()
	}
	if p.at("group") {
		c.GroupBy = p.groupBy()
	}
	if p.accept("having") {
		c.Having = p.expr()
	}
	if p.at("window") {
		c.Windows = p.windowDefs()
	}
	if p.atQualify() {
		p.next()
		c.Qualify = p.expr()
	}
}

// atQualify reports whether the word QUALIFY begins a clause, rather than
// being a name: an expression has to follow it.
func (p *parser) atQualify() bool {
	if !p.at("qualify") {
		return false
	}
	t := p.ahead(1)
	switch t.kind {
	case tokEOF:
		return false
	case tokPunct:
		return t.text == "("
	case tokOp:
		return t.text == "-" || t.text == "+"
	case tokWord:
		switch t.category() {
		case typeFuncName:
			return p.ahead(2).isPunct("(")
		case reserved:
			switch t.text {
			case "not", "case", "cast", "true", "false", "null", "array":
				return true
			}
			return keywordFunctions[t.text]
		}
	}
	return true
}

// windowDefs parses WINDOW name AS (…), ….
func (p *parser) windowDefs() []*WindowDef {
	p.next()
	var list []*WindowDef
	for p.err == nil {
		d := &WindowDef{Loc: p.loc(), Name: p.name()}
		p.expect("as")
		d.Spec = p.windowSpec()
		list = append(list, d)
		if !p.acceptPunct(",") {
			break
		}
	}
	return list
}

// windowError fails with PostgreSQL's code for windows.
func (p *parser) windowError(t token, msg string) {
	p.fail(sqlstate.New(sqlstate.WindowingError, "%s", msg), t)
}

// with parses WITH [RECURSIVE] ….
func (p *parser) with() *With {
	w := &With{Loc: p.next().loc()}
	w.Recursive = p.at("recursive") && !p.ahead(1).isWord("as") && !p.ahead(1).isPunct("(")
	if w.Recursive {
		p.next()
	}
	for p.err == nil {
		w.CTEs = append(w.CTEs, p.cte())
		if !p.acceptPunct(",") {
			break
		}
	}
	return w
}

// cte parses name [(columns)] AS [[NOT] MATERIALIZED] (statement).
func (p *parser) cte() *CTE {
	outer := p.enter()
	defer p.leave(outer)
	c := &CTE{Loc: p.loc(), Name: p.name(), Columns: p.optParenIdents()}
	p.expect("as")
	switch {
	case p.accept("materialized"):
		c.Materialized = MaterializedAlways
	case p.accept("not", "materialized"):
		c.Materialized = MaterializedNever
	}
	p.expectPunct("(")
	t := p.tok()
	c.Stmt = p.preparable()
	switch c.Stmt.(type) {
	case *SelectStmt, *InsertStmt, *UpdateStmt, *DeleteStmt:
	default:
		p.syntaxError(t, "syntax error at or near \"%s\"", excerpt(p.sql[t.start:t.end]))
	}
	p.expectPunct(")")
	if t := p.tok(); t.isWord("search") || t.isWord("cycle") {
		p.unsupported(t, upper(t.text)+" in WITH")
	}
	return c
}
