package shell

import (
	"bufio"
	"fmt"
	"strings"
)

// sampleRows is how many rows of a plain table set the widths of its columns.
// Rows beyond them are printed as they come, so that memory is bounded; a wider
// value then pushes its line out.
const sampleRows = 10_000

// printAligned prints PostgreSQL's plain table, every row of it.
func printAligned(w *bufio.Writer, r Result, _ layout) (int64, error) {
	cols := r.Columns()
	widths := make([]int, len(cols))
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = clean(c.Name)
		widths[i] = displayWidth(names[i])
	}
	var sample [][][]string
	n := int64(0)
	more := false
	for row := r.Next(); row != nil; row = r.Next() {
		n++
		lines := rowLines(row)
		for i, l := range lines {
			widths[i] = max(widths[i], cellWidth(l))
		}
		sample = append(sample, lines)
		if more = len(sample) == sampleRows; more {
			break
		}
	}
	if err := r.Err(); err != nil {
		return n, err
	}
	alignedHead(w, names, widths)
	for _, lines := range sample {
		alignedRow(w, cols, lines, widths)
	}
	for more {
		row := r.Next()
		if row == nil {
			break
		}
		n++
		alignedRow(w, cols, rowLines(row), widths)
	}
	if err := r.Err(); err != nil {
		return n, err
	}
	fmt.Fprintf(w, "(%s)\n\n", countWord(n, "row"))
	return n, nil
}

// rowLines are the lines of each cell.
func rowLines(row []Cell) [][]string {
	out := make([][]string, len(row))
	for i, c := range row {
		out[i] = c.lines()
	}
	return out
}

// alignedHead writes the names and the rule below them.
func alignedHead(w *bufio.Writer, names []string, widths []int) {
	for i, name := range names {
		if i > 0 {
			w.WriteByte('|')
		}
		w.WriteString(" " + center(name, widths[i]) + " ")
	}
	w.WriteByte('\n')
	for i, width := range widths {
		if i > 0 {
			w.WriteByte('+')
		}
		repeat(w, "-", width+2)
	}
	w.WriteByte('\n')
}

// alignedRow writes a row; a cell of several lines marks the broken ones with +.
func alignedRow(w *bufio.Writer, cols []Column, lines [][]string, widths []int) {
	height := 1
	for _, l := range lines {
		height = max(height, len(l))
	}
	for at := range height {
		for i := range cols {
			if i > 0 {
				w.WriteByte('|')
			}
			text, mark := "", " "
			if at < len(lines[i]) {
				text = lines[i][at]
			}
			if at < len(lines[i])-1 {
				mark = "+"
			}
			last := i == len(cols)-1
			if last && !cols[i].right() && mark == " " {
				w.WriteString(" " + text) // no blanks at the end of a line
				continue
			}
			w.WriteString(" " + pad(text, widths[i], cols[i].right()))
			if !last || mark != " " {
				w.WriteString(mark)
			}
		}
		w.WriteByte('\n')
	}
}

// printExpanded prints each row as a record of lines, as \x has it.
func printExpanded(w *bufio.Writer, r Result, _ layout) (int64, error) {
	cols := r.Columns()
	names := make([]string, len(cols))
	width := 0
	for i, c := range cols {
		names[i] = clean(c.Name)
		width = max(width, displayWidth(names[i]))
	}
	n := int64(0)
	for row := r.Next(); row != nil; row = r.Next() {
		n++
		lines, widest := rowLines(row), 0
		for _, l := range lines {
			widest = max(widest, cellWidth(l))
		}
		head := fmt.Sprintf("-[ RECORD %d ]", n)
		w.WriteString(head)
		for at := len(head); at < width+widest+3; at++ {
			if at == width+1 {
				w.WriteByte('+')
			} else {
				w.WriteByte('-')
			}
		}
		w.WriteByte('\n')
		for i, l := range lines {
			for at, text := range l {
				name, mark := names[i], ""
				if at > 0 {
					name = ""
				}
				if at < len(l)-1 {
					mark = strings.Repeat(" ", widest-displayWidth(text)) + "+"
				}
				w.WriteString(pad(name, width, false) + " | " + text + mark + "\n")
			}
		}
	}
	if err := r.Err(); err != nil {
		return n, err
	}
	if n == 0 {
		w.WriteString("(0 rows)\n")
	}
	w.WriteByte('\n')
	return n, nil
}
