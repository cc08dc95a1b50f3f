package tpcds

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// Query is one of the benchmark's queries.
type Query struct {
	// Name is "q01" … "q99", also the name of its file under queries.
	Name string
	// SQL is its text, without a semicolon.
	SQL string
	// Cents are the columns, from zero, of quotients rounded to two decimals, where
	// engines may differ by one cent at a tie: 41/40 is 1.03 for those that round
	// the decimal number, as PostgreSQL does, and 1.02 for those that multiply the
	// double by 100 first.
	Cents []int
}

// cents is Query.Cents by name.
var cents = map[string][]int{"q02": {1, 2, 3, 4, 5, 6, 7}, "q78": {3}}

// count is the number of queries.
const count = 99

// Queries returns the 99 queries in order.
func Queries() []Query {
	queries := make([]Query, count)
	for i := range queries {
		name := fmt.Sprintf("q%02d", i+1)
		text, err := queryFiles.ReadFile("queries/" + name + ".sql")
		if err != nil {
			panic(err) // the files are part of the program
		}
		queries[i] = Query{Name: name, SQL: strings.TrimSuffix(strings.TrimSpace(string(text)), ";"), Cents: cents[name]}
	}
	return queries
}

var lastLimit = regexp.MustCompile(`(?is)\s+LIMIT\s+\d+\s*$`)

// Unlimited returns the query without its last LIMIT. Which of the rows that
// are equal in ORDER BY are within a limit is not defined, all rows are.
func (q Query) Unlimited() string { return lastLimit.ReplaceAllString(q.SQL, "") }

// Tables returns the names of the 24 tables.
func Tables() []string {
	return []string{
		"call_center", "catalog_page", "catalog_returns", "catalog_sales", "customer", "customer_address",
		"customer_demographics", "date_dim", "household_demographics", "income_band", "inventory", "item",
		"promotion", "reason", "ship_mode", "store", "store_returns", "store_sales", "time_dim", "warehouse",
		"web_page", "web_returns", "web_sales", "web_site",
	}
}
