package htap

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// openTest opens a database in memory with a session.
func openTest(t testing.TB, dir string, options ...Option) (*DB, *Session) {
	t.Helper()
	db, err := Open(dir, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return db, db.Session(context.Background())
}

// mustExec runs statements that must succeed.
func mustExec(t testing.TB, s *Session, sql string, args ...any) Result {
	t.Helper()
	res, err := s.Exec(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return res
}

// failure runs a statement that must fail and returns its error.
func failure(t testing.TB, s *Session, sql string) *sqlstate.Error {
	t.Helper()
	_, err := s.Exec(context.Background(), sql)
	var e *sqlstate.Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: got %v, want an error", sql, err)
	}
	return e
}

// texts of a query's rows, columns joined by |.
func queryText(t testing.TB, s *Session, sql string, args ...any) string {
	t.Helper()
	rows, err := s.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
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
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(lines, "\n")
}

// Each wrong statement gives its SQLSTATE, and where promised a position and a hint.
func TestBadStatements(t *testing.T) {
	_, s := openTest(t, "")
	mustExec(t, s, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, amount NUMERIC(10,2))")
	for _, c := range []struct {
		sql, code string
		position  int
		hint      bool
	}{
		{"SELEC 1", "42601", 1, true},
		{"SELECT * FORM t", "42601", 10, true},
		{"SELECT (1 + 2", "42601", 0, false},
		{"SELECT 'open", "42601", 8, false},
		{"SELECT * FROM nothing", "42P01", 15, false},
		{"SELECT nam FROM t", "42703", 8, true},
		{"SELECT t.nope FROM t", "42703", 8, false},
		{"SELECT predict('none', t) FROM t", "42704", 0, false},
		{"DROP MODEL none", "42704", 0, false},
		{"SELECT 'x'::integer", "22P02", 0, false},
		{"INSERT INTO t VALUES ('abc', 'x', 1)", "22P02", 0, false},
		{"INSERT INTO t VALUES (1, 'x', true)", "42804", 0, false},
		{"SELECT name + 1 FROM t", "42883", 0, true},
		{"SELECT nofunction(1)", "42883", 0, false},
		{"SELECT 1 / 0", "22012", 0, false},
		{"SELECT 2147483647 + 1", "22003", 0, false},
		{"SELECT * FROM 'missing.parquet'", "58P01", 0, false},
		{"COPY t FROM 'missing.csv' (FORMAT csv)", "58P01", 0, false},
		{"CREATE TABLE t (id INTEGER)", "42P07", 0, false},
		{"CREATE TABLE u (id nosuchtype)", "42704", 0, false},
		{"SET htap.rout = 'row'", "42704", 0, true},
		{"SET htap.route = 'diagonal'", "22023", 0, true},
		{"BEGIN ISOLATION LEVEL SERIALIZABLE", "0A000", 0, false},
		{"INSERT INTO t (id, id) VALUES (1, 2)", "42701", 0, false},
		{"SELECT id, count(*) FROM t", "42803", 8, false},
	} {
		_, err := s.Exec(context.Background(), c.sql)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if e.SQLState() != c.code {
			t.Errorf("%s: %s %s, want %s", c.sql, e.SQLState(), e.Message, c.code)
		}
		if c.position != 0 && e.Position != c.position {
			t.Errorf("%s: position %d, want %d (%s)", c.sql, e.Position, c.position, e.Message)
		}
		if c.hint && e.Hint == "" {
			t.Errorf("%s: no hint with %q", c.sql, e.Message)
		}
	}
	if got := queryText(t, s, "SELECT count(*) FROM t"); got != "0" {
		t.Errorf("t has %s rows after refused statements", got)
	}
}

// A broken file is one clear error that leaves no rows, whatever is wrong with it.
func TestBadFiles(t *testing.T) {
	_, s := openTest(t, "")
	dir := t.TempDir()
	mustExec(t, s, "CREATE TABLE t (id BIGINT, name TEXT)")
	mustExec(t, s, "INSERT INTO t SELECT i, 'name ' || i FROM generate_series(1, 50000) AS g(i)")
	good := filepath.Join(dir, "good.parquet")
	mustExec(t, s, "COPY t TO '"+good+"' (FORMAT parquet)")
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flipped := append([]byte(nil), data...)
	for i := len(flipped) - 40; i < len(flipped)-8; i++ {
		flipped[i] ^= 0x55
	}
	mustExec(t, s, "CREATE TABLE target (id BIGINT, name TEXT)")
	for name, path := range map[string]string{
		"truncated": write("truncated.parquet", data[:len(data)/2]),
		"flipped":   write("flipped.parquet", flipped),
		"text":      write("text.parquet", []byte("id,name\n1,a\n")),
		"empty":     write("empty.parquet", nil),
		"directory": dir,
	} {
		for _, sql := range []string{
			"COPY target FROM '" + path + "' (FORMAT parquet)",
			"CREATE TABLE made AS SELECT * FROM read_parquet('" + path + "')",
		} {
			_, err := s.Exec(context.Background(), sql)
			var e *Error
			want := "22P04"
			if path == dir {
				want = "42809"
			}
			if !errors.As(err, &e) || e.SQLState() != want {
				t.Errorf("%s: %s: %v", name, sql, err)
			}
		}
	}
	// A mistyped column: the value of row 20,001 does not fit, after a bulk load began.
	csv := strings.Repeat("1,a\n", 20_000) + "x,b\n"
	if _, err := s.Exec(context.Background(), "COPY target FROM '"+write("bad.csv", []byte(csv))+"' (FORMAT csv)"); err == nil ||
		!strings.Contains(err.Error(), "22P02") || !strings.Contains(detail(err), "line 20001") {
		t.Errorf("mistyped csv: %v (%s)", err, detail(err))
	}
	mustExec(t, s, "CREATE TABLE strict (id BIGINT PRIMARY KEY, name BIGINT)")
	if _, err := s.Exec(context.Background(), "COPY strict FROM '"+good+"' (FORMAT parquet)"); err == nil {
		t.Error("a text column was copied into a bigint")
	}
	for _, q := range []string{"SELECT count(*) FROM target", "SELECT count(*) FROM strict"} {
		for _, route := range []string{"row", "column"} {
			mustExec(t, s, "SET htap.route = '"+route+"'")
			if got := queryText(t, s, q); got != "0" {
				t.Errorf("%s by %s: %s rows are left", q, route, got)
			}
		}
	}
	mustExec(t, s, "RESET ALL")
	mustExec(t, s, "COPY target FROM '"+good+"' (FORMAT parquet)")
	if got := queryText(t, s, "SELECT count(*), sum(id) FROM target"); got != "50000|1250025000" {
		t.Errorf("after all that the good file gives %s", got)
	}
	if got := queryText(t, s, "CHECK TABLE target"); !strings.Contains(got, "|ok|") {
		t.Error(got)
	}
}

func detail(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Detail + e.Where
	}
	return ""
}

// A server without --files, or with a folder, keeps statements away from other files.
func TestFileAccess(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, none := openTest(t, "", WithFiles(""))
	_, some := openTest(t, "", WithFiles(dir))
	for _, c := range []struct {
		s    *Session
		sql  string
		code string
	}{
		{none, "SELECT * FROM '" + filepath.Join(dir, "in.csv") + "'", "42501"},
		{none, "COPY (SELECT 1) TO '" + filepath.Join(dir, "out.csv") + "' (FORMAT csv)", "42501"},
		{some, "SELECT * FROM 'in.csv'", ""},
		{some, "SELECT * FROM '" + filepath.Join(dir, "in.csv") + "'", ""},
		{some, "SELECT * FROM '../in.csv'", "42501"},
		{some, "SELECT * FROM '/etc/passwd'", "42501"},
		{some, "COPY (SELECT 1) TO 'out.csv' (FORMAT csv)", ""},
		{some, "COPY (SELECT 1) TO '../out.csv' (FORMAT csv)", "42501"},
	} {
		_, err := c.s.Exec(context.Background(), c.sql)
		var e *Error
		code := ""
		if errors.As(err, &e) {
			code = e.SQLState()
		}
		if code != c.code {
			t.Errorf("%s: %v, want %q", c.sql, err, c.code)
		}
	}
}

// No statement can write over the database's own files, and a folder for files
// that overlaps the database's directory is refused when it is opened.
func TestFilesInDatabase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, s := openTest(t, dir)
	for _, name := range []string{"out.csv", "rows/db/CURRENT", "columns/out.csv"} {
		_, err := s.Exec(context.Background(), "COPY (SELECT 1) TO '"+filepath.Join(dir, name)+"'")
		var e *Error
		if !errors.As(err, &e) || e.SQLState() != "42501" {
			t.Errorf("COPY TO %s: %v", name, err)
		}
	}
	for _, c := range []struct{ data, files string }{{dir + "2", filepath.Dir(dir)}, {filepath.Dir(dir), dir}} {
		db, err := Open(c.data, WithFiles(c.files))
		var e *Error
		if !errors.As(err, &e) || e.SQLState() != "22023" {
			t.Errorf("a database in %s with files in %s: %v", c.data, c.files, err)
		}
		if err == nil {
			_ = db.Close()
		}
	}
	if _, err := os.Stat(dir + "2"); err == nil {
		t.Error("a refused open made a directory")
	}
}
