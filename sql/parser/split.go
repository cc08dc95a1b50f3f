package parser

import "strings"

// Split cuts text into statements at the semicolons that are not in a string,
// a quoted name, a comment or parentheses, for programs that read statements
// from a terminal or a file: complete are the statements that ended, without
// their semicolons; rest is what follows the last one, "" if that is nothing
// but blanks and closed comments. It does not look whether they are valid.
func Split(text string) (complete []string, rest string) {
	start, depth := 0, 0
	for l := (&lexer{sql: text}); start < len(text); {
		toks := l.statement()
		for _, t := range toks {
			switch {
			case t.isPunct("("):
				depth++
			case t.isPunct(")"):
				depth--
			}
		}
		last := toks[max(len(toks)-2, 0)]
		switch {
		case last.kind == tokError && !l.open:
			// What is no token ends with the line's next semicolon.
			n := strings.IndexByte(text[last.start:], ';')
			if n < 0 {
				return complete, text[start:]
			}
			end := int(last.start) + n
			complete = append(complete, text[start:end])
			start, depth = end+1, 0
			l = &lexer{sql: text, pos: start}
		case !last.isPunct(";"):
			if len(toks) == 1 && depth <= 0 {
				return complete, ""
			}
			return complete, text[start:]
		case depth <= 0:
			complete = append(complete, text[start:last.start])
			start, depth = int(last.end), 0
		}
	}
	return complete, ""
}
