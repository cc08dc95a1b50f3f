package parser

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
)

const unclosedString = "The string that begins here has no closing quote; a quote inside a string is written twice."

// plainString reads '…' that opens at quote, for a token that begins at start.
func (l *lexer) plainString(start, quote int) {
	l.pos = quote
	text, ok := l.continued(func() (string, bool) { return l.quoted('\'') })
	if !ok {
		l.unterminated(start, "quoted string", unclosedString)
		return
	}
	l.add(tokString, start, text)
}

// continued reads a string with read, and the pieces that continue it: a
// quote after blanks with at least one line end among them.
func (l *lexer) continued(read func() (string, bool)) (string, bool) {
	text, ok := read()
	if !ok || !l.continues() {
		return text, ok
	}
	var b strings.Builder
	b.WriteString(text)
	for {
		if text, ok = read(); !ok {
			return "", false
		}
		b.WriteString(text)
		if !l.continues() {
			return b.String(), true
		}
	}
}

// continues moves to the quote of a continuation, if there is one.
func (l *lexer) continues() bool {
	newline := false
	for i := l.pos; i < len(l.sql); i++ {
		switch c := l.sql[i]; {
		case c == '\n' || c == '\r':
			newline = true
		case isSpace(c):
		case c == '-' && i+1 < len(l.sql) && l.sql[i+1] == '-':
			n := strings.IndexAny(l.sql[i:], "\n\r")
			if n < 0 {
				return false
			}
			i += n - 1
		case c == '\'' && newline:
			l.pos = i
			return true
		default:
			return false
		}
	}
	return false
}

// bitString reads B'…' and X'…'.
func (l *lexer) bitString(start int) {
	kind, set, what := tokBits, "01", "bit string literal"
	if l.sql[start]|0x20 == 'x' {
		kind, set, what = tokHex, "0123456789abcdef", "hexadecimal string literal"
	}
	l.pos++
	text, ok := l.continued(func() (string, bool) { return l.quoted('\'') })
	if !ok {
		l.unterminated(start, what, "The literal that begins here has no closing quote.")
		return
	}
	text = strings.ToLower(text)
	if i := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(set, r) }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		digit := "binary"
		if kind == tokHex {
			digit = "hexadecimal"
		}
		l.fail(start, sqlstate.New(sqlstate.InvalidTextRepresentation, "\"%c\" is not a valid %s digit", r, digit))
		return
	}
	l.add(kind, start, text)
}

// escapeString reads E'…'.
func (l *lexer) escapeString(start int) {
	l.pos++
	text, ok := l.continued(l.escaped)
	switch {
	case l.err != nil:
	case !ok:
		l.unterminated(start, "quoted string", unclosedString)
	case !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0:
		l.fail(start, sqlstate.New(sqlstate.CharacterNotInRepertoire,
			"invalid byte sequence for encoding \"UTF8\" in an escape string"))
	default:
		l.add(tokString, start, text)
	}
}

// escaped reads the text between the quotes of an escape string at pos.
func (l *lexer) escaped() (string, bool) {
	var b strings.Builder
	for i := l.pos + 1; i < len(l.sql); {
		switch c := l.sql[i]; {
		case c == '\'' && i+1 < len(l.sql) && l.sql[i+1] == '\'':
			b.WriteByte('\'')
			i += 2
		case c == '\'':
			l.pos = i + 1
			return b.String(), true
		case c == '\\' && i+1 < len(l.sql):
			n, err := unescape(&b, l.sql[i:])
			if err != nil {
				l.fail(i, err)
				return "", false
			}
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return "", false
}

// unescape decodes the escape at the beginning of s, which has at least two
// bytes, into b and returns its length.
func unescape(b *strings.Builder, s string) (int, *sqlstate.Error) {
	switch c := s[1]; c {
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := spanOf(s[1:], "01234567", 3)
		v, _ := strconv.ParseUint(s[1:1+n], 8, 16)
		b.WriteByte(byte(v))
		return 1 + n, nil
	case 'x':
		n := spanOf(s[2:], hexDigits, 2)
		if n == 0 {
			b.WriteByte('x')
			return 2, nil
		}
		v, _ := strconv.ParseUint(s[2:2+n], 16, 8)
		b.WriteByte(byte(v))
		return 2 + n, nil
	case 'u':
		return unescapeRune(b, s, 2, 4)
	case 'U':
		return unescapeRune(b, s, 2, 8)
	default:
		b.WriteByte(c)
	}
	return 2, nil
}

const hexDigits = "0123456789abcdefABCDEF"

// unescapeRune decodes an escape of exactly width hexadecimal digits at
// s[from:], joined with a second one of the same form where it is the first
// half of a surrogate pair.
func unescapeRune(b *strings.Builder, s string, from, width int) (int, *sqlstate.Error) {
	r, ok := hexRune(s, from, width)
	if !ok {
		return 0, sqlstate.New(sqlstate.InvalidEscapeSequence, "invalid Unicode escape").
			WithHint("Unicode escapes are \\uXXXX or \\UXXXXXXXX in a string, \\XXXX or \\+XXXXXX after U&.")
	}
	n := from + width
	if utf16.IsSurrogate(r) {
		second := s[n:]
		low, ok := rune(0), false
		if strings.HasPrefix(second, s[:from]) {
			low, ok = hexRune(second, from, width)
		}
		r = utf16.DecodeRune(r, low)
		if !ok || r == utf8.RuneError {
			return 0, sqlstate.New(sqlstate.SyntaxError, "invalid Unicode surrogate pair")
		}
		n += from + width
	}
	if r == 0 || !utf8.ValidRune(r) {
		return 0, sqlstate.New(sqlstate.SyntaxError, "invalid Unicode escape value")
	}
	b.WriteRune(r)
	return n, nil
}

// hexRune reads width hexadecimal digits at s[from:].
func hexRune(s string, from, width int) (rune, bool) {
	if len(s) < from+width || spanOf(s[from:], hexDigits, width) != width {
		return 0, false
	}
	v, err := strconv.ParseUint(s[from:from+width], 16, 31)
	return rune(v), err == nil
}

// spanOf counts the leading bytes of s that are in set, limit at the most.
func spanOf(s, set string, limit int) int {
	n := 0
	for n < len(s) && n < limit && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return n
}

// unicodeString reads U&'…'.
func (l *lexer) unicodeString(start int) {
	l.pos += 2
	text, ok := l.continued(func() (string, bool) { return l.quoted('\'') })
	if !ok {
		l.unterminated(start, "quoted string", unclosedString)
		return
	}
	if text, ok = l.unicodeEscapes(start, text); ok {
		l.add(tokString, start, text)
	}
}

// unicodeIdent reads U&"…".
func (l *lexer) unicodeIdent(start int) {
	l.pos += 2
	l.quotedIdent(start)
	if l.err != nil {
		return
	}
	if text, ok := l.unicodeEscapes(start, l.tok.text); ok {
		l.tok.text = text
	}
}

// unicodeEscapes decodes \XXXX and \+XXXXXX in text.
func (l *lexer) unicodeEscapes(start int, text string) (string, bool) {
	if strings.IndexByte(text, '\\') < 0 {
		return text, true
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		s := text[i:]
		switch {
		case s[0] != '\\':
			b.WriteByte(s[0])
			i++
			continue
		case strings.HasPrefix(s, `\\`):
			b.WriteByte('\\')
			i += 2
			continue
		}
		from, width := 1, 4
		if strings.HasPrefix(s, `\+`) {
			from, width = 2, 6
		}
		n, err := unescapeRune(&b, s, from, width)
		if err != nil {
			l.fail(start, err)
			return "", false
		}
		i += n
	}
	return b.String(), true
}
