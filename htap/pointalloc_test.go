//go:build !race

// The race detector allocates too.

package htap

import (
	"context"
	"math"
	"testing"
)

// A prepared statement that writes one row by key allocates little, in a
// transaction of its own and in one of many. The figures hold the applier's work
// beside it too; the general path takes about 200.
func TestPointWriteAllocations(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE acc (id BIGINT PRIMARY KEY, branch INT NOT NULL, v BIGINT NOT NULL CHECK (v > -10), filler TEXT)")
	mustExec(t, s, "INSERT INTO acc SELECT i, 1, 0, 'some text' FROM generate_series(0, 999) AS g(i); SELECT count(*) FROM acc")
	ctx := context.Background()
	prepare := func(sql string) *Stmt {
		st, err := s.Prepare(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	run := func(st *Stmt, args ...any) {
		if res, err := st.Exec(ctx, args...); err != nil || res.RowsAffected != 1 {
			t.Fatal(st.SQL(), res, err)
		}
	}
	update, insert := prepare("UPDATE acc SET v = v + $1 WHERE id = $2"), prepare("INSERT INTO acc VALUES ($1, 1, $2, 'some text')")
	remove := prepare("DELETE FROM acc WHERE id = $1")
	n := 0
	check := func(what string, most float64, step func()) {
		t.Helper()
		// Whatever runs in the process counts, such as the end of an earlier test's
		// database: the least of several tries is what the statement needs.
		least := math.Inf(1)
		for range 10 {
			if least = min(least, testing.AllocsPerRun(100, func() { n++; step() })); least <= most {
				return
			}
		}
		t.Errorf("%s: %v allocations, %v at the most", what, least, most)
	}
	check("UPDATE", 40, func() { run(update, 1, n%1000) })
	check("INSERT and DELETE", 80, func() { run(insert, 10_000+n, 5); run(remove, 10_000+n) })
	tx, err := s.Begin(ctx, TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	check("UPDATE in a transaction", 18, func() { run(update, 1, n%1000) })
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}
