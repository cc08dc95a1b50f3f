package shell

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Format is a way to print results.
type Format string

// The formats. Table is a box fitted to a terminal, and PostgreSQL's plain
// table anywhere else.
const (
	Table    Format = "table"
	CSV      Format = "csv"
	JSON     Format = "json"
	Markdown Format = "markdown"
)

// null is how tables show a NULL.
const null = "NULL"

// layout is what a printer may know of its surroundings.
type layout struct {
	// terminal says that the output is one, width its columns, maxRows how many
	// rows it shows (0 is all).
	terminal bool
	width    int
	maxRows  int
	// expanded prints a row over several lines.
	expanded bool
}

// printer prints one result; it returns the number of rows.
type printer func(w *bufio.Writer, r Result, l layout) (int64, error)

// printers are the formats; Table is chosen by tablePrinter.
var printers = map[Format]printer{CSV: printCSV, JSON: printJSON, Markdown: printMarkdown}

// ParseFormat checks the name of a format.
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(name)); f {
	case Table, CSV, JSON, Markdown:
		return f, nil
	}
	return "", fmt.Errorf("format %q is unknown: there are table, csv, json and markdown", name)
}

// tablePrinter chooses among the tables.
func tablePrinter(l layout) printer {
	switch {
	case l.expanded:
		return printExpanded
	case l.terminal:
		return printBox
	}
	return printAligned
}

// print prints a result with its rows, or its command tag.
func (s *Shell) print(r Result) error {
	w := bufio.NewWriterSize(s.out, 64<<10)
	if len(r.Columns()) == 0 {
		for r.Next() != nil {
			continue // a statement without columns is read to its end all the same
		}
		if err := r.Err(); err != nil {
			return err
		}
		s.progress.stop()
		if s.format == Table && !s.quiet && r.Tag() != "" {
			fmt.Fprintln(w, r.Tag())
		}
		return w.Flush()
	}
	l := layout{terminal: s.terminal, width: s.width(), maxRows: s.maxRows, expanded: s.expanded}
	p := printers[s.format]
	if p == nil {
		p = tablePrinter(l)
	}
	_, err := p(w, &watched{Result: r, progress: &s.progress}, l)
	s.progress.stop()
	if e := w.Flush(); err == nil && e != nil {
		return outputError{e}
	}
	return err
}

// outputError is a failure to write the output, such as a closed pipe.
type outputError struct{ error }

// Unwrap returns the cause.
func (e outputError) Unwrap() error { return e.error }

// countWord is "1 row", "2 rows".
func countWord(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// repeat writes s n times.
func repeat(w io.StringWriter, s string, n int) {
	for range n {
		_, _ = w.WriteString(s)
	}
}
