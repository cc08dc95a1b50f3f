package htap

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
)

// The words are PostgreSQL's.
func TestDropDependents(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, `CREATE TABLE t (a INT, b INT); CREATE TABLE u (a INT); CREATE VIEW v1 AS SELECT a FROM t;
		CREATE VIEW v2 AS SELECT * FROM v1; CREATE VIEW v3 AS SELECT b, u.a FROM t, u`)
	hint := "Use DROP ... CASCADE to drop the dependent objects too."
	for _, c := range []struct{ sql, message, detail string }{
		{"DROP TABLE t", "cannot drop table t because other objects depend on it",
			"view v1 depends on table t\nview v2 depends on view v1\nview v3 depends on table t"},
		{"DROP TABLE u", "cannot drop table u because other objects depend on it", "view v3 depends on table u"},
		{"DROP TABLE t, u", "cannot drop desired object(s) because other objects depend on them",
			"view v1 depends on table t\nview v2 depends on view v1\nview v3 depends on table t"},
		{"DROP VIEW v1", "cannot drop view v1 because other objects depend on it", "view v2 depends on view v1"},
		{"ALTER TABLE t DROP COLUMN b", "cannot drop column b of table t because other objects depend on it",
			"view v3 depends on column b of table t"},
	} {
		e := failure(t, s, c.sql)
		if e.Code != sqlstate.DependentObjectsStillExist || e.Message != c.message || e.Detail != c.detail || e.Hint != hint {
			t.Errorf("%s: got %s %q\ndetail %q\nhint %q", c.sql, e.Code, e.Message, e.Detail, e.Hint)
		}
	}
	var notices []string
	s.OnNotice(func(e *Error) { notices = append(notices, e.Message+": "+e.Detail) })
	mustExec(t, s, "ALTER TABLE t DROP COLUMN b CASCADE")
	mustExec(t, s, "DROP TABLE t CASCADE")
	want := "drop cascades to view v3: |drop cascades to 2 other objects: drop cascades to view v1\ndrop cascades to view v2"
	if got := strings.Join(notices, "|"); got != want {
		t.Errorf("notices are %q, want %q", got, want)
	}
}

// A table that is dropped while a view over it is made: one of the two waits,
// and then fails.
func TestDropAgainstCreateView(t *testing.T) {
	db, s := openTest(t, "")
	ctx := context.Background()
	for round := range 60 {
		mustExec(t, s, "CREATE TABLE t (a INT)")
		var wg sync.WaitGroup
		var errs [2]error
		for i, sql := range []string{"CREATE VIEW v AS SELECT a FROM t", "DROP TABLE t"} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				x := db.Session(ctx)
				defer x.Close()
				_, errs[i] = x.Exec(ctx, sql)
			}()
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: CREATE VIEW gave %v, DROP TABLE %v: one must fail", round, errs[0], errs[1])
		}
		if errs[0] == nil {
			queryText(t, s, "SELECT * FROM v")
			mustExec(t, s, "DROP TABLE t CASCADE")
		}
	}
}

// lock_timeout ends every wait for another session's changes of the catalog.
func TestLockTimeoutDDL(t *testing.T) {
	db, a := openTest(t, "")
	mustExec(t, a, "CREATE TABLE t (a INT PRIMARY KEY); CREATE TABLE u (a INT); CREATE VIEW v AS SELECT a FROM u; CREATE SEQUENCE q")
	b := db.Session(context.Background())
	mustExec(t, b, "SET lock_timeout = '50ms'; SET statement_timeout = '20s'")
	for _, c := range []struct{ first, second string }{
		{"CREATE TABLE n (a INT)", "CREATE TABLE n (b INT)"},
		{"CREATE TABLE n (a INT)", "ALTER TABLE u RENAME TO n"},
		{"CREATE TABLE n (a INT)", "CREATE VIEW n AS SELECT 1 AS x"},
		{"CREATE TABLE n (a INT)", "CREATE SEQUENCE n"},
		{"CREATE TABLE n (a INT)", "CREATE INDEX n ON u (a)"},
		{"CREATE TABLE n (a INT)", "CREATE TABLE n AS SELECT 1 AS x"},
		{"DROP TABLE t", "INSERT INTO t VALUES (1)"},
		{"DROP TABLE t", "CREATE VIEW w AS SELECT a FROM t"},
		{"DROP VIEW v", "DROP VIEW v"},
		{"DROP VIEW v", "CREATE VIEW w AS SELECT a FROM v"},
		{"DROP SEQUENCE q", "DROP SEQUENCE q"},
		{"CREATE SCHEMA s", "CREATE SCHEMA s"},
		{"ALTER TABLE t ADD COLUMN b INT", "TRUNCATE t"},
		{"INSERT INTO t VALUES (1)", "ALTER TABLE t ADD COLUMN b INT"},
		{"INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"},
	} {
		mustExec(t, a, "BEGIN")
		mustExec(t, a, c.first)
		start := time.Now()
		if e := failure(t, b, c.second); e.Code != sqlstate.LockNotAvailable || e.Message != "canceling statement due to lock timeout" {
			t.Errorf("%s during %s: %v", c.second, c.first, e)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s during %s took %s", c.second, c.first, d)
		}
		mustExec(t, a, "ROLLBACK")
	}
	// SET LOCAL holds for the transaction, 0 waits for ever.
	mustExec(t, b, "SET lock_timeout = 0")
	mustExec(t, b, "BEGIN; SET LOCAL lock_timeout = '30ms'")
	mustExec(t, a, "BEGIN; INSERT INTO t VALUES (1)")
	if e := failure(t, b, "INSERT INTO t VALUES (1)"); e.Code != sqlstate.LockNotAvailable {
		t.Errorf("SET LOCAL lock_timeout: %v", e)
	}
	mustExec(t, b, "ROLLBACK; SET statement_timeout = '100ms'")
	if e := failure(t, b, "INSERT INTO t VALUES (1)"); e.Code != sqlstate.QueryCanceled {
		t.Errorf("statement_timeout after lock_timeout was reset: %v", e)
	}
	mustExec(t, a, "ROLLBACK")
}

// A statement that changes an object which others have changed while it waited
// sees it as it is then.
func TestDDLAfterWait(t *testing.T) {
	db, a := openTest(t, "")
	mustExec(t, a, "CREATE TABLE t (a INT)")
	b := db.Session(context.Background())
	for i, sql := range []string{"ALTER TABLE t ADD COLUMN y%d INT", "CREATE INDEX t_a%d ON t (a)", "CREATE VIEW v%d AS SELECT * FROM t"} {
		sql = fmt.Sprintf(sql, i)
		mustExec(t, a, "BEGIN")
		mustExec(t, a, fmt.Sprintf("ALTER TABLE t ADD COLUMN x%d INT", i))
		res := make(chan error)
		go func() {
			_, err := b.Exec(context.Background(), sql)
			res <- err
		}()
		time.Sleep(20 * time.Millisecond)
		mustExec(t, a, "COMMIT")
		if err := <-res; err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if got := queryText(t, a, "SELECT count(*) FROM information_schema.columns WHERE table_name = 't'"); got != "5" {
		t.Errorf("the table has %s columns, want 5", got)
	}
}

// A view that would read itself is refused when it is replaced.
func TestRecursiveView(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE VIEW v AS SELECT 1 AS x; CREATE VIEW w AS SELECT x FROM v")
	for _, sql := range []string{"CREATE OR REPLACE VIEW v AS SELECT x FROM v",
		"CREATE OR REPLACE VIEW v AS SELECT a.x FROM v a, public.v b, w", "CREATE OR REPLACE VIEW v AS SELECT x FROM w"} {
		if e := failure(t, s, sql); e.Code != sqlstate.InvalidObjectDefinition {
			t.Errorf("%s: %v", sql, e)
		}
	}
	if got := queryText(t, s, "SELECT * FROM w"); got != "1" {
		t.Errorf("got %s", got)
	}
}

// A schema goes with what is in it, and with what depends on that.
func TestDropSchema(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, `CREATE SCHEMA s; CREATE TABLE s.t (id SERIAL, a INT); CREATE SEQUENCE s.q; CREATE VIEW s.v AS SELECT a FROM s.t;
		CREATE VIEW outside AS SELECT a FROM s.v; CREATE TABLE u (x INT DEFAULT nextval('s.q'), y INT)`)
	e := failure(t, s, "DROP SCHEMA s")
	want := "table s.t depends on schema s\nsequence s.q depends on schema s\n" +
		"default value for column x of table u depends on sequence s.q\nview s.v depends on schema s\nview outside depends on view s.v"
	if e.Code != sqlstate.DependentObjectsStillExist || e.Message != "cannot drop schema s because other objects depend on it" || e.Detail != want {
		t.Errorf("got %s %q\ndetail %q\nwant   %q", e.Code, e.Message, e.Detail, want)
	}
	mustExec(t, s, "DROP SCHEMA s CASCADE; INSERT INTO u (y) VALUES (1)")
	if got := queryText(t, s, "SELECT x, y FROM u"); got != "NULL|1" {
		t.Errorf("the default is left: %s", got)
	}
	for _, sql := range []string{"SELECT * FROM outside", "SELECT * FROM s.t"} {
		if e := failure(t, s, sql); e.Code != sqlstate.UndefinedTable {
			t.Errorf("%s: %v", sql, e)
		}
	}
	if e := failure(t, s, "SELECT nextval('s.q')"); e.Code != sqlstate.InvalidSchemaName {
		t.Error(e)
	}
	mustExec(t, s, "CREATE SCHEMA s; CREATE TABLE s.t (a INT); DROP TABLE s.t; DROP SCHEMA s")
}
