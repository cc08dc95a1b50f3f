package tpch

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// ResultType is the type of a result column, as far as comparing results needs it.
type ResultType byte

// The result types.
const (
	ResultInt     ResultType = 'i' // exact
	ResultDecimal ResultType = 'd' // exact by value: 1.50 is 1.5
	ResultDouble  ResultType = 'f' // averages and ratios: to 1e-9, relative
	ResultText    ResultType = 's' // exact
	ResultDate    ResultType = 't' // exact, year-month-day
)

// Query is one of the benchmark's queries.
type Query struct {
	// Name is "q01" … "q22", also the name of its file under queries and of its answers' file.
	Name string
	// Title is the specification's name of the query in lower case, such as "pricing summary report".
	Title string
	// SQL is the query in PostgreSQL's dialect, with the validation parameters of the specification and
	// without a semicolon.
	SQL string
	// Columns are the types of the result's columns.
	Columns []ResultType
	// OrderBy are the result's columns that ORDER BY names, from zero.
	OrderBy []int
}

// shapes are the result columns and the order of the 22 queries. Query 11 takes 0.0001 as its fraction
// at every scale factor, as the published answers do; query 15 is written with a common table expression,
// one of the variants that the specification allows for its view.
var shapes = [22]struct {
	columns string
	orderBy []int
}{
	{"ssddddfffi", []int{0, 1}},
	{"dssissss", []int{0, 2, 1, 3}},
	{"idti", []int{1, 2}},
	{"si", []int{0}},
	{"sd", []int{1}},
	{"d", nil},
	{"ssid", []int{0, 1, 2}},
	{"if", []int{0}},
	{"sid", []int{0, 1}},
	{"isddssss", []int{2}},
	{"id", []int{1}},
	{"sii", []int{0}},
	{"ii", []int{1, 0}},
	{"f", nil},
	{"isssd", []int{0}},
	{"ssii", []int{3, 0, 1, 2}},
	{"f", nil},
	{"siitdd", []int{4, 3}},
	{"d", nil},
	{"ss", []int{0}},
	{"si", []int{1, 0}},
	{"sid", []int{0}},
}

// Queries returns the 22 queries in order.
func Queries() []Query {
	queries := make([]Query, len(shapes))
	for i, shape := range shapes {
		q := Query{
			Name:    fmt.Sprintf("q%02d", i+1),
			Columns: []ResultType(shape.columns),
			OrderBy: shape.orderBy,
		}
		text, err := queryFiles.ReadFile("queries/" + q.Name + ".sql")
		if err != nil {
			panic(err) // the files are part of the program
		}
		// The first line is "-- Query 1: title.".
		first, rest, _ := strings.Cut(string(text), "\n")
		_, title, _ := strings.Cut(first, ": ")
		q.Title = strings.TrimSuffix(title, ".")
		q.SQL = strings.TrimSuffix(strings.TrimSpace(rest), ";")
		queries[i] = q
	}
	return queries
}
