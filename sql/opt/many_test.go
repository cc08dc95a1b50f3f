package opt_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil"
	"htapdb/sql/binder"
	"htapdb/sql/binder/bindtest"
	"htapdb/sql/opt"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
)

// joinsOf is a query over n tables: chained by equality, a star around the first,
// or without conditions.
func joinsOf(shape string, n int) string {
	var from, where []string
	for i := range n {
		from = append(from, fmt.Sprintf("w x%d", i))
		switch {
		case i == 0:
		case shape == "chain":
			where = append(where, fmt.Sprintf("x%d.c1 = x%d.c2", i-1, i))
		case shape == "star":
			where = append(where, fmt.Sprintf("x0.c%d = x%d.c1", i%7+1, i))
		case shape == "class":
			where = append(where, fmt.Sprintf("x%d.c1 = x%d.c1", i-1, i))
		}
	}
	sql := "SELECT count(*) FROM " + strings.Join(from, ", ")
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	return sql
}

// wide is a catalog with one table of so many columns.
func wide(t testing.TB, columns int) *bindtest.Catalog {
	t.Helper()
	var cols []string
	for i := range columns {
		cols = append(cols, fmt.Sprintf("c%d int", i+1))
	}
	c, err := bindtest.New("CREATE TABLE w (" + strings.Join(cols, ", ") + ")")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestManyRelations plans blocks of more inputs than a word has bits, than are
// ordered by all subsets, and than are ordered at all; every input is in the plan.
func TestManyRelations(t *testing.T) {
	c := wide(t, 8)
	sizes := []int{13, 25, 65}
	if testutil.Long() {
		sizes = append(sizes, 64, 100, 256, 257, 300)
	}
	for _, n := range sizes {
		for _, shape := range []string{"chain", "star", "class", "cross"} {
			start := time.Now()
			p := optimize(t, bind(t, c, joinsOf(shape, n)), false)
			scans := map[string]bool{}
			plan.Walk(p, func(n plan.Node) bool {
				if s, ok := n.(*plan.Scan); ok {
					scans[s.Alias] = true
				}
				return true
			})
			if len(scans) != n {
				t.Errorf("%s of %d: %d scans", shape, n, len(scans))
			}
			t.Logf("%s of %d: %v", shape, n, time.Since(start))
		}
	}
}

// TestOptimizeCanceled: planning ends soon after Check returns an error, which it
// returns.
func TestOptimizeCanceled(t *testing.T) {
	root := bind(t, wide(t, 8), joinsOf("chain", 60))
	stop := errors.New("stop")
	for _, after := range []int{1, 2, 5, 20} {
		calls := 0
		_, err := opt.Optimize(root, opt.Options{Check: func() error {
			if calls++; calls >= after {
				return stop
			}
			return nil
		}})
		if !errors.Is(err, stop) {
			t.Errorf("after %d calls: %v", after, err)
		}
	}
}

// TestConditionsCanceled: Optimize looks again and again inside of each pass over one
// long condition, where no node ends. Of 300,000 arms a pass takes 0.4 s.
func TestConditionsCanceled(t *testing.T) {
	const arms = 20_000
	c, stop := wide(t, 8), errors.New("stop")
	arm := func(format, sep string) string {
		var b strings.Builder
		for i := range arms {
			if i > 0 {
				b.WriteString(sep)
			}
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, cond := range map[string]string{
		"membership": arm("c1 = %d", " OR "),
		"ranges":     arm("(c1 > %[1]d AND c2 < %[1]d)", " OR "),
		"negated":    "NOT (" + arm("c1 < %d", " OR ") + ")",
		"conjuncts":  arm("c1 <> %d", " AND "),
		"case":       "CASE " + arm("WHEN c1 < %d THEN c2", " ") + " END = 3",
	} {
		root := bind(t, c, "SELECT count(*) FROM w WHERE "+cond)
		all := 0
		if _, err := opt.Optimize(root, opt.Options{Check: func() error { all++; return nil }}); err != nil {
			t.Fatal(name, err)
		}
		if least := arms / 64; all < least {
			t.Errorf("%s: Optimize looked %d times, want at least %d", name, all, least)
		}
		for _, after := range []int{all / 4, all / 2, all} {
			calls := 0
			_, err := opt.Optimize(root, opt.Options{Check: func() error {
				if calls++; calls >= after {
					return stop
				}
				return nil
			}})
			if !errors.Is(err, stop) || calls > after {
				t.Errorf("%s: look %d of %d was to end it: %d looks, %v", name, after, all, calls, err)
			}
		}
	}
}

// BenchmarkManyRelations measures binding and planning.
func BenchmarkManyRelations(b *testing.B) {
	for _, columns := range []int{10, 1000} {
		c := wide(b, columns)
		for _, n := range []int{12, 60, 100, 200} {
			sql := joinsOf("chain", n)
			stmt, err := parser.ParseOne(sql)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("columns=%d/relations=%d", columns, n), func(b *testing.B) {
				for b.Loop() {
					bound, err := binder.Bind(stmt.Stmt, binder.Options{SQL: sql, Catalog: c})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := opt.Optimize(bound.Root, opt.Options{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
