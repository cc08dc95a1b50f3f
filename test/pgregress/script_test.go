package pgregress

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// statement is one statement of a script, as psql would send it.
type statement struct {
	line int
	text string
	// data are the lines of a COPY … FROM STDIN, without the end marker.
	data string
	// reconnect is \c: the text is empty.
	reconnect bool
}

// script reads a file of psql as far as the comparison needs it: variables,
// statements and the data of COPY. Output commands are left out.
type script struct {
	vars  map[string]string
	lines []string
	at    int
}

// readScript splits a file into statements; env are the variables of \getenv.
func readScript(path string, env map[string]string) ([]statement, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &script{vars: map[string]string{}, lines: strings.Split(string(b), "\n")}
	return s.statements(env), nil
}

// statements reads to the end of the script, or to \quit.
func (s *script) statements(env map[string]string) []statement {
	var out []statement
	var buf strings.Builder
	var lex lexer
	first := 0
	for ; s.at < len(s.lines); s.at++ {
		line := s.lines[s.at]
		if lex.outside() && strings.HasPrefix(strings.TrimSpace(line), `\`) {
			word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch word {
			case `\quit`, `\q`:
				return out
			case `\c`, `\connect`:
				out = append(out, statement{line: s.at + 1, reconnect: true})
			default:
				s.command(word, strings.TrimSpace(rest), env)
			}
			if strings.HasPrefix(word, `\g`) && word != `\getenv` && strings.TrimSpace(buf.String()) != "" {
				out = append(out, statement{line: first, text: buf.String()})
				buf.Reset()
			}
			continue
		}
		if strings.TrimSpace(buf.String()) == "" {
			first = s.at + 1
			buf.Reset()
		}
		for rest := line; ; {
			end, command := lex.next(rest)
			buf.WriteString(s.expand(rest[:end]))
			if end == len(rest) {
				buf.WriteByte('\n')
				break
			}
			if strings.HasPrefix(rest[end:], `\;`) { // a semicolon within one message
				buf.WriteByte(';')
				rest = rest[end+2:]
				continue
			}
			st := statement{line: first, text: strings.TrimSpace(buf.String())}
			buf.Reset()
			if rest = rest[end+1:]; command {
				// \g and its like end the statement and say where its output goes.
				rest = ""
			}
			if st.text != "" {
				if fromStdin(st.text) {
					st.data = s.inline()
				}
				out = append(out, st)
			}
			first = s.at + 1
		}
	}
	return out
}

// command does what matters of a psql command.
func (s *script) command(word, rest string, env map[string]string) {
	name, value, _ := strings.Cut(rest, " ")
	switch word {
	case `\set`:
		var v strings.Builder
		for _, part := range strings.Fields(value) {
			v.WriteString(strings.Trim(s.expand(part), "'"))
		}
		s.vars[name] = v.String()
	case `\unset`:
		delete(s.vars, name)
	case `\getenv`:
		s.vars[name] = env[strings.TrimSpace(value)]
	}
}

// inline reads the data of COPY … FROM STDIN below the statement's line.
func (s *script) inline() string {
	var data strings.Builder
	for s.at++; s.at < len(s.lines) && s.lines[s.at] != `\.`; s.at++ {
		data.WriteString(s.lines[s.at])
		data.WriteByte('\n')
	}
	return data.String()
}

var fromStdinRE = regexp.MustCompile(`(?is)^(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*copy\s.*\bfrom\s+stdin\b`)

func fromStdin(text string) bool { return fromStdinRE.MatchString(text) }

var variableRE = regexp.MustCompile(`(^|[^:\w]):(?:(\w+)|'(\w+)'|"(\w+)")`)

// expand puts psql's variables in; names that are not set stay.
func (s *script) expand(text string) string {
	if !strings.Contains(text, ":") || len(s.vars) == 0 {
		return text
	}
	return variableRE.ReplaceAllStringFunc(text, func(m string) string {
		parts := variableRE.FindStringSubmatch(m)
		name := parts[2] + parts[3] + parts[4]
		v, ok := s.vars[name]
		switch {
		case !ok:
			return m
		case parts[3] != "":
			return parts[1] + "'" + strings.ReplaceAll(v, "'", "''") + "'"
		case parts[4] != "":
			return parts[1] + `"` + v + `"`
		}
		return parts[1] + v
	})
}

// lexer finds the ends of statements: it knows strings, quoted names, dollar
// quotes, comments and parentheses.
type lexer struct {
	quote   string // the end of what is open: ', ", $tag$, or */
	escapes bool   // the open string takes backslashes
	depth   int
	nested  int // comments
	atomic  int // BEGIN ATOMIC … END
	word    string
}

// outside reports that no quote or parenthesis is open.
func (l *lexer) outside() bool { return l.quote == "" && l.depth == 0 }

var dollarRE = regexp.MustCompile(`^\$(?:[A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff]*)?\$`)

// next returns the index of the character in line that ends a statement, a
// semicolon or the backslash of a command, or the line's length.
func (l *lexer) next(line string) (end int, command bool) {
	for i := 0; i < len(line); {
		if l.quote != "" {
			i = l.quoted(line, i)
			continue
		}
		c := line[i]
		switch {
		case c == '-' && strings.HasPrefix(line[i:], "--"):
			return len(line), false
		case c == '/' && strings.HasPrefix(line[i:], "/*"):
			l.quote, l.nested = "*/", 1
			i += 2
		case c == '\'' || c == '"':
			l.quote, l.escapes = string(c), c == '\'' && i > 0 && (line[i-1] == 'e' || line[i-1] == 'E')
			i++
		case c == '$' && dollarRE.MatchString(line[i:]):
			l.quote = dollarRE.FindString(line[i:])
			i += len(l.quote)
		case c == '(' || c == '[':
			l.depth++
			i++
		case c == ')' || c == ']':
			l.depth = max(l.depth-1, 0)
			i++
		case c == ';' && l.depth == 0 && l.atomic == 0:
			return i, false
		case c == '\\' && l.depth == 0:
			return i, true
		default:
			i = l.plain(line, i)
		}
	}
	return len(line), false
}

// plain steps over a word or another character, and notes BEGIN ATOMIC bodies,
// whose semicolons end no statement.
func (l *lexer) plain(line string, i int) int {
	start := i
	for i < len(line) && (line[i] == '_' || line[i] >= 0x80 || line[i]|0x20 >= 'a' && line[i]|0x20 <= 'z' || i > start && line[i] >= '0' && line[i] <= '9') {
		i++
	}
	if i == start {
		return i + 1
	}
	word := strings.ToLower(line[start:i])
	switch {
	case word == "atomic" && l.word == "begin", word == "case" && l.atomic > 0:
		l.atomic++
	case word == "end" && l.atomic > 0:
		l.atomic--
	}
	l.word = word
	return i
}

// quoted steps over what is open.
func (l *lexer) quoted(line string, i int) int {
	if l.quote == "*/" {
		switch {
		case strings.HasPrefix(line[i:], "*/"):
			if l.nested--; l.nested == 0 {
				l.quote = ""
			}
			return i + 2
		case strings.HasPrefix(line[i:], "/*"):
			l.nested++
			return i + 2
		}
		return i + 1
	}
	if l.escapes && line[i] == '\\' {
		return i + 2
	}
	if strings.HasPrefix(line[i:], l.quote) {
		n := len(l.quote)
		if n == 1 && i+1 < len(line) && line[i+1] == l.quote[0] {
			return i + 2 // a doubled quote
		}
		l.quote, l.escapes = "", false
		return i + n
	}
	return i + 1
}

// TestScript: statements end at semicolons outside of quotes, comments and
// bodies; \; joins several in one message, and other commands end one.
func TestScript(t *testing.T) {
	s := &script{vars: map[string]string{}, lines: strings.Split(`SELECT ';', "a;b", $$x;$$; -- not; here
SELECT 1\; SELECT 2;
\set n 7
SELECT :n \gset
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;
COPY t FROM STDIN;
1	2
\.
\c -
SELECT (3;4)`+"\n;", "\n")}
	var got []string
	for _, st := range s.statements(nil) {
		got = append(got, strings.TrimSpace(st.text)+st.data)
	}
	want := []string{"SELECT ';', \"a;b\", $$x;$$", "-- not; here\nSELECT 1; SELECT 2", "SELECT 7",
		"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END", "COPY t FROM STDIN1\t2\n", "", "SELECT (3;4)"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
