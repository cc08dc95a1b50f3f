package tpch

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// adapt turns answers over another variant's data into answers over v's: the variants differ in
// addresses and comments, which four queries return and query 13 searches.
func (v Variant) adapt(answers map[string]Answer, sf float64) error {
	supplier, err := v.textsByKey("supplier", sf, "s_name", "s_address", "s_comment")
	if err != nil {
		return err
	}
	answers["q02"].replace(supplier, 1, 5, 7)
	answers["q15"].replace(supplier, 1, 2)
	answers["q20"].replace(supplier, 0, 1)
	customer, err := v.textsByKey("customer", sf, "c_custkey", "c_address", "c_comment")
	if err != nil {
		return err
	}
	answers["q10"].replace(customer, 0, 5, 7)
	q13 := answers["q13"]
	q13.Rows, err = v.customerDistribution(sf)
	answers["q13"] = q13
	return err
}

// textsByKey returns, for every row of a table, the values of some columns by that of another.
func (v Variant) textsByKey(table string, sf float64, key string, columns ...string) (map[string][]string, error) {
	t, err := FindTable(table)
	if err != nil {
		return nil, err
	}
	position := func(name string) int {
		return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	}
	texts := map[string][]string{}
	err = v.Generate(table, sf, 1, 1, func(b Batch) error {
		for row := range b.Rows {
			values := make([]string, len(columns))
			for i, name := range columns {
				values[i] = b.Text(position(name), row)
			}
			texts[b.Text(position(key), row)] = values
		}
		return nil
	})
	return texts, err
}

// replace sets some columns of every row to the texts of the row's key.
func (a Answer) replace(texts map[string][]string, key int, columns ...int) {
	for _, row := range a.Rows {
		for i, column := range columns {
			row[column] = texts[row[key]][i]
		}
	}
}

// customerDistribution is query 13: how many customers have how many orders, not counting orders whose
// comments have the word "special" and behind it "requests".
func (v Variant) customerDistribution(sf float64) ([][]string, error) {
	counts := make([]int, scaled(customersPerScale, sf))
	err := v.Generate("orders", sf, 1, 1, func(b Batch) error {
		customer, comment := b.Columns[1].Ints, b.Columns[8].Strings
		for row := range b.Rows {
			_, rest, special := strings.Cut(comment[row], "special")
			if !special || !strings.Contains(rest, "requests") {
				counts[customer[row]-1]++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	customers := map[int]int{} // by number of orders
	for _, n := range counts {
		customers[n]++
	}
	var pairs [][2]int // orders, customers
	for n, c := range customers {
		pairs = append(pairs, [2]int{n, c})
	}
	slices.SortFunc(pairs, func(a, b [2]int) int {
		return cmp.Or(cmp.Compare(b[1], a[1]), cmp.Compare(b[0], a[0]))
	})
	var rows [][]string
	for _, p := range pairs {
		rows = append(rows, []string{strconv.Itoa(p[0]), strconv.Itoa(p[1])})
	}
	return rows, nil
}
