package htap

import (
	"testing"
	"time"
)

// waits returns once a statement waits for a lock.
func waits(t *testing.T, db *DB, n uint64) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); db.rows.Metrics().LockWaits < n; time.Sleep(time.Millisecond) {
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
		before := db.rows.Metrics().LockWaits
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
