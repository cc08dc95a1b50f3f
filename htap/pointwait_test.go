package htap

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
)

// waitOrDone returns when a statement of the database has begun to wait for a
// lock since there were so many waits, or has ended without. The result of one
// whose wait has ended already stays in done.
func waitOrDone(db *DB, waits uint64, done chan string) (result string, ended bool) {
	for {
		select {
		case result = <-done:
			if db.engine.Rows.Metrics().LockWaits > waits {
				done <- result
				return "", false
			}
			return result, true
		case <-time.After(time.Millisecond):
			if db.engine.Rows.Metrics().LockWaits > waits {
				return "", false
			}
		}
	}
}

// A statement that meets a row which another transaction is changing does, by the
// compiled path, what it does by the general one: it waits, reads the newest
// version and asks its condition again, or fails, for every end of the other.
func TestPointWriteWaits(t *testing.T) {
	holders := []string{
		"UPDATE one SET v = 50 WHERE k = 1", "UPDATE one SET v = 5 WHERE k = 1", "UPDATE one SET v = 0, w = NULL WHERE k = 1",
		"DELETE FROM one WHERE k = 1", "UPDATE one SET k = 100 WHERE k = 1", "INSERT INTO one VALUES (100, 1, 'new')",
		"DELETE FROM one WHERE k = 1; INSERT INTO one VALUES (1, 77, 'again')",
	}
	writers := []string{
		"UPDATE one SET v = v + 1 WHERE k = 1 RETURNING v, w", "UPDATE one SET v = v + 1 WHERE k = 1 AND v < 20",
		"UPDATE one SET v = 100 / v WHERE k = 1 AND 100 / v < 1000", "UPDATE one SET v = v - 1 WHERE k = 100", "DELETE FROM one WHERE k = 1 AND v = 10",
		"DELETE FROM one WHERE k = 1 RETURNING *", "INSERT INTO one VALUES (1, 2, 'x')", "INSERT INTO one VALUES (100, 2, 'x')",
	}
	dbs, sessions := pointPair(t)
	compare := func(isolation, holder, writer, end string) {
		var got [2]string
		for at, db := range dbs {
			got[at] = conflict(t, db, sessions[0].s[at], sessions[1].s[at], isolation, holder, writer, end)
		}
		if got[0] != got[1] {
			t.Errorf("%s, %s, then %s: %s\ncompiled: %s\ngeneral:  %s", isolation, holder, end, writer, got[0], got[1])
		}
	}
	for _, isolation := range []string{"READ COMMITTED", "REPEATABLE READ"} {
		for _, holder := range holders {
			for _, writer := range writers {
				for _, end := range []string{"COMMIT", "ROLLBACK"} {
					compare(isolation, holder, writer, end)
				}
			}
		}
	}
	// Only who changes a key waits for who relies on it.
	for _, writer := range []string{"UPDATE two SET n = n + 1 WHERE a = 1 AND b = 'p'", "UPDATE two SET u = u + 50 WHERE a = 1 AND b = 'p'",
		"DELETE FROM two WHERE a = 1 AND b = 'p'"} {
		compare("READ COMMITTED", "SELECT FROM two WHERE a = 1 AND b = 'p' FOR KEY SHARE", writer, "COMMIT")
	}
	comparePair(t, dbs)
}

// conflict runs writer in b while a has run holder, ends a, and returns what came
// of it.
func conflict(t *testing.T, db *DB, a, b *Session, isolation, holder, writer, end string) string {
	t.Helper()
	ctx := context.Background()
	mustExec(t, a, "DELETE FROM one; INSERT INTO one VALUES (1, 10, 'old'), (2, 20, 'other')")
	mustExec(t, a, "BEGIN")
	mustExec(t, a, holder)
	mustExec(t, b, "SET lock_timeout = 0; BEGIN ISOLATION LEVEL "+isolation)
	queryText(t, b, "SELECT v FROM one WHERE k = 2")
	waits := db.engine.Rows.Metrics().LockWaits
	done := make(chan string, 1)
	go func() { done <- outcome(b.Query(ctx, writer)) }()
	result, ended := waitOrDone(db, waits, done)
	mustExec(t, a, end)
	if !ended {
		result = <-done
	}
	result = fmt.Sprintf("waited %v: %s", !ended, result)
	locked := "free"
	if b.TxState() == 'T' {
		// What it has locked is locked, and nothing else.
		for _, k := range []string{"1", "2", "100"} {
			mustExec(t, a, "SET lock_timeout = '1ms'")
			if _, err := a.Exec(ctx, "INSERT INTO one VALUES ("+k+", 0, '') ON CONFLICT (k) DO UPDATE SET v = one.v"); sqlstate.Is(err, sqlstate.LockNotAvailable) {
				locked += " but " + k
			}
		}
		mustExec(t, a, "SET lock_timeout = 0")
		result += "\n" + queryText(t, b, "SELECT * FROM one ORDER BY k")
	}
	result += "\n" + locked + "\n" + outcome(b.Query(ctx, "COMMIT"))
	return result + "\n" + queryText(t, a, "SELECT * FROM one ORDER BY k")
}

// A wait for a row ends with lock_timeout, statement_timeout, the caller's context
// and the session, each with its own error, in both paths.
func TestPointWriteTimeouts(t *testing.T) {
	dbs, sessions := pointPair(t)
	const writer = "UPDATE one SET v = v + 1 WHERE k = 1"
	for _, set := range []string{"SET lock_timeout = '5ms'", "SET lock_timeout = 0; SET statement_timeout = '300ms'", "RESET statement_timeout", "close"} {
		var got [2]string
		for at, db := range dbs {
			a, b := sessions[0].s[at], sessions[1].s[at]
			mustExec(t, a, "BEGIN")
			mustExec(t, a, "DELETE FROM one WHERE k = 1")
			ctx, cancel := context.WithCancel(context.Background())
			waits := db.engine.Rows.Metrics().LockWaits
			st, err := b.Prepare(ctx, writer)
			if err != nil {
				t.Fatal(err)
			}
			if set != "close" {
				mustExec(t, b, set)
			}
			done := make(chan string, 1)
			go func() { done <- outcome(st.Query(ctx)) }()
			switch _, ended := waitOrDone(db, waits, done); {
			case ended:
				t.Error("it did not wait")
			case set == "close":
				b.cancel()
			case strings.HasPrefix(set, "RESET"):
				cancel()
			}
			got[at] = <-done
			cancel()
			mustExec(t, a, "ROLLBACK")
		}
		if got[0] != got[1] || !strings.Contains(got[0], "canceling statement") {
			t.Errorf("%s\ncompiled: %s\ngeneral:  %s", set, got[0], got[1])
		}
	}
	comparePair(t, dbs)
}

// A statement that waits for its table, because it is being altered, runs as the
// table is then.
func TestPointWriteDuringAlter(t *testing.T) {
	dbs, sessions := pointPair(t)
	for at, db := range dbs {
		a, b := sessions[0].s[at], sessions[1].s[at]
		st, err := b.Prepare(context.Background(), "UPDATE one SET v = v - 10 WHERE k = 1")
		if err != nil {
			t.Fatal(err)
		}
		mustExec(t, b, "SET lock_timeout = 0")
		mustExec(t, a, "BEGIN; ALTER TABLE one ADD CONSTRAINT late CHECK (v > -3)")
		waits := db.engine.Rows.Metrics().LockWaits
		done := make(chan string, 1)
		go func() { done <- outcome(st.Query(context.Background())) }()
		if got, ended := waitOrDone(db, waits, done); ended {
			t.Error("it did not wait:", got)
		}
		mustExec(t, a, "COMMIT")
		if got := <-done; !strings.Contains(got, `23514 new row for relation "one" violates check constraint "late"`) {
			t.Errorf("database %d: %s", at, got)
		}
	}
	comparePair(t, dbs)
}

// TestPointWriteConcurrent moves money between rows from many sessions, by
// compiled statements and by ones without a compiled form, with aborted
// transactions and conflicts among them: nothing is lost or made.
func TestPointWriteConcurrent(t *testing.T) {
	db, s := openTest(t, t.TempDir())
	mustExec(t, s, `CREATE TABLE acc (id INT PRIMARY KEY, v BIGINT NOT NULL CHECK (v >= -100));
		CREATE TABLE moves (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source INT, target INT, amount BIGINT);
		INSERT INTO acc SELECT i, 0 FROM generate_series(0, 9) AS g(i)`)
	seed := rand.Uint64()
	t.Log("seed", seed)
	until := time.Now().Add(2 * time.Second)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ends, failed := 0, map[sqlstate.Code]int{}
	for i := range 6 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			w := db.Session(context.Background())
			defer w.Close()
			mustExec(t, w, "SET synchronous_commit = off")
			for time.Now().Before(until) {
				err := move(w, rng)
				mu.Lock()
				if ends++; err != nil {
					ends--
					failed[sqlstate.CodeOf(err)]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Log(ends, "moves,", failed)
	for code := range failed {
		switch code {
		case sqlstate.SerializationFailure, sqlstate.DeadlockDetected, sqlstate.CheckViolation:
		default:
			t.Errorf("%d transactions failed with %s", failed[code], code)
		}
	}
	if got := queryText(t, s, "SELECT sum(v) FROM acc"); got != "0" {
		t.Error("sum", got)
	}
	want := queryText(t, s, `SELECT id, (SELECT coalesce(sum(amount), 0) FROM moves WHERE target = acc.id) - (SELECT coalesce(sum(amount), 0) FROM moves WHERE source = acc.id) FROM acc ORDER BY id`)
	if got := queryText(t, s, "SELECT id, v FROM acc ORDER BY id"); got != want {
		t.Errorf("accounts:\n%s\nby the moves:\n%s", got, want)
	}
	if got := queryText(t, s, "SELECT count(*) FROM moves"); got != fmt.Sprint(ends) {
		t.Errorf("%s moves are recorded of %d", got, ends)
	}
	for _, table := range []string{"acc", "moves"} {
		if got := queryText(t, s, "CHECK TABLE "+table); !strings.Contains(got, "|ok|") {
			t.Error(got)
		}
	}
}

// move is one transaction of the test above.
func move(w *Session, rng *rand.Rand) error {
	ctx := context.Background()
	isolation := []string{"", "repeatable read"}[rng.IntN(2)]
	tx, err := w.Begin(ctx, TxOptions{Isolation: isolation})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	from, to, amount := rng.IntN(10), rng.IntN(10), rng.IntN(20)
	if rng.IntN(4) == 0 {
		// Undone work in between must leave nothing.
		if _, err := w.Exec(ctx, "SAVEPOINT s"); err != nil {
			return err
		}
		if _, err := w.Exec(ctx, "UPDATE acc SET v = v + 1 WHERE id = $1", from); err != nil {
			return err
		}
		if _, err := w.Exec(ctx, "ROLLBACK TO s"); err != nil {
			return err
		}
	}
	if _, err := w.Exec(ctx, "UPDATE acc SET v = v - $1 WHERE id = $2", amount, from); err != nil {
		return err
	}
	second := []string{"UPDATE acc SET v = v + $1 WHERE id = $2", "UPDATE acc SET v = v + $1 WHERE id BETWEEN $2 AND $2"}[rng.IntN(2)]
	if _, err := w.Exec(ctx, second, amount, to); err != nil {
		return err
	}
	if _, err := w.Exec(ctx, "INSERT INTO moves (source, target, amount) VALUES ($1, $2, $3)", from, to, amount); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
