package parser

// dottedName parses name.name, the name of a setting or option.
func (p *parser) dottedName() string {
	name := p.label()
	for p.atPunct(".") && p.ahead(1).isLabel() {
		p.next()
		name += "." + p.label()
	}
	return name
}

// optionList parses (name [=] value, …): storage parameters, options of COPY,
// EXPLAIN, CREATE MODEL….
func (p *parser) optionList() []*Option {
	var list []*Option
	p.expectPunct("(")
	for p.err == nil {
		list = append(list, p.option())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.expectPunct(")")
	return list
}

// option parses name, name value, name = value or name (values), where the
// values may be in square brackets too.
func (p *parser) option() *Option {
	o := &Option{Loc: p.loc(), Name: foldCase(p.dottedName())}
	equals := p.acceptOp("=")
	switch t := p.tok(); {
	case p.acceptPunct("("):
		p.optionValues(o, ")")
	case p.acceptPunct("["):
		p.optionValues(o, "]")
	case equals, t.kind != tokPunct && t.kind != tokEOF:
		o.Values = []OptionValue{p.optionValue()}
	}
	return o
}

// optionValues parses the values of a list up to the sign that closes it.
func (p *parser) optionValues(o *Option, end string) {
	o.List = true
	for p.err == nil {
		o.Values = append(o.Values, p.optionValue())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.expectPunct(end)
}

// optionValue parses a word, string, number or *.
func (p *parser) optionValue() OptionValue {
	t := p.tok()
	switch {
	case t.isLabel():
		p.next()
		return OptionValue{Loc: t.loc(), Kind: OptionWord, Text: t.text}
	case t.isOp("*"):
		p.next()
		return OptionValue{Loc: t.loc(), Kind: OptionWord, Text: "*"}
	case t.kind == tokString:
		p.next()
		return OptionValue{Loc: t.loc(), Kind: OptionString, Text: t.text}
	}
	return p.optionNumber()
}

// optionNumber parses a number with an optional sign.
func (p *parser) optionNumber() OptionValue {
	v := OptionValue{Loc: p.loc(), Kind: OptionNumber}
	switch {
	case p.acceptOp("-"):
		v.Text = "-"
	case p.acceptOp("+"):
	}
	t := p.tok()
	if t.kind != tokInteger && t.kind != tokDecimal {
		p.unexpected()
		return v
	}
	p.next()
	v.Text += t.text
	return v
}

// stringOption makes an option with a string for its value.
func stringOption(loc Loc, name, value string) *Option {
	return &Option{Loc: loc, Name: name, Values: []OptionValue{{Loc: loc, Kind: OptionString, Text: value}}}
}

// wordOption makes an option with a word for its value.
func wordOption(loc Loc, name, value string) *Option {
	return &Option{Loc: loc, Name: name, Values: []OptionValue{{Loc: loc, Kind: OptionWord, Text: value}}}
}
