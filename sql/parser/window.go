package parser

import (
	"htapdb/sql/sqlstate"
)

const (
	// maxTokens bounds a statement: what it becomes takes about 60 bytes a token
	// (see tokenBytes), here and again in the plan.
	maxTokens = 8 << 20
	// windowTokens is how many tokens are read at once. More makes the checks
	// rarer; the parser's throughput is flat from 64 to 4,096.
	windowTokens = 128
	// keptTokens are the tokens before the current one that stay readable.
	keptTokens = 2
)

// window is the part of a statement's tokens that the parser can see: a few
// before the current one, and as many after it as anybody asked for. The tree
// refers to the text, so what was parsed needs no token.
type window struct {
	lex lexer
	// toks are the tokens with the numbers base, base+1… in the statement, the
	// current one at pos.
	toks []token
	base int
	pos  int
	// ended is true when the last of toks is the statement's tokEOF.
	ended bool
	// err is the error of a limit; the tokens end at it.
	err    error
	limits Limits
}

// startStatement starts a statement at the lexer's position.
func (w *window) startStatement() {
	w.toks, w.base, w.pos, w.ended = w.toks[:0], 0, 0, false
	w.fill(1)
}

// fill makes the token n places after the current one readable, and reports
// whether the statement has as many. It may move the window.
func (w *window) fill(n int) bool {
	for w.pos+n >= len(w.toks) {
		if w.ended {
			return false
		}
		w.refill()
	}
	return true
}

// refill puts the next tokens into the window, up to the semicolon or the end of
// the text, behind which is a tokEOF. What is before the current token leaves.
func (w *window) refill() {
	if drop := w.pos - keptTokens; drop > 0 {
		w.toks = w.toks[:copy(w.toks, w.toks[drop:])]
		w.base, w.pos = w.base+drop, w.pos-drop
	}
	bytes := 0
	for n := max(windowTokens, len(w.toks)); n > 0 && !w.ended; n-- {
		w.lex.read()
		w.toks = append(w.toks, w.lex.tok)
		bytes += tokenBytes(w.lex.tok)
		switch t := w.lex.tok; {
		case t.kind == tokEOF:
			w.ended = true
		case t.isPunct(";"):
			w.ended = true
			w.toks = append(w.toks, token{kind: tokEOF, start: t.end, end: t.end})
		}
	}
	err := w.limits.use(bytes)
	if err == nil && w.base+len(w.toks) > maxTokens {
		err = sqlstate.New(sqlstate.ProgramLimitExceeded,
			"a statement cannot have more than %d words and signs", maxTokens).
			WithHint("Load bulk data with COPY.")
	}
	if err != nil {
		w.err = err
		w.stop(w.toks[w.pos:][:min(1, len(w.toks)-w.pos)])
	}
}

// stop puts the parser at the end of the statement, where nothing matches any
// more. at has the token that the end is to stand at.
func (w *window) stop(at []token) {
	eof := token{kind: tokEOF, start: int32(w.lex.pos), end: int32(w.lex.pos)}
	if len(at) > 0 {
		eof.start, eof.end = at[0].start, at[0].start
	}
	w.base += w.pos
	w.toks = append(w.toks[:0], eof, eof) // one to be the token before
	w.pos, w.ended = 1, true
}

// index is the number of the current token in its statement.
func (w *window) index() int { return w.base + w.pos }

// tok returns the current token.
func (w *window) tok() token { return w.toks[w.pos] }

// ahead returns the token n places after the current one, the last one past
// the end.
func (w *window) ahead(n int) token {
	if w.pos+n < len(w.toks) || w.fill(n) {
		return w.toks[w.pos+n]
	}
	return w.toks[len(w.toks)-1]
}

// prev returns the token before the current one, a zero token at the first.
func (w *window) prev() token {
	if w.pos == 0 {
		return token{}
	}
	return w.toks[w.pos-1]
}

// next returns the current token and moves on; it stays at the end.
func (w *window) next() token {
	t := w.toks[w.pos]
	w.skip(1)
	return t
}

// skip moves n tokens on, which ahead has seen; it stays at the end.
func (w *window) skip(n int) {
	if w.pos+n < len(w.toks) || w.fill(n) {
		w.pos += n
	}
}
