package htap

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"htapdb/internal/memory"
	"htapdb/sql/types"
)

// plannings counts how many statements are planned in f.
func plannings(db *DB, f func()) uint64 {
	before := db.counts.plans.Load()
	f()
	return db.counts.plans.Load() - before
}

// waitColumns waits until the columns of a table can be read: a plan that was made
// before is made again.
func waitColumns(t testing.TB, s *Session, tables ...string) {
	t.Helper()
	mustExec(t, s, "SET htap.route = 'column'")
	for _, table := range tables {
		mustExec(t, s, "SELECT count(*) FROM "+table)
	}
	mustExec(t, s, "RESET htap.route")
}

// A plan stays as it is, as a text's and as that of a prepared statement, whatever
// happens to objects that it does not name.
func TestPlansOutliveOtherDDL(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, `CREATE TABLE t (id BIGINT PRIMARY KEY, x BIGINT DEFAULT 7, CHECK (x > 0)); CREATE VIEW v AS SELECT id, x FROM t;
		INSERT INTO t VALUES (1, 10), (2, 20); CREATE TABLE u (a INTEGER, b INTEGER); INSERT INTO u VALUES (1, 2), (2, 4), (3, 6);
		CREATE MODEL m PREDICT b USING linear_regression AS SELECT a, b FROM u`)
	waitColumns(t, s, "t", "u")
	queries := []string{"SELECT x FROM t WHERE id = 1", "SELECT sum(x) FROM v", "SELECT count(*) FROM pg_type",
		"SELECT round(predict('m', a => 4)::numeric, 3)", "UPDATE t SET x = x + 1 WHERE id = 2", "SELECT v.x FROM v JOIN t USING (id) WHERE v.id = 1"}
	for i, q := range queries {
		mustExec(t, s, q)
		mustExec(t, s, fmt.Sprintf("PREPARE p%d AS %s", i, q))
	}
	for _, ddl := range []string{"CREATE TABLE other (id BIGINT PRIMARY KEY, x BIGINT)", "ALTER TABLE other ADD COLUMN y TEXT",
		"CREATE INDEX other_y ON other (y)", "CREATE VIEW w AS SELECT * FROM other", "CREATE OR REPLACE VIEW w AS SELECT id, x, y FROM other",
		"CREATE SCHEMA a", "CREATE TABLE a.t (id BIGINT)", "CREATE SEQUENCE q", "TRUNCATE other", "DROP VIEW w", "DROP TABLE other",
		"CREATE MODEL m2 PREDICT a USING linear_regression AS SELECT a, b FROM u", "DROP MODEL m2"} {
		mustExec(t, s, ddl)
		for i, q := range queries {
			if n := plannings(db, func() { mustExec(t, s, q) }); n != 0 {
				t.Errorf("after %s: %s was planned %d times", ddl, q, n)
			}
			if n := plannings(db, func() { mustExec(t, s, fmt.Sprintf("EXECUTE p%d", i)) }); n != 0 {
				t.Errorf("after %s: prepared %s was planned %d times", ddl, q, n)
			}
		}
	}
}

// A transaction that has changed the catalog uses plans of what it has not changed.
func TestPlansInOwnCatalog(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO t VALUES (1, 10)")
	waitColumns(t, s, "t")
	const q = "SELECT x FROM t WHERE id = 1"
	mustExec(t, s, q)
	mustExec(t, s, "BEGIN; CREATE TABLE other (id BIGINT)")
	if n := plannings(db, func() { queryText(t, s, q) }); n != 0 {
		t.Errorf("planned %d times beside a table of the transaction", n)
	}
	mustExec(t, s, "ALTER TABLE t DROP COLUMN x; ALTER TABLE t ADD COLUMN x TEXT DEFAULT 'new'")
	if got := queryText(t, s, q); got != "new" {
		t.Errorf("in the transaction: %s", got)
	}
	mustExec(t, s, "ROLLBACK")
	if got := queryText(t, s, q); got != "10" {
		t.Errorf("after it: %s", got)
	}
}

// planChanges are changes of what a query names: the plan is made again, and
// gives the answer of then.
var planChanges = []struct{ name, setup, query, ddl, before, after string }{
	{"column added", "", "SELECT * FROM t", "ALTER TABLE t ADD COLUMN y INTEGER DEFAULT 5", "1|10", "1|10|5"},
	{"column renamed", "", "SELECT id, x FROM t", "ALTER TABLE t RENAME COLUMN x TO z; ALTER TABLE t ADD COLUMN x BIGINT DEFAULT 3", "1|10", "1|3"},
	{"default", "CREATE TABLE d (id INTEGER, x INTEGER DEFAULT 1)", "INSERT INTO d (id) VALUES (1) RETURNING x",
		"ALTER TABLE d ALTER COLUMN x SET DEFAULT 2", "1", "2"},
	{"index created", "CREATE TABLE i (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO i SELECT k, k FROM generate_series(1, 5000) AS g(k)",
		"SELECT id FROM i WHERE x = 17", "CREATE INDEX i_x ON i (x)", "17", "17"},
	{"index dropped", "CREATE TABLE i (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO i SELECT k, k FROM generate_series(1, 5000) AS g(k); CREATE INDEX i_x ON i (x)",
		"SELECT id FROM i WHERE x = 17", "DROP INDEX i_x", "17", "17"},
	{"view replaced", "CREATE VIEW v AS SELECT x FROM t", "SELECT * FROM v", "CREATE OR REPLACE VIEW v AS SELECT x + 1 AS x FROM t", "10", "11"},
	{"view below a view replaced", "CREATE VIEW v AS SELECT x FROM t; CREATE VIEW w AS SELECT * FROM v", "SELECT * FROM w",
		"CREATE OR REPLACE VIEW v AS SELECT x + 1 AS x FROM t", "10", "11"},
	{"table below a view changed", "CREATE VIEW v AS SELECT x FROM t", "SELECT * FROM v", "TRUNCATE t; INSERT INTO t VALUES (1, 12)", "10", "12"},
	{"table below a view renamed", "CREATE VIEW v AS SELECT x FROM t", "SELECT * FROM v", "ALTER TABLE t RENAME TO t2; UPDATE t2 SET x = 13", "10", "13"},
	{"view in the place of a table", "CREATE TABLE o (x BIGINT); INSERT INTO o VALUES (1)", "SELECT * FROM o",
		"DROP TABLE o; CREATE VIEW o AS SELECT x FROM t", "1", "10"},
	{"table earlier on the search_path", "CREATE SCHEMA first; SET search_path = first, public", "SELECT x FROM t",
		"CREATE TABLE first.t (x BIGINT); INSERT INTO first.t VALUES (99)", "10", "99"},
	{"schema of the search_path created", "SET search_path = first, public", "SELECT x FROM t",
		"CREATE SCHEMA first; CREATE TABLE first.t (x BIGINT); INSERT INTO first.t VALUES (99)", "10", "99"},
	{"table earlier on the search_path dropped", "CREATE SCHEMA first; CREATE TABLE first.t AS SELECT 99::BIGINT AS x; SET search_path = first, public",
		"SELECT x FROM t", "DROP TABLE first.t", "99", "10"},
	{"table that hides a system relation", "CREATE SCHEMA first; SET search_path = first, ml, public", "SELECT count(*) FROM models",
		"CREATE TABLE first.models (x BIGINT); INSERT INTO first.models VALUES (1), (2)", "0", "2"},
	{"view that hides a system relation", "CREATE SCHEMA first; SET search_path = first, ml, public", "SELECT count(*) FROM models",
		"CREATE VIEW first.models AS SELECT 1 AS x UNION ALL SELECT 2", "0", "2"},
	{"table truncated", "", "SELECT count(*) FROM t", "TRUNCATE t", "1", "0"},
	{"table made again", "", "SELECT x FROM t", "DROP TABLE t; CREATE TABLE t (x BIGINT); INSERT INTO t VALUES (6)", "10", "6"},
	{"model replaced", "CREATE TABLE tr (a FLOAT8, b FLOAT8); INSERT INTO tr SELECT k, 2 * k FROM generate_series(1, 9) AS g(k); CREATE MODEL m PREDICT b USING linear_regression AS SELECT a, b FROM tr",
		"SELECT round(predict('m', a => 4)::numeric, 3)",
		"CREATE OR REPLACE MODEL m PREDICT b USING linear_regression AS SELECT a, b + 1 AS b FROM tr", "8.000", "9.000"},
	{"constraint added", "CREATE TABLE c (x BIGINT)", "INSERT INTO c VALUES (-1) RETURNING x", "TRUNCATE c; ALTER TABLE c ADD CHECK (x > 0)", "-1", "23514"},
	{"constraint dropped", "CREATE TABLE c (x BIGINT, CONSTRAINT pos CHECK (x > 0))", "INSERT INTO c VALUES (-1) RETURNING x", "ALTER TABLE c DROP CONSTRAINT pos", "23514", "-1"},
	{"table dropped", "", "SELECT x FROM t", "DROP TABLE t", "10", "42P01"},
	{"name of a cast to regclass", "", "SELECT 't'::regclass::text", "ALTER TABLE t RENAME TO t3", "t", "42P01"},
	{"definition of a view", "CREATE VIEW v AS SELECT x FROM t", "SELECT pg_get_viewdef('v'::regclass)", "CREATE OR REPLACE VIEW v AS SELECT x + 1 AS x FROM t",
		"SELECT x FROM t;", "SELECT x + 1 AS x FROM t;"},
}

// answer is the text of a query's rows, or the SQLSTATE.
func answer(s *Session, sql string) string {
	rows, err := s.Query(context.Background(), sql)
	if err != nil {
		return code(err)
	}
	var lines []string
	for rows.Next() {
		cells := make([]string, len(rows.Columns()))
		for i, c := range rows.Columns() {
			cells[i] = "NULL"
			if d := rows.Datum(i); !d.IsNull() {
				cells[i] = types.Format(d, c.Type, time.UTC)
			}
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	if rows.Err() != nil {
		return code(rows.Err())
	}
	return strings.Join(lines, "\n")
}

// A plan is made again when what it names changes, and what a name means.
func TestPlansFollowWhatTheyName(t *testing.T) {
	for _, c := range planChanges {
		t.Run(c.name, func(t *testing.T) {
			db, s := openTest(t, "")
			mustExec(t, s, "CREATE TABLE t (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO t VALUES (1, 10)")
			if c.setup != "" {
				mustExec(t, s, c.setup)
			}
			waitColumns(t, s, "t")
			for range 2 {
				if got := answer(s, c.query); got != c.before {
					t.Fatalf("before: %s, want %s", got, c.before)
				}
			}
			mustExec(t, s, "PREPARE p AS "+c.query)
			answer(s, "EXECUTE p")
			mustExec(t, s, c.ddl)
			made := plannings(db, func() {
				if got := answer(s, c.query); got != c.after {
					t.Errorf("the text: %s, want %s", got, c.after)
				}
			})
			if made == 0 {
				t.Error("the text's plan was not made again")
			}
			// PostgreSQL refuses a prepared statement whose columns have become others.
			if got := answer(s, "EXECUTE p"); got != c.after && (got != "0A000" || c.name != "column added") {
				t.Errorf("the prepared statement: %s, want %s", got, c.after)
			}
		})
	}
}

// A query of a file is planned for the columns that the file has now.
func TestPlansFollowFiles(t *testing.T) {
	dir := t.TempDir()
	_, s := openTest(t, "", WithFiles(dir))
	mustExec(t, s, "CREATE TABLE t (id INTEGER)") // an empty catalog has no version to plan for
	path := filepath.Join(dir, "f.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sql := "SELECT b FROM '" + path + "'"
	write("a,b\n1,2\n")
	mustExec(t, s, "PREPARE p AS "+sql)
	if got := answer(s, sql) + " " + answer(s, "EXECUTE p"); got != "2 2" {
		t.Fatal(got)
	}
	write("b,a\n30,40\n")
	if got := answer(s, sql) + " " + answer(s, "EXECUTE p"); got != "30 30" {
		t.Errorf("columns in another order: %s", got)
	}
	write("b\nx\n")
	if got := answer(s, sql) + " " + answer(s, "EXECUTE p"); got != "x 0A000" {
		t.Errorf("a column of another type: %s", got)
	}
}

// The cache is bounded in number and bytes, charged to the account, and the plan
// used last is the last to go.
func TestPlanCacheBounds(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id BIGINT PRIMARY KEY, x BIGINT); INSERT INTO t VALUES (1, 10)")
	waitColumns(t, s, "t")
	const kept = "SELECT x FROM t WHERE id = 1"
	mustExec(t, s, kept)
	run := func(limit int64) {
		t.Helper()
		db.plans.memory.SetLimit(limit)
		made := plannings(db, func() {
			for i := range 2 * maxCachedPlans {
				if _, err := s.Prepare(t.Context(), fmt.Sprintf("SELECT x + %d FROM t WHERE id = 1", i)); err != nil {
					t.Fatal(err)
				}
				if i%100 == 0 {
					mustExec(t, s, kept)
				}
			}
		})
		if made < 2*maxCachedPlans || made > 2*maxCachedPlans+1 {
			t.Errorf("limit %d: %d statements planned: the one in use was evicted", limit, made)
		}
		n, bytes := db.plans.size()
		if n > maxCachedPlans || bytes > limit || bytes < int64(n)*1000 {
			t.Errorf("limit %d: %d plans of %d bytes", limit, n, bytes)
		}
		if limit == 1<<20 && n > 1000 {
			t.Errorf("limit %d: %d plans", limit, n)
		}
		var sum int64
		for e := db.plans.order.Front(); e != nil; e = e.Next() {
			sum += e.Value.(*lruEntry[planKey, *planned]).bytes
		}
		if sum != bytes || db.plans.order.Len() != n {
			t.Errorf("limit %d: %d bytes are charged for %d", limit, bytes, sum)
		}
	}
	run(1 << 30)
	if n, _ := db.plans.size(); n != maxCachedPlans {
		t.Errorf("%d plans", n)
	}
	db.plans = newPlanCache(db.memory.Child("plans", 1<<20))
	run(1 << 20)
	// No plan is kept whose memory others have.
	full := memory.NewRoot(100)
	db.plans = newPlanCache(full.Child("plans", 1<<20))
	mustExec(t, s, kept)
	if n, _ := db.plans.size(); n != 0 || full.Used() != 0 {
		t.Errorf("%d plans beyond the memory of all", n)
	}
}

// The estimate of a plan's size is what the heap grows by, within a factor of two.
func TestPlanBytes(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id BIGINT PRIMARY KEY, x BIGINT, y TEXT); INSERT INTO t VALUES (1, 10)")
	wide := make([]string, 300)
	for i := range wide {
		wide[i] = fmt.Sprintf("c%d INTEGER", i)
	}
	mustExec(t, s, "CREATE TABLE wide (id BIGINT PRIMARY KEY, "+strings.Join(wide, ", ")+")")
	waitColumns(t, s, "t", "wide")
	cat, err := s.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT x FROM t WHERE id = $1", "UPDATE t SET x = x + $1 WHERE id = $2", "INSERT INTO t VALUES ($1, $2, $3)",
		"SELECT * FROM wide", "SELECT c7 FROM wide WHERE id = 3", "INSERT INTO wide (id) VALUES (1)",
		"SELECT a.y, count(*), sum(b.x) FROM t a JOIN t b ON a.id = b.x JOIN t c ON c.id = b.id WHERE a.y LIKE 'x%' AND b.x BETWEEN 3 AND 1000 GROUP BY a.y HAVING count(*) > 3 ORDER BY 3 DESC LIMIT 10",
		"SELECT x, (SELECT max(x) FROM t b WHERE b.id > a.id) FROM t a WHERE x IN (1, 2, 3, 4, 5, 6, 7, 8) AND EXISTS (SELECT 1 FROM t c WHERE c.x = a.x)",
		"SELECT sum(x) OVER (PARTITION BY y ORDER BY id), rank() OVER (ORDER BY x) FROM t UNION ALL SELECT 1, id FROM t",
	} {
		const n = 200
		plans := make([]*planned, n)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range plans {
			st, err := s.Prepare(t.Context(), sql)
			if err != nil {
				t.Fatal(err)
			}
			parsed := st.parsed
			parsed.SQL = "" // not the cache's
			if plans[i], err = s.planAt(&Stmt{s: s, parsed: parsed, script: sql}, cat); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		real := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
		estimate := planBytes(plans[0])
		t.Logf("%7d bytes, estimated %7d: %.60s", real, estimate, sql)
		if estimate < real/2 || estimate > 2*real {
			t.Errorf("%s: %d bytes, estimated %d", sql, real, estimate)
		}
		runtime.KeepAlive(plans)
	}
}

// A file that is replaced between planning and running is an error by name, not
// another column's values.
func TestFileReplacedAfterPlanning(t *testing.T) {
	dir := t.TempDir()
	_, s := openTest(t, "", WithFiles(dir))
	mustExec(t, s, "CREATE TABLE new AS SELECT 5 AS b, 6 AS a; CREATE TABLE old AS SELECT 1 AS a, 2 AS b, 3 AS c")
	for format, options := range map[string]string{"csv": " WITH (FORMAT csv, HEADER)", "parquet": ""} {
		path := filepath.Join(dir, "f."+format)
		for _, column := range []string{"b", "c"} { // in another place, gone
			mustExec(t, s, "COPY old TO '"+path+"'"+options)
			st, err := s.Prepare(t.Context(), "SELECT "+column+" FROM '"+path+"'")
			if err != nil {
				t.Fatal(err)
			}
			x, err := s.newExecution(t.Context(), st, nil)
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.planAt(st, x.Cat)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			mustExec(t, s.db.Session(t.Context()), "COPY new TO '"+path+"'"+options)
			if _, err = x.collect(p); code(err) != "55000" {
				t.Errorf("%s, column %s: %v", format, column, err)
			}
		}
	}
}
