package htap

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// COPY writes and reads every type in every format, by stream and by file, in
// bulk and row by row.
func TestCopyRoundTrip(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, `CREATE TABLE src (id BIGINT PRIMARY KEY, b BOOLEAN, i SMALLINT, n NUMERIC(12,3), f DOUBLE PRECISION,
		t TEXT, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, by BYTEA)`)
	mustExec(t, s, `INSERT INTO src SELECT i, i % 3 = 0, i % 100, i / 7.0::numeric(12,3), i / 3.0, 'text, "' || i || E'"\n\t\\', date '2001-01-01' + i::integer % 1000,
		timestamp '2001-01-01 00:00:00' + i * interval '1 second', now(), 'bytes' FROM generate_series(1, 20000) AS g(i)`)
	mustExec(t, s, "INSERT INTO src (id) VALUES (0)")
	want := queryText(t, s, "SELECT * FROM src ORDER BY id")
	dir := t.TempDir()
	for name, options := range map[string]string{
		"a.parquet": "FORMAT parquet", "b.csv": "FORMAT csv, HEADER true", "c.txt": "FORMAT text", "d.csv": "FORMAT csv, DELIMITER ';', NULL 'NIL'",
	} {
		path := filepath.Join(dir, name)
		mustExec(t, s, "COPY src TO '"+path+"' ("+options+")")
		mustExec(t, s, "CREATE TABLE copied AS SELECT * FROM src WITH NO DATA")
		if res := mustExec(t, s, "COPY copied FROM '"+path+"' ("+options+")"); res.RowsAffected != 20001 {
			t.Errorf("%s: %+v", name, res)
		}
		for _, route := range []string{"row", "column"} {
			mustExec(t, s, "SET htap.route = '"+route+"'")
			if got := queryText(t, s, "SELECT * FROM copied ORDER BY id"); got != want {
				t.Errorf("%s by %s differs", name, route)
			}
		}
		mustExec(t, s, "RESET htap.route; DROP TABLE copied")
	}
	// A stream both ways, few rows, with defaults for the columns left out.
	mustExec(t, s, "CREATE TABLE few (id SERIAL PRIMARY KEY, name TEXT NOT NULL, level INTEGER DEFAULT 7 CHECK (level > 0))")
	st, err := s.Prepare(t.Context(), "COPY few (name) FROM STDIN")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.CopyFrom(t.Context(), strings.NewReader("one\ntwo\n")); err != nil {
		t.Fatal(err)
	}
	st, err = s.Prepare(t.Context(), "COPY (SELECT * FROM few ORDER BY id) TO STDOUT (FORMAT csv)")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := st.CopyTo(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "1,one,7\n2,two,7\n" {
		t.Errorf("streamed %q", out.String())
	}
	if _, err := s.Exec(t.Context(), "INSERT INTO few (name, level) VALUES ('x', -1)"); code(err) != "23514" {
		t.Errorf("CHECK: %v", err)
	}
}

// A transaction sees the rows that it has loaded, whatever the route, or is told why not.
func TestLoadInTransaction(t *testing.T) {
	db, s := openTest(t, t.TempDir())
	dir := t.TempDir()
	path := filepath.Join(dir, "n.csv")
	mustExec(t, s, "COPY (SELECT i FROM generate_series(1, 30000) AS g(i)) TO '"+path+"' (FORMAT csv)")
	mustExec(t, s, "CREATE TABLE n (i BIGINT)")
	mustExec(t, s, "BEGIN; COPY n FROM '"+path+"' (FORMAT csv)")
	if got := queryText(t, s, "SELECT count(*), sum(i) FROM n"); got != "30000|450015000" {
		t.Errorf("inside the transaction: %s", got)
	}
	other := db.Session(t.Context())
	if got := queryText(t, other, "SELECT count(*) FROM n"); got != "0" {
		t.Errorf("outside: %s", got)
	}
	mustExec(t, s, "ROLLBACK")
	if got := queryText(t, s, "SELECT count(*) FROM n"); got != "0" {
		t.Errorf("after ROLLBACK: %s", got)
	}
	mustExec(t, s, "BEGIN; COPY n FROM '"+path+"' (FORMAT csv)")
	mustExec(t, s, "SET htap.route = 'column'")
	if _, err := s.Query(t.Context(), "SELECT count(*) FROM n"); err == nil {
		rows, _ := s.Query(t.Context(), "SELECT count(*) FROM n")
		if rows != nil && rows.Next() && rows.Datum(0).Int() != 30000 {
			t.Errorf("forced columns give %d rows", rows.Datum(0).Int())
		}
	}
	mustExec(t, s, "ROLLBACK; RESET ALL; COPY n FROM '"+path+"' (FORMAT csv)")
	for _, route := range []string{"row", "column"} {
		mustExec(t, s, "SET htap.route = '"+route+"'")
		if got := queryText(t, s, "SELECT count(*), sum(i) FROM n"); got != "30000|450015000" {
			t.Errorf("committed, by %s: %s", route, got)
		}
	}
	mustExec(t, s, "DELETE FROM n WHERE i <= 10; UPDATE n SET i = i + 1 WHERE i > 29999")
	if got := queryText(t, s, "CHECK TABLE n"); !strings.Contains(got, "|ok|") {
		t.Error(got)
	}
}

// A database that is closed and opened again has everything, and its columns
// without reading the rows again.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := db.Session(t.Context())
	mustExec(t, s, "CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT); CREATE INDEX t_v ON t (v); CREATE VIEW w AS SELECT v FROM t WHERE id < 3")
	mustExec(t, s, "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 1000) AS g(i)")
	mustExec(t, s, "ALTER TABLE t ADD COLUMN extra INTEGER DEFAULT 5; DELETE FROM t WHERE id > 990")
	mustExec(t, s, "CREATE MODEL m PREDICT id USING linear_regression AS SELECT id, extra + id AS x FROM t")
	before := queryText(t, s, "SELECT count(*), sum(id), sum(extra), max(v) FROM t")
	if _, err := Open(dir); code(err) != "55006" {
		t.Errorf("a second Open: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Exec(t.Context(), "SELECT 1"); code(err) != "57P01" {
		t.Errorf("a session of a closed database: %v", err)
	}
	_, s = openTest(t, dir)
	for _, route := range []string{"row", "column"} {
		mustExec(t, s, "SET htap.route = '"+route+"'")
		if got := queryText(t, s, "SELECT count(*), sum(id), sum(extra), max(v) FROM t"); got != before {
			t.Errorf("by %s: %s, want %s", route, got, before)
		}
	}
	mustExec(t, s, "RESET ALL")
	if got := queryText(t, s, "SELECT * FROM w ORDER BY 1"); got != "v1\nv2" {
		t.Errorf("view: %s", got)
	}
	if got := queryText(t, s, "SELECT round(predict('m', x => 12)::numeric, 3)"); got != "7.000" {
		t.Errorf("model: %s", got)
	}
	if got := queryText(t, s, "SELECT id FROM t WHERE v = 'v77'"); got != "77" {
		t.Errorf("index: %s", got)
	}
	if got := queryText(t, s, "CHECK TABLE t"); !strings.Contains(got, "|ok|") {
		t.Error(got)
	}
}
