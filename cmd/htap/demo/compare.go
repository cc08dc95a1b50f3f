package demo

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"htapdb/htap"
	"htapdb/sql/types"
)

// answer is a query's rows as both paths gave them.
type answer struct {
	q       query
	columns []htap.Column
	rows    [][]string
	// byRow and byColumn are how long each path took.
	byRow, byColumn time.Duration
}

// null is how a NULL is shown.
const null = "NULL"

// cellText is the text of a column of the current row, NULL as a word.
func cellText(rows *htap.Rows, i int) string {
	d := rows.Datum(i)
	if d.IsNull() {
		return null
	}
	return types.Format(d, rows.Columns()[i].Type, time.UTC)
}

// collect runs a query and returns its rows as text.
func collect(ctx context.Context, s *htap.Session, sql string, args ...any) ([]htap.Column, [][]string, error) {
	rows, err := s.Query(ctx, sql, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		line := make([]string, len(rows.Columns()))
		for i := range line {
			line[i] = cellText(rows, i)
		}
		out = append(out, line)
	}
	return rows.Columns(), out, rows.Err()
}

// both runs a query by the columns and by the rows in one REPEATABLE READ
// transaction. An answer that differs is an error that says where. progress,
// if not nil, is told which path begins.
func both(ctx context.Context, s *htap.Session, q query, progress func(path string)) (answer, error) {
	a := answer{q: q}
	tx, err := s.Begin(ctx, htap.TxOptions{Isolation: "repeatable read", ReadOnly: true})
	if err != nil {
		return a, err
	}
	defer tx.Rollback()
	path := func(route string) (rows [][]string, took time.Duration, err error) {
		if progress != nil {
			progress(route)
		}
		if _, err := tx.Exec(ctx, "SET LOCAL htap.route = '"+route+"'"); err != nil {
			return nil, 0, err
		}
		began := time.Now()
		a.columns, rows, err = collect(ctx, s, q.sql)
		if err != nil {
			err = fmt.Errorf("%s by the %s path: %w", q.name, route, err)
		}
		return rows, time.Since(began), err
	}
	if a.rows, a.byColumn, err = path("column"); err != nil {
		return a, err
	}
	byRow, took, err := path("row")
	if err != nil {
		return a, err
	}
	a.byRow = took
	if d := difference(a.columns, byRow, a.rows); d != "" {
		return a, fmt.Errorf("%s: the paths differ: %s", q.name, d)
	}
	return a, nil
}

// closeEnough is how far two sums of floating-point numbers may be apart
// relatively, because the paths add them in different orders.
const closeEnough = 1e-9

// difference says how two answers differ, "" if they do not. All but
// floating-point numbers must be the same text.
func difference(cols []htap.Column, row, column [][]string) string {
	if len(row) != len(column) {
		return fmt.Sprintf("%d rows by the row path, %d by the column path", len(row), len(column))
	}
	for i := range row {
		for k := range row[i] {
			x, y := row[i][k], column[i][k]
			if x == y || isFloat(cols[k].Type) && near(x, y) {
				continue
			}
			return fmt.Sprintf("row %d, %s: %s by the row path, %s by the column path", i+1, cols[k].Name, x, y)
		}
	}
	return ""
}

func isFloat(t types.Type) bool { return t.Kind == types.Float8 || t.Kind == types.Float4 }

func near(x, y string) bool {
	a, err := strconv.ParseFloat(x, 64)
	b, err2 := strconv.ParseFloat(y, 64)
	return err == nil && err2 == nil && math.Abs(a-b) <= closeEnough*max(math.Abs(a), math.Abs(b))
}

// table lays an answer out in aligned columns, numbers at the right.
func (a answer) table() []string {
	widths := make([]int, len(a.columns))
	text := make([][]string, 0, len(a.rows)+1)
	head := make([]string, len(a.columns))
	for i, c := range a.columns {
		head[i] = c.Name
	}
	text = append(text, head)
	for _, r := range a.rows {
		line := make([]string, len(r))
		for i, v := range r {
			line[i] = short(v, a.columns[i].Type)
		}
		text = append(text, line)
	}
	for _, line := range text {
		for i, v := range line {
			widths[i] = max(widths[i], len([]rune(v)))
		}
	}
	out := make([]string, len(text))
	for k, line := range text {
		var b strings.Builder
		for i, v := range line {
			blanks := strings.Repeat(" ", widths[i]-len([]rune(v)))
			if isNumber(a.columns[i].Type) {
				v = blanks + v
			} else {
				v += blanks
			}
			b.WriteString("  " + v)
		}
		out[k] = strings.TrimRight(b.String(), " ")
	}
	return out
}

func isNumber(t types.Type) bool {
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8, types.Numeric:
		return true
	}
	return isFloat(t)
}

// short writes a value for people: whole numbers in groups, others with few digits.
func short(v string, t types.Type) string {
	if v == null {
		return v
	}
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8:
		return group(v)
	case types.Numeric:
		whole, rest, _ := strings.Cut(v, ".")
		if rest = strings.TrimRight(rest, "0"); len(rest) < 2 && t.Scale >= 2 {
			rest += strings.Repeat("0", 2-len(rest))
		}
		if rest == "" || rest == "00" && t.Scale > 2 {
			return group(whole)
		}
		return group(whole) + "." + rest
	case types.Float8, types.Float4:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return strconv.FormatFloat(f, 'f', 3, 64)
		}
	}
	return v
}

// group puts a comma between thousands.
func group(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

func groupInt[T int | int64](n T) string { return group(strconv.FormatInt(int64(n), 10)) }
