package htap

import (
	"testing"
	"time"
)

// waits returns once a statement waits for a lock.
func waits(t *testing.T, db *DB, n uint64) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); db.engine.Rows.Metrics().LockWaits < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing waits for a lock")
		}
	}
}

// Statements that change a table's descriptor queue behind one another, and each
// changes what the one before has left: none puts an older descriptor back.
func TestChangesOfOneTable(t *testing.T) {
	db, s := openTest(t, t.TempDir())
	for _, second := range []string{
		"COMMENT ON TABLE t IS 'words'", "ALTER TABLE t ADD COLUMN d INTEGER DEFAULT 4", "CREATE INDEX ON t (a)",
		"TRUNCATE t", "ALTER TABLE t ALTER COLUMN b SET DEFAULT 7",
	} {
		mustExec(t, s, "CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER); INSERT INTO t VALUES (1, 2)")
		before := db.engine.Rows.Metrics().LockWaits
		mustExec(t, s, "BEGIN; ALTER TABLE t ADD COLUMN c INTEGER DEFAULT 3")
		other := db.Session(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := other.Exec(t.Context(), second)
			done <- err
		}()
		waits(t, db, before+1)
		mustExec(t, s, "COMMIT")
		if err := <-done; err != nil {
			t.Errorf("%s: %v", second, err)
		}
		mustExec(t, s, "INSERT INTO t (a) VALUES (2)")
		if got := queryText(t, s, "SELECT c FROM t WHERE a = 2"); got != "3" {
			t.Errorf("after %s the column is %s", second, got)
		}
		mustExec(t, s, "DROP TABLE t")
		_ = other.Close()
	}
}

// races returns a function that runs one statement in a transaction of s and another
// beside it, which must wait for its end and then end with the SQLSTATE.
func races(t *testing.T, db *DB, s *Session) func(first, second, want string) {
	other := db.Session(t.Context())
	return func(first, second, want string) {
		t.Helper()
		before := db.engine.Rows.Metrics().LockWaits
		mustExec(t, s, "BEGIN; "+first)
		done := make(chan error, 1)
		go func() {
			_, err := other.Exec(t.Context(), second)
			done <- err
		}()
		select {
		case err := <-done:
			t.Errorf("%s did not wait for %s: %v", second, first, err)
			mustExec(t, s, "COMMIT")
			return
		case <-time.After(200 * time.Millisecond):
		}
		waits(t, db, before+1)
		mustExec(t, s, "COMMIT")
		if err := <-done; code(err) != want {
			t.Errorf("%s after %s: %v, want %s", second, first, err, want)
		}
	}
}

// A schema is not dropped under what others are about to put into it, and
// nothing is put into one that others are about to drop.
func TestDropSchemaRaces(t *testing.T) {
	db, s := openTest(t, "")
	run := races(t, db, s)
	mustExec(t, s, "CREATE SCHEMA a; CREATE SCHEMA b; CREATE SCHEMA c")
	run("CREATE TABLE a.t (i INTEGER)", "DROP SCHEMA a", "2BP01")
	run("DROP SCHEMA b", "CREATE TABLE b.t (i INTEGER)", "3F000")
	run("DROP SCHEMA c", "CREATE TABLE c.t AS SELECT 1 AS i", "3F000")
	mustExec(t, s, "DROP TABLE a.t; CREATE SEQUENCE a.q")
	if _, err := s.Exec(t.Context(), "DROP SCHEMA a"); code(err) != "2BP01" {
		t.Errorf("a schema with a sequence: %v", err)
	}
	mustExec(t, s, "DROP SEQUENCE a.q; DROP SCHEMA a")
}
