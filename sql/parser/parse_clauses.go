package parser

// targets parses a select list; a comma may stand at its end.
func (p *parser) targets() []*Target {
	var list []*Target
	for p.err == nil {
		t := p.tok()
		list = append(list, p.target())
		p.checkTargets(len(list), t)
		if !p.acceptPunct(",") || p.atTargetsEnd() {
			break
		}
	}
	return list
}

// target parses *, t.* or expr [[AS] label].
func (p *parser) target() *Target {
	t := p.tok()
	n := &Target{Loc: t.loc()}
	p.expected(0, "*")
	if t.isOp("*") {
		p.next()
		n.Expr = &Star{Loc: t.loc()}
	} else {
		n.Expr = p.expr()
	}
	if star, ok := n.Expr.(*Star); ok && star.Of == nil && p.starModifiers(star) {
		return n
	}
	if t.isOp("*") {
		return n
	}
	n.Alias = p.targetAlias()
	return n
}

// targetAlias parses [AS] label, if it is there. Without AS a word may not be
// one of those that continue an expression or begin a clause.
func (p *parser) targetAlias() string {
	if p.accept("as") {
		return p.label()
	}
	t := p.tok()
	switch {
	case t.kind == tokQuotedIdent:
	case t.kind == tokWord && !asLabelWords[t.text] && !p.atQualify():
		p.expectClauseWords()
	default:
		p.expectClauseWords()
		return ""
	}
	return p.next().text
}

// expectClauseWords notes, for the explanation of an error, the clauses that a
// misspelt word in the place of an alias might have been meant to begin.
func (p *parser) expectClauseWords() {
	if p.trace == nil {
		return
	}
	for _, w := range [...]string{"from", "where", "group", "having", "window", "qualify", "order", "limit", "offset",
		"union", "intersect", "except", "returning"} {
		p.expected(0, w)
	}
}

// starModifiers parses EXCLUDE, REPLACE and RENAME after a star.
func (p *parser) starModifiers(s *Star) bool {
	found := false
	if p.accept("exclude") {
		found = true
		if p.acceptPunct("(") {
			s.Exclude = append(s.Exclude, p.starColumn())
			for p.acceptPunct(",") {
				s.Exclude = append(s.Exclude, p.starColumn())
			}
			p.expectPunct(")")
		} else {
			s.Exclude = []*ColumnRef{p.starColumn()}
		}
	}
	if p.accept("replace") {
		found = true
		s.Replace = p.starPairs((*parser).expr)
	}
	if p.accept("rename") {
		found = true
		s.Rename = p.starPairs(func(p *parser) Expr { return p.starColumn() })
	}
	return found
}

// starColumn parses a column, qualified or not.
func (p *parser) starColumn() *ColumnRef {
	t := p.tok()
	if !t.isName() {
		p.unexpected()
		return &ColumnRef{Loc: t.loc(), Parts: []string{""}}
	}
	return &ColumnRef{Loc: t.loc(), Parts: p.nameParts(t)}
}

// starPairs parses expr AS name, with or without parentheses around a list.
func (p *parser) starPairs(left func(*parser) Expr) []*Target {
	pair := func() *Target {
		t := &Target{Loc: p.loc(), Expr: left(p)}
		p.expect("as")
		t.Alias = p.label()
		return t
	}
	if !p.acceptPunct("(") {
		return []*Target{pair()}
	}
	list := []*Target{pair()}
	for p.acceptPunct(",") {
		list = append(list, pair())
	}
	p.expectPunct(")")
	return list
}

// groupBy parses GROUP BY ….
func (p *parser) groupBy() *GroupBy {
	g := &GroupBy{Loc: p.next().loc()}
	p.expect("by")
	switch p.acceptAny("all", "distinct") {
	case "distinct":
		g.Distinct = true
	case "all":
		if p.atGroupByEnd() {
			g.All = true
			return g
		}
	}
	g.Elements = p.groupElements()
	return g
}

// atGroupByEnd reports whether GROUP BY ends here.
func (p *parser) atGroupByEnd() bool {
	return p.atTargetsEnd() || p.atQualify() || p.tok().isWord("returning") || p.tok().isWord("with") || p.tok().isWord("on")
}

func (p *parser) groupElements() []*GroupElement {
	list := []*GroupElement{p.groupElement()}
	for p.acceptPunct(",") {
		list = append(list, p.groupElement())
	}
	return list
}

// groupElement parses (), ROLLUP (…), CUBE (…), GROUPING SETS (…) or an
// expression.
func (p *parser) groupElement() *GroupElement {
	t := p.tok()
	g := &GroupElement{Loc: t.loc()}
	paren := p.ahead(1).isPunct("(")
	switch {
	case t.isPunct("(") && p.ahead(1).isPunct(")"):
		p.next()
		p.next()
		g.Kind = GroupEmpty
	case paren && (t.isWord("rollup") || t.isWord("cube")):
		g.Kind = GroupRollup
		if p.next().isWord("cube") {
			g.Kind = GroupCube
		}
		g.Exprs = p.parenExprs()
	case p.at("grouping", "sets"):
		p.next()
		p.next()
		g.Kind = GroupSets
		outer := p.enter()
		p.expectPunct("(")
		g.Sets = p.groupElements()
		p.expectPunct(")")
		p.leave(outer)
	default:
		g.Exprs = []Expr{p.expr()}
	}
	return g
}

// orderBy parses what follows ORDER BY of a query.
func (p *parser) orderBy(q *SelectStmt) {
	if t := p.tok(); p.accept("all") {
		q.OrderByAll = &OrderAll{Loc: t.loc()}
		q.OrderByAll.Desc, q.OrderByAll.Nulls = p.sortDirection()
		return
	}
	q.OrderBy = p.orderItems()
}

// orderItems parses expr [ASC|DESC] [NULLS …], ….
func (p *parser) orderItems() []*OrderItem {
	var list []*OrderItem
	for p.err == nil {
		n := &OrderItem{Loc: p.loc(), Expr: p.expr()}
		if t := p.tok(); t.isWord("using") {
			p.unsupported(t, "ORDER BY … USING").WithHint("Use ASC or DESC.")
		}
		n.Desc, n.Nulls = p.sortDirection()
		list = append(list, n)
		if !p.acceptPunct(",") {
			break
		}
	}
	return list
}

// sortDirection parses [ASC|DESC] [NULLS FIRST|LAST].
func (p *parser) sortDirection() (desc bool, nulls NullsOrder) {
	desc = p.acceptAny("asc", "desc") == "desc"
	switch {
	case p.accept("nulls", "first"):
		nulls = NullsFirst
	case p.accept("nulls", "last"):
		nulls = NullsLast
	}
	return desc, nulls
}

// queryClause parses one of LIMIT, OFFSET, FETCH and FOR, which may come in any
// order, and reports whether there was one.
func (p *parser) queryClause(q *SelectStmt) bool {
	t := p.tok()
	switch {
	case p.at("limit") || p.at("fetch"):
		if q.Limit != nil {
			p.syntaxError(t, "multiple LIMIT clauses not allowed")
		}
		p.limit(q)
	case p.at("offset"):
		if q.Offset != nil {
			p.syntaxError(t, "multiple OFFSET clauses not allowed")
		}
		p.next()
		q.Offset = p.expr()
		p.acceptAny("row", "rows")
	case p.at("for"):
		if !p.ahead(1).isWord("read") {
			q.Locking = append(q.Locking, p.locking())
			break
		}
		p.next()
		p.expect("read", "only")
	default:
		return false
	}
	return true
}

// limit parses LIMIT n and FETCH FIRST n ROWS ONLY.
func (p *parser) limit(q *SelectStmt) {
	if p.next().isWord("limit") {
		if !p.accept("all") {
			q.Limit = p.expr()
		}
		if t := p.tok(); t.isPunct(",") {
			p.syntaxError(t, "LIMIT #,# syntax is not supported").WithHint("Use separate LIMIT and OFFSET clauses.")
		}
		return
	}
	if p.acceptAny("first", "next") == "" {
		p.unexpected()
	}
	if t := p.tok(); t.isWord("row") || t.isWord("rows") {
		q.Limit = &NumberLit{Loc: t.loc(), Text: "1", Integer: true}
	} else {
		q.Limit = p.exprPrec(precOther)
	}
	if p.acceptAny("row", "rows") == "" {
		p.unexpected()
	}
	if p.accept("with", "ties") {
		q.WithTies = true
		return
	}
	p.expect("only")
}

// locking parses FOR UPDATE, FOR SHARE….
func (p *parser) locking() *LockingClause {
	n := &LockingClause{Loc: p.next().loc()}
	switch {
	case p.accept("update"):
		n.Strength = ForUpdate
	case p.accept("no", "key", "update"):
		n.Strength = ForNoKeyUpdate
	case p.accept("share"):
		n.Strength = ForShare
	case p.accept("key", "share"):
		n.Strength = ForKeyShare
	default:
		p.unexpected()
	}
	if p.accept("of") {
		n.Of = p.objectNames()
	}
	switch {
	case p.accept("nowait"):
		n.Wait = LockNoWait
	case p.accept("skip", "locked"):
		n.Wait = LockSkip
	}
	return n
}
