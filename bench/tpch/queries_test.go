package tpch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answersDir returns the folder of the published answers, or skips the test.
func answersDir(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("HTAPDB_SHARED")
	if shared == "" {
		shared = "../../../shared" // beside the repository
	}
	dir := filepath.Join(shared, "tpch", "answers")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no published answers: set HTAPDB_SHARED to the folder that has tpch/answers")
	}
	return dir
}

func TestQueries(t *testing.T) {
	for i, q := range Queries() {
		if q.Title == "" || strings.Contains(q.Title, "Query") || strings.Contains(q.SQL, ";") ||
			strings.Contains(q.SQL, "--") || len(q.Columns) == 0 {
			t.Errorf("query %d is %+v", i+1, q)
		}
		if !strings.HasPrefix(q.SQL, "select") && q.Name != "q15" {
			t.Errorf("%s begins with %.20s", q.Name, q.SQL)
		}
	}
}

// TestAnswers reads all published answers and compares each with itself, and with itself changed: one
// value, one row more, one row less, two rows exchanged.
func TestAnswers(t *testing.T) {
	dir := answersDir(t)
	for _, sf := range []float64{0.01, 1, 10} {
		answers, err := DuckDB.Answers(dir, sf) // as published
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range Queries() {
			a := answers[q.Name]
			if err := Compare(q, a, a.Rows); err != nil {
				t.Errorf("scale factor %v: %v", sf, err)
			}
			if len(a.Rows) == 0 {
				if q.Name != "q11" || sf != 10 { // its fraction is too large there
					t.Errorf("scale factor %v: %s has no rows", sf, q.Name)
				}
				continue
			}
			last := len(a.Rows) - 1
			for name, rows := range map[string][][]string{
				"a row less": a.Rows[:last],
				"a row more": append(a.Rows[:last+1:last+1], a.Rows[last]),
				"no rows":    nil,
			} {
				if Compare(q, a, rows) == nil {
					t.Errorf("scale factor %v: %s equals its answer with %s", sf, q.Name, name)
				}
			}
			for column := range q.Columns {
				changed := append([][]string(nil), a.Rows...)
				changed[last] = append([]string(nil), changed[last]...)
				changed[last][column] = "7" + strings.TrimPrefix(changed[last][column], "-")
				if Compare(q, a, changed) == nil {
					t.Errorf("scale factor %v: %s equals its answer with column %d changed", sf, q.Name, column)
				}
			}
		}
	}
}

// TestAdaptedAnswers checks values that the specification prints for scale factor 1 (the
// sample outputs in its section 2.4), and that adapting to the variant of the files changes nothing.
func TestAdaptedAnswers(t *testing.T) {
	dir := answersDir(t)
	published, err := DuckDB.Answers(dir, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	again, err := DuckDB.Answers(dir, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	if err := DuckDB.adapt(again, 0.01); err != nil {
		t.Fatal(err)
	}
	for _, q := range Queries() {
		if err := Compare(q, published[q.Name], again[q.Name].Rows); err != nil {
			t.Error(err)
		}
	}

	answers, err := Answers(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"q02": "9938.53|Supplier#000005359|UNITED KINGDOM|185358|Manufacturer#4|QKuHYh,vZGiwu2FWEJoLDx04|" +
			"33-429-790-6131|uriously regular requests hag",
		"q10": "57040|Customer#000057040|734235.2455|632.87|JAPAN|Eioyzjf4pp|22-895-641-3466|" +
			"sits. slyly regular requests sleep alongside of the regular inst",
		"q13": "0|50005",
	} {
		if got := strings.Join(answers[name].Rows[0], "|"); got != want {
			t.Errorf("%s begins with %s, want %s", name, got, want)
		}
	}
}

func TestCompareOrder(t *testing.T) {
	q := Query{Name: "q", Columns: []ResultType("isf"), OrderBy: []int{0}}
	want := Answer{Rows: [][]string{{"1", "a", "0.1"}, {"1", "b", "0.2"}, {"2", "c", Null}}}
	for _, test := range []struct {
		rows [][]string
		ok   bool
	}{
		{[][]string{{"1", "b", "0.2"}, {"1", "a", "1e-1"}, {"2", "c", Null}}, true},
		{[][]string{{"1", "a", "0.10000000001"}, {"1", "b", "0.2"}, {"2", "c", Null}}, true},
		{[][]string{{"1", "a", "0.1000000002"}, {"1", "b", "0.2"}, {"2", "c", Null}}, false},
		{[][]string{{"2", "c", Null}, {"1", "a", "0.1"}, {"1", "b", "0.2"}}, false},
		{[][]string{{"1", "a", "0.1"}, {"1", "a", "0.1"}, {"2", "c", Null}}, false},
		{[][]string{{"1", "a", "0.1"}, {"1", "b", "0.2"}, {"2", "c", "0"}}, false},
		{[][]string{{"1", "a", "0.1"}, {"1", "b", "0.2"}, {"2", "c"}}, false},
	} {
		if err := Compare(q, want, test.rows); (err == nil) != test.ok {
			t.Errorf("%v: %v", test.rows, err)
		}
	}
}

func TestResultTypeEqual(t *testing.T) {
	for _, test := range []struct {
		t    ResultType
		a, b string
		want bool
	}{
		{ResultDecimal, "1.50", "1.5", true}, {ResultDecimal, "380456", "380456.00", true},
		{ResultDecimal, "-0.00", "0", true}, {ResultDecimal, "+01.0", "1", true},
		{ResultDecimal, "1.05", "1.5", false}, {ResultDecimal, "-1", "1", false},
		{ResultDecimal, "1e3", "1000", false}, {ResultDecimal, "", "0", false},
		{ResultDecimal, "12345678901234567890.01", "12345678901234567890.02", false},
		{ResultInt, "10", "1", false}, {ResultInt, "100", "1", false},
		{ResultText, "a", "a ", false}, {ResultText, "1.0", "1", false},
		{ResultDouble, "0", "0.0", true}, {ResultDouble, "0", "1e-30", false},
		{ResultDouble, "NaN", "1", false}, {ResultDouble, Null, "0", false},
		{ResultDate, "1995-01-01", "1995-01-02", false},
	} {
		if got := test.t.Equal(test.a, test.b); got != test.want {
			t.Errorf("%c: %q = %q is %v", test.t, test.a, test.b, got)
		}
	}
}
