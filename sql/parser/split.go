package parser

import "strings"

// Split cuts text into statements at the semicolons that are not in a string,
// a quoted name, a comment or parentheses, for programs that read statements
// from a terminal or a file: complete are the statements that ended, without
// their semicolons; rest is what follows the last one, "" if that is nothing
// but blanks and closed comments. It does not look whether they are valid.
func Split(text string) (complete []string, rest string) {
	start, depth := 0, 0
	last := token{} // of the statement, the zero token before its first
	for l := (&lexer{sql: text}); start < len(text); {
		l.read()
		switch t := l.tok; {
		case t.kind == tokError && !l.open:
			// What is no token ends with the line's next semicolon.
			n := strings.IndexByte(text[t.start:], ';')
			if n < 0 {
				return complete, text[start:]
			}
			end := int(t.start) + n
			complete = append(complete, text[start:end])
			start, depth, last = end+1, 0, token{}
			l = &lexer{sql: text, pos: start}
			continue
		case t.kind == tokEOF || t.kind == tokError:
			if t.kind == tokEOF && last.kind == tokEOF && depth <= 0 {
				return complete, ""
			}
			return complete, text[start:]
		case t.isPunct("("):
			depth++
		case t.isPunct(")"):
			depth--
		case t.isPunct(";") && depth <= 0:
			complete = append(complete, text[start:t.start])
			start, depth, last = int(t.end), 0, token{}
			continue
		}
		last = l.tok
	}
	return complete, ""
}
