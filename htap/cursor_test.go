package htap

import (
	"context"
	"errors"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
)

// endless is a query of more rows than a test may wait for.
const endless = "SELECT a.g FROM generate_series(1, 1000000) AS a(g), generate_series(1, 1000) AS b(g)"

// fetchAll reads a FETCH to its end and returns its number of rows.
func fetchAll(ctx context.Context, s *Session, sql string) (int, error) {
	rows, err := s.Query(ctx, sql)
	if err != nil {
		return 0, err
	}
	n := 0
	for rows.Next() {
		n++
	}
	return n, errors.Join(rows.Err(), rows.Close())
}

// TestCursorEnds: a cursor that is being computed ends with a cancelled FETCH, with
// statement_timeout, with a failed transaction and with its session.
func TestCursorEnds(t *testing.T) {
	db, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := t.Context()
	declare := func(s *Session) {
		t.Helper()
		if _, err := s.Exec(ctx, "BEGIN"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Exec(ctx, "DECLARE c CURSOR FOR "+endless); err != nil {
			t.Fatal(err)
		}
		if n, err := fetchAll(ctx, s, "FETCH 5000 FROM c"); n != 5000 || err != nil {
			t.Fatal(n, err)
		}
	}
	end := func(s *Session) {
		t.Helper()
		if s.TxState() != 'E' {
			t.Errorf("the transaction is %c", s.TxState())
		}
		if _, err := s.Exec(ctx, "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if _, err := fetchAll(ctx, s, "FETCH c"); !sqlstate.Is(err, sqlstate.InvalidCursorName) {
			t.Error("the cursor is still there:", err)
		}
	}
	s := db.Session(ctx)
	defer s.Close()

	declare(s)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := fetchAll(short, s, "FETCH ALL FROM c"); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Error("cancelled:", err)
	}
	end(s)

	s2 := db.Session(ctx)
	if _, err := s2.Exec(ctx, "SET statement_timeout = '1s'"); err != nil {
		t.Fatal(err)
	}
	declare(s2)
	time.Sleep(1100 * time.Millisecond) // the time between fetches does not count
	if n, err := fetchAll(ctx, s2, "FETCH 5000 FROM c"); n != 5000 || err != nil {
		t.Error(n, err)
	}
	if _, err := fetchAll(ctx, s2, "FETCH ALL FROM c"); !sqlstate.Is(err, sqlstate.QueryCanceled) {
		t.Error("timed out:", err)
	}
	end(s2)

	declare(s2)
	if _, err := s2.Exec(ctx, "FETCH 1 FROM nosuch"); !sqlstate.Is(err, sqlstate.InvalidCursorName) {
		t.Error(err)
	}
	end(s2)

	declare(s2)
	if err := s2.Close(); err != nil {
		t.Error(err)
	}
}
