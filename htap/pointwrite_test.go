package htap

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"htapdb/internal/testutil"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// pointTables are the tables of the tests below: keys of one and two columns and
// none, constraints, indexes, defaults and sequences.
const pointTables = `
	CREATE SEQUENCE sq;
	CREATE TABLE one (k BIGINT PRIMARY KEY, v BIGINT NOT NULL DEFAULT 7, w TEXT, CHECK (v <> 13), CHECK (v > -1000 OR w IS NULL));
	CREATE TABLE two (a INT, b TEXT, n INT NOT NULL CHECK (n > -1000), u INT UNIQUE, s SMALLINT, f DOUBLE PRECISION,
		d NUMERIC(6,2) DEFAULT 1.5, x TEXT DEFAULT 'dflt', q SERIAL, i INT GENERATED ALWAYS AS IDENTITY, y BOOLEAN, PRIMARY KEY (a, b));
	CREATE INDEX two_n ON two (n, x);
	CREATE TABLE bare (v INT NOT NULL CHECK (v < 900), w TEXT DEFAULT current_user);
	INSERT INTO one SELECT i, i, 'w' || i FROM generate_series(0, 5) AS g(i);
	INSERT INTO two (a, b, n, u) SELECT i % 8, CASE WHEN i < 8 THEN 'p' ELSE 'q' END, i, 100 + i FROM generate_series(0, 15) AS g(i)`

// pointShape is a statement; args are its parameters: k a key, b a second key
// column, i a small and I any integer, s a text, f a float, d a decimal, t a boolean.
type pointShape struct {
	sql, args string
	// general says that it has no compiled form.
	general bool
}

var pointShapes = []pointShape{
	{sql: "UPDATE one SET v = v + $1 WHERE k = $2", args: "ik"},
	{sql: "UPDATE one SET v = v * $1 WHERE k = $2", args: "Ik"},
	{sql: "UPDATE one SET v = $1, w = $2 WHERE k = $3 RETURNING *", args: "isk"},
	{sql: "UPDATE one SET v = NULLIF($1::bigint, v), w = w || $2 WHERE $3 = k RETURNING v, w, v + k", args: "isk"},
	{sql: "UPDATE one SET v = DEFAULT WHERE k = $1 AND v > $2", args: "ki"},
	{sql: "UPDATE one SET v = 1000 / v WHERE k = $1 AND 100 / v > $2", args: "ki"},
	{sql: "UPDATE one SET v = nextval('sq') WHERE k = $1 AND w IS NOT NULL RETURNING v", args: "k"},
	{sql: "UPDATE one SET w = current_user || $2 WHERE k = $1", args: "ks"},
	{sql: "UPDATE one SET w = $2 WHERE k = $1 AND w LIKE $3", args: "kss"},
	{sql: "UPDATE one AS o SET v = o.v + 1 WHERE o.k = $1 AND o.v IN (1, 2, 3, $2)", args: "ki"},
	{sql: "UPDATE one SET k = $1 WHERE k = $2", args: "kk", general: true},
	{sql: "UPDATE one SET v = v + 1 WHERE k IN ($1, $2)", args: "kk", general: true},
	{sql: "UPDATE one SET v = (SELECT max(n) FROM two) WHERE k = $1", args: "k", general: true},
	{sql: "UPDATE one SET v = v + 1 WHERE k BETWEEN $1 AND $2", args: "kk", general: true},
	{sql: "DELETE FROM one WHERE k = $1", args: "k"},
	{sql: "DELETE FROM one WHERE k = $1 AND v < $2 RETURNING w, k", args: "ki"},
	{sql: "INSERT INTO one VALUES ($1, $2, $3)", args: "kis"},
	{sql: "INSERT INTO one (k, w) VALUES ($1, $2) RETURNING *", args: "ks"},
	{sql: "INSERT INTO one (k, v) VALUES ($1 + 1, $2::bigint * $2)", args: "kI"},
	{sql: "INSERT INTO one VALUES ($1, nextval('sq'), repeat($2, 3)) RETURNING v", args: "ks"},
	{sql: "INSERT INTO one VALUES ($1, $2, $3) ON CONFLICT (k) DO UPDATE SET v = one.v + excluded.v", args: "kis", general: true},
	{sql: "INSERT INTO one VALUES ($1, $2), ($2, $1)", args: "kk", general: true},
	{sql: "SELECT * FROM one WHERE k = $1", args: "k"},

	{sql: "UPDATE two SET n = n + $1, u = $2 WHERE a = $3 AND b = $4", args: "iikb"},
	{sql: "UPDATE two SET n = n * $1 WHERE b = $3 AND a = $2", args: "Ikb"},
	{sql: "UPDATE two SET s = s + $1::int, f = f / $2 WHERE a = $3 AND b = $4 RETURNING s, f", args: "Ifkb"},
	{sql: "UPDATE two SET d = d * $1, y = NOT y WHERE a = $2 AND b = $3 AND (y OR n > 2) RETURNING d, y, i, q", args: "dkb"},
	{sql: "UPDATE two SET q = DEFAULT, d = DEFAULT, x = DEFAULT WHERE a = $1 AND b = $2 RETURNING *", args: "kb"},
	{sql: "UPDATE two SET x = CASE WHEN n > $1 THEN upper(x) WHEN s IS NULL THEN $2 END, n = $1 WHERE a = $3 AND b = $4", args: "iskb"},
	{sql: "UPDATE two SET u = NULL, y = $1, s = s WHERE a = $2 AND b = $3 AND y IS NOT TRUE", args: "tkb"},
	{sql: "UPDATE two SET f = CAST(x AS DOUBLE PRECISION) WHERE a = $1 AND b = $2", args: "kb"},
	{sql: "UPDATE two SET b = b || 'z' WHERE a = $1 AND b = $2", args: "kb", general: true},
	{sql: "DELETE FROM two WHERE a = $1 AND b = $2 RETURNING *", args: "kb"},
	{sql: "DELETE FROM two WHERE a = $1 AND b = $2 AND 10 / n > $3", args: "kbi"},
	{sql: "INSERT INTO two (a, b, n, u) VALUES ($1, $2, $3, $4)", args: "kbii"},
	{sql: "INSERT INTO two (a, b, n, s, x, y) VALUES ($1, $2, $3, $4, $5, $6) RETURNING q, i, d, x", args: "kbiIst"},
	{sql: "INSERT INTO two (a, b, n, f, d) VALUES ($1, lower($2), length($2), $3, $4)", args: "kbfd"},
	{sql: "SELECT n, x FROM two WHERE a = $1 AND b = $2", args: "kb"},

	{sql: "INSERT INTO bare VALUES ($1)", args: "I"},
	{sql: "INSERT INTO bare VALUES ($1, $2) RETURNING v, w", args: "is"},
	{sql: "INSERT INTO bare DEFAULT VALUES"},
	{sql: "UPDATE bare SET v = v + 1 WHERE v = $1", args: "i", general: true},
}

// pointArg is a random parameter.
func pointArg(rng *rand.Rand, kind byte) any {
	if rng.IntN(25) == 0 {
		return nil
	}
	pick := func(list ...any) any { return list[rng.IntN(len(list))] }
	switch kind {
	case 'k':
		return rng.IntN(8)
	case 'b':
		return pick("p", "q", "", "p\x00q", "P")
	case 'i':
		return pick(0, 1, 2, 3, -1, 13, 6, rng.IntN(50), -999)
	case 'I':
		return pick(0, 1, -1, 100, 32767, -32768, 1<<31-1, 1<<62, -1<<63, 5000)
	case 's':
		return pick("", "a", "text", "a%", "%t", "1.5", "x'y", strings.Repeat("long ", 40))
	case 'f':
		return pick(0.0, 1.5, -2.0, 1e308, 3.25)
	case 'd':
		return pick("0", "1.25", "-3.5", "99999", "0.005")
	}
	return rng.IntN(2) == 0
}

// pointSession is a session on both databases: with compiled forms and without.
type pointSession struct {
	s        [2]*Session
	prepared map[string][2]*Stmt
}

// outcome is what a client sees of a statement.
func outcome(rows *Rows, err error) string {
	var b strings.Builder
	if err == nil {
		for rows.Next() {
			for i, c := range rows.Columns() {
				text := "NULL"
				if d := rows.Datum(i); !d.IsNull() {
					text = types.Format(d, c.Type, time.UTC)
				}
				fmt.Fprintf(&b, "%s=%s|", c.Name, text)
			}
			b.WriteByte('\n')
		}
		if err = rows.Err(); err == nil {
			r := rows.Result()
			return b.String() + r.Tag + " " + strconv.FormatInt(r.RowsAffected, 10)
		}
	}
	var e *sqlstate.Error
	if !errors.As(err, &e) {
		return "no SQLSTATE: " + err.Error()
	}
	return fmt.Sprintf("%s %s (%s)", e.Code, e.Message, e.Detail)
}

// run runs a statement on one of the databases: prepared, or as a text of its own.
func (p *pointSession) run(at int, sql string, args []any, prepare bool) string {
	ctx := context.Background()
	s := p.s[at]
	if !prepare {
		return outcome(s.Query(ctx, sql, args...))
	}
	list := p.prepared[sql]
	if list[at] == nil {
		st, err := s.Prepare(ctx, sql)
		if err != nil {
			return outcome(nil, err)
		}
		list[at] = st
		p.prepared[sql] = list
	}
	return outcome(list[at].Query(ctx, args...))
}

// pointPair opens the two databases with three sessions on each.
func pointPair(t *testing.T) (dbs [2]*DB, sessions []*pointSession) {
	for at := range dbs {
		db, s := openTest(t, "")
		db.uncompiled = at == 1
		mustExec(t, s, pointTables)
		dbs[at] = db
	}
	for range 3 {
		p := &pointSession{prepared: map[string][2]*Stmt{}}
		for at, db := range dbs {
			p.s[at] = db.Session(context.Background())
			mustExec(t, p.s[at], "SET lock_timeout = '10ms'")
		}
		sessions = append(sessions, p)
	}
	return dbs, sessions
}

// TestPointWrites runs a random stream of statements that write one row, and of
// others between them, in the interleaved transactions of three sessions, by the
// compiled and by the general path. Every result, error and the final tables are
// the same.
func TestPointWrites(t *testing.T) {
	rng := testutil.Rand(t)
	dbs, sessions := pointPair(t)
	n := 4000
	if testing.Short() {
		n = 800
	}
	seen := map[string]int{}
	for step := range n {
		p := sessions[rng.IntN(len(sessions))]
		sql, args, prepare := pointStep(rng, p.s[0].TxState())
		a, b := p.run(0, sql, args, prepare), p.run(1, sql, args, prepare)
		if a != b {
			t.Fatalf("step %d: %s %v\ncompiled: %s\ngeneral:  %s", step, sql, args, a, b)
		}
		what, _, _ := strings.Cut(a[strings.LastIndexByte(a, '\n')+1:], " ")
		seen[what]++
	}
	t.Log("outcomes", seen)
	for _, code := range []string{"UPDATE", "DELETE", "INSERT", "SELECT", "23502", "23505", "23514", "22003", "22012", "22P02", "55P03", "25P02"} {
		if seen[code] == 0 && !testing.Short() {
			t.Errorf("the stream never had the outcome %s", code)
		}
	}
	for _, p := range sessions {
		for at := range dbs {
			p.run(at, "ROLLBACK", nil, false)
		}
	}
	comparePair(t, dbs)
}

// pointStep is the next statement of the stream for a session in a state of
// Session.TxState.
func pointStep(rng *rand.Rand, state byte) (sql string, args []any, prepare bool) {
	pick := func(list ...string) (string, []any, bool) { return list[rng.IntN(len(list))], nil, false }
	switch r := rng.IntN(100); {
	case state == 'E' && r < 70:
		return pick("ROLLBACK TO s1", "ROLLBACK TO s2", "ROLLBACK", "COMMIT")
	case r < 5:
		return pick("BEGIN", "COMMIT", "SAVEPOINT s1")
	case state == 'I' && r < 20:
		return pick("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ")
	case state == 'T' && r < 17:
		return pick("SAVEPOINT s1", "SAVEPOINT s1", "SAVEPOINT s2", "ROLLBACK TO s1")
	case state == 'T' && r < 18:
		return pick("ROLLBACK TO s2", "RELEASE s1")
	case state == 'T' && r < 24:
		return pick("COMMIT", "COMMIT", "ROLLBACK")
	case r < 26:
		return pick("SET htap.route = auto", "SET htap.route = row")
	case r < 27 && rng.IntN(4) == 0:
		return pick("ALTER TABLE one ADD COLUMN later INT DEFAULT 4", "ALTER TABLE one DROP COLUMN later",
			"ALTER TABLE one ADD CONSTRAINT late CHECK (v > -3)", "ALTER TABLE one DROP CONSTRAINT late",
			"CREATE UNIQUE INDEX one_w ON one (w)", "DROP INDEX one_w", "ALTER TABLE two ALTER COLUMN x SET DEFAULT 'other'")
	}
	shape := pointShapes[rng.IntN(len(pointShapes))]
	for i := range shape.args {
		args = append(args, pointArg(rng, shape.args[i]))
	}
	return shape.sql, args, rng.IntN(4) > 0
}

// Every shape above has a compiled form, or has none, as it says; none has one in
// the database without, or when the route is forced to the columns.
func TestPointWriteShapes(t *testing.T) {
	dbs, sessions := pointPair(t)
	compiled := func(s *Session, sql string) bool {
		st, err := s.Prepare(context.Background(), sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return st.plan.write != nil || st.plan.point != nil
	}
	for _, shape := range pointShapes {
		if got := compiled(sessions[0].s[0], shape.sql); got == shape.general {
			t.Errorf("%s: compiled %v", shape.sql, got)
		}
	}
	for at := range dbs {
		// Columns that are behind are not live: wait for the tables' creation.
		queryText(t, sessions[1].s[at], "SELECT count(*) FROM one")
		mustExec(t, sessions[1].s[at], "SET htap.route = 'column'")
		if compiled(sessions[1].s[at], "UPDATE one SET v = 1 WHERE k = $1") {
			t.Error("compiled although the route is forced to the columns")
		}
	}
	if compiled(sessions[0].s[1], "UPDATE one SET v = 1 WHERE k = $1") {
		t.Error("compiled in the database without compiled forms")
	}
}

// comparePair compares the tables of both databases, and their two copies.
func comparePair(t *testing.T, dbs [2]*DB) {
	t.Helper()
	for table, order := range map[string]string{"one": "k", "two": "a, b", "bare": "v, w"} {
		var texts [2]string
		for at, db := range dbs {
			s := db.Session(context.Background())
			defer s.Close()
			texts[at] = queryText(t, s, "SELECT * FROM "+table+" ORDER BY "+order)
			if got := queryText(t, s, "CHECK TABLE "+table); !strings.Contains(got, "|ok|") {
				t.Errorf("database %d, %s: %s", at, table, got)
			}
		}
		if texts[0] != texts[1] {
			t.Errorf("%s:\ncompiled:\n%s\ngeneral:\n%s", table, texts[0], texts[1])
		}
	}
}
