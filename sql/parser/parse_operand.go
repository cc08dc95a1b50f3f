package parser

import (
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
)

// operand parses a prefix operator with its operand, or a primary expression
// with the subscripts, fields and casts behind it.
func (p *parser) operand() Expr {
	p.expectedOperand()
	t := p.tok()
	switch {
	case t.kind == tokOp:
		return p.prefixOp(t)
	case t.isWord("not"):
		p.next()
		return &UnaryExpr{Loc: t.loc(), Op: "not", Operand: p.exprPrec(precNot)}
	}
	return p.postfix(p.primary(t))
}

// prefixOp parses an operator in front of its operand.
func (p *parser) prefixOp(t token) Expr {
	prec := precOther + 1
	switch t.text {
	case "+", "-":
		prec = precUnary
	case "*", "/", "%", "^", "=", "<", ">", "<=", ">=", "<>":
		p.unexpected()
	case "`":
		p.syntaxError(t, "syntax error at or near \"`\"").
			WithHint("A name with special characters is written in double quotes.")
	}
	p.next()
	return &UnaryExpr{Loc: t.loc(), Op: t.text, Operand: p.exprPrec(prec)}
}

// postfix parses [subscripts], .fields and ::casts.
func (p *parser) postfix(e Expr) Expr {
	for p.err == nil {
		switch t := p.tok(); {
		case t.kind != tokPunct:
			return e
		case t.text == "[":
			e = p.subscript(e)
		case t.text == "::":
			p.next()
			e = &CastExpr{Loc: at(e), Operand: e, Type: p.typeName()}
		case t.text == "." && p.takesField(e):
			p.next()
			if p.acceptOp("*") {
				return &Star{Loc: at(e), Of: e}
			}
			e = &FieldExpr{Loc: at(e), Operand: e, Field: p.label()}
		default:
			return e
		}
		p.grow()
	}
	return e
}

// takesField reports whether a field may follow e, which was just read: after
// another field, a parenthesis, a subscript or a parameter.
func (p *parser) takesField(e Expr) bool {
	if _, ok := e.(*FieldExpr); ok {
		return true
	}
	t := p.prev()
	return t.isPunct(")") || t.isPunct("]") || t.kind == tokParam
}

// subscript parses [i] or [lo:hi].
func (p *parser) subscript(e Expr) Expr {
	p.next()
	n := &IndexExpr{Loc: at(e), Operand: e}
	if !p.atPunct(":") {
		n.Index = p.expr()
	}
	if p.acceptPunct(":") {
		n.Slice = true
		if !p.atPunct("]") {
			n.Upper = p.expr()
		}
	}
	p.expectPunct("]")
	return n
}

// primary parses a constant, parameter, name, call or parenthesised form.
func (p *parser) primary(t token) Expr {
	switch t.kind {
	case tokWord:
		return p.primaryWord(t)
	case tokQuotedIdent:
		return p.nameOrCall()
	case tokInteger, tokDecimal:
		p.next()
		return &NumberLit{Loc: t.loc(), Text: t.text, Integer: t.kind == tokInteger}
	case tokString:
		p.next()
		return &StringLit{Loc: t.loc(), Value: t.text}
	case tokBits, tokHex:
		p.next()
		return &BitStringLit{Loc: t.loc(), Hex: t.kind == tokHex, Digits: t.text}
	case tokParam, tokQuestion:
		return p.param()
	case tokPunct:
		switch t.text {
		case "(":
			e, query := p.paren()
			if query != nil {
				return &SubqueryExpr{Loc: t.loc(), Query: query}
			}
			return e
		case "[":
			return p.arrayItems(t.loc())
		}
	}
	p.unexpected()
	return &NullLit{Loc: t.loc()}
}

// param parses $n or ?. A statement uses one of the two forms.
func (p *parser) param() Expr {
	t := p.next()
	n := &Param{Loc: t.loc()}
	if t.kind == tokQuestion {
		p.questionParams++
		n.Number = p.questionParams
	} else {
		p.dollarParams = true
		number, err := strconv.Atoi(t.text)
		if err != nil || number < 1 || number > maxParam {
			p.fail(sqlstate.New(sqlstate.UndefinedParameter, "there is no parameter $%s", t.text).
				WithHint("Parameters are numbered from $1 to $%d.", maxParam), t)
		}
		n.Number = number
	}
	if p.dollarParams && p.questionParams > 0 {
		p.syntaxError(t, "a statement cannot mix the parameters ? and $%d", max(n.Number, 1)).
			WithHint("Write all parameters as ?, or all as $1, $2….")
	}
	if n.Number > maxParam {
		p.fail(sqlstate.New(sqlstate.ProgramLimitExceeded, "a statement cannot have more than %d parameters", maxParam), t)
	}
	p.maxParam = max(p.maxParam, n.Number)
	return n
}

// primaryWord parses what begins with an unquoted word.
func (p *parser) primaryWord(t token) Expr {
	switch t.text {
	case "null":
		p.next()
		return &NullLit{Loc: t.loc()}
	case "true", "false":
		p.next()
		return &BoolLit{Loc: t.loc(), Value: t.text == "true"}
	case "case":
		return p.caseExpr()
	case "cast":
		return p.cast()
	case "array":
		return p.array()
	}
	if p.ahead(1).isPunct("(") {
		if e := p.specialCall(t); e != nil {
			return e
		}
	}
	if keywordFunctions[t.text] {
		if e := p.keywordCall(t); e != nil {
			return e
		}
	}
	if typeWords[t.text] {
		if e := p.typedLiteral(); e != nil {
			return e
		}
	}
	return p.nameOrCall()
}

// nameOrCall parses a column reference, t.*, a function call, or a type name
// before a string constant.
func (p *parser) nameOrCall() Expr {
	t := p.tok()
	parts := p.nameParts(t)
	switch next := p.tok(); {
	case p.err != nil:
		return &NullLit{Loc: t.loc()}
	case next.isPunct("("):
		return p.call(p.objectNameOf(t.loc(), parts))
	case next.kind == tokString:
		name := p.objectNameOf(t.loc(), parts)
		typ := &TypeName{Loc: t.loc(), Catalog: name.Catalog, Schema: name.Schema, Name: name.Name}
		if strings.HasPrefix(typ.Name, "reg") {
			// What names an object has one form: 't'::regclass.
			lit := p.next()
			return &CastExpr{Loc: t.loc(), Operand: &StringLit{Loc: lit.loc(), Value: lit.text}, Type: typ}
		}
		return &TypedLit{Loc: t.loc(), Type: typ, Value: p.next().text}
	case next.isPunct(".") && p.ahead(1).isOp("*"):
		p.next()
		p.next()
		return &Star{Loc: t.loc(), Qualifier: parts}
	case next.isPunct("."):
		p.next()
		p.unexpected()
	case len(parts) > 4:
		p.syntaxError(t, "improper qualified name (too many dotted names)")
	case len(parts) == 1 && !t.isName():
		p.unexpectedAt(p.prev())
	}
	return &ColumnRef{Loc: t.loc(), Parts: parts}
}

// nameParts parses name.name.name; the first may be a column or function name.
func (p *parser) nameParts(t token) []string {
	if !t.isName() && t.category() != typeFuncName {
		p.unexpected()
		return nil
	}
	parts := []string{p.next().text}
	for p.tok().isPunct(".") && p.ahead(1).isLabel() {
		p.next()
		parts = append(parts, p.next().text)
	}
	return parts
}

// paren parses ( … ): an expression, a row, or a query.
func (p *parser) paren() (Expr, *SelectStmt) {
	loc := p.loc()
	p.expectPunct("(")
	outer := p.enter()
	e, query := p.exprOrQuery()
	switch {
	case query != nil && !p.atPunct(","):
		e = nil
	case query != nil:
		e = &SubqueryExpr{Loc: at(query), Query: query}
		fallthrough
	default:
		query = nil
		if p.atPunct(",") {
			e = p.rowRest(loc, e)
		}
	}
	p.expectPunct(")")
	p.leave(outer)
	return e, query
}

// rowRest parses the items of a row after the first.
func (p *parser) rowRest(loc Loc, first Expr) Expr {
	row := &RowExpr{Loc: loc, Items: []Expr{first}}
	for p.acceptPunct(",") {
		row.Items = append(row.Items, p.expr())
	}
	return row
}

// exprOrQuery parses what stands in parentheses where both an expression and
// a query may: exactly one result is not nil. A query in parentheses of its
// own, ((SELECT 1)), is a query, unless the parentheses are an operand, as in
// ((SELECT 1) + 1).
func (p *parser) exprOrQuery() (Expr, *SelectStmt) {
	if p.atQuery() {
		return nil, p.query()
	}
	if !p.atPunct("(") || !p.parensHoldQuery() {
		return p.expr(), nil
	}
	loc := p.loc()
	e, query := p.paren()
	if query == nil {
		return p.exprRest(p.postfix(e), precNone), nil
	}
	if p.atQueryRest() {
		return nil, p.queryRest(loc, nil, operandBody(query))
	}
	sub := &SubqueryExpr{Loc: loc, Query: query}
	if e = p.exprRest(p.postfix(sub), precNone); e == Expr(sub) {
		return nil, query
	}
	return e, nil
}

// parensHoldQuery reports whether the parentheses here are followed by the
// beginning of a query.
func (p *parser) parensHoldQuery() bool {
	at := p.index()
	if at < p.parens.end {
		return p.parens.query
	}
	for i := 0; i <= maxDepth; i++ {
		if !p.ahead(i).isPunct("(") {
			p.parens = parenRun{end: at + i, query: p.queryAhead(i)}
			return p.parens.query
		}
	}
	return false
}

// parenRun is a run of opening parentheses up to the token with the number end,
// and whether a query begins there: each of them asks.
type parenRun struct {
	end   int
	query bool
}

// caseExpr parses CASE … END.
func (p *parser) caseExpr() Expr {
	n := &CaseExpr{Loc: p.next().loc()}
	if !p.at("when") {
		n.Operand = p.expr()
	}
	for p.at("when") {
		w := &When{Loc: p.next().loc(), Cond: p.expr()}
		p.expect("then")
		w.Result = p.expr()
		n.Whens = append(n.Whens, w)
	}
	if len(n.Whens) == 0 {
		p.unexpected()
	}
	if p.accept("else") {
		n.Else = p.expr()
	}
	p.expect("end")
	return n
}

// cast parses CAST(x AS t).
func (p *parser) cast() Expr {
	n := &CastExpr{Loc: p.next().loc()}
	p.expectPunct("(")
	n.Operand = p.expr()
	p.expect("as")
	n.Type = p.typeName()
	p.expectPunct(")")
	return n
}

// array parses ARRAY[…] and ARRAY(query).
func (p *parser) array() Expr {
	loc := p.next().loc()
	if p.acceptPunct("(") {
		n := &ArrayExpr{Loc: loc, Query: p.query()}
		p.expectPunct(")")
		return n
	}
	if !p.atPunct("[") {
		p.unexpected()
	}
	return p.arrayItems(loc)
}

// arrayItems parses [ … ], where an item may be such a list itself.
func (p *parser) arrayItems(loc Loc) *ArrayExpr {
	n := &ArrayExpr{Loc: loc}
	p.expectPunct("[")
	if p.acceptPunct("]") {
		return n
	}
	outer := p.enter()
	for {
		n.Items = append(n.Items, p.expr())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.expectPunct("]")
	p.leave(outer)
	return n
}
