package parser

import (
	"strings"

	"htapdb/sql/sqlstate"
)

// number reads an integer in base 10, 16, 8 or 2, or a decimal number.
// Underscores may stand between digits.
func (l *lexer) number() {
	start := l.pos
	kind := tokInteger
	if digits := l.radixDigits(); digits != "" {
		l.pos += 2
		l.digits(digits)
		if l.pos == start+2 {
			l.fail(start, sqlstate.New(sqlstate.SyntaxError, "invalid integer at or near \"%s\"", l.sql[start:l.pos]))
			return
		}
	} else {
		kind = l.decimal()
	}
	if l.pos < len(l.sql) && isIdentPart(l.sql[l.pos]) {
		end := l.pos
		for end < len(l.sql) && isIdentPart(l.sql[end]) {
			end++
		}
		l.fail(start, sqlstate.New(sqlstate.SyntaxError, "trailing junk after numeric literal at or near \"%s\"",
			excerpt(l.sql[start:end])).WithHint("A name that begins with a digit has to be in double quotes."))
		return
	}
	text := l.sql[start:l.pos]
	if strings.IndexByte(text, '_') >= 0 {
		text = strings.ReplaceAll(text, "_", "")
	}
	l.add(kind, start, text)
}

// radixDigits returns the digits of the base that a prefix at pos names, ""
// without a prefix.
func (l *lexer) radixDigits() string {
	if l.sql[l.pos] != '0' {
		return ""
	}
	switch l.peekByte(1) {
	case 'x', 'X':
		return "0123456789abcdefABCDEF"
	case 'o', 'O':
		return "01234567"
	case 'b', 'B':
		return "01"
	}
	return ""
}

// decimal reads digits with a fraction and an exponent, where they are there.
func (l *lexer) decimal() tokenKind {
	const ten = "0123456789"
	kind := tokInteger
	l.digits(ten)
	// 1..10 is two bounds of a slice, not the number 1. and .10.
	if l.peekByte(0) == '.' && l.peekByte(1) != '.' {
		kind = tokDecimal
		l.pos++
		if isDigit(l.peekByte(0)) {
			l.digits(ten)
		}
	}
	if l.peekByte(0)|0x20 == 'e' {
		n := 1
		if c := l.peekByte(1); c == '+' || c == '-' {
			n = 2
		}
		if isDigit(l.peekByte(n)) {
			kind = tokDecimal
			l.pos += n
			l.digits(ten)
		}
	}
	return kind
}

// digits skips digits of the set and single underscores in front of a digit.
func (l *lexer) digits(set string) {
	for l.pos < len(l.sql) {
		i := l.pos
		if l.sql[i] == '_' && i+1 < len(l.sql) {
			i++
		}
		if strings.IndexByte(set, l.sql[i]) < 0 {
			return
		}
		l.pos = i + 1
	}
}

// dollar reads $1 or a $tag$string$tag$.
func (l *lexer) dollar() {
	start := l.pos
	if isDigit(l.peekByte(1)) {
		l.pos++
		for isDigit(l.peekByte(0)) {
			l.pos++
		}
		text := l.sql[start+1 : l.pos]
		if isIdentStart(l.peekByte(0)) {
			l.fail(start, sqlstate.New(sqlstate.SyntaxError, "trailing junk after parameter at or near \"%s\"",
				excerpt(l.sql[start:l.pos+1])))
			return
		}
		l.add(tokParam, start, text)
		return
	}
	end := start + 1
	for end < len(l.sql) && isIdentPart(l.sql[end]) && l.sql[end] != '$' {
		end++
	}
	if end >= len(l.sql) || l.sql[end] != '$' {
		l.fail(start, sqlstate.New(sqlstate.SyntaxError, "syntax error at or near \"$\""))
		return
	}
	tag := l.sql[start : end+1]
	n := strings.Index(l.sql[end+1:], tag)
	if n < 0 {
		l.unterminated(start, "dollar-quoted string", "The string that begins here has no closing "+tag+".")
		return
	}
	l.pos = end + 1 + n + len(tag)
	l.add(tokString, start, l.sql[end+1:end+1+n])
}
