package parser

// explain parses EXPLAIN [ANALYZE] [VERBOSE] stmt and EXPLAIN (options) stmt.
func (p *parser) explain() Stmt {
	n := &ExplainStmt{Loc: p.next().loc()}
	if p.atPunct("(") && !p.parensHoldQuery() {
		n.Options = p.optionList()
	} else {
		for _, w := range [...]string{"analyze", "verbose"} {
			if t := p.tok(); p.accept(w) || w == "analyze" && p.accept("analyse") {
				n.Options = append(n.Options, &Option{Loc: t.loc(), Name: w})
			}
		}
	}
	if t := p.tok(); t.isWord("explain") {
		p.unexpected()
	}
	n.Stmt = p.stmt()
	return n
}

// set parses SET ….
func (p *parser) set() Stmt {
	loc := p.next().loc()
	if p.accept("session", "characteristics", "as", "transaction") {
		return p.setTransaction(loc, true)
	}
	if p.at("transaction") && !p.ahead(1).isOp("=") && !p.ahead(1).isWord("to") {
		p.next()
		return p.setTransaction(loc, false)
	}
	if t := p.tok(); t.isWord("constraints") {
		p.unsupported(t, "SET CONSTRAINTS")
	}
	n := &SetStmt{Loc: loc}
	if p.ahead(1).isLabel() && !p.ahead(1).isWord("to") {
		switch p.acceptAny("session", "local") {
		case "local":
			n.Scope = SetLocal
		case "session":
			if p.accept("authorization") {
				n.Name = "session_authorization"
				n.Values = p.settingValues()
				return n
			}
		}
	}
	p.setName(n)
	return n
}

// setName parses the name and value of SET, or one of its special forms.
func (p *parser) setName(n *SetStmt) {
	special := p.ahead(1).isLabel() && !p.ahead(1).isWord("to") || p.ahead(1).kind == tokString
	switch {
	case special && p.accept("time", "zone"):
		n.Name = "timezone"
		p.setTimeZone(n)
	case special && p.accept("names"):
		n.Name = "client_encoding"
		n.Values = p.settingValues()
	case special && p.accept("schema"):
		n.Name = "search_path"
		n.Values = p.settingValues()
	case special && p.accept("role"):
		n.Name = "role"
		n.Values = p.settingValues()
	default:
		n.Name = foldCase(p.dottedName())
		if !p.accept("to") {
			p.expectOp("=")
		}
		n.Values = p.settingValues()
	}
}

// settingValues parses values separated by commas, nil for DEFAULT.
func (p *parser) settingValues() []OptionValue {
	if p.accept("default") {
		return nil
	}
	list := []OptionValue{p.optionValue()}
	for p.acceptPunct(",") {
		list = append(list, p.optionValue())
	}
	return list
}

// setTimeZone parses the value of SET TIME ZONE.
func (p *parser) setTimeZone(n *SetStmt) {
	t := p.tok()
	switch {
	case p.accept("local"):
	case t.isWord("interval"):
		lit, ok := p.typedLiteral().(*TypedLit)
		if !ok {
			p.unexpected()
			return
		}
		n.Values = []OptionValue{{Loc: t.loc(), Kind: OptionString, Text: "INTERVAL '" + lit.Value + "'"}}
	default:
		n.Values = p.settingValues()
	}
}

// settingName parses the name in SHOW and RESET.
func (p *parser) settingName() string {
	switch {
	case p.accept("time", "zone"):
		return "timezone"
	case p.accept("transaction", "isolation", "level"):
		return "transaction_isolation"
	case p.accept("session", "authorization"):
		return "session_authorization"
	}
	return foldCase(p.dottedName())
}

func (p *parser) show() Stmt {
	return &ShowStmt{Loc: p.next().loc(), Name: p.settingName()}
}

func (p *parser) reset() Stmt {
	return &ResetStmt{Loc: p.next().loc(), Name: p.settingName()}
}

// discard parses DISCARD.
func (p *parser) discard() Stmt {
	n := &DiscardStmt{Loc: p.next().loc()}
	n.What = p.acceptAny("all", "plans", "sequences", "temp", "temporary")
	switch n.What {
	case "":
		p.unexpected()
	case "temporary":
		n.What = "temp"
	}
	return n
}

// prepare parses PREPARE name [(types)] AS stmt.
func (p *parser) prepare() Stmt {
	t := p.next()
	if p.at("transaction") && p.ahead(1).kind == tokString {
		p.unsupported(t, "PREPARE TRANSACTION")
	}
	n := &PrepareStmt{Loc: t.loc(), Name: p.name()}
	if p.acceptPunct("(") {
		n.Types = []*TypeName{p.typeName()}
		for p.acceptPunct(",") {
			n.Types = append(n.Types, p.typeName())
		}
		p.expectPunct(")")
	}
	p.expect("as")
	start := p.tok()
	n.Stmt = p.preparable()
	n.SQL = p.textFrom(start)
	n.ParamCount, p.maxParam = p.maxParam, 0
	return n
}

// textFrom is the text from the token start to the last one read.
func (p *parser) textFrom(start token) string {
	if p.err != nil || p.prev().end <= start.start {
		return ""
	}
	return p.sql[start.start:p.prev().end]
}

// execute parses EXECUTE name [(args)].
func (p *parser) execute() Stmt {
	n := &ExecuteStmt{Loc: p.next().loc(), Name: p.name()}
	if p.atPunct("(") {
		n.Args = p.parenExprs()
	}
	return n
}

// deallocate parses DEALLOCATE [PREPARE] {name | ALL}.
func (p *parser) deallocate() Stmt {
	n := &DeallocateStmt{Loc: p.next().loc()}
	if t := p.ahead(1); t.isLabel() {
		p.accept("prepare")
	}
	if !p.accept("all") {
		n.Name = p.name()
	}
	return n
}
