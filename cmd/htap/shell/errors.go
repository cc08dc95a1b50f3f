package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"htapdb/htap"
)

// caretContext is how much of a long line is shown before and after the place of an error.
const (
	caretBefore = 40
	caretAfter  = 35
)

// printError writes an error as psql does: the message with its SQLSTATE, the
// line of sql with a caret at the position, detail and hint. place, if not "",
// goes before it.
func printError(w io.Writer, err error, sql, place string) {
	e, ok := errors.AsType[*htap.Error](err)
	if !ok {
		fmt.Fprintf(w, "%sERROR:  %s\n", place, clean(plainError(err)))
		return
	}
	fmt.Fprintf(w, "%sERROR:  %s: %s\n", place, e.Code, clean(e.Message))
	if line, caret, no, ok := caretLines(sql, e.Position); ok {
		prefix := fmt.Sprintf("LINE %d: ", no)
		fmt.Fprintf(w, "%s%s\n%s^\n", prefix, line, strings.Repeat(" ", len(prefix)+caret))
	}
	if e.Detail != "" {
		fmt.Fprintf(w, "DETAIL:  %s\n", clean(e.Detail))
	}
	if e.Hint != "" {
		fmt.Fprintf(w, "HINT:  %s\n", clean(e.Hint))
	}
	if e.Where != "" {
		fmt.Fprintf(w, "CONTEXT:  %s\n", clean(e.Where))
	}
}

// plainError words an error without a SQLSTATE.
func plainError(err error) string {
	if errors.Is(err, context.Canceled) {
		return "canceling statement due to user request"
	}
	return err.Error()
}

// caretLines finds the line of the 1-based character position, and the number
// of terminal columns before the caret in it. Long lines are shortened around it.
func caretLines(sql string, position int) (line string, caret, no int, ok bool) {
	if position < 1 {
		return "", 0, 0, false
	}
	runes := []rune(sql)
	at := min(position-1, len(runes))
	start, end := at, at
	for start > 0 && runes[start-1] != '\n' {
		start--
	}
	for end < len(runes) && runes[end] != '\n' {
		end++
	}
	no = 1 + strings.Count(string(runes[:start]), "\n")
	before, after := "", ""
	if at-start > caretBefore+3 {
		start, before = at-caretBefore, "..."
	}
	if end-at > caretAfter+3 {
		end, after = at+caretAfter, "..."
	}
	head := before + clean(string(runes[start:at]))
	return head + clean(string(runes[at:end])) + after, displayWidth(head), no, true
}

// printNotice writes a notice or warning.
func printNotice(w io.Writer, e *htap.Error) {
	severity := "NOTICE"
	if strings.HasPrefix(e.SQLState(), "01") {
		severity = "WARNING"
	}
	fmt.Fprintf(w, "%s:  %s\n", severity, clean(e.Message))
	if e.Detail != "" {
		fmt.Fprintf(w, "DETAIL:  %s\n", clean(e.Detail))
	}
	if e.Hint != "" {
		fmt.Fprintf(w, "HINT:  %s\n", clean(e.Hint))
	}
}
