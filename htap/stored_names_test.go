package htap

import "testing"

// What a stored expression names is not dropped under whoever makes it, and nobody
// makes one of what others are about to drop.
func TestStoredNameRaces(t *testing.T) {
	db, s := openTest(t, "")
	mustExec(t, s, `CREATE TABLE tr (a FLOAT8, b FLOAT8); INSERT INTO tr SELECT k, 2 * k FROM generate_series(1, 9) AS g(k);
		CREATE MODEL m PREDICT b USING linear_regression AS SELECT a, b FROM tr;
		CREATE SEQUENCE q; CREATE SEQUENCE q2; CREATE TABLE t (a INT); CREATE TABLE t2 (a INT); CREATE TABLE e (a INT)`)
	run := races(t, db, s)
	run("CREATE VIEW v AS SELECT nextval('q') AS n", "DROP SEQUENCE q", "2BP01")
	run("DROP SEQUENCE q2", "CREATE VIEW v2 AS SELECT nextval('q2') AS n", "42P01")
	run("CREATE TABLE d (a INT DEFAULT nextval('q'))", "DROP SEQUENCE q", "2BP01")
	run("CREATE VIEW w AS SELECT predict('m', a => 1.5) AS n", "DROP MODEL m", "2BP01")
	run("CREATE VIEW x AS SELECT 't'::regclass AS n", "DROP TABLE t", "2BP01")
	run("ALTER TABLE e ADD CHECK (a < 't2'::regclass)", "DROP TABLE t2", "2BP01")
	run("ALTER TABLE t RENAME TO t3", "CREATE VIEW y AS SELECT 't'::regclass AS n", "42P01")
	if got := queryText(t, s, "SELECT n = 't3'::regclass FROM x"); got != "t" {
		t.Error(got)
	}
}

// A model in a stored expression is the one of whoever wrote it; it can be replaced,
// and not dropped.
func TestStoredModels(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, `CREATE SCHEMA west; CREATE SCHEMA east; CREATE TABLE tr (a FLOAT8, b FLOAT8);
		INSERT INTO tr SELECT k, 2 * k FROM generate_series(1, 9) AS g(k); SET search_path = west, public`)
	train := func(name, target string) {
		t.Helper()
		mustExec(t, s, "CREATE OR REPLACE MODEL "+name+" PREDICT b USING linear_regression AS SELECT a, "+target+" AS b FROM tr")
	}
	train("m", "b")
	train(`"Odd m"`, "b")
	mustExec(t, s, `CREATE VIEW v AS SELECT round(predict('m', tr)) AS p, round(predict('Odd m', a => a)) AS q FROM tr WHERE a = 3;
		CREATE TABLE c (a FLOAT8 CHECK (predict('m', a => a) < 100), p FLOAT8 DEFAULT round(predict('m', a => 4)));
		SET search_path = east, public`)
	train("m", "-b")
	train(`"Odd m"`, "-b")
	check := func(query, want string) {
		t.Helper()
		if got := queryText(t, s, query); got != want {
			t.Errorf("%s gives %s, want %s", query, got, want)
		}
	}
	check("SELECT * FROM west.v", "6|6")
	check("SELECT round(predict('m', a => 3)), round(predict('west.m', a => 3)), round(predict('west.\"Odd m\"', a => 3))", "-6|6|6")
	check("INSERT INTO west.c VALUES (49) RETURNING *", "49|8")
	if _, err := s.Exec(t.Context(), "INSERT INTO west.c VALUES (51)"); code(err) != "23514" {
		t.Error(err)
	}
	if _, err := s.Exec(t.Context(), "SELECT predict('nowhere.m', a => 1)"); code(err) != "42704" {
		t.Error(err)
	}
	if _, err := s.Exec(t.Context(), "CREATE VIEW lost AS SELECT predict('lost', a => 1)"); code(err) != "42704" {
		t.Error(err)
	}
	train("west.m", "3 * a")
	check("SELECT * FROM west.v", "9|6")
	for _, drop := range []string{"DROP MODEL west.m", `DROP MODEL west."Odd m"`} {
		if _, err := s.Exec(t.Context(), drop); code(err) != "2BP01" {
			t.Errorf("%s: %v", drop, err)
		}
	}
	mustExec(t, s, `DROP MODEL east.m; DROP MODEL west."Odd m" CASCADE`)
	if _, err := s.Exec(t.Context(), "SELECT * FROM west.v"); code(err) != "42P01" {
		t.Error(err)
	}
	mustExec(t, s, "DROP MODEL west.m CASCADE")
	check("INSERT INTO west.c VALUES (510) RETURNING *", "510|NULL")
}
