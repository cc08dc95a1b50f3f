package bombs

import (
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestLoadInMemory proves that a database in memory takes a load of four times its
// limit under a cgroup: it works, or is refused, the memory stays within the
// promise, and the server is usable afterwards.
func TestLoadInMemory(t *testing.T) {
	if os.Getenv("HTAPDB_LONG") == "" {
		t.Skip("a load of 3 GB: set HTAPDB_LONG=1")
	}
	s := startServer(t, ":memory:", 0)
	s.prepare()
	// Text that does not compress, 1 KB a row.
	load := "CREATE TABLE load AS SELECT g AS id, " + "md5(g::text)" + repeated("", " || md5((g * 31)::text || g)", "", 31, "")() +
		" AS s FROM generate_series(1, 3000000) g"
	r := s.run(bomb{sql: func() []string { return []string{load} }, patient: true})
	t.Logf("%s after %s, peak %d MiB over idle, another session waited %s", r.outcome, r.took, (r.peak-s.idle)>>20, r.waited)
	if r.outcome != "answer" && r.outcome != "53200" && r.outcome != "53100" {
		t.Errorf("the load ended with %v", r.err)
	}
	if most := s.limit + s.limit/4; r.peak-s.idle > most {
		t.Errorf("%d MiB of memory over idle, %d are promised", (r.peak-s.idle)>>20, most>>20)
	}
	c := s.connect()
	defer c.Close(t.Context())
	if r.outcome == "answer" {
		for _, sql := range []string{"SELECT count(*), sum(length(s)) FROM load", "SELECT s FROM load WHERE id = 77777", "DELETE FROM load WHERE id % 1000 = 1"} {
			err := run(t.Context(), c, sql)
			if e, ok := errors.AsType[*pgconn.PgError](err); err != nil && (!ok || e.Code != "53200") {
				t.Errorf("%s: %v", sql, err)
			}
		}
	}
	s.exec("INSERT INTO p VALUES (100, 'after')", "SELECT count(*) FROM p")
	if kills := s.group.Kills(); kills > 0 {
		t.Error("the kernel has killed the server")
	}
}
