package parser

import (
	"strings"

	"htapdb/sql/sqlstate"
)

// loc returns the position of the current token for a node.
func (p *parser) loc() Loc { return p.toks[p.pos].loc() }

// at reports whether the next tokens are these words.
func (p *parser) at(words ...string) bool {
	for i, w := range words {
		if !p.ahead(i).isWord(w) {
			p.expected(i, w)
			return false
		}
	}
	return true
}

// accept skips the words if the next tokens are these.
func (p *parser) accept(words ...string) bool {
	if !p.at(words...) {
		return false
	}
	p.skip(len(words))
	return true
}

// acceptAny skips one of the words and returns it, or "".
func (p *parser) acceptAny(words ...string) string {
	for _, w := range words {
		if p.accept(w) {
			return w
		}
	}
	return ""
}

// expect skips the words, which have to be there.
func (p *parser) expect(words ...string) {
	for _, w := range words {
		if !p.accept(w) {
			p.required(w)
			p.unexpected()
			return
		}
	}
}

// atPunct reports whether the current token is the punctuation s.
func (p *parser) atPunct(s string) bool {
	if p.tok().isPunct(s) {
		return true
	}
	p.expected(0, s)
	return false
}

// acceptPunct skips the punctuation s if it is there.
func (p *parser) acceptPunct(s string) bool {
	if !p.atPunct(s) {
		return false
	}
	p.skip(1)
	return true
}

// expectPunct skips the punctuation s, which has to be there.
func (p *parser) expectPunct(s string) {
	if !p.acceptPunct(s) {
		p.unexpected()
	}
}

// acceptOp skips the operator s if it is there.
func (p *parser) acceptOp(s string) bool {
	if !p.tok().isOp(s) {
		p.expected(0, s)
		return false
	}
	p.skip(1)
	return true
}

// fail records the error at t, unless there was one before, and ends parsing.
func (p *parser) fail(err *sqlstate.Error, t token) {
	if p.err == nil {
		p.err = err.WithPosition(Position(p.sql, int(t.start)))
		p.errAt = p.index()
		after := p.ahead(1) // may move the window
		p.near = &[4]token{2: p.tok(), 3: after}
		for i := range min(p.pos, 2) {
			p.near[1-i] = p.toks[p.pos-1-i]
		}
	}
	p.stop([]token{p.tok()})
}

// unexpected fails with a syntax error at the current token.
func (p *parser) unexpected() { p.unexpectedAt(p.tok()) }

// unexpectedAt fails with a syntax error at t, the current token or the one before.
func (p *parser) unexpectedAt(t token) {
	if t != p.tok() && p.pos > 0 {
		p.pos--
	}
	switch t.kind {
	case tokError:
		p.failLexical(t)
	case tokEOF:
		p.fail(sqlstate.New(sqlstate.SyntaxError, "syntax error at end of input"), t)
	default:
		p.fail(sqlstate.New(sqlstate.SyntaxError, "syntax error at or near \"%s\"",
			excerpt(p.sql[t.start:t.end])), t)
	}
}

// failLexical fails with the lexer's error, keeping the lexer's position.
func (p *parser) failLexical(t token) {
	if p.err == nil {
		pos := p.lex.err.Position
		p.fail(p.lex.err, t)
		p.err.Position = pos
	}
}

// syntaxError fails at t with a message of its own.
func (p *parser) syntaxError(t token, format string, args ...any) *sqlstate.Error {
	err := sqlstate.New(sqlstate.SyntaxError, format, args...)
	p.fail(err, t)
	return err
}

// unsupported fails with 0A000 at t; what names the feature.
func (p *parser) unsupported(t token, what string) *sqlstate.Error {
	err := sqlstate.New(sqlstate.FeatureNotSupported, "%s is not supported", what)
	p.fail(err, t)
	return err
}

// name parses the name of a column, table or other object.
func (p *parser) name() string {
	if !p.tok().isName() {
		p.expectedName()
		p.unexpected()
		return ""
	}
	return p.next().text
}

// ident is name with its position.
func (p *parser) ident() Ident {
	loc := p.loc()
	return Ident{Loc: loc, Name: p.name()}
}

// label parses a name where every keyword may be one: after AS and a point.
func (p *parser) label() string {
	if !p.tok().isLabel() {
		p.unexpected()
		return ""
	}
	return p.next().text
}

// identList parses ident, ident, ….
func (p *parser) identList() []Ident {
	list := []Ident{p.ident()}
	for p.acceptPunct(",") {
		list = append(list, p.ident())
	}
	return list
}

// parenIdents parses (ident, …).
func (p *parser) parenIdents() []Ident {
	p.expectPunct("(")
	list := p.identList()
	p.expectPunct(")")
	return list
}

// optParenIdents parses (ident, …) if it is there.
func (p *parser) optParenIdents() []Ident {
	if !p.atPunct("(") {
		return nil
	}
	return p.parenIdents()
}

// objectName parses [catalog.][schema.]name.
func (p *parser) objectName() ObjectName {
	first := p.tok()
	return p.objectNameFrom(first.loc(), p.name())
}

// objectNameFrom continues a name whose first part was read.
func (p *parser) objectNameFrom(loc Loc, first string) ObjectName {
	parts := []string{first}
	for p.acceptPunct(".") {
		parts = append(parts, p.label())
	}
	return p.objectNameOf(loc, parts)
}

// objectNameOf makes a name of its parts.
func (p *parser) objectNameOf(loc Loc, parts []string) ObjectName {
	n := ObjectName{Loc: loc, Name: parts[len(parts)-1]}
	switch len(parts) {
	case 1:
	case 2:
		n.Schema = parts[0]
	case 3:
		n.Catalog, n.Schema = parts[0], parts[1]
	default:
		p.fail(sqlstate.New(sqlstate.SyntaxError,
			"improper qualified name (too many dotted names): %s", strings.Join(parts, ".")),
			token{start: int32(loc)})
	}
	return n
}

// objectNames parses name, name, ….
func (p *parser) objectNames() []ObjectName {
	list := []ObjectName{p.objectName()}
	for p.acceptPunct(",") {
		list = append(list, p.objectName())
	}
	return list
}

// stringConst parses a string constant.
func (p *parser) stringConst() string {
	if p.tok().kind != tokString {
		p.unexpected()
		return ""
	}
	return p.next().text
}
