package htap

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

// closed closes the database, which must not take for ever.
func closed(t *testing.T, db *DB) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- db.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Close: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Close hangs")
	}
}

// Close ends results that nobody reads any more, and those being read end with
// 57P01 and not as if they were complete.
func TestCloseUnderOpenRows(t *testing.T) {
	db, s := openTest(t, t.TempDir())
	rows, err := s.Query(t.Context(), "SELECT i FROM generate_series(1, 1000000) AS g(i)")
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	tx := db.Session(t.Context())
	mustExec(t, tx, "BEGIN")
	idle, err := tx.Query(t.Context(), "SELECT i FROM generate_series(1, 1000000) AS g(i)")
	if err != nil {
		t.Fatal(err)
	}
	closed(t, db)
	n := 1
	for rows.Next() {
		n++
	}
	if code(rows.Err()) != "57P01" {
		t.Errorf("after %d rows: %v", n, rows.Err())
	}
	if idle.Next(); code(idle.Err()) != "57P01" {
		t.Errorf("a result that had not been begun: %v", idle.Err())
	}
}

// Close while sessions prepare, write and commit: every call ends well or with
// 57P01, and what was acknowledged is there afterwards.
func TestCloseUnderWriters(t *testing.T) {
	dir := t.TempDir()
	fatal := func(err error) { t.Errorf("fatal: %v", err) }
	db, err := Open(dir, WithOnFatal(fatal))
	if err != nil {
		t.Fatal(err)
	}
	s := db.Session(t.Context())
	mustExec(t, s, "CREATE TABLE t (w INTEGER, i INTEGER, PRIMARY KEY (w, i))")
	acked := make([]int, 4)
	var wg sync.WaitGroup
	for w := range acked {
		s := db.Session(context.Background())
		wg.Go(func() {
			for i := 1; ; i++ {
				for _, q := range []string{"BEGIN", fmt.Sprintf("INSERT INTO t VALUES (%d, %d)", w, i), "SELECT count(*) FROM t", "COMMIT"} {
					if _, err := s.Exec(context.Background(), q); err != nil {
						if c := code(err); c != "57P01" && c != "25P02" {
							t.Errorf("%s: %v", q, err)
						}
						return
					}
				}
				acked[w] = i
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	closed(t, db)
	wg.Wait()
	if _, err := s.Exec(t.Context(), "SELECT count(*) FROM t"); code(err) != "57P01" {
		t.Errorf("after Close: %v", err)
	}
	if _, err := s.Prepare(t.Context(), "SELECT * FROM t"); code(err) != "57P01" {
		t.Errorf("prepared after Close: %v", err)
	}
	db, s = openTest(t, dir)
	for w, n := range acked {
		if got := queryText(t, s, fmt.Sprintf("SELECT count(*) >= %d FROM t WHERE w = %d", n, w)); got != "t" {
			t.Errorf("writer %d: %s of %d acknowledged rows", w, got, n)
		}
	}
	closed(t, db)
}

// Between the moment in which Close ends what runs and the one in which it has
// waited for it, statements may be parsed, planned, or next in their script: each ends
// with 57P01, not as if its client had canceled it.
func TestPreparingUnderClose(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	script, err := s.Script(t.Context(), "SELECT 1; SELECT 2")
	if err != nil {
		t.Fatal(err)
	}
	db.cancel()
	<-s.ctx.Done()
	long := "SELECT 1 IN (1" + strings.Repeat(", 1", accountedText) + ")"
	for _, q := range []string{"INSERT INTO t VALUES (1)", "SELECT count(*) FROM t AS a, t AS b", long} {
		if _, err := s.Prepare(t.Context(), q); code(err) != "57P01" {
			t.Errorf("prepare %.40s: %v", q, err)
		}
		if _, err := s.Exec(t.Context(), q); code(err) != "57P01" {
			t.Errorf("%.40s: %v", q, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = script.Next(ctx)
	if err = script.End(ctx, err); code(err) != "57P01" {
		t.Errorf("next of a script: %v", err)
	}
	closed(t, db)
}

// A statement that fails ends its transaction at once, also under a result of
// an earlier statement that is still being read: its reader is told.
func TestRowsOfFailedTransaction(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
	mustExec(t, s, "INSERT INTO t SELECT i, 'text ' || i FROM generate_series(1, 20000) AS g(i)")
	mustExec(t, s, "BEGIN; UPDATE t SET v = 'own' WHERE id < 10; SET htap.route = 'row'")
	rows, err := s.Query(t.Context(), "SELECT v FROM t ORDER BY id DESC")
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if _, err := s.Query(t.Context(), "SELEKT"); code(err) != "42601" {
		t.Fatal(err)
	}
	if got := rows.Datum(0).Str(); got != "text 20000" {
		t.Errorf("the current row has become %q", got)
	}
	n := 1
	for rows.Next() {
		n++
	}
	if code(rows.Err()) != "25P02" {
		t.Errorf("%d rows of the failed transaction, then %v", n, rows.Err())
	}
	mustExec(t, s, "ROLLBACK")
}

// A batch lies in mapped files until the reader asks for the next one. That the
// statement is cancelled meanwhile, and that the table goes, must not unmap them.
func TestCancelUnderReader(t *testing.T) {
	db, s := openTest(t, t.TempDir())
	mustExec(t, s, "CREATE TABLE t AS SELECT i AS id, 'a text of its own ' || i AS v FROM generate_series(1, 50000) AS g(i)")
	mustExec(t, s, "CHECKPOINT; SET htap.route = 'column'")
	reader := db.Session(t.Context())
	mustExec(t, reader, "SET htap.route = 'column'")
	ctx, cancel := context.WithCancel(t.Context())
	rows, err := reader.Query(ctx, "SELECT v FROM t")
	if err != nil {
		t.Fatal(err)
	}
	b, err := rows.NextBatch()
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	mustExec(t, s, "DROP TABLE t")
	for range 10 {
		time.Sleep(10 * time.Millisecond)
		mustExec(t, s, "CREATE TABLE u (id INTEGER); CHECKPOINT; DROP TABLE u; CHECKPOINT")
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("reading the batch: %v", p)
		}
	}()
	for i := range b.Rows() {
		if text := b.Cols[0].Datum(b.Row(i)).Str(); !strings.HasPrefix(text, "a text of its own ") {
			t.Fatalf("row %d has become %q", i, text)
		}
	}
	if b, err := rows.NextBatch(); b != nil || code(err) != "57014" {
		t.Errorf("after the cancellation: %v", err)
	}
}
