package htap

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"htapdb/sql/sqlstate"
)

// Sessions and workers that take values of one sequence at the same time never
// get one twice, and each session's currval is its own.
func TestSequenceConcurrent(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE SEQUENCE q; CREATE TABLE t (a INT); INSERT INTO t SELECT generate_series FROM generate_series(1, 5000)")
	ctx := context.Background()
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			x := db.Session(ctx)
			defer x.Close()
			for range 50 {
				v := queryText(t, x, "SELECT nextval('q')")
				if c := queryText(t, x, "SELECT currval('q')"); c != v {
					t.Errorf("currval is %s after nextval gave %s", c, v)
				}
				mu.Lock()
				if seen[v] {
					t.Errorf("%s was given twice", v)
				}
				seen[v] = true
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	if got := queryText(t, s, "SELECT count(DISTINCT v), min(v) > 200 FROM (SELECT nextval('q') AS v FROM t) x"); got != "5000|t" {
		t.Errorf("a value a row: got %s", got)
	}
}

// copyTree copies a directory as a crash would leave it.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.Walk(from, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What a crash leaves gives no value that was given before it, and setval holds
// from the moment that it returns.
func TestSequenceCrash(t *testing.T) {
	dir := t.TempDir()
	_, s := openTest(t, filepath.Join(dir, "a"))
	mustExec(t, s, "CREATE SEQUENCE q; CREATE SEQUENCE r; CREATE TABLE t (id SERIAL, x INT)")
	for i := range 3 {
		last := int64(0)
		for range 20 {
			n, err := strconv.ParseInt(queryText(t, s, "SELECT nextval('q')"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			last = n
		}
		mustExec(t, s, "SELECT setval('r', "+strconv.Itoa(1000*(i+1))+")")
		id := queryText(t, s, "INSERT INTO t (x) VALUES (1) RETURNING id")
		crashed := filepath.Join(dir, "crash"+strconv.Itoa(i))
		copyTree(t, filepath.Join(dir, "a"), crashed)
		db, err := Open(crashed)
		if err != nil {
			t.Fatal(err)
		}
		x := db.Session(context.Background())
		n, err := strconv.ParseInt(queryText(t, x, "SELECT nextval('q')"), 10, 64)
		if err != nil || n <= last {
			t.Errorf("after the crash nextval gives %d (%v), %d was given before", n, err, last)
		}
		if got, want := queryText(t, x, "SELECT nextval('r')"), strconv.Itoa(1000*(i+1)+1); got != want {
			t.Errorf("after setval and the crash nextval gives %s, want %s", got, want)
		}
		if got := queryText(t, x, "INSERT INTO t (x) VALUES (2) RETURNING id > "+id); got != "t" {
			t.Errorf("the serial column gives a value that is not above %s", id)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A sequence over all of BIGINT ends, one number early.
func TestSequenceEnds(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE SEQUENCE q MINVALUE -9223372036854775808 START 9223372036854775805")
	for _, want := range []string{"9223372036854775805", "9223372036854775806"} {
		if got := queryText(t, s, "SELECT nextval('q')"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for range 3 {
		if e := failure(t, s, "SELECT nextval('q')"); e.Code != sqlstate.SequenceLimitExceeded {
			t.Errorf("at the end: %v", e)
		}
	}
}

// A sequence of before its column was noted with it stays that column's, too, when
// the column no longer draws from it.
func TestSerialOfBefore(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (a SERIAL, b SERIAL)")
	forgetSerialColumns(t, db)
	mustExec(t, s, "ALTER TABLE t ALTER COLUMN b DROP DEFAULT")
	if got := queryText(t, s, "SELECT pg_get_serial_sequence('t', 'a'), pg_get_serial_sequence('t', 'b')"); got != "public.t_a_seq|public.t_b_seq" {
		t.Error(got)
	}
	mustExec(t, s, "TRUNCATE t RESTART IDENTITY; ALTER TABLE t DROP COLUMN b")
	if _, err := s.Exec(t.Context(), "SELECT nextval('t_b_seq')"); code(err) != "42P01" {
		t.Error(err)
	}
}
