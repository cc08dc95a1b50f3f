package parser

import "strings"

// stmt parses a statement of any kind.
func (p *parser) stmt() Stmt {
	outer := p.enter()
	s := p.anyStmt()
	p.leave(outer)
	return s
}

// statementWords are the words that begin a statement, for hints.
var statementWords = strings.Fields(`
abort alter analyze begin check checkpoint close comment commit copy create
deallocate declare delete discard drop end execute explain fetch from insert
listen move notify prepare release reset rollback savepoint select set show start table
truncate unlisten update vacuum values with`)

// unsupportedStatements begin statements that PostgreSQL, or DuckDB, has and
// this dialect has not.
var unsupportedStatements = wordSet(`
attach call cluster describe detach do grant import install load lock
merge pivot pragma reassign refresh reindex revoke security summarize
unpivot use`)

// anyStmt dispatches on the first word.
func (p *parser) anyStmt() Stmt {
	t := p.tok()
	if t.kind == tokWord {
		if s := p.queryOrChange(t); s != nil {
			return s
		}
		if s := p.definition(t); s != nil {
			return s
		}
		if s := p.transaction(t); s != nil {
			return s
		}
		if s := p.utility(t); s != nil {
			return s
		}
		if s := p.notification(t); s != nil {
			return s
		}
		if unsupportedStatements[t.text] && (p.ahead(1).isLabel() || p.ahead(1).kind == tokString || p.ahead(1).isPunct("(")) {
			p.unsupported(t, upper(t.text))
			return &CheckpointStmt{}
		}
	}
	if t.isPunct("(") {
		return p.query()
	}
	if p.trace != nil {
		for _, w := range statementWords {
			p.expected(0, w)
		}
	}
	p.unexpected()
	return &CheckpointStmt{}
}

// queryOrChange parses queries and changes of data, nil for other words.
func (p *parser) queryOrChange(t token) Stmt {
	switch t.text {
	case "select", "values", "table", "from":
		return p.query()
	case "with", "insert", "update", "delete":
		return p.preparable()
	case "truncate":
		return p.truncate()
	case "copy":
		return p.copy()
	}
	return nil
}

// definition parses changes of the catalog, nil for other words.
func (p *parser) definition(t token) Stmt {
	switch t.text {
	case "create":
		return p.create()
	case "drop":
		return p.drop()
	case "alter":
		return p.alter()
	case "comment":
		return p.comment()
	}
	return nil
}

// transaction parses transaction control, nil for other words.
func (p *parser) transaction(t token) Stmt {
	switch t.text {
	case "begin", "start":
		return p.begin()
	case "commit", "end":
		return p.commit()
	case "rollback", "abort":
		return p.rollback()
	case "savepoint":
		p.next()
		return &SavepointStmt{Loc: t.loc(), Name: p.name()}
	case "release":
		p.next()
		p.accept("savepoint")
		return &ReleaseStmt{Loc: t.loc(), Name: p.name()}
	case "prepare":
		return p.prepare()
	}
	return nil
}

// utility parses settings, cursors and maintenance, nil for other words.
func (p *parser) utility(t token) Stmt {
	switch t.text {
	case "explain":
		return p.explain()
	case "set":
		return p.set()
	case "show":
		return p.show()
	case "reset":
		return p.reset()
	case "discard":
		return p.discard()
	case "execute":
		return p.execute()
	case "deallocate":
		return p.deallocate()
	case "declare":
		return p.declare()
	case "fetch", "move":
		return p.fetch()
	case "close":
		return p.closeCursor()
	case "analyze", "analyse":
		return p.analyze()
	case "vacuum":
		return p.vacuum()
	case "check":
		return p.checkTable()
	case "checkpoint":
		p.next()
		return &CheckpointStmt{Loc: t.loc()}
	}
	return nil
}

// preparable parses a query or INSERT, UPDATE, DELETE, with WITH or without.
func (p *parser) preparable() Stmt {
	loc := p.loc()
	var with *With
	if p.at("with") {
		with = p.with()
	}
	switch t := p.tok(); {
	case p.at("insert"):
		return p.insert(loc, with)
	case p.at("update"):
		return p.update(loc, with)
	case p.at("delete"):
		return p.delete(loc, with)
	case t.isWord("merge"):
		p.unsupported(t, "MERGE")
	}
	return p.queryWith(loc, with)
}

// upper writes a keyword as messages do.
func upper(word string) string { return strings.ToUpper(word) }
