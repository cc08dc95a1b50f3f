package fn

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
)

// similarPattern turns a SIMILAR TO pattern into a regular expression.
func similarPattern(p, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", sqlstate.New(sqlstate.InvalidEscapeSequence, "invalid escape string")
	}
	var b strings.Builder
	b.WriteString("^(?:")
	inClass := false
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case escape != "" && strings.HasPrefix(p[i:], escape):
			i += len(escape)
			if i >= len(p) {
				return "", sqlstate.New(sqlstate.InvalidEscapeSequence, "SIMILAR TO pattern must not end with escape character")
			}
			_, n := utf8.DecodeRuneInString(p[i:])
			b.WriteString(regexp.QuoteMeta(p[i : i+n]))
			i += n - 1
		case inClass:
			inClass = c != ']'
			b.WriteByte(c)
		case c == '[':
			inClass = true
			b.WriteByte(c)
		case c == '%':
			b.WriteString(".*")
		case c == '_':
			b.WriteByte('.')
		case c == '(':
			b.WriteString("(?:")
		case strings.IndexByte(".^$\\", c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteString(")$")
	return b.String(), nil
}
