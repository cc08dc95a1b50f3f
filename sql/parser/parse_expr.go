package parser

// Binding strengths of the infix operators, loosest first, as PostgreSQL
// orders them. Unary minus, subscripts and :: bind more tightly and are part
// of an operand.
const (
	precNone = iota
	precOr
	precAnd
	precNot
	precIs
	precCompare
	precLike
	precOther
	precAdd
	precMul
	precPow
	precAt
	precCollate
	precUnary
)

// expr parses an expression.
func (p *parser) expr() Expr { return p.exprPrec(precNone) }

// exprPrec parses an expression whose outermost operator binds at least as
// tightly as least.
func (p *parser) exprPrec(least int) Expr {
	outer := p.enter()
	e := p.exprRest(p.operand(), least)
	p.leave(outer)
	return e
}

// exprList parses expr, expr, ….
func (p *parser) exprList() []Expr {
	list := []Expr{p.expr()}
	for p.acceptPunct(",") {
		list = append(list, p.expr())
	}
	return list
}

// parenExprs parses (expr, …).
func (p *parser) parenExprs() []Expr {
	p.expectPunct("(")
	list := p.exprList()
	p.expectPunct(")")
	return list
}

// infix describes an infix or postfix operator that the parser stands at.
type infix struct {
	prec int
	// op is the operator, or the word for the predicates; "" for none.
	op string
	// not is true for NOT IN, NOT LIKE, NOT BETWEEN….
	not bool
}

// exprRest continues an expression after its left operand.
func (p *parser) exprRest(left Expr, least int) Expr {
	// chained is the strength of the operator that made left, if operators
	// of that strength do not associate: a < b < c is an error.
	chained := precNone
	for p.err == nil {
		in := p.infix()
		if in.prec == precNone || in.prec < least {
			return left
		}
		if in.prec == chained {
			p.chainError(chained)
			return left
		}
		chained = precNone
		left = p.applyInfix(left, in, &chained)
		p.grow()
	}
	return left
}

// chainError fails at an operator that would follow one of its own kind.
func (p *parser) chainError(prec int) {
	p.unexpected()
	if prec == precCompare && p.err.Hint == "" {
		p.err = p.err.WithHint("Comparisons do not chain: write a < b AND b < c.")
	}
}

// infix looks at the operator at the current token.
func (p *parser) infix() infix {
	switch t := p.tok(); t.kind {
	case tokOp:
		return infix{prec: opPrec(t.text), op: t.text}
	case tokQuestion:
		return infix{prec: precOther, op: "?"}
	case tokWord:
		return p.infixWord(t.text)
	}
	p.expectInfixWords()
	return infix{}
}

// opPrec is the strength of an operator made of signs.
func opPrec(op string) int {
	switch op {
	case "=", "<", ">", "<=", ">=", "<>":
		return precCompare
	case "+", "-":
		return precAdd
	case "*", "/", "%":
		return precMul
	case "^":
		return precPow
	}
	return precOther
}

// infixWord looks at a word in the place of an operator.
func (p *parser) infixWord(word string) infix {
	switch word {
	case "or":
		return infix{prec: precOr, op: word}
	case "and":
		return infix{prec: precAnd, op: word}
	case "is", "isnull", "notnull":
		return infix{prec: precIs, op: word}
	case "in", "between", "like", "ilike":
		return infix{prec: precLike, op: word}
	case "similar":
		if p.ahead(1).isWord("to") {
			return infix{prec: precLike, op: word}
		}
	case "not":
		switch next := p.ahead(1); {
		case next.isWord("in"), next.isWord("between"), next.isWord("like"), next.isWord("ilike"), next.isWord("similar"):
			return infix{prec: precLike, op: next.text, not: true}
		}
		p.expected(1, "in")
		p.expected(1, "between")
		p.expected(1, "like")
	case "at":
		if p.ahead(1).isWord("local") || p.ahead(1).isWord("time") && p.ahead(2).isWord("zone") {
			return infix{prec: precAt, op: word}
		}
	case "collate":
		return infix{prec: precCollate, op: word}
	case "operator":
		if p.ahead(1).isPunct("(") {
			return infix{prec: precOther, op: word}
		}
	case "overlaps":
		return infix{prec: precOther, op: word}
	}
	p.expectInfixWords()
	return infix{}
}

// expectInfixWords notes, for the explanation of an error, what could be here.
func (p *parser) expectInfixWords() {
	if p.trace == nil {
		return
	}
	for _, w := range [...]string{"and", "or", "is", "in", "between", "like", "ilike", "not", "collate"} {
		p.expected(0, w)
	}
}

// applyInfix parses the operator in with its right side and returns the node
// over left. It sets chained when the operator does not associate.
func (p *parser) applyInfix(left Expr, in infix, chained *int) Expr {
	switch in.op {
	case "or":
		return p.boolean(left, Or, precOr)
	case "and":
		return p.boolean(left, And, precAnd)
	case "is", "isnull", "notnull":
		return p.is(left)
	case "in":
		return p.in(left, in.not)
	case "between":
		*chained = precLike
		return p.between(left, in.not)
	case "like", "ilike", "similar":
		*chained = precLike
		return p.like(left, in)
	case "at":
		return p.atTimeZone(left)
	case "collate":
		p.next()
		return &CollateExpr{Loc: at(left), Operand: left, Collation: p.anyName()}
	case "overlaps":
		return p.overlaps(left)
	}
	return p.binary(left, in, chained)
}

// at is the position of a node that begins with e.
func at(e Node) Loc { return Loc(e.Pos()) }

// boolean parses the right side of AND or OR. A chain becomes one flat node.
func (p *parser) boolean(left Expr, op BoolOp, prec int) Expr {
	p.next()
	right := p.exprPrec(prec + 1)
	if chain, ok := left.(*BoolExpr); ok && chain.Op == op {
		chain.Args = append(chain.Args, right)
		p.height-- // the chain grows in width
		return chain
	}
	return &BoolExpr{Loc: at(left), Op: op, Args: []Expr{left, right}}
}

// binary parses an operator of signs, or OPERATOR(…), and its right side.
func (p *parser) binary(left Expr, in infix, chained *int) Expr {
	opPos := int(p.loc())
	schema, op := p.operatorName()
	if op == "==" {
		p.syntaxError(token{start: int32(opPos)}, "syntax error at or near \"==\"").
			WithHint("Use = to compare.")
	}
	if p.atQuantifier() {
		return p.quantified(left, schema, op, opPos)
	}
	if in.prec == precCompare {
		*chained = precCompare
	}
	right := p.exprPrec(in.prec + 1)
	return &BinaryExpr{Loc: at(left), OpPos: opPos, OpSchema: schema, Op: op, Left: left, Right: right}
}

// operatorName parses an operator: signs, ? with what may follow it, or
// OPERATOR(schema.signs).
func (p *parser) operatorName() (schema, op string) {
	t := p.next()
	switch t.kind {
	case tokOp:
		return "", t.text
	case tokQuestion:
		if n := p.tok(); n.kind == tokOp && n.start == t.end && (n.text == "|" || n.text == "&") {
			p.next()
			return "", "?" + n.text
		}
		return "", "?"
	}
	p.expectPunct("(")
	for p.err == nil && p.tok().kind != tokOp {
		schema = p.label()
		p.expectPunct(".")
	}
	op = p.next().text
	p.expectPunct(")")
	return schema, op
}

// atQuantifier reports whether ANY (, SOME ( or ALL ( follows.
func (p *parser) atQuantifier() bool {
	t := p.tok()
	return (t.isWord("any") || t.isWord("all") || t.isWord("some")) && p.ahead(1).isPunct("(")
}

// quantified parses ANY (…) or ALL (…) after the operator.
func (p *parser) quantified(left Expr, schema, op string, opPos int) Expr {
	q := &QuantifiedExpr{Loc: at(left), OpPos: opPos, OpSchema: schema, Op: op, Left: left}
	q.All = p.next().isWord("all")
	p.expectPunct("(")
	q.Array, q.Query = p.exprOrQuery()
	p.expectPunct(")")
	return q
}

// atTimeZone parses AT TIME ZONE z and AT LOCAL.
func (p *parser) atTimeZone(left Expr) Expr {
	loc := p.loc()
	p.next()
	c := &FuncCall{Loc: at(left), Form: FormAtTimeZone, Name: ObjectName{Loc: loc, Name: "timezone"}}
	if p.accept("local") {
		c.Args = []Expr{left}
		return c
	}
	p.expect("time", "zone")
	c.Args = []Expr{p.exprPrec(precAt + 1), left}
	return c
}

// overlaps parses (a, b) OVERLAPS (c, d), a call with four arguments.
func (p *parser) overlaps(left Expr) Expr {
	t := p.next()
	right := p.exprPrec(precOther + 1)
	l, ok1 := left.(*RowExpr)
	r, ok2 := right.(*RowExpr)
	if !ok1 || !ok2 || len(l.Items) != 2 || len(r.Items) != 2 {
		p.syntaxError(t, "wrong number of parameters on the sides of OVERLAPS expression").
			WithHint("Each side is a pair: (start, end).")
		return left
	}
	return &FuncCall{Loc: at(left), Name: ObjectName{Loc: t.loc(), Name: "overlaps"},
		Args: []Expr{l.Items[0], l.Items[1], r.Items[0], r.Items[1]}}
}

// anyName parses a name of an object that is no table or function: a
// collation or operator class.
func (p *parser) anyName() ObjectName {
	if p.tok().category() == reserved {
		p.unexpected()
		return ObjectName{}
	}
	first := p.tok()
	return p.objectNameFrom(first.loc(), p.label())
}
