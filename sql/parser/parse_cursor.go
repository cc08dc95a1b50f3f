package parser

// declare parses DECLARE name … CURSOR … FOR query.
func (p *parser) declare() Stmt {
	n := &DeclareStmt{Loc: p.next().loc(), Name: p.name()}
	for p.err == nil && !p.at("cursor") {
		switch {
		case p.accept("binary"):
			n.Binary = true
		case p.accept("insensitive"), p.accept("asensitive"):
		case p.accept("scroll"):
			n.Scroll = pointer(true)
		case p.accept("no", "scroll"):
			n.Scroll = pointer(false)
		default:
			p.unexpected()
		}
	}
	p.expect("cursor")
	if p.accept("with", "hold") {
		n.Hold = true
	} else {
		p.accept("without", "hold")
	}
	p.expect("for")
	start := p.tok()
	n.Query = p.query()
	n.SQL = p.textFrom(start)
	return n
}

// fetch parses FETCH and MOVE.
func (p *parser) fetch() Stmt {
	t := p.next()
	n := &FetchStmt{Loc: t.loc(), Move: t.text == "move", Count: 1}
	// A word at the end is the cursor, whatever it is.
	if next := p.ahead(1); next.kind != tokEOF && !next.isPunct(";") {
		p.fetchDirection(n)
		p.acceptAny("from", "in")
	}
	n.Cursor = p.name()
	return n
}

// fetchDirection parses how far FETCH goes, if that is said.
func (p *parser) fetchDirection(n *FetchStmt) {
	switch p.acceptAny("next", "prior", "first", "last", "absolute", "relative", "forward", "backward", "all") {
	case "next":
	case "prior":
		n.Direction = FetchBackward
	case "first":
		n.Direction = FetchAbsolute
	case "last":
		n.Direction, n.Count = FetchAbsolute, -1
	case "absolute":
		n.Direction, n.Count = FetchAbsolute, p.fetchCount()
	case "relative":
		n.Direction, n.Count = FetchRelative, p.fetchCount()
	case "forward":
		p.optFetchCount(n)
	case "backward":
		n.Direction = FetchBackward
		p.optFetchCount(n)
	case "all":
		n.All = true
	default:
		p.optFetchCount(n)
	}
}

// optFetchCount parses a number or ALL, if it is there.
func (p *parser) optFetchCount(n *FetchStmt) {
	switch t := p.tok(); {
	case p.accept("all"):
		n.All = true
	case t.kind == tokInteger, t.isOp("-"), t.isOp("+"):
		n.Count = p.fetchCount()
	}
}

// fetchCount parses a number with its sign.
func (p *parser) fetchCount() int64 {
	t := p.tok()
	v := p.optionNumber()
	if p.err != nil {
		return 0
	}
	n, err := parseInt(v.Text)
	if err != nil {
		p.syntaxError(t, "the row count %s is not an integer of 64 bits", v.Text)
	}
	return n
}

// closeCursor parses CLOSE {name | ALL}.
func (p *parser) closeCursor() Stmt {
	n := &CloseStmt{Loc: p.next().loc()}
	if !p.accept("all") {
		n.Name = p.name()
	}
	return n
}

// analyze parses ANALYZE [(options)] [VERBOSE] [tables].
func (p *parser) analyze() Stmt {
	n := &AnalyzeStmt{Loc: p.next().loc()}
	n.Options = p.maintenanceOptions("verbose")
	n.Tables = p.maintainedTables()
	return n
}

// vacuum parses VACUUM [(options) | FULL FREEZE VERBOSE ANALYZE] [tables].
func (p *parser) vacuum() Stmt {
	n := &VacuumStmt{Loc: p.next().loc()}
	n.Options = p.maintenanceOptions("full", "freeze", "verbose", "analyze")
	n.Tables = p.maintainedTables()
	return n
}

// maintenanceOptions parses an option list, or the words in this order.
func (p *parser) maintenanceOptions(words ...string) []*Option {
	if p.atPunct("(") {
		return p.optionList()
	}
	var list []*Option
	for _, w := range words {
		if t := p.tok(); p.accept(w) {
			list = append(list, &Option{Loc: t.loc(), Name: w})
		}
	}
	return list
}

// maintainedTables parses table [(columns)], …, or nothing.
func (p *parser) maintainedTables() []*MaintainedTable {
	if t := p.tok(); t.kind == tokEOF || t.isPunct(";") {
		return nil
	}
	var list []*MaintainedTable
	for p.err == nil {
		name := p.objectName()
		list = append(list, &MaintainedTable{Loc: name.Loc, Name: name, Columns: p.optParenIdents()})
		if !p.acceptPunct(",") {
			break
		}
	}
	return list
}
