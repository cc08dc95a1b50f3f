package htap

import (
	"strings"
	"testing"
	"time"
)

// A statement of READ COMMITTED that waits for a row whose primary key changes
// meanwhile finds the row under its new key and checks its condition again.
func TestRowMovesWhileWaiting(t *testing.T) {
	for _, c := range []struct {
		move, wait string
		code       string
		after      string // id|v of all rows
	}{
		{"UPDATE t SET id = 5 WHERE id = 1", "UPDATE t SET v = v + 1", "", "2|21 5|11"},
		{"UPDATE t SET id = 5 WHERE id = 1", "UPDATE t SET v = v + 1 WHERE v = 10", "", "2|20 5|11"},
		{"UPDATE t SET id = 5 WHERE id = 1", "UPDATE t SET v = v + 1 WHERE id = 1", "", "2|20 5|10"},
		{"UPDATE t SET id = 5, v = 12 WHERE id = 1", "UPDATE t SET v = v + 1 WHERE v = 10", "", "2|20 5|12"},
		{"UPDATE t SET id = 5 WHERE id = 1", "DELETE FROM t WHERE v = 10", "", "2|20"},
		{"UPDATE t SET id = 5 WHERE id = 1; INSERT INTO t VALUES (1, 0)", "UPDATE t SET v = v + 1 WHERE v = 10", "", "1|0 2|20 5|11"},
		{"UPDATE t SET id = 5 WHERE id = 1; UPDATE t SET id = 6 WHERE id = 5", "DELETE FROM t WHERE v < 20", "", "2|20"},
		{"UPDATE t SET id = 5 WHERE id = 1; DELETE FROM t WHERE id = 5", "UPDATE t SET v = v + 1", "", "2|21"},
		// Finds one row, and divides by zero to say so.
		{"UPDATE t SET id = 5 WHERE id = 1", "WITH r AS MATERIALIZED (SELECT id, v FROM t WHERE v = 10 FOR UPDATE) SELECT 1 / (count(*) - 1) FROM r", "22012", "2|20 5|10"},
		{"UPDATE t SET id = 5 WHERE id = 1", "UPDATE t SET v = o.v + t.id FROM (VALUES (10, 100)) AS o(w, v) WHERE t.v = o.w", "", "2|20 5|105"},
	} {
		for _, route := range []string{"row", "column"} {
			t.Run(route+" "+c.move+" "+c.wait, func(t *testing.T) {
				db, a := openTest(t, "")
				b := db.Session(t.Context())
				mustExec(t, a, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1, 10), (2, 20)")
				mustExec(t, b, "SET htap.route = '"+route+"'")
				mustExec(t, a, "BEGIN; "+c.move)
				done := make(chan error, 1)
				go func() {
					_, err := b.Exec(t.Context(), c.wait)
					done <- err
				}()
				select {
				case err := <-done:
					t.Fatalf("did not wait: %v", err)
				case <-time.After(20 * time.Millisecond):
				}
				mustExec(t, a, "COMMIT")
				if err := <-done; code(err) != c.code {
					t.Error(err)
				}
				got := strings.ReplaceAll(queryText(t, a, "SELECT id, v FROM t ORDER BY id"), "\n", " ")
				if got != c.after {
					t.Errorf("%s, want %s", got, c.after)
				}
			})
		}
	}
}
