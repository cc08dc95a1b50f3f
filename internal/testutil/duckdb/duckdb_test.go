//go:build cgo

package duckdb

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"htapdb/bench/tpch"
)

func open(t testing.TB) *DB {
	t.Helper()
	db, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// TestTPCH loads the benchmark's data, runs its queries and compares the results with the answers: this
// checks the generator, the queries, the comparison and the answers together. The variant DuckDB is
// compared with what DuckDB publishes. With HTAPDB_LONG scale factor 1 follows 0.01.
func TestTPCH(t *testing.T) {
	shared := os.Getenv("HTAPDB_SHARED")
	if shared == "" {
		shared = "../../../../shared" // beside the repository
	}
	dir := filepath.Join(shared, "tpch", "answers")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no published answers: set HTAPDB_SHARED to the folder that has tpch/answers")
	}
	scales := []float64{0.01}
	if os.Getenv("HTAPDB_LONG") != "" {
		scales = append(scales, 1)
	}
	for _, sf := range scales {
		for _, variant := range []tpch.Variant{tpch.DBGen, tpch.DuckDB} {
			answers, err := variant.Answers(dir, sf)
			if err != nil {
				t.Fatal(err)
			}
			db := open(t)
			loadTPCH(t, db, variant, sf)
			for _, q := range tpch.Queries() {
				if err := checkAnswer(t, db, q, answers[q.Name]); err != nil {
					t.Errorf("variant %d, scale factor %v: %v", variant, sf, err)
				}
			}
		}
	}
}

// checkAnswer runs a query and compares its result, names of columns included.
func checkAnswer(t *testing.T, db *DB, q tpch.Query, want tpch.Answer) error {
	result, err := db.Query(t.Context(), q.SQL)
	if err != nil {
		return err
	}
	// The sum of query 18 has no name in the query, and each system makes its own.
	if !slices.Equal(result.Columns, want.Columns) && q.Name != "q18" {
		return fmt.Errorf("%s: columns %v, want %v", q.Name, result.Columns, want.Columns)
	}
	return tpch.Compare(q, want, result.Rows)
}

// loadTPCH makes the eight tables and fills them.
func loadTPCH(t testing.TB, db *DB, variant tpch.Variant, sf float64) {
	t.Helper()
	ctx := context.Background()
	for _, table := range tpch.Tables() {
		if err := db.Exec(ctx, table.DDL()); err != nil {
			t.Fatal(err)
		}
		loader, err := db.NewLoader(ctx, table.Name)
		if err != nil {
			t.Fatal(err)
		}
		vectors := make([]Vector, len(table.Columns))
		err = variant.Generate(table.Name, sf, 1, 1, func(b tpch.Batch) error {
			for i := range vectors {
				vectors[i].Values = b.Columns[i].Values()
			}
			return loader.Append(vectors...)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := loader.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// typeCases has, for each type, values to load and their text.
var typeCases = []struct {
	sqlType string
	values  any
	text    []string
}{
	{"BOOLEAN", []bool{true, false}, []string{"t", "f"}},
	{"SMALLINT", []int16{-32768, 32767}, []string{"-32768", "32767"}},
	{"INTEGER", []int32{math.MinInt32, 7}, []string{"-2147483648", "7"}},
	{"INTEGER", []any{int64(1), 2, nil}, []string{"1", "2", "NULL"}},
	{"BIGINT", []int64{math.MinInt64, math.MaxInt64}, []string{"-9223372036854775808", "9223372036854775807"}},
	{"HUGEINT", []*big.Int{pow10(37), big.NewInt(-1)}, []string{"1" + strings.Repeat("0", 37), "-1"}},
	{"REAL", []float32{0.1, 1e6, 123456, 1e-5}, []string{"0.1", "1e+06", "123456", "1e-05"}},
	{"DOUBLE", []float64{0.1, 1e15, 123456789012345, 0.0001, math.Inf(1), math.NaN(), math.Copysign(0, -1)},
		[]string{"0.1", "1e+15", "123456789012345", "0.0001", "Infinity", "NaN", "-0"}},
	{"DECIMAL(4,2)", []int64{-5, 1234}, []string{"-0.05", "12.34"}},
	{"DECIMAL(9,0)", []int64{-5, 999999999}, []string{"-5", "999999999"}},
	{"DECIMAL(15,2)", []int64{-123456789012345, 0}, []string{"-1234567890123.45", "0.00"}},
	{"DECIMAL(38,10)", []int64{1, -10000000000}, []string{"0.0000000001", "-1.0000000000"}},
	{"DECIMAL(38,0)", []*big.Int{pow10(37), big.NewInt(-3)}, []string{"1" + strings.Repeat("0", 37), "-3"}},
	{"VARCHAR", []string{"", "NULL", "ä|b"}, []string{"", "'NULL'", "ä|b"}},
	{"BLOB", [][]byte{{0, 255}, {}}, []string{`\x00ff`, `\x`}},
	{"DATE", []int32{0, -1, 11016}, []string{"1970-01-01", "1969-12-31", "2000-02-29"}},
	{"TIME", []int64{0, 86399999999, 3600000001}, []string{"00:00:00", "23:59:59.999999", "01:00:00.000001"}},
	{"TIMESTAMP", []int64{0, -1, 951782400500000},
		[]string{"1970-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2000-02-29 00:00:00.5"}},
	{"TIMESTAMPTZ", []int64{0, -1}, []string{"1970-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00"}},
	{"INTERVAL", []Interval{{}, {14, -2, 3723000004}, {1, 1, 0}, {-12, 0, -1e6}},
		[]string{"00:00:00", "1 year 2 mons -2 days 01:02:03.000004", "1 mon 1 day", "-1 years -00:00:01"}},
	{"UUID", [][16]byte{{0: 0xab, 15: 1}}, []string{"ab000000-0000-0000-0000-000000000001"}},
}

func pow10(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// TestTypes loads values of every type and reads them back as text.
func TestTypes(t *testing.T) {
	db := open(t)
	for _, c := range typeCases {
		exec(t, db, "CREATE OR REPLACE TABLE t (i INTEGER, v "+c.sqlType+")")
		n, _, err := elements(c.values)
		if err != nil {
			t.Fatal(err)
		}
		numbers, valid := make([]int32, n), make([]bool, n)
		for i := range numbers {
			numbers[i], valid[i] = int32(i), true
		}
		if err := db.Append(t.Context(), "t", Vector{Values: numbers}, Vector{c.values, valid}); err != nil {
			t.Errorf("%s: %v", c.sqlType, err)
			continue
		}
		valid[0] = false
		if err := db.Append(t.Context(), "t", Vector{Values: numbers}, Vector{c.values, valid}); err != nil {
			t.Errorf("%s: %v", c.sqlType, err)
		}
		want := append(slices.Clone(c.text), c.text...)
		want[n] = Null
		checkColumn(t, db, "SELECT v FROM t ORDER BY rowid", want)
	}
}

func exec(t testing.TB, db *DB, query string) {
	t.Helper()
	if err := db.Exec(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}

// checkColumn compares the one column of a query's result.
func checkColumn(t *testing.T, db *DB, query string, want []string) {
	t.Helper()
	result, err := db.Query(t.Context(), query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return
	}
	var got []string
	for _, row := range result.Rows {
		got = append(got, row[0])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s of type %v: %q, want %q", query, result.Types, got, want)
	}
}

// TestText checks the text of values that cannot be loaded.
func TestText(t *testing.T) {
	db := open(t)
	for query, want := range map[string]string{
		"SELECT sum(i) FROM range(3) t(i)":                                  "3",
		"SELECT avg(i) FROM range(4) t(i)":                                  "1.5",
		"SELECT count(*) FROM range(4) t(i)":                                "4",
		"SELECT 1::UTINYINT":                                                "1",
		"SELECT [1, NULL, 2]":                                               "{1,NULL,2}",
		"SELECT ['a', 'b c', '', 'null', NULL, '\"']":                       `{a,"b c","","null",NULL,"\""}`,
		"SELECT [[1], [2, 3]]":                                              "{{1},{2,3}}",
		"SELECT [DATE '2001-02-03']":                                        "{2001-02-03}",
		"SELECT [TIMESTAMP '2001-02-03 04:05:06']":                          `{"2001-02-03 04:05:06"}`,
		"SELECT [1.50, 2]":                                                  "{1.50,2.00}",
		"SELECT [1.5::DOUBLE]::DOUBLE[1]":                                   "{1.5}",
		"SELECT TIMESTAMPTZ '2001-02-03 04:05:06+02'":                       "2001-02-03 02:05:06+00",
		"SELECT DATE '2023-03-15' - 2000000":                                "3454-05-22 BC",
		"SELECT DATE '0001-01-01' - 1":                                      "0001-12-31 BC",
		"SELECT 'x'::ENUM('x')":                                             "x",
		"SELECT CAST(1.05 AS DECIMAL(10,2)) * CAST(1.050 AS DECIMAL(10,3))": "1.10250",
	} {
		checkColumn(t, db, query, []string{want})
	}
	if _, err := db.Query(t.Context(), "SELECT {'a': 1}"); err == nil || !strings.Contains(err.Error(), "cast it") {
		t.Errorf("a struct: %v", err)
	}
}

func TestParametersAndThreads(t *testing.T) {
	db := open(t)
	if err := db.SetThreads(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	checkColumn(t, db, "SELECT current_setting('threads')", []string{"1"})
	result, err := db.Query(t.Context(), "SELECT $1 || $2", "a", "b")
	if err != nil || result.Rows[0][0] != "ab" {
		t.Errorf("%v, %v", result, err)
	}
	if err := db.SetThreads(t.Context(), 0); err == nil {
		t.Error("zero threads were accepted")
	}
}

// TestErrors checks that values which the appender would change silently are refused, that a failed
// batch leaves nothing behind, and that the database goes on working.
func TestErrors(t *testing.T) {
	db := open(t)
	exec(t, db, "CREATE TABLE t (a SMALLINT PRIMARY KEY, b DECIMAL(5,2), c DECIMAL(20,2), d DATE)")
	good := []Vector{{Values: []int16{1}}, {Values: []int64{1}}, {Values: []int64{1}}, {Values: []int32{1}}}
	replace := func(i int, v Vector) []Vector {
		vectors := slices.Clone(good)
		vectors[i] = v
		return vectors
	}
	for name, vectors := range map[string][]Vector{
		"3 vectors for 4 columns":      good[:3],
		"32768 (int64) is not":         replace(0, Vector{Values: []int32{32768}}),
		"a (string) is not an integer": replace(0, Vector{Values: []string{"a"}}),
		"100000 has more than 5":       replace(1, Vector{Values: []int64{100000}}),
		"has more than 20 digits":      replace(2, Vector{Values: []*big.Int{pow10(20)}}),
		"a float64, want an integer":   replace(2, Vector{Values: []float64{1}}),
		"a string, want a int64":       replace(3, Vector{Values: []string{"2001-01-01"}}),
		"a vector cannot be []uint8":   replace(3, Vector{Values: []uint8{1}}),
		"column d: 2 values":           replace(3, Vector{Values: []int32{1, 2}}),
		"0 marks of validity":          replace(3, Vector{[]int32{1}, []bool{}}),
		"NOT NULL":                     replace(0, Vector{[]int16{1}, []bool{false}}),
	} {
		err := db.Append(t.Context(), "t", vectors...)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want %q", err, name)
		}
	}
	checkColumn(t, db, "SELECT count(*) FROM t", []string{"0"})
	if err := db.Append(t.Context(), "t", good...); err != nil {
		t.Fatal(err)
	}
	if err := db.Append(t.Context(), "t", good...); err == nil {
		t.Error("a key was loaded twice")
	}
	checkColumn(t, db, "SELECT count(*) FROM t", []string{"1"})
	if _, err := db.NewLoader(t.Context(), "missing"); err == nil {
		t.Error("a missing table was opened")
	}
	if _, err := db.Query(t.Context(), "SELECT * FROM missing"); err == nil {
		t.Error("a missing table was read")
	}
	exec(t, db, "CREATE TABLE s (v STRUCT(a INTEGER))")
	if _, err := db.NewLoader(t.Context(), "s"); err == nil || !strings.Contains(err.Error(), "cannot be loaded") {
		t.Errorf("a struct: %v", err)
	}
}

// BenchmarkLoader generates and loads the benchmark's eight tables.
func BenchmarkLoader(b *testing.B) {
	rows := int64(0)
	for b.Loop() {
		db := open(b)
		loadTPCH(b, db, tpch.DBGen, 0.01)
		for _, table := range tpch.Tables() {
			n, err := tpch.RowCount(table.Name, 0.01)
			if err != nil {
				b.Fatal(err)
			}
			rows += n
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
