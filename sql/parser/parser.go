package parser

import (
	"context"
	"strings"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
)

const (
	// MaxScriptBytes is the size of the longest text that Parse accepts.
	MaxScriptBytes = 256 << 20
	// maxDepth bounds nesting: parentheses, subqueries, CASE in CASE. Every
	// level is a handful of Go frames.
	maxDepth = 1000
	// maxHeight bounds the height of a tree, which a chain of operators
	// raises without nesting; walkers of a tree may recurse.
	maxHeight = 10000
	// maxParam is the highest parameter number, as in the wire protocol.
	maxParam = 65535
)

// Parse is ParseContext without limits of the caller.
func Parse(sql string) ([]Statement, error) {
	return ParseContext(context.Background(), sql, Limits{})
}

// ParseContext parses a script of statements separated by semicolons. Empty
// statements are dropped, so a text of blanks and comments gives none. It reads
// the text once, in time linear in its length, and needs no memory but for the
// tree. All errors are *sqlstate.Error, but for those of the limits and the
// cause of the context's end, which are returned as they are.
func ParseContext(ctx context.Context, sql string, limits Limits) ([]Statement, error) {
	limits.ctx = ctx
	p, err := newParser(sql, limits)
	if err != nil {
		return nil, err
	}
	var list []Statement
	for p.more() {
		list = append(list, p.statement())
	}
	if p.err != nil || p.window.err != nil {
		return nil, p.hinted(func(q *parser) { q.statement() })
	}
	return list, nil
}

// ParseOne parses exactly one statement, a semicolon at its end allowed.
func ParseOne(sql string) (Statement, error) {
	list, err := Parse(sql)
	switch {
	case err != nil:
		return Statement{}, err
	case len(list) == 0:
		return Statement{}, sqlstate.New(sqlstate.SyntaxError, "syntax error at end of input").
			WithPosition(Position(sql, len(sql)))
	case len(list) > 1:
		return Statement{}, sqlstate.New(sqlstate.SyntaxError, "cannot take several statements at once").
			WithPosition(Position(sql, list[1].Start)).
			WithHint("Send one statement at a time.")
	}
	return list[0], nil
}

// ParseExpr parses a text that is one expression.
func ParseExpr(sql string) (Expr, error) {
	p, err := newParser(sql, Limits{})
	if err != nil {
		return nil, err
	}
	parse := func(p *parser) Expr {
		e := p.expr()
		if p.tok().kind != tokEOF {
			p.unexpected()
		}
		return e
	}
	e := parse(p)
	if p.err != nil || p.window.err != nil {
		return nil, p.hinted(func(q *parser) { parse(q) })
	}
	return e, nil
}

// parser turns tokens into a tree.
//
// Errors are sticky: the first one is kept in err and moves the parser to the
// end of the tokens, where nothing matches any more, so every loop ends and
// every function returns soon. What they return then is never nil where the
// grammar demands a node, and never used.
type parser struct {
	sql string
	window
	err *sqlstate.Error
	// errAt is the number of the token where err was raised; near are the two
	// tokens before it, the token and the one after, zero where there is none.
	errAt int
	near  *[4]token
	// first is the first token of the statement.
	first token

	// depth is how deep the parser is nested; height is the height of the
	// highest tree finished at this level of nesting. See enter.
	depth  int
	height int

	// Parameters of the current statement.
	dollarParams   bool
	questionParams int
	maxParam       int

	// parens remembers what parensHoldQuery found.
	parens parenRun

	// trace is nil but for the second run that explains an error.
	trace *trace
}

// newParser returns a parser at the first token of sql.
func newParser(sql string, limits Limits) (*parser, error) {
	if len(sql) > MaxScriptBytes {
		return nil, sqlstate.New(sqlstate.ProgramLimitExceeded,
			"the SQL text has %d bytes, more than the limit of %d", len(sql), MaxScriptBytes).
			WithHint("Load bulk data with COPY.")
	}
	if err := checkText(sql); err != nil {
		return nil, err
	}
	p := &parser{sql: sql, window: window{lex: lexer{sql: sql}, limits: limits}}
	p.toks = make([]token, 0, min(len(sql)/4+8, windowTokens+keptTokens+2))
	p.startStatement()
	p.first = p.tok()
	return p, p.window.err
}

// checkText refuses what no SQL text may have: bytes that are not UTF-8, and
// the character zero.
func checkText(sql string) error {
	bad := strings.IndexByte(sql, 0)
	if bad < 0 && utf8.ValidString(sql) {
		return nil
	}
	if bad < 0 {
		for i, r := range sql {
			if _, size := utf8.DecodeRuneInString(sql[i:]); r == utf8.RuneError && size == 1 {
				bad = i
				break
			}
		}
	}
	return sqlstate.New(sqlstate.CharacterNotInRepertoire,
		"invalid byte sequence for encoding \"UTF8\": 0x%02x", sql[bad]).
		WithPosition(Position(sql, bad))
}

// more reports whether a statement follows, and moves to its first token.
func (p *parser) more() bool {
	for p.err == nil && p.tok().isPunct(";") {
		p.startStatement()
	}
	return p.err == nil && p.window.err == nil && p.tok().kind != tokEOF
}

// statement parses one statement up to its semicolon.
func (p *parser) statement() Statement {
	p.dollarParams, p.questionParams, p.maxParam = false, 0, 0
	p.height, p.parens = 0, parenRun{}
	p.first = p.tok()
	stmt := p.stmt()
	if t := p.tok(); t.kind != tokEOF && !t.isPunct(";") {
		p.unexpected()
	}
	if p.err != nil {
		return Statement{}
	}
	start, end := p.first.start, p.prev().end
	return Statement{
		Stmt: stmt, SQL: p.sql[start:end],
		Start: int(start), End: int(end), ParamCount: p.maxParam,
	}
}

// enter begins a construct that the parser recurses for; what it returns goes
// to the matching leave. Between, height counts from zero for what is inside;
// afterwards it is the maximum of what it was and what was inside plus one, so
// it is the height of the highest tree finished so far.
func (p *parser) enter() (outer int) {
	p.depth++
	if p.depth > maxDepth {
		p.tooComplex("the statement is nested too deeply")
	}
	outer, p.height = p.height, 0
	return outer
}

// leave ends what enter began.
func (p *parser) leave(outer int) {
	p.depth--
	p.height = max(outer, p.height+1)
	p.checkHeight()
}

// grow is called when a chain adds a node above what is finished.
func (p *parser) grow() {
	p.height++
	p.checkHeight()
}

func (p *parser) checkHeight() {
	if p.height > maxHeight {
		p.tooComplex("a chain of operators or clauses is too long")
	}
}

func (p *parser) tooComplex(what string) {
	p.fail(sqlstate.New(sqlstate.StatementTooComplex, "stack depth limit exceeded: %s", what).
		WithHint("Split the statement, or use IN or VALUES lists."), p.tok())
}
