package parser

// is parses IS …, ISNULL and NOTNULL.
func (p *parser) is(left Expr) Expr {
	switch p.next().text {
	case "isnull":
		return &IsExpr{Loc: at(left), Operand: left, Test: IsNull}
	case "notnull":
		return &IsExpr{Loc: at(left), Operand: left, Test: IsNull, Not: true}
	}
	not := p.accept("not")
	t := p.tok()
	switch p.acceptAny("null", "true", "false", "unknown", "distinct", "document", "json", "normalized", "of") {
	case "null":
		return &IsExpr{Loc: at(left), Operand: left, Test: IsNull, Not: not}
	case "true":
		return &IsExpr{Loc: at(left), Operand: left, Test: IsTrue, Not: not}
	case "false":
		return &IsExpr{Loc: at(left), Operand: left, Test: IsFalse, Not: not}
	case "unknown":
		return &IsExpr{Loc: at(left), Operand: left, Test: IsUnknown, Not: not}
	case "distinct":
		p.expect("from")
		return &IsDistinctExpr{Loc: at(left), Left: left, Right: p.exprPrec(precIs + 1), Not: not}
	case "":
		p.unexpected()
	default:
		p.unsupported(t, "IS "+upper(t.text))
	}
	return left
}

// in parses [NOT] IN (list or query).
func (p *parser) in(left Expr, not bool) Expr {
	if not {
		p.next()
	}
	p.next()
	n := &InExpr{Loc: at(left), Operand: left, Not: not}
	p.expectPunct("(")
	first, query := p.exprOrQuery()
	if query != nil && !p.atPunct(",") {
		n.Query = query
		p.expectPunct(")")
		return n
	}
	if query != nil {
		first = &SubqueryExpr{Loc: at(query), Query: query}
	}
	n.List = []Expr{first}
	for p.acceptPunct(",") {
		n.List = append(n.List, p.expr())
	}
	p.expectPunct(")")
	return n
}

// between parses [NOT] BETWEEN [SYMMETRIC] lo AND hi.
func (p *parser) between(left Expr, not bool) Expr {
	if not {
		p.next()
	}
	p.next()
	n := &BetweenExpr{Loc: at(left), Operand: left, Not: not}
	n.Symmetric = p.acceptAny("symmetric", "asymmetric") == "symmetric"
	n.Low = p.exprPrec(precLike + 1)
	p.expect("and")
	n.High = p.exprPrec(precLike + 1)
	return n
}

// like parses [NOT] LIKE, ILIKE and SIMILAR TO, with a quantifier too.
func (p *parser) like(left Expr, in infix) Expr {
	if in.not {
		p.next()
	}
	opPos := int(p.loc())
	p.next()
	n := &LikeExpr{Loc: at(left), Operand: left, Not: in.not}
	op := "~~"
	switch in.op {
	case "ilike":
		n.Kind, op = ILike, "~~*"
	case "similar":
		n.Kind = SimilarTo
		p.expect("to")
	}
	if n.Kind != SimilarTo && p.atQuantifier() {
		if in.not {
			op = "!" + op
		}
		return p.quantified(left, "", op, opPos)
	}
	n.Pattern = p.exprPrec(precLike + 1)
	if p.accept("escape") {
		n.Escape = p.exprPrec(precLike + 1)
	}
	return n
}
