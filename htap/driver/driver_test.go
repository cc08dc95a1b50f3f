package driver_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/htap/driver"
)

// open opens a database by name until the test ends.
func open(t *testing.T, name string) *sql.DB {
	t.Helper()
	db, err := sql.Open("htap", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

// must runs statements that have to succeed.
func must(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, sqls ...string) {
	t.Helper()
	for _, s := range sqls {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// one returns a query's only value as text.
func one(t *testing.T, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, query string, args ...any) string {
	t.Helper()
	var s sql.NullString
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if !s.Valid {
		return "NULL"
	}
	return s.String
}

// state returns an error's SQLSTATE.
func state(err error) string {
	var e *htap.Error
	if errors.As(err, &e) {
		return e.SQLState()
	}
	return fmt.Sprint(err)
}

// TestNames: databases in memory are apart, connections of one share it, a
// directory is shared within the process, and options must agree.
func TestNames(t *testing.T) {
	for _, name := range []string{"", ":memory:", "?route=row"} {
		a, b := open(t, name), open(t, name)
		must(t, a, "CREATE TABLE t (id BIGINT)")
		if _, err := b.Exec("SELECT * FROM t"); state(err) != "42P01" {
			t.Errorf("%q: two databases in memory share a table: %v", name, err)
		}
		c1, _ := a.Conn(t.Context())
		c2, _ := a.Conn(t.Context())
		must(t, c1, "INSERT INTO t VALUES (1)")
		if got := one(t, c2, "SELECT count(*) FROM t"); got != "1" {
			t.Errorf("%q: another connection sees %s rows", name, got)
		}
		_ = c1.Close()
		_ = c2.Close()
	}
	dir := filepath.Join(t.TempDir(), "data")
	a, b := open(t, dir+"?memory_limit=256MB&route=column"), open(t, dir)
	must(t, a, "CREATE TABLE t (id BIGINT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	if got := one(t, b, "SELECT count(*) FROM t"); got != "1" {
		t.Errorf("the directory opened again has %s rows", got)
	}
	if got := one(t, a, "SHOW htap.route") + " " + one(t, b, "SHOW htap.route"); got != "column auto" {
		t.Errorf("routes %s", got)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if got := one(t, open(t, link), "SELECT count(*) FROM t"); got != "1" {
		t.Errorf("through a symbolic link %s rows", got)
	}
	if err := open(t, dir+"?memory_limit=1GB").Ping(); state(err) != "55006" || !strings.Contains(err.Error(), "other options") {
		t.Errorf("conflicting options: %v", err)
	}
	for _, bad := range []string{"?nosuch=1", "?workers=0", "?memory_limit=x", "?%zz"} {
		if db, err := sql.Open("htap", bad); err == nil {
			t.Errorf("%q: no error", bad)
			_ = db.Close()
		}
	}
	if err := open(t, "?route=sideways").Ping(); state(err) != "22023" {
		t.Errorf("a bad setting: %v", err)
	}
}

// TestReopen: the last sql.DB closes the engine, and the data is there again.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		db, err := sql.Open("htap", dir)
		if err != nil {
			t.Fatal(err)
		}
		must(t, db, "CREATE TABLE IF NOT EXISTS t (id BIGINT PRIMARY KEY)", fmt.Sprintf("INSERT INTO t VALUES (%d)", i))
		if got := one(t, db, "SELECT count(*) FROM t"); got != fmt.Sprint(i+1) {
			t.Errorf("open %d: %s rows", i, got)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Many open and close the same directory at once.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				db, err := sql.Open("htap", dir)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := db.ExecContext(t.Context(), "SELECT count(*) FROM t"); err != nil {
					t.Error(err)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

type decimal struct{ text string }

func (d decimal) String() string { return d.text }

// TestValues: arguments and results of all kinds.
func TestValues(t *testing.T) {
	db := open(t, "")
	must(t, db, "CREATE TABLE t (id BIGINT PRIMARY KEY, i INTEGER, b BOOLEAN, f DOUBLE PRECISION, n NUMERIC(20,4), v TEXT, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, raw BYTEA, iv INTERVAL, u UUID, j JSONB)")
	at := time.Date(2001, 2, 3, 4, 5, 6, 789000, time.FixedZone("x", 3600))
	seven, none := int32(7), (*string)(nil)
	_, err := db.Exec("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		uint8(1), &seven, true, float32(0.5), decimal{"12.34567"}, none, at, at, at, []byte{0, 255}, 90*time.Minute, "12345678-9abc-def0-1234-56789abcdef0", `{"a": 1}`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("INSERT INTO t (id, n, v, iv) VALUES ($1, $2, $3, $4)", 2, big.NewInt(42), sql.NullString{String: "x", Valid: true}, "1 day")
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	var i int
	var b bool
	var f float64
	var n, iv, u, j string
	var v sql.NullString
	var d, ts, tz time.Time
	var raw []byte
	if err := db.QueryRow("SELECT * FROM t WHERE id = $1", 1).Scan(&id, &i, &b, &f, &n, &v, &d, &ts, &tz, &raw, &iv, &u, &j); err != nil {
		t.Fatal(err)
	}
	if id != 1 || i != 7 || !b || f != 0.5 || n != "12.3457" || v.Valid || !d.Equal(time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC)) ||
		!ts.Equal(time.Date(2001, 2, 3, 4, 5, 6, 789000, time.UTC)) || !tz.Equal(at) || string(raw) != "\x00\xff" || iv != "01:30:00" || u != "12345678-9abc-def0-1234-56789abcdef0" || j != `{"a": 1}` {
		t.Error(id, i, b, f, n, v, d, ts, tz, raw, iv, u, j)
	}
	if got := one(t, db, "SELECT n::text || v || iv::text FROM t WHERE id = 2"); got != "42.0000x1 day" {
		t.Error(got)
	}
	if _, err := db.Exec("INSERT INTO t (id) VALUES ($1)", sql.Named("id", 3)); state(err) != "0A000" {
		t.Errorf("named parameter: %v", err)
	}
	if _, err := db.Exec("INSERT INTO t (id) VALUES ($1)", map[string]int{}); err == nil {
		t.Error("a map as a parameter")
	}
	if _, err := db.Exec("INSERT INTO t (id, i) VALUES ($1, $2)", 9, int64(1)<<40); state(err) != "22003" {
		t.Errorf("an integer out of range: %v", err)
	}
	res, err := db.Exec("UPDATE t SET v = 'y'")
	if err != nil {
		t.Fatal(err)
	}
	if rows, _ := res.RowsAffected(); rows != 2 {
		t.Errorf("%d rows affected", rows)
	}
	if _, err := res.LastInsertId(); state(err) != "0A000" {
		t.Errorf("LastInsertId: %v", err)
	}
}

// TestStringsOutliveRows: texts that were read are the caller's, even when the
// segment that they came from is no longer mapped.
func TestStringsOutliveRows(t *testing.T) {
	dir := t.TempDir()
	load, err := sql.Open("htap", dir)
	if err != nil {
		t.Fatal(err)
	}
	must(t, load, "CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT)", "INSERT INTO t SELECT g, 'text number ' || g::text FROM generate_series(0, 140000) AS x(g)", "CHECKPOINT")
	if err := load.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("htap", dir+"?route=column")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query("SELECT v FROM t WHERE id % 1000 = 0")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	if err := errors.Join(rows.Err(), rows.Close(), db.Close()); err != nil || len(got) != 141 {
		t.Fatal(len(got), err)
	}
	seen := map[string]bool{}
	for _, s := range got {
		seen[s] = true
	}
	for i := range got {
		if want := fmt.Sprint("text number ", i*1000); !seen[want] {
			t.Fatalf("%q is not among what was read", want)
		}
	}
}

func TestColumnTypes(t *testing.T) {
	db := open(t, "")
	rows, err := db.Query("SELECT 1::bigint AS a, 1.5::numeric(10,2) AS b, 'x'::varchar(7) AS c, now() AS d, true AS e, 'x'::text AS f")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	ts, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range ts {
		p, s, _ := c.DecimalSize()
		n, ok := c.Length()
		if n > 1<<40 {
			n = -1
		}
		got = append(got, fmt.Sprint(c.Name(), " ", c.DatabaseTypeName(), " ", c.ScanType(), " ", p, " ", s, " ", n, " ", ok))
	}
	want := "a INT8 int64 0 0 0 false; b NUMERIC string 10 2 0 false; c VARCHAR string 0 0 7 true; d TIMESTAMPTZ time.Time 0 0 0 false; e BOOL bool 0 0 0 false; f TEXT string 0 0 -1 true"
	if strings.Join(got, "; ") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "; "), want)
	}
}

// TestMultipleStatements: one transaction, result sets in order.
func TestMultipleStatements(t *testing.T) {
	db := open(t, "")
	rows, err := db.Query("CREATE TABLE t (id BIGINT PRIMARY KEY); SELECT 1; INSERT INTO t VALUES (1), (2); SELECT id FROM t ORDER BY id; INSERT INTO t VALUES (3)")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			got = append(got, s)
		}
		got = append(got, "|")
	}
	if err := rows.Close(); err != nil || strings.Join(got, " ") != "1 | 1 2 |" {
		t.Error(got, err)
	}
	if got := one(t, db, "SELECT count(*) FROM t"); got != "3" {
		t.Errorf("%s rows", got)
	}
	// Rows closed early: the rest runs all the same.
	rows, err = db.Query("SELECT 1; INSERT INTO t VALUES (4)")
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT count(*) FROM t"); got != "4" {
		t.Errorf("%s rows after an early Close", got)
	}
	// An error undoes all of it.
	if _, err := db.Exec("INSERT INTO t VALUES (5); SELECT 1/0"); state(err) != "22012" {
		t.Errorf("error: %v", err)
	}
	rows, err = db.Query("INSERT INTO t VALUES (6); SELECT 1; INSERT INTO t VALUES (1)")
	if err == nil {
		rows.Next()
		if rows.NextResultSet() {
			t.Error("a result set after an error")
		}
		err = rows.Err()
		_ = rows.Close()
	}
	if state(err) != "23505" {
		t.Errorf("error in a later statement: %v", err)
	}
	if got := one(t, db, "SELECT count(*) FROM t"); got != "4" {
		t.Errorf("%s rows after errors", got)
	}
	if _, err := db.Query("SELECT 1; SELECT $1", 1); state(err) != "42601" {
		t.Errorf("several statements with parameters: %v", err)
	}
}

func TestTransactions(t *testing.T) {
	db := open(t, "")
	must(t, db, "CREATE TABLE t (id BIGINT PRIMARY KEY)")
	for level, want := range map[sql.IsolationLevel]string{
		sql.LevelDefault: "read committed", sql.LevelReadCommitted: "read committed", sql.LevelRepeatableRead: "repeatable read", sql.LevelSnapshot: "repeatable read",
	} {
		tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
		if err != nil {
			t.Fatal(level, err)
		}
		if got := one(t, tx, "SHOW transaction_isolation"); got != want {
			t.Errorf("%s is %s", level, got)
		}
		_ = tx.Rollback()
	}
	for _, level := range []sql.IsolationLevel{sql.LevelSerializable, sql.LevelWriteCommitted} {
		if _, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: level}); state(err) != "0A000" {
			t.Errorf("%s: %v", level, err)
		}
	}
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO t VALUES (1)"); state(err) != "25006" {
		t.Errorf("read only: %v", err)
	}
	_ = tx.Rollback()
	tx, _ = db.Begin()
	must(t, tx, "INSERT INTO t VALUES (1)")
	if got := one(t, db, "SELECT count(*) FROM t"); got != "0" {
		t.Errorf("outside %s rows", got)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT count(*) FROM t"); got != "1" {
		t.Errorf("after the commit %s rows", got)
	}
	// The end of the context rolls back.
	ctx, cancel := context.WithCancel(t.Context())
	tx, _ = db.BeginTx(ctx, nil)
	must(t, tx, "INSERT INTO t VALUES (2)")
	cancel()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if err := tx.Commit(); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the transaction committed after its context had ended")
		}
	}
	if got := one(t, db, "SELECT count(*) FROM t"); got != "1" {
		t.Errorf("after the rollback %s rows", got)
	}
}

// TestPoolReset: what one user of a connection leaves, the next does not see.
func TestPoolReset(t *testing.T) {
	db := open(t, "?route=row")
	db.SetMaxOpenConns(1)
	must(t, db, "CREATE TABLE t (id BIGINT PRIMARY KEY)", "SET htap.route = 'column'", "SET application_name = 'me'")
	if got := one(t, db, "SHOW htap.route") + one(t, db, "SHOW application_name"); got != "row" {
		t.Errorf("settings %q", got)
	}
	must(t, db, "BEGIN; INSERT INTO t VALUES (1)")
	if got := one(t, db, "SELECT count(*) FROM t"); got != "0" {
		t.Errorf("a transaction left open has %s rows", got)
	}
}

const slow = "SELECT count(*) FROM generate_series(1, 1000000) AS a(g), generate_series(1, 1000000) AS b(g)"

// TestCancel: a context ends its statement promptly, wherever it is, and the
// connection is usable.
func TestCancel(t *testing.T) {
	db := open(t, "")
	must(t, db, "CREATE TABLE t (id BIGINT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	check := func(what string, start time.Time, err error, want error) {
		t.Helper()
		if d := time.Since(start); !errors.Is(err, want) || d > time.Second {
			t.Errorf("%s: after %s: %v", what, d, err)
		}
		if got := one(t, conn, "SELECT count(*) FROM t"); got != "1" {
			t.Errorf("after %s: %s", what, got)
		}
	}
	prepared, err := conn.PrepareContext(t.Context(), slow)
	if err != nil {
		t.Fatal(err)
	}
	defer prepared.Close()
	for what, run := range map[string]func(context.Context) error{
		"Exec":     func(ctx context.Context) error { _, err := conn.ExecContext(ctx, slow); return err },
		"QueryRow": func(ctx context.Context) error { var n int; return conn.QueryRowContext(ctx, slow).Scan(&n) },
		"Stmt":     func(ctx context.Context) error { _, err := prepared.ExecContext(ctx); return err },
		"script":   func(ctx context.Context) error { _, err := conn.ExecContext(ctx, "SELECT 1; "+slow); return err },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		start := time.Now()
		check(what, start, run(ctx), context.Canceled)
		ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		start = time.Now()
		check(what+" with a deadline", start, run(ctx), context.DeadlineExceeded)
		cancel()
	}
	// While rows are read.
	ctx, cancel := context.WithCancel(t.Context())
	rows, err := conn.QueryContext(ctx, "SELECT a.g FROM generate_series(1, 1000000) AS a(g), generate_series(1, 1000000) AS b(g)")
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		rows.Next()
	}
	cancel()
	start := time.Now()
	for rows.Next() {
	}
	err = rows.Err()
	_ = rows.Close()
	check("rows", start, err, context.Canceled)

	// Waiting for a lock.
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	must(t, tx, "UPDATE t SET id = id")
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start = time.Now()
	_, err = conn.ExecContext(ctx, "UPDATE t SET id = id")
	_ = tx.Rollback()
	check("a lock", start, err, context.DeadlineExceeded)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := conn.ExecContext(done, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// TestConcurrency: many goroutines on one sql.DB, transfers that keep a sum.
func TestConcurrency(t *testing.T) {
	db := open(t, "")
	must(t, db, "CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT)", "INSERT INTO t SELECT g, 100 FROM generate_series(0, 9) AS x(g)")
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for i := range 30 {
				from, to := (w+i)%10, (w*3+i*7+1)%10
				err := func() error {
					tx, err := db.BeginTx(t.Context(), nil)
					if err != nil {
						return err
					}
					defer tx.Rollback()
					for _, id := range []int{min(from, to), max(from, to)} {
						change := 1
						if id == from {
							change = -1
						}
						if from == to {
							change = 0
						}
						if _, err := tx.Exec("UPDATE t SET v = v + ? WHERE id = ?", change, id); err != nil {
							return err
						}
					}
					return tx.Commit()
				}()
				if err != nil {
					t.Error(err)
				}
				var sum int
				if err := db.QueryRow("SELECT sum(v)::bigint FROM t").Scan(&sum); err != nil || sum != 1000 {
					t.Errorf("sum %d, %v", sum, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestRaw reaches the engine's session, and a connector over an open engine.
func TestRaw(t *testing.T) {
	engine, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	db := sql.OpenDB(driver.NewConnector(engine, map[string]string{"htap.route": "row"}))
	must(t, db, "CREATE TABLE t (id BIGINT)", "INSERT INTO t VALUES (1), (2)")
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	err = conn.Raw(func(c any) error {
		s := c.(*driver.Conn).Session()
		if v, _ := s.Setting("htap.route"); v != "row" {
			t.Errorf("route %q", v)
		}
		r, err := s.QueryArrow(t.Context(), "SELECT id FROM t")
		if err != nil {
			return err
		}
		defer r.Release()
		for r.Next() {
			rows += r.RecordBatch().NumRows()
		}
		return r.Err()
	})
	if err != nil || rows != 2 {
		t.Error(rows, err)
	}
	_ = conn.Close()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	s := engine.Session(t.Context())
	defer s.Close()
	if _, err := s.Exec(t.Context(), "SELECT * FROM t"); err != nil {
		t.Errorf("the engine was closed with the sql.DB: %v", err)
	}
}

// TestNoGoroutineLeft: a closed sql.DB leaves nothing running.
func TestNoGoroutineLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		db, err := sql.Open("htap", "")
		if err != nil {
			t.Fatal(err)
		}
		must(t, db, "CREATE TABLE t (id BIGINT)", "INSERT INTO t VALUES (1)")
		rows, err := db.Query("SELECT * FROM t, generate_series(1, 100000) AS x(g)")
		if err != nil {
			t.Fatal(err)
		}
		rows.Next() // left open
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		_ = rows.Close()
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}
