package htap

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a transaction takes back was never trained: nobody predicts with it, neither
// the session itself nor another.
func TestModelRolledBack(t *testing.T) {
	db, s := openTest(t, "")
	other := db.Session(t.Context())
	mustExec(t, s, "CREATE TABLE st (x FLOAT8, y FLOAT8); INSERT INTO st SELECT i, i FROM generate_series(1, 10) g(i)")
	train := func(factor int) string {
		return fmt.Sprintf("CREATE OR REPLACE MODEL ms PREDICT y USING linear_regression AS SELECT %d * x AS y, x FROM st", factor)
	}
	expect := func(s *Session, want string) {
		t.Helper()
		if got := queryText(t, s, "SELECT round(predict('ms', x => 10)::numeric, 6)"); got != want+".000000" {
			t.Errorf("predicts %s, want %s", got, want)
		}
	}
	mustExec(t, s, train(3))
	expect(s, "30")
	mustExec(t, s, "BEGIN")
	mustExec(t, s, train(7))
	expect(s, "70")
	expect(other, "30")
	mustExec(t, s, "ROLLBACK")
	expect(s, "30")
	mustExec(t, s, train(5))
	expect(s, "50")
	expect(other, "50")
	mustExec(t, s, "BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT a")
	mustExec(t, s, train(7))
	expect(s, "70")
	mustExec(t, s, "ROLLBACK TO a")
	mustExec(t, s, train(9))
	expect(s, "90")
	mustExec(t, s, "COMMIT")
	expect(s, "90")
	expect(other, "90")
	if got := queryText(t, s, "SELECT version FROM ml.models WHERE name = 'ms'"); got != "3" {
		t.Errorf("version %s, want 3", got)
	}
}

// Sessions that replace one model at a time lose no version, also when it is new.
func TestModelReplacedByMany(t *testing.T) {
	db, s := openTest(t, "")
	const sessions, each = 8, 5
	var wg sync.WaitGroup
	for i := range sessions {
		s := db.Session(context.Background())
		wg.Go(func() {
			for k := range each {
				_, err := s.Exec(context.Background(), trained("line", 1+i*each+k))
				if err != nil {
					t.Error(err)
				}
				if _, err := s.Exec(context.Background(), "SELECT predict('line', x => 1), count(*) FROM ml.coefficients"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := queryText(t, s, "SELECT version FROM ml.models"); got != fmt.Sprint(sessions*each) {
		t.Errorf("version %s after %d trainings", got, sessions*each)
	}
}

// A feature's value is not cast to the type that the training's column had.
func TestModelFeatureTypes(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE gr AS SELECT i::float8 AS x, i % 2 = 0 AS even FROM generate_series(1, 20) g(i)")
	mustExec(t, s, "CREATE MODEL gi PREDICT y USING linear_regression AS SELECT x AS y, x::int AS i FROM gr")
	mustExec(t, s, "CREATE MODEL gn PREDICT y USING linear_regression AS SELECT x AS y, x::numeric(5,1) AS i FROM gr")
	mustExec(t, s, "CREATE MODEL gv PREDICT y USING linear_regression AS SELECT x AS y, ('v' || (x::int % 2))::varchar(2) AS v FROM gr")
	mustExec(t, s, "CREATE MODEL gd PREDICT y USING linear_regression AS SELECT x AS y, date '2024-01-01' + x::int AS d, even FROM gr")
	for sql, want := range map[string]string{
		"SELECT round(predict('gi', i => 1.4::float8)::numeric, 9), round(predict('gi', i => 1.6)::numeric, 9)":     "1.400000000 1.600000000",
		"SELECT round(predict('gn', i => 123456.7)::numeric, 6)":                                                    "123456.700000",
		"SELECT predict('gv', v => 'v1 and more') = predict('gv', v => 'v1')":                                       "f",
		"SELECT round(predict('gd', d => date '2024-01-04', even => false)::numeric, 6)":                            "3.000000",
		"SELECT abs(sum(predict('gi', i => x + 0.25) - x)) - 5 < 1e-9 FROM gr":                                      "t",
		"SELECT count(*) FROM (SELECT predict('gi', t) AS p, i FROM (SELECT x::int AS i FROM gr) t) u WHERE p < 21": "20",
	} {
		if got := strings.ReplaceAll(queryText(t, s, sql), "|", " "); got != want {
			t.Errorf("%s\n got %s, want %s", sql, got, want)
		}
	}
}

// Every row of a training is read once, also where the query gives others each time.
func TestModelOverRandomRows(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE MODEL r PREDICT y USING logistic_regression AS SELECT random() < 0.5 AS y, random() AS x FROM generate_series(1, 2000)")
	if got := queryText(t, s, "SELECT row_count, (metrics->>'log_loss')::float8 BETWEEN 0.68 AND 0.6935 FROM ml.models"); got != "2000 t" && got != "2000|t" {
		t.Error(got)
	}
}

// Columns of any size and place are learned, and logistic regression does not depend on
// where a column begins.
func TestModelRanges(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE gr AS SELECT i::float8 AS x, 3*i+1.0::float8 AS y FROM generate_series(1, 20) g(i)")
	for name, columns := range map[string]string{"large": "y, x*1e160 AS x", "small": "y, x*1e-200 AS x", "target": "y*1e300 AS y, x", "both": "y*1e300 AS y, x*1e-300 AS x"} {
		mustExec(t, s, "CREATE OR REPLACE MODEL g PREDICT y USING linear_regression AS SELECT "+columns+" FROM gr")
		if got := queryText(t, s, "SELECT (metrics->>'r2')::float8 > 0.999999999 FROM ml.models WHERE name = 'g'"); got != "t" {
			t.Errorf("%s: r2 > 0.999999999 is %s: %s", name, got, queryText(t, s, "SELECT metrics, notices FROM ml.models WHERE name = 'g'"))
		}
	}
	mustExec(t, s, "CREATE TABLE lw AS SELECT i::float8 AS x, (i*7919 % 100) < i AS b FROM generate_series(1, 100) g(i)")
	for _, shift := range []string{"0", "1e6", "1e7", "1e8", "1.7e9"} {
		mustExec(t, s, "CREATE OR REPLACE MODEL l PREDICT b USING logistic_regression AS SELECT b, x + "+shift+" AS x FROM lw")
		got := queryText(t, s, "SELECT (metrics->>'converged')::float8 = 1, round((metrics->>'log_loss')::numeric, 6) FROM ml.models WHERE name = 'l'")
		slope := queryText(t, s, "SELECT round(coefficient::numeric, 6) FROM ml.coefficients WHERE model = 'l' AND term = 'x'")
		mustExec(t, s, "CREATE OR REPLACE MODEL l0 PREDICT b USING logistic_regression AS SELECT b, x FROM lw")
		want := queryText(t, s, "SELECT (metrics->>'converged')::float8 = 1, round((metrics->>'log_loss')::numeric, 6) FROM ml.models WHERE name = 'l0'")
		wantSlope := queryText(t, s, "SELECT round(coefficient::numeric, 6) FROM ml.coefficients WHERE model = 'l0' AND term = 'x'")
		if got != want || slope != wantSlope || wantSlope == "0.000000" {
			t.Errorf("moved by %s: %s, slope %s; want %s, %s", shift, got, slope, want, wantSlope)
		}
	}
}

// Classes that a plane separates have no maximum of the likelihood: the model says so
// in its notices, and its predictions are finite and right.
func TestModelSeparable(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, `CREATE TABLE sp AS SELECT i, i/100.0::float8 AS a, (i*37%101)/50.0::float8 AS c, (i*53%97)/50.0::float8 AS d,
		(i*71%89)/50.0::float8 AS e, i > 50 AS b FROM generate_series(1, 100) g(i)`)
	for _, columns := range []string{"a, c, d, e", "a*1000 AS a, c, d, e",
		"a, a*a AS a2, a*a*a AS a3, c, d, e, c*d AS cd, c*e AS ce, d*e AS de, c*c AS cc, d*d AS dd, e*e AS ee"} {
		mustExec(t, s, "CREATE OR REPLACE MODEL s1 PREDICT b USING logistic_regression AS SELECT b, "+columns+" FROM sp")
		got := queryText(t, s, `SELECT notices::text LIKE '%separa%', (metrics->>'log_loss')::float8 BETWEEN 0 AND 0.6, (metrics->>'accuracy')::float8 >= 0.99,
			coalesce((metrics->>'converged')::float8, 0) = 0 FROM ml.models WHERE name = 's1'`)
		if strings.ReplaceAll(got, "|", " ") != "t t t t" {
			t.Errorf("%s: %s: %s", columns, got, queryText(t, s, "SELECT metrics, notices FROM ml.models WHERE name = 's1'"))
		}
	}
}

// The solution of many terms ends with statement_timeout, and nothing was made.
func TestModelTimeout(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "SET statement_timeout = '400ms'")
	start := time.Now()
	_, err := s.Exec(t.Context(), "CREATE MODEL gt PREDICT x USING linear_regression AS SELECT i AS x, 'c' || (i % 1500) AS c, 'd' || (i % 400) AS d FROM generate_series(1, 9000) g(i)")
	if code(err) == "" {
		t.Skip("this machine trains 1,900 terms in 400 ms")
	}
	if code(err) != "57014" || time.Since(start) > 3*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	mustExec(t, s, "RESET statement_timeout")
	if got := queryText(t, s, "SELECT count(*) FROM ml.models"); got != "0" {
		t.Errorf("%s models", got)
	}
}

// A training has as many workers as the statement's session gives a query.
func TestModelWorkers(t *testing.T) {
	db, s := openTest(t, "")
	for value, want := range map[string]int{"1": 1, "0": db.pool.Size(), "1000": db.pool.Size()} {
		mustExec(t, s, "SET htap.workers = "+value)
		st, err := s.Prepare(t.Context(), "SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.newExecution(t.Context(), st, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.startTxn(); err != nil {
			t.Fatal(err)
		}
		q, err := x.Query(st.parsed.Stmt, "SELECT 1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if q.Workers != want {
			t.Errorf("htap.workers = %s: %d workers, want %d", value, q.Workers, want)
		}
		if err := x.end(nil); err != nil {
			t.Fatal(err)
		}
	}
}

// What says two things is refused, and a model that cannot be read does not hide others.
func TestModelStatements(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, trained("m", 1))
	for sql, want := range map[string]string{
		"CREATE OR REPLACE MODEL IF NOT EXISTS m PREDICT y USING ols AS SELECT 1 AS y, 2 AS x":      "42601",
		"CREATE MODEL n PREDICT y USING gbt WITH (trees = 3, trees = 5) AS SELECT 1.0 AS y, 2 AS x": "42601",
		"CREATE MODEL n PREDICT y USING gbt WITH (trees = 0) AS SELECT 1.0 AS y, 2 AS x":            "22023",
		"CREATE MODEL n PREDICT y USING forest AS SELECT 1.0 AS y, 2 AS x":                          "42704",
		"CREATE MODEL n PREDICT z USING ols AS SELECT 1.0 AS y, 2 AS x":                             "42703",
		"CREATE MODEL n PREDICT y USING ols AS SELECT 1.0 AS y, 2 AS x, 3 AS x":                     "42701",
		"CREATE MODEL n PREDICT y USING ols AS SELECT 1.0 AS y, '\\x00'::bytea AS x":                "0A000",
		"CREATE MODEL n PREDICT y USING ols AS SELECT 1.0 AS y, 2 AS x WHERE false":                 "22023",
		"SELECT predict('m', y => 1)":         "42703",
		"SELECT predict('m', x => 1, z => 2)": "42703",
		"SELECT predict('m', 'late', x => 1)": "42883",
		"SELECT predict_proba('m', x => 1)":   "42809",
	} {
		_, err := s.Exec(t.Context(), sql)
		if code(err) != want {
			t.Errorf("%s: %v, want %s", sql, err, want)
		}
	}
	// A state of the form before: JSON.
	mustExec(t, s, trained("old", 2))
	cat, err := s.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.beginTxn("", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.tx.Txn.StartStatement(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := *cat.Model("", "old")
	if err := s.db.engine.Catalog.PutModel(t.Context(), s.tx.Txn, &m, []byte(`{"Format":1}`), true); err != nil {
		t.Fatal(err)
	}
	if err := s.commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := queryText(t, s, "SELECT DISTINCT model FROM ml.coefficients"); got != "m" {
		t.Errorf("coefficients of %s, want those of m", got)
	}
	if _, err := s.Exec(t.Context(), "SELECT predict('old', x => 1)"); code(err) != "0A000" || !strings.Contains(err.(*Error).Hint, "OR REPLACE") {
		t.Errorf("a model of format 1: %v", err)
	}
}
