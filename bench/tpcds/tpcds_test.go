package tpcds

import (
	"slices"
	"strings"
	"testing"
)

func TestQueries(t *testing.T) {
	limited := 0
	for i, q := range Queries() {
		if !strings.Contains(strings.ToUpper(q.SQL), "SELECT") || strings.HasSuffix(q.SQL, ";") {
			t.Errorf("query %d, %s: %q", i, q.Name, q.SQL)
		}
		all := q.Unlimited()
		if all != q.SQL {
			limited++
		}
		if !strings.HasPrefix(q.SQL, all) || strings.HasSuffix(strings.ToUpper(all), "LIMIT 100") {
			t.Errorf("%s without its limit: %s", q.Name, all)
		}
	}
	if limited < 80 {
		t.Errorf("%d queries have a limit", limited)
	}
	if names := Tables(); len(names) != 24 || !slices.IsSorted(names) {
		t.Errorf("tables: %v", names)
	}
}

func TestCompare(t *testing.T) {
	want := [][]string{{"a", "1.50", "NULL"}, {"b", "0.30000000000000004", "x"}, {"b", "0.1", "x"}}
	q := Query{}
	same := [][]string{{"b", "0.10", "x"}, {"b", "0.3", "x"}, {"a", "1.5", "NULL"}}
	if err := Compare(q, want, same); err != nil {
		t.Error(err)
	}
	for _, other := range [][][]string{
		nil,
		same[:2],
		{{"a", "1.51", "NULL"}, same[0], same[1]},
		{{"a", "1.5", "0"}, same[0], same[1]},
		{{"a", "1.5", ""}, same[0], same[1]},
		{{"A", "1.5", "NULL"}, same[0], same[1]},
		{{"a", "1.5"}, same[0], same[1]},
		{same[0], same[0], same[2]},
	} {
		if Compare(q, want, other) == nil {
			t.Errorf("%v passes for %v", other, want)
		}
	}
	q.Cents = []int{1}
	if err := Compare(q, want, [][]string{{"a", "1.51", "NULL"}, same[0], same[1]}); err != nil {
		t.Errorf("one cent: %v", err)
	}
	if Compare(q, want, [][]string{{"a", "1.52", "NULL"}, same[0], same[1]}) == nil {
		t.Error("two cents pass")
	}
}
