package htap

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// show runs a statement and returns its rows as text.
func show(t *testing.T, s *Session, sql string, args ...any) string {
	t.Helper()
	rows, err := s.Query(context.Background(), sql, args...)
	if err != nil {
		return "ERROR: " + err.Error()
	}
	var b strings.Builder
	for rows.Next() {
		for i, v := range rows.Values() {
			if i > 0 {
				b.WriteString("|")
			}
			fmt.Fprint(&b, v)
		}
		b.WriteString("\n")
	}
	if err := rows.Err(); err != nil {
		return "ERROR: " + err.Error()
	}
	fmt.Fprintf(&b, "-- %s", rows.Result().Tag)
	return b.String()
}

func TestSmoke(t *testing.T) {
	db, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.Session(context.Background())
	for _, sql := range []string{
		"SELECT 1 + 1 AS two, 'x' || 'y'",
		"CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT NOT NULL, amount NUMERIC(10,2) DEFAULT 1.5, d DATE)",
		"INSERT INTO t VALUES (1, 'one', 10.25, '2001-02-03'), (2, 'two', NULL, NULL)",
		"INSERT INTO t (id, name) VALUES (3, 'three') RETURNING id, amount",
		"SELECT * FROM t ORDER BY id",
		"SELECT * FROM t WHERE id = 2",
		"EXPLAIN SELECT * FROM t WHERE id = 2",
		"SET htap.route = 'column'",
		"SELECT name, amount FROM t WHERE amount > 1 ORDER BY amount DESC",
		"EXPLAIN SELECT sum(amount) FROM t",
		"SELECT count(*), sum(amount), avg(amount), min(name), max(d) FROM t",
		"SET htap.route = 'row'",
		"SELECT count(*), sum(amount), avg(amount), min(name), max(d) FROM t",
		"UPDATE t SET amount = amount * 2 WHERE id <= 2 RETURNING id, amount",
		"DELETE FROM t WHERE name = 'two'",
		"INSERT INTO t VALUES (1, 'dup') ON CONFLICT (id) DO UPDATE SET name = excluded.name || '!' RETURNING *",
		"SET htap.route = 'auto'",
		"SELECT * FROM t ORDER BY id",
		"CHECK TABLE t",
		"BEGIN",
		"INSERT INTO t VALUES (10, 'ten', 100, '2020-01-01')",
		"SET htap.route = 'column'",
		"SELECT count(*), sum(amount) FROM t",
		"ROLLBACK",
		"SELECT count(*), sum(amount) FROM t",
		"INSERT INTO t VALUES (1, 'again')",
		"SELEC 1",
		"SELECT nope FROM t",
		"SELECT * FROM nope",
		"CREATE TABLE u AS SELECT id, name FROM t",
		"SELECT * FROM u ORDER BY 1",
		"EXPLAIN ANALYZE SELECT t.name, count(*) FROM t JOIN u USING (id) GROUP BY 1 ORDER BY 1",
		"SELECT t.name, count(*) FROM t JOIN u USING (id) GROUP BY 1 ORDER BY 1",
		"SELECT * FROM generate_series(1, 3)",
		"SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
		"SHOW htap.route",
		"SELECT id FROM t WHERE id IN (SELECT id FROM u WHERE name LIKE 'o%') OR EXISTS (SELECT 1 FROM u WHERE u.id = t.id + 100)",
		"CREATE MODEL m PREDICT amount USING linear_regression AS SELECT id, amount FROM t",
		"SELECT id, predict('m', t) FROM t ORDER BY id",
		"SELECT predict('m', id => 5)",
		"SELECT name, version, algorithm, row_count FROM ml.models",
		"CHECK TABLE u",
	} {
		t.Logf("%s\n%s", sql, show(t, s, sql))
	}
}
