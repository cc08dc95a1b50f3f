package parser

// over parses what follows OVER: a name, or a specification in parentheses.
func (p *parser) over() *WindowSpec {
	if !p.atPunct("(") {
		loc := p.loc()
		return &WindowSpec{Loc: loc, Ref: p.name(), RefOnly: true}
	}
	return p.windowSpec()
}

// windowSpec parses ( [name] [PARTITION BY …] [ORDER BY …] [frame] ).
func (p *parser) windowSpec() *WindowSpec {
	w := &WindowSpec{Loc: p.loc()}
	p.expectPunct("(")
	outer := p.enter()
	if t := p.tok(); t.isName() && !p.atWindowClause(t) {
		w.Ref = p.name()
	}
	if p.accept("partition", "by") {
		w.PartitionBy = p.exprList()
	}
	if p.accept("order") {
		p.expect("by")
		w.OrderBy = p.orderItems()
	}
	if p.at("range") || p.at("rows") || p.at("groups") {
		w.Frame = p.frame()
	}
	p.leave(outer)
	p.expectPunct(")")
	return w
}

// atWindowClause reports whether t begins a clause of a window, rather than
// being the name of another window.
func (p *parser) atWindowClause(t token) bool {
	switch t.text {
	case "partition":
		return t.kind == tokWord && p.ahead(1).isWord("by")
	case "range", "rows", "groups":
		return t.kind == tokWord && !p.ahead(1).isPunct(")")
	}
	return false
}

// frame parses {RANGE|ROWS|GROUPS} extent [EXCLUDE …].
func (p *parser) frame() *Frame {
	t := p.next()
	f := &Frame{Loc: t.loc()}
	switch t.text {
	case "rows":
		f.Mode = FrameRows
	case "groups":
		f.Mode = FrameGroups
	}
	if p.accept("between") {
		f.Start = p.frameBound()
		p.expect("and")
		f.End = p.frameBound()
	} else {
		f.Start = p.frameBound()
		f.End = FrameBound{Loc: f.Start.Loc, Kind: CurrentRow}
	}
	p.checkFrame(f, t)
	if p.accept("exclude") {
		switch {
		case p.accept("current", "row"):
			f.Exclude = ExcludeCurrentRow
		case p.accept("group"):
			f.Exclude = ExcludeGroup
		case p.accept("ties"):
			f.Exclude = ExcludeTies
		default:
			p.expect("no", "others")
		}
	}
	return f
}

// frameBound parses one end of a frame.
func (p *parser) frameBound() FrameBound {
	b := FrameBound{Loc: p.loc()}
	switch {
	case p.accept("unbounded", "preceding"):
		b.Kind = UnboundedPreceding
	case p.accept("unbounded", "following"):
		b.Kind = UnboundedFollowing
	case p.accept("current", "row"):
		b.Kind = CurrentRow
	default:
		b.Offset = p.expr()
		switch p.acceptAny("preceding", "following") {
		case "preceding":
			b.Kind = Preceding
		case "following":
			b.Kind = Following
		default:
			p.unexpected()
		}
	}
	return b
}

// checkFrame refuses frames that end before they start, by kind.
func (p *parser) checkFrame(f *Frame, t token) {
	var msg string
	switch s, e := f.Start.Kind, f.End.Kind; {
	case s == UnboundedFollowing:
		msg = "frame start cannot be UNBOUNDED FOLLOWING"
	case e == UnboundedPreceding:
		msg = "frame end cannot be UNBOUNDED PRECEDING"
	case s == CurrentRow && e == Preceding:
		msg = "frame starting from current row cannot have preceding rows"
	case s == Following && e == Preceding:
		msg = "frame starting from following row cannot have preceding rows"
	case s == Following && e == CurrentRow:
		msg = "frame starting from following row cannot end with current row"
	default:
		return
	}
	p.windowError(t, msg)
}
