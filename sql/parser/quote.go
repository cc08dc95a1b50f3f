package parser

import "strings"

// QuoteIdent returns name as an identifier of SQL: as it is when it can stand
// unquoted anywhere, in double quotes otherwise.
func QuoteIdent(name string) string {
	if isPlainIdent(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// QuoteString returns s as a string constant. A backslash is written as it
// is, since standard_conforming_strings is always on.
func QuoteString(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// isPlainIdent reports whether name reads back as itself without quotes: lower
// case, no odd characters, and no keyword that has another meaning somewhere.
func isPlainIdent(name string) bool {
	if name == "" || !isIdentStart(name[0]) {
		return false
	}
	for i := 0; i < len(name); i++ {
		if !isIdentPart(name[i]) || name[i] >= 'A' && name[i] <= 'Z' {
			return false
		}
	}
	category, isKeyword := keywords[name]
	return (!isKeyword || category == unreserved) && !contextualWords[name]
}

// contextualWords are no keywords of a category that forbids them as names,
// but somewhere mean something in the place of a name. Format quotes them, so
// that nobody has to know where.
var contextualWords = wordSet(`
asof cube exclude groups nulls partition qualify range recursive rename replace
rollup rows set unbounded`)

// isIdentStart reports whether c begins an identifier. Every byte of a
// character outside ASCII does, as in PostgreSQL.
func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// isIdentPart reports whether c continues an identifier.
func isIdentPart(c byte) bool {
	return isIdentStart(c) || c >= '0' && c <= '9' || c == '$'
}
