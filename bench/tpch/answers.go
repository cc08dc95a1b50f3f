package tpch

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Null is the text of a NULL in results. No text of the benchmark's data equals it.
const Null = "NULL"

// Tolerance is the largest relative difference of two doubles that count as equal.
const Tolerance = 1e-9

// Answer is the published result of a query.
type Answer struct {
	Columns []string   // the columns' names
	Rows    [][]string // values as text, NULL as Null
}

// Answers returns the results of the 22 queries over Generate's data, by query name.
//
// It reads the results that DuckDB publishes from dir/sf<sf>/qNN.csv ('|'-separated, with a header, an
// empty value for NULL) and fails if one of the 22 files is missing. As those are over the data of the
// variant DuckDB, the addresses and comments in them are replaced by dbgen's, and the result of query
// 13, which counts orders by their comments, is counted anew: that makes some of the tables, a second
// for each unit of scale.
func Answers(dir string, sf float64) (map[string]Answer, error) { return DBGen.Answers(dir, sf) }

// Answers is the function Answers for the variant's data. The variant DuckDB's are the files as they are.
func (v Variant) Answers(dir string, sf float64) (map[string]Answer, error) {
	answers, err := readAnswers(dir, sf)
	if err != nil || v == DuckDB {
		return answers, err
	}
	return answers, v.adapt(answers, sf)
}

func readAnswers(dir string, sf float64) (map[string]Answer, error) {
	answers := map[string]Answer{}
	for _, q := range Queries() {
		scale := "sf" + strconv.FormatFloat(sf, 'g', -1, 64)
		answer, err := readAnswer(filepath.Join(dir, scale, q.Name+".csv"), len(q.Columns))
		if err != nil {
			return nil, err
		}
		answers[q.Name] = answer
	}
	return answers, nil
}

func readAnswer(path string, columns int) (Answer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Answer{}, fmt.Errorf("tpch: %w", err)
	}
	if columns == 1 {
		// A row of one NULL is an empty line, which the reader would skip.
		data = []byte(strings.ReplaceAll(string(data), "\n\n", "\n"+Null+"\n"))
	}
	r := csv.NewReader(strings.NewReader(string(data)))
	r.Comma = '|'
	r.FieldsPerRecord = columns
	var answer Answer
	if answer.Columns, err = r.Read(); err != nil {
		return Answer{}, fmt.Errorf("tpch: %s: %w", path, err)
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return answer, nil
		}
		if err != nil {
			return Answer{}, fmt.Errorf("tpch: %s: %w", path, err)
		}
		for i, v := range row {
			if v == "" {
				row[i] = Null
			}
		}
		answer.Rows = append(answer.Rows, row)
	}
}

// Compare returns nil if a result equals an answer, else an error that shows the first difference.
//
// Values are compared by their column's ResultType. The columns of ORDER BY must agree row by row; rows
// that are equal in them may come in any order.
func Compare(q Query, want Answer, got [][]string) error {
	for i, row := range got {
		if len(row) != len(q.Columns) {
			return fmt.Errorf("%s: row %d has %d columns, want %d", q.Name, i+1, len(row), len(q.Columns))
		}
	}
	n := min(len(want.Rows), len(got))
	for start := 0; start < n; {
		end := start + 1
		for end < len(want.Rows) && q.equal(q.OrderBy, want.Rows[end], want.Rows[start]) {
			end++
		}
		if err := q.compareRun(start, want.Rows[start:end], got[start:min(end, len(got))]); err != nil {
			return err
		}
		start = end
	}
	if len(got) != len(want.Rows) {
		return fmt.Errorf("%s: %d rows, want %d", q.Name, len(got), len(want.Rows))
	}
	return nil
}

// compareRun matches rows whose ORDER BY columns are equal, in any order. first is the run's row number.
func (q Query) compareRun(first int, want, got [][]string) error {
	all := make([]int, len(q.Columns))
	for i := range all {
		all[i] = i
	}
	taken := make([]bool, len(want))
next:
	for i, row := range got {
		for j := range want {
			// In a completely ordered result the first try succeeds.
			j = (i + j) % len(want)
			if !taken[j] && q.equal(all, row, want[j]) {
				taken[j] = true
				continue next
			}
		}
		return fmt.Errorf("%s: row %d is\n\t%s, want\n\t%s", q.Name, first+i+1,
			strings.Join(row, "|"), strings.Join(want[min(i, len(want)-1)], "|"))
	}
	return nil
}

// equal reports whether two rows are equal in some columns.
func (q Query) equal(columns []int, a, b []string) bool {
	for _, i := range columns {
		if !q.Columns[i].Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Equal reports whether two values of the type are equal.
func (t ResultType) Equal(a, b string) bool {
	if a == b {
		return true
	}
	if a == Null || b == Null {
		return false
	}
	switch t {
	case ResultInt, ResultDecimal:
		a, okA := normalDecimal(a)
		b, okB := normalDecimal(b)
		return okA && okB && a == b
	case ResultDouble:
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		return errX == nil && errY == nil && math.Abs(x-y) <= Tolerance*max(math.Abs(x), math.Abs(y))
	}
	return false
}

// normalDecimal returns the one form of a decimal number: no plus, no zeros before or behind, no negative
// zero. It reports false for other text.
func normalDecimal(s string) (string, bool) {
	sign := ""
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = "-", s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return "", false
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole+fraction == "" {
		return "0", true
	}
	return sign + whole + "." + fraction, true
}
