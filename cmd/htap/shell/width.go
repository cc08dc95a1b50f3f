package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// tabWidth is how many blanks stand for a tab.
const tabWidth = 4

// clean makes text safe for a terminal: control characters and bytes that are
// not UTF-8 are escaped, tabs become blanks. Line feeds stay.
func clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02X`, s[i])
		case r == '\n':
			b.WriteByte('\n')
		case r == '\t':
			b.WriteString(strings.Repeat(" ", tabWidth))
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsControl(r) || isDirection(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// isPlain reports printable ASCII, the usual case.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isDirection reports the characters that turn the direction of text around.
func isDirection(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// displayWidth is the number of terminal columns of a line.
func displayWidth(s string) int {
	if isPlain(s) {
		return len(s)
	}
	return runewidth.StringWidth(s)
}

// cut shortens a line to width columns, the last of them an ellipsis.
func cut(s string, width int) string {
	if displayWidth(s) <= width {
		return s
	}
	return runewidth.Truncate(s, width, "…")
}

// pad writes s in width columns, at the right or the left.
func pad(s string, width int, right bool) string {
	blanks := width - displayWidth(s)
	if blanks <= 0 {
		return s
	}
	if right {
		return strings.Repeat(" ", blanks) + s
	}
	return s + strings.Repeat(" ", blanks)
}

// center writes s in the middle of width columns.
func center(s string, width int) string {
	blanks := max(width-displayWidth(s), 0)
	return strings.Repeat(" ", blanks/2) + s + strings.Repeat(" ", blanks-blanks/2)
}

// lines are the lines of a cell, cleaned; a NULL shows its word.
func (c Cell) lines() []string {
	if c.Null {
		return []string{null}
	}
	text := clean(c.Text)
	if !strings.Contains(text, "\n") {
		return []string{text}
	}
	return strings.Split(text, "\n")
}

// cellWidth is the width of the widest line.
func cellWidth(lines []string) int {
	w := 0
	for _, l := range lines {
		w = max(w, displayWidth(l))
	}
	return w
}
