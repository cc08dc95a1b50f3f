package shell

import (
	"bufio"
	"fmt"
	"strings"
)

// box is a table that is being laid out for a terminal.
type box struct {
	cols []Column
	// shown are the columns that fit, by position; −1 is the mark for those left out.
	shown  []int
	widths []int
	// head are the first rows, tail the last ones beyond them.
	head, tail [][][]string
	rows       int64
	l          layout
}

// minColumn is how narrow a column may get before columns are left out.
const minColumn = 8

// planColumn is the name of EXPLAIN's column, whose lines are never cut.
const planColumn = "QUERY PLAN"

// printBox prints a box that fits the terminal: wide values are cut, columns in
// the middle and rows in the middle left out, and the last line says so.
func printBox(w *bufio.Writer, r Result, l layout) (int64, error) {
	b := &box{cols: r.Columns(), l: l}
	if len(b.cols) == 1 && b.cols[0].Name == planColumn {
		return printPlan(w, r)
	}
	if err := b.read(r); err != nil {
		return b.rows, err
	}
	b.fit()
	b.rule(w, "┌", "┬", "┐")
	b.line(w, func(i int) (string, bool) { return center(cut(clean(b.cols[i].Name), b.widths[i]), b.widths[i]), false })
	b.line(w, func(i int) (string, bool) { return center(cut(b.cols[i].typeName(), b.widths[i]), b.widths[i]), false })
	b.rule(w, "├", "┼", "┤")
	for _, row := range b.head {
		b.row(w, row)
	}
	if left := b.rows - int64(len(b.head)+len(b.tail)); left > 0 {
		b.line(w, func(i int) (string, bool) { return center("·", b.widths[i]), false })
	}
	for _, row := range b.tail {
		b.row(w, row)
	}
	b.rule(w, "└", "┴", "┘")
	fmt.Fprintln(w, b.footer())
	return b.rows, nil
}

// printPlan prints the lines of a plan as they are.
func printPlan(w *bufio.Writer, r Result) (int64, error) {
	n := int64(0)
	for row := r.Next(); row != nil; row = r.Next() {
		n++
		for _, line := range row[0].lines() {
			fmt.Fprintln(w, line)
		}
	}
	return n, r.Err()
}

// read keeps the first and the last rows.
func (b *box) read(r Result) error {
	half := b.l.maxRows / 2
	for row := r.Next(); row != nil; row = r.Next() {
		b.rows++
		lines := rowLines(row)
		if b.l.maxRows <= 0 || len(b.head) < b.l.maxRows-half {
			b.head = append(b.head, lines)
			continue
		}
		if half > 0 {
			if len(b.tail) == half {
				b.tail = append(b.tail[:0], b.tail[1:]...)
			}
			b.tail = append(b.tail, lines)
		}
	}
	return r.Err()
}

// fit chooses the columns and their widths.
func (b *box) fit() {
	b.widths = make([]int, len(b.cols))
	b.shown = make([]int, len(b.cols))
	for i, c := range b.cols {
		b.shown[i] = i
		b.widths[i] = max(displayWidth(clean(c.Name)), displayWidth(c.typeName()), 1)
		for _, rows := range [][][][]string{b.head, b.tail} {
			for _, row := range rows {
				b.widths[i] = max(b.widths[i], cellWidth(row[i]))
			}
		}
	}
	if b.l.width <= 0 {
		return
	}
	for b.total() > b.l.width {
		if !b.narrow() && !b.drop() {
			return
		}
	}
}

// total is the width of the box: each column has two blanks and a border.
func (b *box) total() int {
	n := 1
	for _, i := range b.shown {
		n += b.width(i) + 3
	}
	return n
}

func (b *box) width(i int) int {
	if i < 0 {
		return 1
	}
	return b.widths[i]
}

// narrow takes what is too much from the widest column, down to the next widest.
func (b *box) narrow() bool {
	widest, second := -1, minColumn
	for _, i := range b.shown {
		switch {
		case i < 0:
		case widest < 0 || b.widths[i] > b.widths[widest]:
			if widest >= 0 {
				second = max(second, b.widths[widest])
			}
			widest = i
		default:
			second = max(second, b.widths[i])
		}
	}
	if widest < 0 || b.widths[widest] <= minColumn {
		return false
	}
	to := max(second, b.widths[widest]-(b.total()-b.l.width))
	if to == b.widths[widest] {
		to--
	}
	b.widths[widest] = max(to, minColumn)
	return true
}

// drop leaves out a column in the middle.
func (b *box) drop() bool {
	mid := len(b.shown) / 2
	marked := false
	for k, i := range b.shown {
		if i < 0 {
			mid, marked = k, true
		}
	}
	switch {
	case !marked && len(b.shown) > 2:
		b.shown[mid] = -1
	case marked && len(b.shown) > 3:
		at := mid + 1 // the longer side loses one
		if mid > len(b.shown)-1-mid {
			at = mid - 1
		}
		b.shown = append(b.shown[:at], b.shown[at+1:]...)
	default:
		return false
	}
	return true
}

// rule writes a horizontal line.
func (b *box) rule(w *bufio.Writer, left, middle, right string) {
	w.WriteString(left)
	for k, i := range b.shown {
		if k > 0 {
			w.WriteString(middle)
		}
		repeat(w, "─", b.width(i)+2)
	}
	w.WriteString(right + "\n")
}

// line writes one line of cells.
func (b *box) line(w *bufio.Writer, cell func(i int) (text string, right bool)) {
	for _, i := range b.shown {
		text, right := "…", false
		if i >= 0 {
			text, right = cell(i)
		}
		w.WriteString("│ " + pad(text, b.width(i), right) + " ")
	}
	w.WriteString("│\n")
}

// row writes a row, as many lines as its highest cell has.
func (b *box) row(w *bufio.Writer, row [][]string) {
	height := 1
	for _, i := range b.shown {
		if i >= 0 {
			height = max(height, len(row[i]))
		}
	}
	for at := range height {
		b.line(w, func(i int) (string, bool) {
			if at >= len(row[i]) {
				return "", false
			}
			return cut(row[i][at], b.widths[i]), b.cols[i].right()
		})
	}
}

// footer counts rows, and says what is not shown.
func (b *box) footer() string {
	var hidden []string
	if shown := int64(len(b.head) + len(b.tail)); shown < b.rows {
		hidden = append(hidden, fmt.Sprintf("%d of %s shown", shown, countWord(b.rows, "row")))
	}
	columns := 0
	for _, i := range b.shown {
		if i >= 0 {
			columns++
		}
	}
	if columns < len(b.cols) {
		hidden = append(hidden, fmt.Sprintf("%d of %s shown", columns, countWord(int64(len(b.cols)), "column")))
	}
	text := "  " + countWord(b.rows, "row")
	if len(hidden) > 0 {
		text += " (" + strings.Join(hidden, ", ") + ")"
	}
	return text
}
