package htap

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"htapdb/internal/testutil"
)

// code is the SQLSTATE of an error, "" for none.
func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.SQLState()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Transfers between accounts keep the sum in every fresh analytic answer, by
// either path, whatever conflicts there are.
func TestBank(t *testing.T) {
	db, s := openTest(t, t.TempDir())
	mustExec(t, s, "CREATE TABLE account (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL)")
	mustExec(t, s, "INSERT INTO account SELECT i, 100 FROM generate_series(1, 50) AS g(i)")
	rng := testutil.Rand(t)
	seed := rng.Uint64()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			s := db.Session(t.Context())
			defer s.Close()
			isolation := []string{"read committed", "repeatable read"}[w%2]
			for i := uint64(w); ctx.Err() == nil; i++ {
				from, to := (seed+i*7)%50+1, (seed+i*13+5)%50+1
				err := transfer(s, isolation, from, to)
				switch code(err) {
				case "", "40001", "40P01":
				default:
					t.Errorf("transfer: %v", err)
					return
				}
			}
		})
	}
	for _, route := range []string{"row", "column"} {
		wg.Go(func() {
			s := db.Session(t.Context())
			defer s.Close()
			if err := s.Set("htap.route", route); err != nil {
				t.Error(err)
				return
			}
			for ctx.Err() == nil {
				if got := queryText(t, s, "SELECT sum(balance), count(*) FROM account"); got != "5000|50" {
					t.Errorf("by %s: %s", route, got)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := queryText(t, s, "CHECK TABLE account"); got[len("account|50|"):][19:] != "|ok|" {
		t.Error(got)
	}
}

// transfer moves one unit.
func transfer(s *Session, isolation string, from, to uint64) error {
	ctx := context.Background()
	tx, err := s.Begin(ctx, TxOptions{Isolation: isolation})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, step := range []struct {
		id    uint64
		delta int
	}{{from, -1}, {to, 1}} {
		if _, err := tx.Exec(ctx, "UPDATE account SET balance = balance + $1 WHERE id = $2", step.delta, step.id); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

// The anomalies that READ COMMITTED and REPEATABLE READ have to prevent, by
// both paths, and the errors that say so.
func TestIsolation(t *testing.T) {
	for _, route := range []string{"row", "column"} {
		t.Run(route, func(t *testing.T) {
			db, a := openTest(t, "")
			b := db.Session(t.Context())
			mustExec(t, a, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1, 10), (2, 20)")
			mustExec(t, a, "SET htap.route = '"+route+"'")
			mustExec(t, b, "SET htap.route = '"+route+"'")

			// No dirty read; a non-repeatable read in READ COMMITTED only.
			mustExec(t, b, "BEGIN; UPDATE t SET v = 11 WHERE id = 1")
			if got := queryText(t, a, "SELECT sum(v) FROM t"); got != "30" {
				t.Errorf("dirty read: %s", got)
			}
			mustExec(t, a, "BEGIN ISOLATION LEVEL REPEATABLE READ")
			before := queryText(t, a, "SELECT sum(v) FROM t")
			mustExec(t, b, "COMMIT")
			if got := queryText(t, a, "SELECT sum(v) FROM t"); got != before || got != "30" {
				t.Errorf("the snapshot moved: %s", got)
			}
			// First updater wins.
			if _, err := a.Exec(t.Context(), "UPDATE t SET v = 12 WHERE id = 1"); code(err) != "40001" {
				t.Errorf("lost update: %v", err)
			}
			if _, err := a.Exec(t.Context(), "SELECT 1"); code(err) != "25P02" {
				t.Errorf("in a failed transaction: %v", err)
			}
			mustExec(t, a, "ROLLBACK")

			// Own writes are in the analytic answer, others' are not; a savepoint undoes.
			mustExec(t, a, "BEGIN; INSERT INTO t VALUES (3, 30); SAVEPOINT s; DELETE FROM t WHERE id = 2; UPDATE t SET v = v + 1 WHERE id = 3")
			if got := queryText(t, a, "SELECT count(*), sum(v) FROM t"); got != "2|42" {
				t.Errorf("own writes: %s", got)
			}
			if got := queryText(t, b, "SELECT count(*), sum(v) FROM t"); got != "2|31" {
				t.Errorf("others' writes: %s", got)
			}
			mustExec(t, a, "ROLLBACK TO s")
			if got := queryText(t, a, "SELECT count(*), sum(v) FROM t"); got != "3|61" {
				t.Errorf("after ROLLBACK TO: %s", got)
			}
			mustExec(t, a, "COMMIT")
		})
	}
}

// Waits for locks end by lock_timeout, statement_timeout, cancellation and
// deadlock detection, each with its own SQLSTATE.
func TestLockWaits(t *testing.T) {
	db, a := openTest(t, "")
	b := db.Session(t.Context())
	mustExec(t, a, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1, 10), (2, 20)")
	mustExec(t, a, "BEGIN; UPDATE t SET v = 11 WHERE id = 1")
	for setting, want := range map[string]string{"lock_timeout": "55P03", "statement_timeout": "57014"} {
		mustExec(t, b, "SET "+setting+" = '50ms'")
		if _, err := b.Exec(t.Context(), "UPDATE t SET v = 12 WHERE id = 1"); code(err) != want {
			t.Errorf("%s: %v, want %s", setting, err, want)
		}
		mustExec(t, b, "RESET "+setting)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := b.Exec(ctx, "UPDATE t SET v = 12 WHERE id = 1"); code(err) != "57014" {
		t.Errorf("cancelled: %v", err)
	}
	mustExec(t, b, "BEGIN; UPDATE t SET v = 21 WHERE id = 2")
	first := make(chan error, 1)
	go func() {
		_, err := a.Exec(context.Background(), "UPDATE t SET v = 22 WHERE id = 2")
		first <- err
	}()
	_, err := b.Exec(t.Context(), "UPDATE t SET v = 13 WHERE id = 1")
	if got := fmt.Sprint(code(err), code(<-first)); got != "40P01" {
		t.Errorf("deadlock: %s", got)
	}
}
