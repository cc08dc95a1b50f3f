package shell

import (
	"bufio"
	"fmt"

	"htapdb/sql/types"
)

// box is a table that is being laid out for a terminal.
type box struct {
	cols []Column
	// shown are the columns that fit, by position; −1 is the mark for those left out.
	shown []int
	// widths are the columns', least how narrow each may get.
	widths, least []int
	// head are the first rows, tail the last ones beyond them.
	head, tail [][][]string
	rows       int64
	l          layout
}

// minColumn is how narrow a column of text may get before columns are left out.
const minColumn = 8

// cuttable reports types whose values may be shortened; a number without its
// last digits would be another number.
func (c Column) cuttable() bool {
	switch c.Type.Kind {
	case types.Text, types.Varchar, types.Char, types.JSON, types.JSONB, types.Bytea, types.Unknown:
		return true
	}
	return false
}

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
	b.least = make([]int, len(b.cols))
	b.shown = make([]int, len(b.cols))
	for i, c := range b.cols {
		values := 1
		for _, rows := range [][][][]string{b.head, b.tail} {
			for _, row := range rows {
				values = max(values, cellWidth(row[i]))
			}
		}
		b.shown[i] = i
		b.widths[i] = max(displayWidth(clean(c.Name)), values)
		b.least[i] = min(b.widths[i], minColumn)
		if !c.cuttable() {
			b.least[i] = max(b.least[i], values)
		}
	}
	for b.l.width > 0 && b.total() > b.l.width && (b.narrow() || b.drop()) {
		continue
	}
	b.widen()
}

// widen gives the names of types the room that is left.
func (b *box) widen() {
	for _, i := range b.shown {
		if i < 0 {
			continue
		}
		more := displayWidth(b.cols[i].typeName()) - b.widths[i]
		if b.l.width > 0 {
			more = min(more, b.l.width-b.total())
		}
		b.widths[i] += max(more, 0)
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

// narrow takes what is too much from the widest column that may be cut, down to
// the next widest.
func (b *box) narrow() bool {
	widest, second := -1, 0
	for _, i := range b.shown {
		switch {
		case i < 0 || b.widths[i] <= b.least[i]:
		case widest < 0 || b.widths[i] > b.widths[widest]:
			if widest >= 0 {
				second = b.widths[widest]
			}
			widest = i
		default:
			second = max(second, b.widths[i])
		}
	}
	if widest < 0 {
		return false
	}
	to := max(second, b.widths[widest]-(b.total()-b.l.width), b.least[widest])
	if to >= b.widths[widest] {
		to = b.widths[widest] - 1
	}
	b.widths[widest] = to
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
	text := "  " + countWord(b.rows, "row")
	if shown := int64(len(b.head) + len(b.tail)); shown < b.rows {
		text = fmt.Sprintf("  (%d of %s shown)", shown, countWord(b.rows, "row"))
	}
	columns := 0
	for _, i := range b.shown {
		if i >= 0 {
			columns++
		}
	}
	if columns < len(b.cols) {
		text += fmt.Sprintf(" (%d of %s shown)", columns, countWord(int64(len(b.cols)), "column"))
	}
	return text
}
