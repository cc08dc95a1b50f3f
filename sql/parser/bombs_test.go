package parser

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil"
	"htapdb/sql/sqlstate"
)

// bombs are texts that a program makes; size is roughly their length. want are
// the SQLSTATEs that one of size above 8 MB may end with, "" for a tree.
var bombs = []struct {
	name string
	text func(size int) string
	want string
}{
	{"open parentheses", func(n int) string { return "SELECT " + strings.Repeat("(", n) }, "54001"},
	{"parentheses side by side", func(n int) string {
		deep := strings.Repeat("(", 400) + "1" + strings.Repeat(")", 400)
		return "VALUES (" + deep + strings.Repeat(", "+deep, n/803) + ")"
	}, "54000"},
	{"targets", func(n int) string { return "SELECT 1" + strings.Repeat(",1", n/2) }, "54011"},
	{"returning", func(n int) string { return "DELETE FROM t RETURNING 1" + strings.Repeat(",1", n/2) }, "54011"},
	{"values", func(n int) string { return "VALUES (1)" + strings.Repeat(",(1)", n/4) }, "54000"},
	{"insert", func(n int) string { return "INSERT INTO t VALUES (a)" + strings.Repeat(",(a)", n/4) }, "54000"},
	{"in", func(n int) string { return "SELECT a IN (1" + strings.Repeat(",1", n/2) + ")" }, "54000"},
	{"and", func(n int) string { return "SELECT a" + strings.Repeat(" and a", n/6) }, ""},
	{"case", func(n int) string { return "SELECT CASE" + strings.Repeat(" when a then 1", n/14) + " END" }, ""},
	{"calls", func(n int) string { return "SELECT f(f()" + strings.Repeat(",f()", n/4) + ")" }, "54000"},
	{"stars", func(n int) string { return "SELECT f(a" + strings.Repeat(",a.b", n/4) + ")" }, "54000"},
	{"subqueries", func(n int) string { return "SELECT f(1" + strings.Repeat(",(select 1)", n/11) + ")" }, ""},
	{"froms", func(n int) string { return "SELECT 1 FROM a" + strings.Repeat(",a", n/2) }, "54000"},
	{"casts", func(n int) string { return "SELECT f(1" + strings.Repeat(",a::b", n/6) + ")" }, "54000"},
	{"arrays", func(n int) string { return "SELECT [1" + strings.Repeat(",[]", n/3) + "]" }, "54000"},
	{"operators", func(n int) string { return "SELECT 1" + strings.Repeat("+", n) }, "54001"},
	{"at signs", func(n int) string { return "SELECT 1 " + strings.Repeat("@", n) }, "54001"},
	{"string pieces", func(n int) string { return "SELECT 'a'" + strings.Repeat("\n'a'", n/4) }, ""},
	{"strings", func(n int) string { return "SELECT f('a'" + strings.Repeat(",E'\\n'", n/6) + ")" }, "54000"},
	{"statements", func(n int) string { return strings.Repeat("SELECT 1;", n/9) }, ""},
	{"semicolons", func(n int) string { return strings.Repeat(";", n) }, ""},
	{"comments", func(n int) string { return strings.Repeat("/**/", n/4) }, ""},
	{"open comments", func(n int) string { return strings.Repeat("/*", n/2) }, "42601"},
	{"dots", func(n int) string { return "SELECT a" + strings.Repeat(".a", n/2) }, "54000"},
	{"names", func(n int) string { return "DROP TABLE a" + strings.Repeat(",a", n/2) }, "54000"},
	{"type arguments", func(n int) string { return "SELECT numeric(1" + strings.Repeat(",1", n/2) + ") 'x'" }, "54000"},
	{"with", func(n int) string {
		return "WITH a AS (SELECT 1)" + strings.Repeat(",a as(table a)", n/14) + " SELECT 1"
	}, ""},
	{"windows", func(n int) string { return "SELECT 1 WINDOW a AS ()" + strings.Repeat(",a as()", n/7) }, "54000"},
	{"grouping sets", func(n int) string { return "SELECT 1 GROUP BY ()" + strings.Repeat(",()", n/3) }, "54000"},
	{"columns", func(n int) string { return "CREATE TABLE t (a int" + strings.Repeat(",a b", n/4) + ")" }, "54000"},
	{"joins", func(n int) string { return "SELECT 1 FROM a" + strings.Repeat(",a join a on a", n/14) }, ""},
}

// TestTreeMemory parses texts of 256 kB and compares the memory that is
// reserved for a tree with what the tree takes, and with the length of its text.
func TestTreeMemory(t *testing.T) {
	for _, b := range bombs {
		text := b.text(256 << 10)
		var reserved int
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		list, err := ParseContext(context.Background(), text, Limits{Reserve: func(n int) error {
			reserved += n
			return nil
		}})
		runtime.GC()
		runtime.ReadMemStats(&after)
		tree := int(after.HeapAlloc) - int(before.HeapAlloc)
		runtime.KeepAlive(list)
		t.Logf("%-26s %5.1f bytes/byte reserved, %5.1f in the tree (%v)",
			b.name, float64(reserved)/float64(len(text)), float64(tree)/float64(len(text)), err)
		if reserved > MaxTreeFactor*len(text) {
			t.Errorf("%s: %d bytes are reserved for %d bytes of text", b.name, reserved, len(text))
		}
		if err == nil && tree > reserved+64<<10 {
			t.Errorf("%s: the tree takes %d bytes, %d are reserved", b.name, tree, reserved)
		}
	}
}

// TestBombs checks that time is linear: a megabyte takes tens of milliseconds, and
// what is quadratic in its parts takes minutes.
func TestBombs(t *testing.T) {
	for _, b := range bombs {
		text := b.text(1 << 20)
		start := time.Now()
		_, _ = Parse(text) // the error is not the point
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %v for 1 MB", b.name, took)
		}
	}
}

// TestLargeBombs gives the parser texts of 8 MB with a budget of 64 MB (of 60 and
// 512 with HTAPDB_LONG=1): each ends in its code, or in the error of the budget, and
// takes no more.
func TestLargeBombs(t *testing.T) {
	size, budget := 8<<20, 64<<20
	if testutil.Long() {
		size, budget = 60<<20, 512<<20
	}
	budgetErr := sqlstate.New(sqlstate.OutOfMemory, "the budget is used up")
	for _, b := range bombs {
		left := budget
		_, err := ParseContext(context.Background(), b.text(size), Limits{Reserve: func(n int) error {
			if left -= n; left < 0 {
				return budgetErr
			}
			return nil
		}})
		if !errors.Is(err, budgetErr) && !sqlstate.Is(err, sqlstate.Code(b.want)) && (b.want != "" || err != nil) {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}

// TestTokenLimit checks the limit of the statement itself.
func TestTokenLimit(t *testing.T) {
	if !testutil.Long() {
		t.Skip("takes memory; set HTAPDB_LONG=1")
	}
	text := "SELECT a IN (1" + strings.Repeat(",1", maxTokens/2) + ")"
	if _, err := Parse(text); !sqlstate.Is(err, sqlstate.ProgramLimitExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestCancel checks that the end of the context ends parsing within a window, and
// that its cause is the error, wherever in the text that is.
func TestCancel(t *testing.T) {
	cause := errors.New("stop")
	text := "SELECT 1; VALUES (1)" + strings.Repeat(",(1)", 1<<20)
	for _, after := range []int{0, 1, 2, 100, 10000} {
		ctx, cancel := context.WithCancelCause(context.Background())
		reads := 0
		list, err := ParseContext(ctx, text, Limits{Reserve: func(int) error {
			if reads++; reads == after {
				cancel(cause)
			}
			return nil
		}})
		if after == 0 {
			cancel(cause)
			if err != nil {
				t.Errorf("without cancel: %v", err)
			}
			continue
		}
		if !errors.Is(err, cause) || list != nil || reads > after {
			t.Errorf("canceled at read %d: %v after %d reads", after, err, reads)
		}
	}
}
