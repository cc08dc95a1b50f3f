package parser

// copy parses COPY.
func (p *parser) copy() Stmt {
	n := &CopyStmt{Loc: p.next().loc()}
	if p.acceptPunct("(") {
		n.Query = p.preparable()
		p.expectPunct(")")
	} else {
		if p.at("binary") {
			n.Options = append(n.Options, wordOption(p.next().loc(), "format", "binary"))
		}
		name := p.objectName()
		n.Table = &name
		n.Columns = p.optParenIdents()
	}
	if p.accept("from") {
		n.From = true
		if n.Query != nil {
			p.unexpectedAt(p.prev())
		}
	} else {
		p.expect("to")
	}
	p.copyFile(n)
	if t := p.tok(); p.accept("using", "delimiters") || p.accept("delimiters") {
		n.Options = append(n.Options, stringOption(t.loc(), "delimiter", p.stringConst()))
	}
	with := p.accept("with")
	switch {
	case p.atPunct("("):
		n.Options = append(n.Options, p.optionList()...)
	default:
		before := len(n.Options)
		p.oldCopyOptions(n)
		if with && len(n.Options) == before {
			p.unexpected()
		}
	}
	if n.From {
		n.Where = p.optWhere()
	}
	return n
}

// copyFile parses the file, STDIN or STDOUT. As in PostgreSQL the two words
// mean the same.
func (p *parser) copyFile(n *CopyStmt) {
	if t := p.tok(); t.isWord("program") {
		p.unsupported(t, "COPY PROGRAM")
	}
	if p.acceptAny("stdin", "stdout") != "" {
		n.Stdio = true
		return
	}
	n.File = p.stringConst()
}

// oldCopyOptions parses the options without parentheses, from before
// PostgreSQL 9.0, into the names of today.
func (p *parser) oldCopyOptions(n *CopyStmt) {
	for p.err == nil {
		t := p.tok()
		var o *Option
		switch word := p.acceptAny("csv", "binary", "header", "freeze", "delimiter", "null", "quote", "escape", "encoding", "force"); word {
		case "csv", "binary":
			o = wordOption(t.loc(), "format", word)
		case "header", "freeze":
			o = &Option{Loc: t.loc(), Name: word}
		case "delimiter", "null", "quote", "escape":
			p.accept("as")
			o = stringOption(t.loc(), word, p.stringConst())
		case "encoding":
			o = stringOption(t.loc(), word, p.stringConst())
		case "force":
			o = p.forceOption(t)
		default:
			return
		}
		n.Options = append(n.Options, o)
	}
}

// forceOption parses what follows FORCE: QUOTE, NOT NULL or NULL with columns.
func (p *parser) forceOption(t token) *Option {
	o := &Option{Loc: t.loc(), List: true}
	switch {
	case p.accept("quote"):
		o.Name = "force_quote"
	case p.accept("not", "null"):
		o.Name = "force_not_null"
	default:
		p.expect("null")
		o.Name = "force_null"
	}
	if star := p.tok(); p.acceptOp("*") {
		o.List = false
		o.Values = []OptionValue{{Loc: star.loc(), Text: "*"}}
		return o
	}
	for _, id := range p.identList() {
		o.Values = append(o.Values, OptionValue{Loc: id.Loc, Text: id.Name})
	}
	return o
}
