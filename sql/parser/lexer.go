package parser

import (
	"strings"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
)

// lexer cuts a text into tokens by PostgreSQL's rules, one at a time.
type lexer struct {
	sql string
	pos int
	// tok is the token that was read last.
	tok token
	// err is the error behind the tokError that ends the tokens, if one does.
	err *sqlstate.Error
	// open is true when err says that a string, name or comment has no end.
	open bool
}

// read reads the next token into tok: a tokEOF at the end of the text, and after
// a lexical error, which becomes a tokError itself and sets err.
func (l *lexer) read() {
	if l.err == nil {
		if l.skipSpace() {
			l.next()
			return
		}
		if l.err != nil {
			return // a comment without end is the tokError
		}
	}
	l.tok = token{kind: tokEOF, start: int32(l.pos), end: int32(l.pos)}
}

// skipSpace moves to the next token and reports whether there is one.
func (l *lexer) skipSpace() bool {
	for l.pos < len(l.sql) {
		switch c := l.sql[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '-' && l.peekByte(1) == '-':
			l.skipLine()
		case c == '/' && l.peekByte(1) == '*':
			if !l.skipComment() {
				return false
			}
		default:
			return true
		}
	}
	return false
}

func (l *lexer) skipLine() {
	n := strings.IndexAny(l.sql[l.pos:], "\n\r")
	if n < 0 {
		l.pos = len(l.sql)
		return
	}
	l.pos += n
}

// skipComment skips a /* comment */, which may nest.
func (l *lexer) skipComment() bool {
	start, depth := l.pos, 0
	for l.pos < len(l.sql) {
		switch {
		case l.sql[l.pos] == '/' && l.peekByte(1) == '*':
			depth++
			l.pos += 2
		case l.sql[l.pos] == '*' && l.peekByte(1) == '/':
			depth--
			l.pos += 2
			if depth == 0 {
				return true
			}
		default:
			l.pos++
		}
	}
	l.unterminated(start, "/* comment", "The comment that begins here has no closing */.")
	return false
}

// peekByte returns the byte n places ahead, 0 past the end.
func (l *lexer) peekByte(n int) byte {
	if l.pos+n < len(l.sql) {
		return l.sql[l.pos+n]
	}
	return 0
}

// add sets the token that began at start and ends here.
func (l *lexer) add(kind tokenKind, start int, text string) {
	l.tok = token{kind: kind, start: int32(start), end: int32(l.pos), text: text}
}

// fail ends the text with an error at byte offset start.
func (l *lexer) fail(start int, err *sqlstate.Error) {
	if l.err != nil {
		return
	}
	l.err = err.WithPosition(Position(l.sql, start))
	l.pos = len(l.sql)
	l.add(tokError, start, "")
}

// unterminated fails with PostgreSQL's message for a construct without end.
func (l *lexer) unterminated(start int, what, hint string) {
	l.open = true
	l.fail(start, sqlstate.New(sqlstate.SyntaxError, "unterminated %s at or near \"%s\"",
		what, excerpt(l.sql[start:])).WithHint("%s", hint))
}

// next reads the token at pos.
func (l *lexer) next() {
	c := l.sql[l.pos]
	switch {
	case isIdentStart(c):
		l.word()
	case c == '\'':
		l.plainString(l.pos, l.pos)
	case c == '"':
		l.quotedIdent(l.pos)
	case isDigit(c) || c == '.' && isDigit(l.peekByte(1)):
		l.number()
	case c == '$':
		l.dollar()
	case c == '?':
		l.pos++
		l.add(tokQuestion, l.pos-1, "?")
	case strings.IndexByte("()[],;.:", c) >= 0:
		l.punct()
	case isOpByte(c):
		l.operator()
	default:
		_, size := utf8.DecodeRuneInString(l.sql[l.pos:])
		err := sqlstate.New(sqlstate.SyntaxError, "syntax error at or near \"%s\"", l.sql[l.pos:l.pos+size])
		if c == '\\' {
			err = err.WithHint("Commands that begin with a backslash are for psql.")
		}
		l.fail(l.pos, err)
	}
}

// word reads an identifier, or one of the strings that begin with a letter.
func (l *lexer) word() {
	start := l.pos
	if l.prefixedString(start) {
		return
	}
	upper := false
	for l.pos < len(l.sql) && isIdentPart(l.sql[l.pos]) {
		upper = upper || l.sql[l.pos]-'A' < 26
		l.pos++
	}
	text := l.sql[start:l.pos]
	if upper {
		text = foldCase(text)
	}
	l.add(tokWord, start, text)
}

// prefixedString reads E'…', B'…', X'…', N'…', U&'…' and U&"…".
func (l *lexer) prefixedString(start int) bool {
	switch l.sql[start] | 0x20 {
	case 'e':
		if l.peekByte(1) == '\'' {
			l.escapeString(start)
			return true
		}
	case 'b', 'x':
		if l.peekByte(1) == '\'' {
			l.bitString(start)
			return true
		}
	case 'n':
		if l.peekByte(1) == '\'' {
			l.plainString(start, start+1)
			return true
		}
	case 'u':
		if l.peekByte(1) == '&' && l.peekByte(2) == '\'' {
			l.unicodeString(start)
			return true
		}
		if l.peekByte(1) == '&' && l.peekByte(2) == '"' {
			l.unicodeIdent(start)
			return true
		}
	}
	return false
}

// punct reads punctuation, : and . being the ones that combine.
func (l *lexer) punct() {
	start := l.pos
	l.pos++
	if c := l.sql[start]; l.pos < len(l.sql) {
		d := l.sql[l.pos]
		if c == ':' && (d == ':' || d == '=') || c == '.' && d == '.' {
			l.pos++
		}
	}
	l.add(tokPunct, start, l.sql[start:l.pos])
}

// maxOperator bounds an operator, as a name's length does in PostgreSQL. Without
// it a run of signs that are operators one by one would be read again for each.
const maxOperator = 63

// operator reads the longest operator: it ends before a comment, and + or -
// can end one of several characters only if it has a character that SQL's own
// operators have not (and is not != with a sign behind it). A ? is never part of one (see tokQuestion).
func (l *lexer) operator() {
	start := l.pos
	odd := false
	for l.pos < len(l.sql) && l.pos-start < maxOperator && isOpByte(l.sql[l.pos]) {
		c, d := l.sql[l.pos], l.peekByte(1)
		if l.pos > start && (c == '-' && d == '-' || c == '/' && d == '*') {
			break
		}
		odd = odd || strings.IndexByte("~!@#%^&|`", c) >= 0
		l.pos++
	}
	// Nobody means the operator !=- in a!=-1, though PostgreSQL reads it so.
	odd = odd && !strings.HasPrefix(l.sql[start:l.pos], "!=")
	for l.pos-start > 1 && !odd && (l.sql[l.pos-1] == '+' || l.sql[l.pos-1] == '-') {
		l.pos--
	}
	switch text := l.sql[start:l.pos]; text {
	case "=>":
		l.add(tokPunct, start, text)
	case "!=":
		l.add(tokOp, start, "<>")
	default:
		l.add(tokOp, start, text)
	}
}

// quotedIdent reads "…" at pos for a token that begins at start.
func (l *lexer) quotedIdent(start int) {
	text, ok := l.quoted('"')
	switch {
	case !ok:
		l.unterminated(start, "quoted identifier", "The name that begins here has no closing double quote.")
	case text == "":
		l.fail(start, sqlstate.New(sqlstate.SyntaxError, "zero-length delimited identifier at or near \"\"\"\""))
	default:
		l.add(tokQuotedIdent, start, text)
	}
}

// quoted reads the text between two quotes at pos, where a doubled quote
// stands for itself; ok is false without the second one.
func (l *lexer) quoted(quote byte) (text string, ok bool) {
	from := l.pos + 1
	doubled := false
	for i := from; ; {
		n := strings.IndexByte(l.sql[i:], quote)
		if n < 0 {
			return "", false
		}
		i += n + 1
		if i < len(l.sql) && l.sql[i] == quote {
			doubled = true
			i++
			continue
		}
		l.pos = i
		text = l.sql[from : i-1]
		if doubled {
			q := string(quote)
			text = strings.ReplaceAll(text, q+q, q)
		}
		return text, true
	}
}

// foldCase lowers the ASCII letters, as PostgreSQL does for a UTF-8 database.
// Keywords, the common case, come from the table and need no memory.
func foldCase(s string) string {
	var buf [24]byte
	if len(s) <= len(buf) {
		for i := 0; i < len(s); i++ {
			buf[i] = lowerByte(s[i])
		}
		if w, ok := keywordText[string(buf[:len(s)])]; ok {
			return w
		}
		return string(buf[:len(s)])
	}
	b := []byte(s)
	for i := range b {
		b[i] = lowerByte(b[i])
	}
	return string(b)
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isOpByte reports whether c may be part of an operator.
func isOpByte(c byte) bool {
	switch c {
	case '+', '-', '*', '/', '<', '>', '=', '~', '!', '@', '#', '%', '^', '&', '|', '`':
		return true
	}
	return false
}

// excerpt is the beginning of s for a message: its first line, 40 bytes at the
// most, cut between characters.
func excerpt(s string) string {
	const limit = 40
	if n := strings.IndexAny(s, "\r\n"); n >= 0 {
		s = s[:n]
	}
	if len(s) <= limit {
		return s
	}
	n := limit
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
