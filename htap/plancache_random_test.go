package htap

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"htapdb/internal/testutil"
)

// planChurn is a random sequence of DDL and queries in several sessions. Each query
// runs as a text that comes again and again, as a prepared statement, and as a
// text that was never there before, which must be planned: all say the same.
type planChurn struct {
	t        *testing.T
	rng      *rand.Rand
	sessions []*Session
	// prepared are the queries that the sessions have prepared, by session and query.
	prepared []map[int]bool
	open     []bool
	unique   int
}

// churnQueries are the queries; %s takes a condition that is always true.
var churnQueries = []string{
	"SELECT * FROM t WHERE %s ORDER BY 1", "SELECT x FROM t WHERE id = 1 AND %s", "SELECT * FROM v WHERE %s ORDER BY 1", "SELECT * FROM w WHERE %s ORDER BY 1",
	"SELECT id FROM a.t WHERE x = 3 AND %s", "SELECT count(*) FROM t JOIN b.t u ON t.id = u.id WHERE %s", "SELECT sum(x) FROM b.t WHERE %s",
	"SELECT round(predict('m', id => 2)::numeric, 2) FROM generate_series(1, 1) AS g(i) WHERE %s",
	"SELECT 't'::regclass::text FROM generate_series(1, 1) AS g(i) WHERE %s", "SELECT count(*) FROM (SELECT * FROM t UNION ALL SELECT * FROM v) AS both WHERE %s",
	"INSERT INTO t (id) SELECT 1000 FROM generate_series(1, 1) AS g(i) WHERE %s RETURNING *", "UPDATE t SET x = 8 WHERE id = 2 AND %s RETURNING *",
	"DELETE FROM t WHERE id = 3 AND %s RETURNING id", "INSERT INTO b.t SELECT 1 FROM generate_series(1, 1) AS g(i) WHERE %s ON CONFLICT DO NOTHING RETURNING *", "SELECT nextval('s') > 0 FROM generate_series(1, 1) AS g(i) WHERE %s",
	"UPDATE a.t SET x = x + 1 WHERE id = 1 AND %s RETURNING x",
}

// change is a statement of DDL; many fail because of the state of things.
func (c *planChurn) change() string {
	table := []string{"public.t", "a.t", "b.t"}[c.rng.IntN(3)]
	n := c.rng.IntN(3)
	return []string{
		"DROP TABLE IF EXISTS " + table + " CASCADE",
		fmt.Sprintf("CREATE TABLE %s (id BIGINT PRIMARY KEY, x BIGINT DEFAULT %d)", table, n),
		fmt.Sprintf("CREATE TABLE %s AS SELECT i AS id, i %% %d AS x FROM generate_series(1, 30) AS g(i)", table, n+2),
		fmt.Sprintf("INSERT INTO %s SELECT i, i + %d FROM generate_series(1, 20) AS g(i) ON CONFLICT DO NOTHING", table, n),
		fmt.Sprintf("ALTER TABLE %s ADD COLUMN y%d INTEGER DEFAULT %d", table, n, n),
		fmt.Sprintf("ALTER TABLE %s DROP COLUMN y%d", table, n),
		fmt.Sprintf("ALTER TABLE %s ALTER COLUMN x SET DEFAULT %d", table, n),
		fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT k%d CHECK (x <> %d)", table, n, 7+n),
		fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT k%d", table, n),
		fmt.Sprintf("CREATE INDEX x%d ON %s (x)", n, table), fmt.Sprintf("DROP INDEX %s.x%d", []string{"public", "a", "b"}[c.rng.IntN(3)], n),
		"TRUNCATE " + table,
		fmt.Sprintf("CREATE OR REPLACE VIEW v AS SELECT id, x + %d AS x FROM %s", n, table),
		"CREATE VIEW w AS SELECT id, x FROM v", "DROP VIEW IF EXISTS v CASCADE", "CREATE VIEW a.v AS SELECT 1 AS id, 2 AS x",
		fmt.Sprintf("CREATE OR REPLACE MODEL m PREDICT y USING linear_regression AS SELECT i AS id, %d * i AS y FROM generate_series(1, 9) AS g(i)", n+1),
		"DROP MODEL m", "CREATE SEQUENCE s", "CREATE SEQUENCE a.s", "DROP SEQUENCE s", "DROP SCHEMA a CASCADE", "CREATE SCHEMA a",
		"ALTER TABLE " + table + " RENAME TO t9", "ALTER TABLE t9 RENAME TO t",
	}[c.rng.IntN(25)]
}

// step has a session change something or compares its answers to a query.
func (c *planChurn) step() {
	k := c.rng.IntN(len(c.sessions))
	s := c.sessions[k]
	switch r := c.rng.IntN(100); {
	case r < 25:
		if c.open[k] {
			answer(s, "SAVEPOINT p")
			if sql := c.change(); answer(s, sql) != "" {
				answer(s, "ROLLBACK TO p")
			}
			return
		}
		answer(s, c.change())
	case r < 30:
		answer(s, "SET search_path = "+[]string{"public", "a, public", "b, a, public", "nowhere, public"}[c.rng.IntN(4)])
	case r < 34 && !c.open[k]:
		answer(s, []string{"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"}[c.rng.IntN(2)])
		c.open[k] = true
	case r < 40 && c.open[k]:
		answer(s, []string{"COMMIT", "ROLLBACK"}[c.rng.IntN(2)])
		c.open[k] = false
	default:
		c.compare(k, c.rng.IntN(len(churnQueries)))
	}
}

// compare runs a query in its three forms.
func (c *planChurn) compare(k, q int) {
	s := c.sessions[k]
	c.unique++
	fresh := fmt.Sprintf(churnQueries[q], fmt.Sprintf("%d = %d", c.unique, c.unique))
	known := fmt.Sprintf(churnQueries[q], "1 = 1")
	want := c.undone(s, fresh)
	if want == "55P03" || want == "40P01" {
		return // what a query waited for may be free for the next one
	}
	if got := c.undone(s, known); got != want {
		c.t.Fatalf("%s\nwith a plan of before: %s\nwithout:               %s", known, got, want)
	}
	name := fmt.Sprintf("q%d", q)
	if !c.prepared[k][q] {
		answer(s, "SAVEPOINT p")
		if got := answer(s, "PREPARE "+name+" AS "+known); got != "" {
			answer(s, "ROLLBACK TO p")
			return
		}
		c.prepared[k][q] = true
	}
	got := c.undone(s, "EXECUTE "+name)
	if got == "0A000" && want != got {
		// Its columns are others now, as a new one shows.
		mustExec(c.t, s, "DEALLOCATE "+name)
		delete(c.prepared[k], q)
		return
	}
	if got != want {
		c.t.Fatalf("prepared: %s\nwith a plan of before: %s\nwithout:               %s", known, got, want)
	}
}

// undone runs a statement, takes back what it wrote, and returns its answer.
func (c *planChurn) undone(s *Session, sql string) string {
	if s.tx.explicit {
		answer(s, "SAVEPOINT p")
		defer answer(s, "ROLLBACK TO p")
		return answer(s, sql)
	}
	answer(s, "BEGIN")
	defer answer(s, "ROLLBACK")
	return answer(s, sql)
}

// Plans of before give the answers of plans that are made anew, whatever DDL other
// sessions, or the transaction itself, run in between.
func TestRandomPlanCache(t *testing.T) {
	rng := testutil.Rand(t)
	steps := 3000
	if testutil.Long() {
		steps = 60000
	}
	db, first := openTest(t, "")
	mustExec(t, first, "CREATE SCHEMA a; CREATE SCHEMA b")
	c := &planChurn{t: t, rng: rng, sessions: []*Session{first, db.Session(t.Context()), db.Session(t.Context())}, open: make([]bool, 3)}
	for _, s := range c.sessions {
		// One goroutine has them all: nobody lets go while another waits.
		mustExec(t, s, "SET lock_timeout = '2ms'")
		c.prepared = append(c.prepared, map[int]bool{})
	}
	asked := uint64(0)
	made := plannings(db, func() {
		for range steps {
			c.step()
		}
		asked = uint64(c.unique)
	})
	for _, s := range c.sessions {
		s.Close()
	}
	t.Logf("%d comparisons, %d statements planned", asked, made)
}
