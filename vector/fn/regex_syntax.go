package fn

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
)

// regexMode is what the options of a regular expression ask for.
type regexMode struct {
	ignoreCase bool
	// literal is option q: the pattern is plain text.
	literal bool
	// dotLine lets . and [^…] match a newline, anchorLine ^ and $ match at every line.
	dotLine, anchorLine bool
}

// apply takes the option letters over; later ones win.
func (m *regexMode) apply(options string) error {
	for _, f := range options {
		switch f {
		case 'i':
			m.ignoreCase = true
		case 'c':
			m.ignoreCase = false
		case 'n', 'm':
			m.dotLine, m.anchorLine = false, true
		case 'p':
			m.dotLine, m.anchorLine = false, false
		case 'w':
			m.dotLine, m.anchorLine = true, true
		case 's':
			m.dotLine, m.anchorLine = true, false
		case 'q':
			m.literal = true
		case 'g', 't', 'e':
		case 'b', 'x':
			return sqlstate.New(sqlstate.FeatureNotSupported, "regular expression option \"%c\" is not supported", f)
		default:
			return sqlstate.New(sqlstate.InvalidParameterValue, "invalid regular expression option: \"%c\"", f)
		}
	}
	return nil
}

// compileRegex translates PostgreSQL's pattern and option letters. With longest
// the leftmost match is the longest one there, as POSIX has it, unless the
// pattern has quantifiers that ask for the shortest.
func compileRegex(pattern, flags string, longest bool) (*regexp.Regexp, error) {
	m := regexMode{dotLine: true}
	if err := m.apply(flags); err != nil {
		return nil, err
	}
	if strings.HasPrefix(pattern, "(?") && !m.literal {
		// Options inside are those of the whole pattern.
		end := strings.IndexFunc(pattern[2:], func(r rune) bool { return !unicode.IsLetter(r) }) + 2
		if end > 2 && pattern[end] == ')' {
			if err := m.apply(pattern[2:end]); err != nil {
				return nil, err
			}
			pattern = pattern[end+1:]
		}
	}
	translated := regexp.QuoteMeta(pattern)
	if !m.literal {
		var err error
		if translated, err = translateRegex(pattern, m); err != nil {
			return nil, err
		}
	}
	options := ""
	for letter, on := range map[string]bool{"i": m.ignoreCase, "s": m.dotLine, "m": m.anchorLine} {
		if on {
			options += letter
		}
	}
	if options != "" {
		translated = "(?" + options + ")" + translated
	}
	re, err := regexp.Compile(translated)
	if err != nil {
		return nil, sqlstate.New(sqlstate.InvalidRegularExpression, "invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if longest && !wantsShortest(translated) {
		re.Longest()
	}
	return re, nil
}

// wantsShortest reports whether a valid pattern has a quantifier like *?.
func wantsShortest(pattern string) bool {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	var walk func(*syntax.Regexp) bool
	walk = func(r *syntax.Regexp) bool {
		switch r.Op {
		case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
			if r.Flags&syntax.NonGreedy != 0 {
				return true
			}
		}
		for _, s := range r.Sub {
			if walk(s) {
				return true
			}
		}
		return false
	}
	return err == nil && walk(parsed)
}

// regexClasses are the contents of brackets for PostgreSQL's classes, which
// know the letters of all scripts, but ASCII's digits only.
var regexClasses = sync.OnceValue(func() map[string]string {
	var marks strings.Builder
	for _, r := range unicode.Other_Alphabetic.R16 {
		fmt.Fprintf(&marks, `\x{%x}-\x{%x}`, r.Lo, r.Hi)
	}
	for _, r := range unicode.Other_Alphabetic.R32 {
		fmt.Fprintf(&marks, `\x{%x}-\x{%x}`, r.Lo, r.Hi)
	}
	alpha := `\p{L}\p{Nl}` + marks.String()
	return map[string]string{
		"alpha": alpha, "alnum": alpha + `\p{Nd}`, "word": alpha + `\p{Nd}_`,
		"upper": `\p{Lu}\p{Lt}`, "lower": `\p{Ll}`, "punct": `[:punct:]\p{P}\p{S}`, "digit": "0-9",
		"space": `\t-\r \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}`,
		"blank": `\t \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{205f}\x{3000}`,
	}
})

// classEscapes are the escapes that stand for a class.
var classEscapes = map[byte]string{'w': "word", 'd': "digit", 's': "space", 'W': "word", 'D': "digit", 'S': "space"}

// translateRegex writes an advanced regular expression as RE2 has it. Word
// boundaries know ASCII's letters only, and \m and \M are \y. What RE2 lacks,
// look-around and back references, is 0A000.
func translateRegex(p string, m regexMode) (string, error) {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\' && i+1 < len(p):
			n, err := translateEscape(&b, p[i+1:])
			if err != nil {
				return "", err
			}
			i += n
		case c == '[':
			n, err := translateBrackets(&b, p[i:], m)
			if err != nil {
				return "", err
			}
			i += n - 1
		case c == '(' && hasAnyPrefix(p[i:], "(?=", "(?!", "(?<=", "(?<!"):
			return "", sqlstate.New(sqlstate.FeatureNotSupported, "look-around in regular expressions is not supported")
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// hexDigits are the most digits of the escapes of a character by its number: \x
// takes one or more, \u and \U need all of theirs.
var hexDigits = map[byte]int{'x': 255, 'u': 4, 'U': 8}

// hexEscape writes the character whose escape s begins with, and returns how many
// bytes of s it took.
func hexEscape(b *strings.Builder, s string) (int, error) {
	n, char := 1, int64(0)
	for ; n < len(s) && n <= hexDigits[s[0]]; n++ {
		d := strings.IndexByte("0123456789abcdef", s[n]|0x20)
		if d < 0 || s[n] < '0' {
			break
		}
		char = min(char<<4|int64(d), utf8.MaxRune+1)
	}
	if n == 1 || s[0] != 'x' && n <= hexDigits[s[0]] || char > utf8.MaxRune {
		return 0, sqlstate.New(sqlstate.InvalidRegularExpression, "invalid regular expression: invalid escape \\ sequence")
	}
	b.WriteString(`\x{` + strconv.FormatInt(char, 16) + "}")
	return n, nil
}

// translateEscape writes the escape whose letter s begins with, and returns how
// many bytes of s it took.
func translateEscape(b *strings.Builder, s string) (int, error) {
	switch c := s[0]; {
	case classEscapes[c] != "":
		not := ""
		if c < 'a' {
			not = "^"
		}
		b.WriteString("[" + not + regexClasses()[classEscapes[c]] + "]")
	case c == 'y' || c == 'm' || c == 'M':
		b.WriteString(`\b`)
	case c == 'Y':
		b.WriteString(`\B`)
	case c == 'B':
		b.WriteString(`\\`)
	case c == 'Z':
		b.WriteString(`\z`)
	case c == 'e':
		b.WriteString(`\x1b`)
	case hexDigits[c] != 0:
		return hexEscape(b, s)
	case c >= '1' && c <= '9':
		return 0, sqlstate.New(sqlstate.FeatureNotSupported, "back references in regular expressions are not supported")
	default:
		b.WriteByte('\\')
		b.WriteByte(c)
	}
	return 1, nil
}

// translateBrackets writes the bracket expression that s begins with, and
// returns its length.
func translateBrackets(b *strings.Builder, s string, m regexMode) (int, error) {
	i := 1
	b.WriteByte('[')
	if strings.HasPrefix(s[i:], "^") {
		i++
		b.WriteByte('^')
		if !m.dotLine {
			b.WriteString(`\n`)
		}
	}
	for first := true; i < len(s); first = false {
		switch rest := s[i:]; {
		case rest[0] == ']' && !first:
			b.WriteByte(']')
			return i + 1, nil
		case strings.HasPrefix(rest, "[:"):
			name, _, ok := strings.Cut(rest[2:], ":]")
			if !ok {
				b.WriteString(rest)
				return len(s), nil // Compile will say what is wrong
			}
			if class := regexClasses()[name]; class != "" && name != "word" {
				b.WriteString(class)
			} else {
				b.WriteString("[:" + name + ":]")
			}
			i += len(name) + 4
		case hasAnyPrefix(rest, "[.", "[="):
			return 0, sqlstate.New(sqlstate.FeatureNotSupported, "collating elements in regular expressions are not supported")
		case rest[0] == '\\' && len(rest) > 1 && classEscapes[rest[1]] != "" && rest[1] >= 'a':
			b.WriteString(regexClasses()[classEscapes[rest[1]]])
			i += 2
		case rest[0] == '\\' && len(rest) > 1 && hexDigits[rest[1]] != 0:
			n, err := hexEscape(b, rest[1:])
			if err != nil {
				return 0, err
			}
			i += 1 + n
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i += 2
		default:
			if rest[0] == '[' || rest[0] == ']' {
				b.WriteByte('\\')
			}
			b.WriteByte(rest[0])
			i++
		}
	}
	return i, nil
}
