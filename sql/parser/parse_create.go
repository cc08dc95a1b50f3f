package parser

// create parses CREATE ….
func (p *parser) create() Stmt {
	loc := p.next().loc()
	replace := p.accept("or", "replace")
	t := p.tok()
	persistence := p.persistence()
	switch kind := p.tok(); {
	case p.accept("table"):
		return p.createTable(loc, replace, persistence)
	case p.at("view") || p.at("recursive", "view") || p.at("materialized", "view"):
		return p.createView(loc, replace, persistence)
	case persistence != Permanent && !p.at("sequence"):
		p.unexpected()
	case p.accept("model"):
		return p.createModel(loc, replace)
	case replace:
		if unsupportedObjects[kind.text] {
			p.unsupported(kind, "CREATE OR REPLACE "+upper(kind.text))
		}
		p.unexpected()
	case p.accept("sequence"):
		return p.createSequence(loc, persistence)
	case p.at("unique", "index") || p.at("index"):
		return p.createIndex(loc)
	case p.accept("schema"):
		return p.createSchema(loc)
	case p.accept("type"):
		return p.createType(loc)
	case unsupportedObjects[kind.text] && kind.kind == tokWord:
		p.unsupported(kind, "CREATE "+upper(kind.text))
	default:
		p.unexpected()
	}
	return &CreateSchemaStmt{Loc: t.loc()}
}

// unsupportedObjects are kinds of objects that PostgreSQL has and this dialect
// has not.
var unsupportedObjects = wordSet(`
access aggregate cast collation constraint conversion database domain event
extension foreign function group language operator policy procedure
publication role rule server statistics subscription tablespace text
transform trigger user`)

// persistence parses [GLOBAL|LOCAL] TEMP|TEMPORARY and UNLOGGED.
func (p *parser) persistence() Persistence {
	if p.accept("unlogged") {
		return Unlogged
	}
	scope := p.acceptAny("global", "local") != ""
	if p.acceptAny("temp", "temporary") != "" {
		return Temporary
	}
	if scope {
		p.unexpected()
	}
	return Permanent
}

// ifNotExists parses IF NOT EXISTS.
func (p *parser) ifNotExists() bool {
	return p.tok().isWord("if") && p.ahead(1).isWord("not") && p.accept("if", "not", "exists")
}

// ifExists parses IF EXISTS.
func (p *parser) ifExists() bool { return p.accept("if", "exists") }

// createView parses CREATE VIEW and CREATE MATERIALIZED VIEW.
func (p *parser) createView(loc Loc, replace bool, persistence Persistence) Stmt {
	n := &CreateViewStmt{Loc: loc, OrReplace: replace, Persistence: persistence}
	n.Recursive = p.accept("recursive")
	n.Materialized = p.accept("materialized")
	p.expect("view")
	n.IfNotExists = p.ifNotExists()
	n.Name = p.objectName()
	n.Columns = p.optParenIdents()
	if p.accept("with") {
		n.Options = p.optionList()
	}
	p.expect("as")
	n.Query = p.query()
	switch {
	case n.Materialized:
		n.WithNoData = p.withNoData()
	case p.accept("with"):
		n.CheckOption = "cascaded"
		if w := p.acceptAny("local", "cascaded"); w != "" {
			n.CheckOption = w
		}
		p.expect("check", "option")
	}
	return n
}

// withNoData parses WITH [NO] DATA.
func (p *parser) withNoData() bool {
	if p.accept("with", "no", "data") {
		return true
	}
	p.accept("with", "data")
	return false
}

// createIndex parses CREATE [UNIQUE] INDEX.
func (p *parser) createIndex(loc Loc) Stmt {
	n := &CreateIndexStmt{Loc: loc, Unique: p.accept("unique")}
	p.expect("index")
	n.Concurrently = p.accept("concurrently")
	n.IfNotExists = p.ifNotExists()
	if !p.at("on") || n.IfNotExists { // what may be there already has a name
		n.Name = p.objectName()
	}
	p.expect("on")
	p.accept("only")
	n.Table = p.objectName()
	if p.accept("using") {
		n.Method = p.name()
	}
	p.expectPunct("(")
	n.Elems = p.indexElems()
	p.expectPunct(")")
	if p.accept("include") {
		n.Include = p.parenIdents()
	}
	n.NullsNotDistinct = p.nullsNotDistinct()
	if p.accept("with") {
		n.Options = p.optionList()
	}
	p.noTablespace()
	n.Where = p.optWhere()
	return n
}

// nullsNotDistinct parses NULLS [NOT] DISTINCT.
func (p *parser) nullsNotDistinct() bool {
	if p.accept("nulls", "not", "distinct") {
		return true
	}
	p.accept("nulls", "distinct")
	return false
}

// noTablespace refuses TABLESPACE.
func (p *parser) noTablespace() {
	if t := p.tok(); t.isWord("tablespace") {
		p.unsupported(t, "TABLESPACE")
	}
}

// indexElems parses the keys of an index.
func (p *parser) indexElems() []*IndexElem {
	list := []*IndexElem{p.indexElem()}
	for p.acceptPunct(",") {
		list = append(list, p.indexElem())
	}
	return list
}

// indexElem parses a column, a call or an expression in parentheses, with
// COLLATE, an operator class, and its direction.
func (p *parser) indexElem() *IndexElem {
	n := &IndexElem{Loc: p.loc()}
	n.Expr = p.primary(p.tok())
	if p.accept("collate") {
		name := p.anyName()
		n.Collation = &name
	}
	if t := p.tok(); t.isName() && !t.isWord("nulls") {
		name := p.objectName()
		n.OpClass = &name
	}
	n.Desc, n.Nulls = p.sortDirection()
	return n
}

// createSchema parses what follows CREATE SCHEMA.
func (p *parser) createSchema(loc Loc) Stmt {
	n := &CreateSchemaStmt{Loc: loc, IfNotExists: p.ifNotExists()}
	if !p.at("authorization") {
		n.Name = p.ident()
	}
	if t := p.tok(); p.accept("authorization") {
		n.Owner = p.role()
		if n.Name.Name == "" {
			n.Name = Ident{Loc: t.loc(), Name: n.Owner}
		}
	}
	return n
}

// role parses a role: a name or CURRENT_USER and its like.
func (p *parser) role() string {
	if t := p.tok(); t.kind == tokWord && keywordFunctions[t.text] {
		return p.next().text
	}
	return p.name()
}

// createType parses what follows CREATE TYPE: an enum.
func (p *parser) createType(loc Loc) Stmt {
	n := &CreateEnumStmt{Loc: loc, Name: p.objectName()}
	t := p.tok()
	if !p.accept("as", "enum") {
		if t.isPunct("(") || t.isPunct(";") || t.kind == tokEOF || p.at("as") {
			p.unsupported(t, "CREATE TYPE other than AS ENUM")
		}
		p.unexpected()
		return n
	}
	p.expectPunct("(")
	for p.err == nil && !p.atPunct(")") {
		l := p.loc()
		n.Labels = append(n.Labels, &StringLit{Loc: l, Value: p.stringConst()})
		if !p.acceptPunct(",") {
			break
		}
	}
	p.expectPunct(")")
	return n
}

// createSequence parses what follows CREATE SEQUENCE.
func (p *parser) createSequence(loc Loc, persistence Persistence) Stmt {
	n := &CreateSequenceStmt{Loc: loc, Persistence: persistence, IfNotExists: p.ifNotExists()}
	n.Name = p.objectName()
	n.Options = p.sequenceOptions()
	return n
}

// sequenceOptions parses the options of a sequence: AS type, INCREMENT BY,
// MINVALUE, MAXVALUE, START WITH, CACHE, CYCLE, OWNED BY and their NO forms.
// Those with NO have the value "no".
func (p *parser) sequenceOptions() []*Option {
	var list []*Option
	for p.err == nil {
		t := p.tok()
		o := &Option{Loc: t.loc(), Name: t.text}
		switch {
		case p.accept("increment"):
			p.accept("by")
			o.Values = []OptionValue{p.optionNumber()}
		case p.accept("start"), p.accept("restart"):
			p.accept("with")
			if o.Name == "start" || p.tok().kind == tokInteger || p.tok().isOp("-") {
				o.Values = []OptionValue{p.optionNumber()}
			}
		case p.accept("minvalue"), p.accept("maxvalue"), p.accept("cache"):
			o.Values = []OptionValue{p.optionNumber()}
		case p.accept("cycle"):
		case p.at("no") && (p.ahead(1).isWord("minvalue") || p.ahead(1).isWord("maxvalue") || p.ahead(1).isWord("cycle")):
			p.next()
			o.Name = p.next().text
			o.Values = []OptionValue{{Loc: t.loc(), Kind: OptionWord, Text: "no"}}
		case p.accept("as"):
			o.Values = []OptionValue{{Loc: p.loc(), Kind: OptionWord, Text: p.label()}}
		case p.at("owned", "by"):
			p.next()
			p.next()
			o.Values = []OptionValue{{Loc: p.loc(), Kind: OptionWord, Text: p.dottedName()}}
		default:
			return list
		}
		list = append(list, o)
	}
	return list
}

// createModel parses what follows CREATE MODEL.
func (p *parser) createModel(loc Loc, replace bool) Stmt {
	n := &CreateModelStmt{Loc: loc, OrReplace: replace, IfNotExists: p.ifNotExists()}
	n.Name = p.objectName()
	if p.accept("transform") {
		p.expectPunct("(")
		n.Transform = p.targets()
		p.expectPunct(")")
	}
	if p.accept("predict") {
		n.Target = p.ident()
	}
	if p.accept("partition", "by") {
		n.PartitionBy = p.exprList()
	}
	p.expect("using")
	n.Algorithm = Ident{Loc: p.loc(), Name: p.label()}
	if p.accept("with") {
		n.Options = p.optionList()
	}
	n.MaintainContinuously = p.accept("maintain", "continuously")
	p.expect("as")
	n.Query = p.query()
	return n
}

// checkTable parses CHECK TABLE.
func (p *parser) checkTable() Stmt {
	n := &CheckTableStmt{Loc: p.next().loc()}
	p.expect("table")
	n.Tables = p.objectNames()
	return n
}
