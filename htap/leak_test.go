package htap

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// segmentFiles returns how many segment files there are once they are want, or
// after a while.
func segmentFiles(t *testing.T, dir string, want int) int {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		names, err := filepath.Glob(filepath.Join(dir, columnDir, "*.seg"))
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == want || time.Now().After(deadline) {
			return len(names)
		}
	}
}

// Segments that a bulk load has written go with the load: when it fails at its
// end, when its transaction is rolled back, and when a savepoint is.
func TestLoadsThatDoNotHappen(t *testing.T) {
	dir := t.TempDir()
	db, s := openTest(t, dir)
	csv := filepath.Join(t.TempDir(), "t.csv")
	lines := strings.Repeat("1,2\n", 20000)
	if err := os.WriteFile(csv, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	load := "COPY t FROM '" + csv + "' (FORMAT csv)"
	mustExec(t, s, "CREATE TABLE t (a BIGINT, b BIGINT); CREATE TABLE k (a BIGINT PRIMARY KEY, b BIGINT); CHECKPOINT")
	base := segmentFiles(t, dir, 0)

	if _, err := s.Exec(context.Background(), strings.Replace(load, "COPY t", "COPY k", 1)); code(err) != "23505" {
		t.Fatalf("duplicates: %v", err)
	}
	if n := segmentFiles(t, dir, base); n != base {
		t.Errorf("%d segments after a load with duplicates, %d before", n, base)
	}
	mustExec(t, s, "BEGIN; "+load+"; ROLLBACK")
	if n := segmentFiles(t, dir, base); n != base {
		t.Errorf("%d segments after a load that was rolled back, %d before", n, base)
	}
	mustExec(t, s, "BEGIN; SAVEPOINT a; "+load+"; CREATE TABLE c AS SELECT a FROM generate_series(1, 20000) AS g(a); ROLLBACK TO a; INSERT INTO k VALUES (1, 1); COMMIT")
	if n := segmentFiles(t, dir, base); n != base {
		t.Errorf("%d segments after a load that a savepoint has undone, %d before", n, base)
	}
	if n := len(db.engine.Feed.Columns().Tables()); n != 2 {
		t.Errorf("%d tables have columns instead of 2", n)
	}
	// What a savepoint keeps stays, and so does a load after one that was undone.
	mustExec(t, s, "BEGIN; CREATE TABLE c (a BIGINT, b BIGINT); SAVEPOINT a; "+strings.Replace(load, "COPY t", "COPY c", 1)+"; ROLLBACK TO a")
	mustExec(t, s, "SAVEPOINT b; "+strings.Replace(load, "COPY t", "COPY c", 1)+"; RELEASE b; COMMIT; SET htap.route = 'column'")
	if got := queryText(t, s, "SELECT count(*), sum(b) FROM c"); got != "20000|40000" {
		t.Error(got)
	}
	if got := queryText(t, s, "CHECK TABLE c"); !strings.HasSuffix(got, "|ok|") {
		t.Error(got)
	}
}

// A long transaction does not keep every version of a row that it has changed
// over and over.
func TestWriteSetForgets(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, '')")
	mustExec(t, s, "BEGIN")
	st, err := s.Prepare(t.Context(), "UPDATE t SET v = repeat('x', 1000000) WHERE id = 1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 400 { // 400 MB, more than a write set may hold
		if _, err := st.Exec(t.Context()); err != nil {
			t.Fatalf("update %d: %v", i, err)
		}
	}
	mustExec(t, s, "COMMIT")
}
