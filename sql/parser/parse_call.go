package parser

// keywordFunctions are the functions that are called without parentheses. The
// value is always true.
var keywordFunctions = wordSet(`
current_catalog current_date current_role current_schema current_time
current_timestamp current_user localtime localtimestamp session_user
system_user user`)

// keywordCall parses CURRENT_DATE and its like; the time functions may have a
// precision. It returns nil for current_schema(), an ordinary call.
func (p *parser) keywordCall(t token) Expr {
	c := &FuncCall{Loc: t.loc(), Form: FormKeyword, Name: ObjectName{Loc: t.loc(), Name: t.text}}
	paren := p.ahead(1).isPunct("(")
	switch t.text {
	case "current_schema":
		if paren {
			return nil
		}
	case "current_time", "current_timestamp", "localtime", "localtimestamp":
		if paren && p.ahead(2).kind == tokInteger {
			p.next()
			p.next()
			n := p.next()
			c.Args = []Expr{&NumberLit{Loc: n.loc(), Text: n.text, Integer: true}}
			p.expectPunct(")")
			return c
		}
	}
	p.next()
	return c
}

// specialCall parses the forms that only look like calls; t is followed by a
// parenthesis. It returns nil when t begins none.
func (p *parser) specialCall(t token) Expr {
	if p.ordinaryArgs() {
		return nil
	}
	switch t.text {
	case "exists":
		p.next()
		p.next()
		n := &ExistsExpr{Loc: t.loc()}
		var e Expr
		if e, n.Query = p.exprOrQuery(); e != nil {
			p.unexpected()
		}
		p.expectPunct(")")
		return n
	case "row":
		p.next()
		p.next()
		n := &RowExpr{Loc: t.loc(), Explicit: true}
		if !p.atPunct(")") {
			n.Items = p.exprList()
		}
		p.expectPunct(")")
		return n
	case "extract":
		return p.extract(t)
	case "substring":
		return p.substring(t)
	case "position":
		return p.position(t)
	case "trim":
		return p.trim(t)
	case "overlay":
		return p.overlay(t)
	case "treat", "xmlparse", "xmlserialize", "xmlelement", "xmlforest", "xmlpi", "xmlroot",
		"xmltable", "xmlexists", "json_table", "try_cast":
		p.unsupported(t, upper(t.text))
	}
	return nil
}

// ordinaryArgs reports whether the arguments two tokens ahead begin in a way
// that only an ordinary call has.
func (p *parser) ordinaryArgs() bool {
	switch t := p.ahead(2); {
	case t.isWord("distinct"), t.isWord("all"), t.isWord("variadic"), t.isWord("table") && p.ahead(4).isPunct(")"):
		return true
	case t.isOp("*"):
		return true
	}
	sign := p.ahead(3)
	return sign.isPunct("=>") || sign.isPunct(":=")
}

// startCall skips the name and the parenthesis of a call with syntax of its own.
func (p *parser) startCall(t token) *FuncCall {
	p.next()
	p.expectPunct("(")
	return &FuncCall{Loc: t.loc(), Name: ObjectName{Loc: t.loc(), Name: t.text}}
}

// endCall finishes it as an ordinary call whose first argument was read.
func (p *parser) endCall(c *FuncCall, first Expr) Expr {
	c.Args = append(c.Args, first)
	p.callArgsRest(c)
	p.callSuffix(c)
	return c
}

// extract parses EXTRACT(field FROM x).
func (p *parser) extract(t token) Expr {
	c := p.startCall(t)
	f := p.tok()
	if !p.ahead(1).isWord("from") || !f.isLabel() && f.kind != tokString {
		return p.endCall(c, p.expr())
	}
	p.next()
	p.next()
	c.Form = FormExtract
	c.Args = []Expr{&StringLit{Loc: f.loc(), Value: f.text}, p.expr()}
	p.expectPunct(")")
	return c
}

// substring parses SUBSTRING(x FROM a FOR b), in either order.
func (p *parser) substring(t token) Expr {
	c := p.startCall(t)
	if p.atPunct(")") {
		p.next()
		return c
	}
	x := p.expr()
	if s := p.tok(); s.isWord("similar") {
		p.unsupported(s, "SUBSTRING with SIMILAR")
	}
	var from, count Expr
	for from == nil && p.at("from") || count == nil && p.at("for") {
		if p.next().isWord("from") {
			from = p.expr()
		} else {
			count = p.expr()
		}
	}
	if from == nil && count == nil {
		return p.endCall(c, x)
	}
	c.Form = FormSubstring
	if from == nil {
		from = &NumberLit{Loc: at(count), Text: "1", Integer: true}
	}
	c.Args = []Expr{x, from}
	if count != nil {
		c.Args = append(c.Args, count)
	}
	p.expectPunct(")")
	return c
}

// position parses POSITION(a IN b).
func (p *parser) position(t token) Expr {
	c := p.startCall(t)
	if p.atPunct(")") {
		p.next()
		return c
	}
	a := p.exprPrec(precLike + 1)
	if !p.accept("in") {
		return p.endCall(c, p.exprRest(a, precNone))
	}
	c.Form = FormPosition
	c.Args = []Expr{p.exprPrec(precLike + 1), a}
	p.expectPunct(")")
	return c
}

// trim parses TRIM([BOTH|LEADING|TRAILING] [[chars] FROM] x).
func (p *parser) trim(t token) Expr {
	c := p.startCall(t)
	c.Form = FormTrim
	switch p.acceptAny("both", "leading", "trailing") {
	case "leading":
		c.Name.Name = "ltrim"
	case "trailing":
		c.Name.Name = "rtrim"
	default:
		c.Name.Name = "btrim"
	}
	var chars []Expr
	if !p.at("from") {
		chars = p.exprList()
	}
	switch {
	case !p.accept("from"):
		c.Args = chars
	case len(chars) > 1:
		p.unexpected()
	default:
		c.Args = append(p.exprList(), chars...)
	}
	if len(c.Args) > 2 {
		p.syntaxError(t, "TRIM takes a string and the characters to remove")
	}
	p.expectPunct(")")
	return c
}

// overlay parses OVERLAY(x PLACING y FROM a [FOR b]).
func (p *parser) overlay(t token) Expr {
	c := p.startCall(t)
	if p.atPunct(")") {
		p.next()
		return c
	}
	x := p.expr()
	if !p.accept("placing") {
		return p.endCall(c, x)
	}
	c.Form = FormOverlay
	c.Args = []Expr{x, p.expr()}
	p.expect("from")
	c.Args = append(c.Args, p.expr())
	if p.accept("for") {
		c.Args = append(c.Args, p.expr())
	}
	p.expectPunct(")")
	return c
}

// call parses the arguments of an ordinary call and what may follow it.
func (p *parser) call(name ObjectName) *FuncCall {
	c := &FuncCall{Loc: name.Loc, Name: name}
	p.expectPunct("(")
	outer := p.enter()
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
	p.callSuffix(c)
	return c
}

// callArgs parses [DISTINCT] args [ORDER BY …] ).
func (p *parser) callArgs(c *FuncCall) {
	c.Distinct = p.acceptAny("distinct", "all") == "distinct"
	p.callArg(c)
	p.callArgsRest(c)
}

// callArgsRest parses them after the first argument.
func (p *parser) callArgsRest(c *FuncCall) {
	for p.acceptPunct(",") {
		p.callArg(c)
	}
	if p.accept("order") {
		p.expect("by")
		c.OrderBy = p.orderItems()
	}
	p.nullTreatment(c)
	p.expectPunct(")")
}

// callArg parses one argument: an expression, name => expression, TABLE t, or
// VARIADIC with the last one.
func (p *parser) callArg(c *FuncCall) {
	if c.Variadic {
		p.unexpected()
	}
	t := p.tok()
	if p.accept("variadic") {
		c.Variadic = true
		t = p.tok()
	}
	switch sign := p.ahead(1); {
	case t.isWord("table"):
		p.next()
		c.Args = append(c.Args, &TableArg{Loc: t.loc(), Table: p.objectName()})
	case t.isLabel() && (sign.isPunct("=>") || sign.isPunct(":=")):
		if t.category() == reserved {
			p.unexpected()
		}
		p.next()
		p.next()
		n := &NamedArg{Loc: t.loc(), Name: t.text}
		if arg := p.tok(); p.accept("table") {
			n.Value = &TableArg{Loc: arg.loc(), Table: p.objectName()}
		} else {
			n.Value = p.expr()
		}
		c.Args = append(c.Args, n)
	default:
		c.Args = append(c.Args, p.expr())
	}
}

// nullTreatment parses IGNORE NULLS and RESPECT NULLS.
func (p *parser) nullTreatment(c *FuncCall) {
	switch {
	case p.accept("ignore", "nulls"):
		c.Nulls = IgnoreNulls
	case p.accept("respect", "nulls"):
		c.Nulls = RespectNulls
	}
}

// callSuffix parses WITHIN GROUP, FILTER, the null treatment and OVER.
func (p *parser) callSuffix(c *FuncCall) {
	if p.tok().kind != tokWord {
		return
	}
	if p.at("within", "group") {
		p.next()
		p.next()
		p.expectPunct("(")
		p.expect("order", "by")
		c.WithinGroup = p.orderItems()
		p.expectPunct(")")
	}
	if p.at("filter") && p.ahead(1).isPunct("(") {
		p.next()
		p.next()
		p.expect("where")
		c.Filter = p.expr()
		p.expectPunct(")")
	}
	p.nullTreatment(c)
	if p.at("over") && (p.ahead(1).isPunct("(") || p.ahead(1).isName()) {
		p.next()
		c.Over = p.over()
	}
}
