package pg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
	"htapdb/internal/testutil"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"
)

// startEngine serves an empty database until the test ends.
func startEngine(t testing.TB, opt Options) (srv *Server, addr string) {
	t.Helper()
	before := runtime.NumGoroutine()
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	srv = NewServer(db, opt)
	return srv, serve(t, srv, before, func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	})
}

// dialPgx connects with pgx in an execution mode.
func dialPgx(t testing.TB, addr string, mode pgx.QueryExecMode) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig("postgres://htap@" + addr + "/htap")
	if err != nil {
		t.Fatal(err)
	}
	cfg.DefaultQueryExecMode = mode
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// mustExec runs statements that must succeed.
func mustExec(t testing.TB, c *pgx.Conn, sqls ...string) {
	t.Helper()
	for _, sql := range sqls {
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// pgxModes are all ways that pgx runs a statement.
var pgxModes = map[string]pgx.QueryExecMode{
	"cache statement": pgx.QueryExecModeCacheStatement, "cache describe": pgx.QueryExecModeCacheDescribe,
	"describe exec": pgx.QueryExecModeDescribeExec, "exec": pgx.QueryExecModeExec, "simple": pgx.QueryExecModeSimpleProtocol,
}

// TestPgxModes: the same program through each mode of pgx, with parameters and
// results of all common types.
func TestPgxModes(t *testing.T) {
	for name, mode := range pgxModes {
		t.Run(name, func(t *testing.T) {
			_, addr := startEngine(t, Options{})
			c := dialPgx(t, addr, mode)
			ctx := t.Context()
			mustExec(t, c, "CREATE TABLE t (id BIGINT PRIMARY KEY, i INTEGER, s SMALLINT, b BOOLEAN, f DOUBLE PRECISION, n NUMERIC(20,4), v TEXT, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, raw BYTEA)")
			day := time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC)
			at := time.Date(2001, 2, 3, 4, 5, 6, 789000, time.UTC)
			for i := range 3 {
				tag, err := c.Exec(ctx, "INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
					int64(i), int32(i*2), int16(i), i%2 == 0, float64(i)/2, fmt.Sprintf("%d.25", i), fmt.Sprint("v", i), day, at, at, []byte{0, byte(i)})
				if err != nil || tag.String() != "INSERT 0 1" {
					t.Fatal(tag, err)
				}
			}
			var id int64
			var i int32
			var s int16
			var b bool
			var f float64
			var n, v string
			var d, ts, tz time.Time
			var raw []byte
			err := c.QueryRow(ctx, "SELECT id, i, s, b, f, n::text, v, d, ts, tz, raw FROM t WHERE id = $1", int64(2)).Scan(&id, &i, &s, &b, &f, &n, &v, &d, &ts, &tz, &raw)
			if err != nil {
				t.Fatal(err)
			}
			if id != 2 || i != 4 || s != 2 || !b || f != 1 || n != "2.2500" || v != "v2" || !d.Equal(day) || !ts.Equal(at) || !tz.Equal(at) || !bytes.Equal(raw, []byte{0, 2}) {
				t.Error(id, i, s, b, f, n, v, d, ts, tz, raw)
			}
			rows, err := c.Query(ctx, "SELECT id FROM t WHERE v = $1 OR i > $2 ORDER BY id LIMIT $3", "v0", int32(1), int64(10))
			if err != nil {
				t.Fatal(err)
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			if err != nil || fmt.Sprint(ids) != "[0 1 2]" {
				t.Error(ids, err)
			}
			if err := c.Ping(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPgxTransactions: begin with options, errors, savepoints, batches.
func TestPgxTransactions(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c, other := dialPgx(t, addr, pgx.QueryExecModeCacheStatement), dialPgx(t, addr, pgx.QueryExecModeCacheStatement)
	ctx := t.Context()
	mustExec(t, c, "CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT)")
	count := func(c *pgx.Conn) (n int) {
		t.Helper()
		if err := c.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, c, "INSERT INTO t VALUES (1, 1)")
	if n, m := count(c), count(other); n != 1 || m != 0 {
		t.Errorf("inside %d, outside %d", n, m)
	}
	if _, err := tx.Exec(ctx, "INSERT INTO t VALUES (1, 1)"); sqlState(err) != "23505" {
		t.Errorf("duplicate: %v", err)
	}
	if _, err := tx.Exec(ctx, "SELECT 1"); sqlState(err) != "25P02" {
		t.Errorf("after an error: %v", err)
	}
	if err := tx.Rollback(ctx); err != nil || c.PgConn().TxStatus() != 'I' {
		t.Error(err)
	}
	// A parameter that cannot be read fails the transaction as any error does.
	tx, _ = c.Begin(ctx)
	mustExec(t, c, "INSERT INTO t VALUES (1, 1)")
	res := c.PgConn().ExecParams(ctx, "INSERT INTO t VALUES ($1, 2)", [][]byte{[]byte("abc")}, nil, nil, nil).Read()
	if sqlState(res.Err) != "22P02" || c.PgConn().TxStatus() != 'E' {
		t.Errorf("bad parameter: %v, state %c", res.Err, c.PgConn().TxStatus())
	}
	_ = tx.Rollback(ctx)

	// A batch is one transaction.
	batch := &pgx.Batch{}
	for i := range 5 {
		batch.Queue("INSERT INTO t VALUES ($1, $2)", i, i)
	}
	batch.Queue("SELECT sum(v)::bigint FROM t")
	var sum int64
	br := c.SendBatch(ctx, batch)
	for range 5 {
		if _, err := br.Exec(); err != nil {
			t.Fatal(err)
		}
	}
	if err := br.QueryRow().Scan(&sum); err != nil || sum != 10 {
		t.Error(sum, err)
	}
	if err := br.Close(); err != nil {
		t.Error(err)
	}
	batch = &pgx.Batch{}
	batch.Queue("INSERT INTO t VALUES (100, 1)")
	batch.Queue("INSERT INTO t VALUES (1, 1)")
	if err := c.SendBatch(ctx, batch).Close(); sqlState(err) != "23505" {
		t.Errorf("batch: %v", err)
	}
	if n := count(other); n != 5 {
		t.Errorf("%d rows after a failed batch", n)
	}
}

// sqlState returns an error's SQLSTATE.
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// TestSQLStates: errors keep code, position and hint on the wire.
func TestSQLStates(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeSimpleProtocol)
	mustExec(t, c, "CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT NOT NULL)", "INSERT INTO t VALUES (0, '')")
	for _, tc := range []struct {
		sql, state string
		position   int32
	}{
		{"SELEC 1", "42601", 1},
		{"SELECT 1; SELECT * FROM nosuch", "42P01", 25},
		{"SELECT nosuch FROM t", "42703", 8},
		{"SELECT nosuch(1)", "42883", 8},
		{"SELECT 'x'::bigint", "22P02", 8},
		{"SELECT 1/id FROM t", "22012", 0},
		{"INSERT INTO t VALUES (0, '')", "23505", 0},
		{"INSERT INTO t VALUES (1, NULL)", "23502", 0},
		{"CREATE TABLE t (i INT)", "42P07", 0},
		{"SELECT 2000000000 + 2000000000", "22003", 0},
		{"SET nosuch = 1", "42704", 0},
		{"EXECUTE nosuch", "26000", 0},
		{"COMMIT; SELEC", "42601", 9},
	} {
		_, err := c.Exec(t.Context(), tc.sql)
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != tc.state || e.Severity != "ERROR" || tc.position != 0 && e.Position != tc.position {
			t.Errorf("%s: %+v, want %s at %d", tc.sql, err, tc.state, tc.position)
		}
	}
}

// TestPgxCancel: the end of a context cancels the statement, at once, and
// leaves other sessions alone.
func TestPgxCancel(t *testing.T) {
	srv, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeExec)
	for _, slow := range []string{
		"SELECT count(*) FROM generate_series(1, 1000000) AS a(g), generate_series(1, 1000000) AS b(g)",
		"SELECT a.g FROM generate_series(1, 1000000) AS a(g), generate_series(1, 1000000) AS b(g)",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { // ends with the statement, awaited below
			_, err := c.Exec(ctx, slow)
			done <- err
		}()
		waitFor(t, "the statement", func() bool { return runningStatements(srv) == 1 })
		time.Sleep(50 * time.Millisecond)
		start := time.Now()
		cancel()
		if err := <-done; err == nil {
			t.Errorf("%s: no error", slow)
		}
		waitFor(t, "the end of the statement", func() bool { return runningStatements(srv) == 0 })
		if d := time.Since(start); d > time.Second {
			t.Errorf("%s: took %s to end", slow, d)
		}
		c = dialPgx(t, addr, pgx.QueryExecModeExec)
	}
	// By CancelRequest, the session goes on.
	done := make(chan error, 1)
	go func() { // ends with the statement, awaited below
		_, err := c.Exec(t.Context(), "SELECT count(*) FROM generate_series(1, 1000000) AS a(g), generate_series(1, 1000000) AS b(g)")
		done <- err
	}()
	waitFor(t, "the statement", func() bool { return runningStatements(srv) == 1 })
	if err := c.PgConn().CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; sqlState(err) != "57014" {
		t.Errorf("cancelled: %v", err)
	}
	mustExec(t, c, "SELECT 1")
}

// TestPortals: a cursor of the extended protocol is read in pieces while other
// statements run.
func TestPortals(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeCacheStatement)
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	raw := connect(t, addr)
	for _, step := range []struct{ send, want string }{
		{"Query BEGIN", "C BEGIN|Z T"},
		{"Parse s SELECT g FROM generate_series(1, 10000) AS x(g) ORDER BY g|Bind p s|Execute p 2|Sync", `ParseComplete|BindComplete|D "1"|D "2"|PortalSuspended|Z T`},
		{"Parse - SELECT 'other'|Bind - -|Execute - 0|Sync", `ParseComplete|BindComplete|D "other"|C SELECT 1|Z T`},
		{"Execute p 1|Sync", `D "3"|PortalSuspended|Z T`},
		{"CloseP p|Sync", "CloseComplete|Z T"},
		{"Query COMMIT", "C COMMIT|Z I"},
	} {
		for _, line := range strings.Split(step.send, "|") {
			raw.fe.Send(parseStep(t, line))
		}
		if err := raw.fe.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(raw.until("Z"), "|"); got != step.want {
			t.Errorf("%s:\n%s, want\n%s", step.send, got, step.want)
		}
	}
}

// TestReturningIsComplete: a statement that writes runs to its end although its
// client took a part of its rows only.
func TestReturningIsComplete(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeSimpleProtocol)
	mustExec(t, c, "CREATE TABLE t (id BIGINT PRIMARY KEY)")
	raw := connect(t, addr)
	for i, sql := range []string{
		"INSERT INTO t SELECT g FROM generate_series(1, 10000) AS x(g) RETURNING id",
		"WITH w AS (SELECT g FROM generate_series(10001, 20000) AS x(g)) INSERT INTO t SELECT g FROM w RETURNING id",
	} {
		raw.send(parseStep(t, "Parse - "+sql), parseStep(t, "Bind - -"), parseStep(t, "Execute - 2"), parseStep(t, "Sync"))
		if got := raw.until("Z"); !slices.Contains(got, "PortalSuspended") {
			t.Errorf("%s: %q", sql, got)
		}
		var n int
		if err := c.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil || n != 10000*(i+1) {
			t.Errorf("%s: %d rows, %v", sql, n, err)
		}
	}
	// The error of a row that was not asked for is told.
	raw.send(parseStep(t, "Parse - INSERT INTO t SELECT g FROM generate_series(30000, 19999, -1) AS x(g) RETURNING id"), parseStep(t, "Bind - -"), parseStep(t, "Execute - 2"), parseStep(t, "Sync"))
	if got := strings.Join(raw.until("Z"), "|"); !strings.Contains(got, "E ERROR 23505") {
		t.Errorf("duplicate: %s", got)
	}
}

// TestChangedResult: a prepared statement whose result has changed is an error
// that drivers know, not rows in the wrong form.
func TestChangedResult(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeSimpleProtocol)
	mustExec(t, c, "CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT)", "INSERT INTO t VALUES (1, 'x')")
	raw := connect(t, addr)
	raw.send(parseStep(t, "Parse s SELECT * FROM t"), parseStep(t, "Sync"))
	raw.until("Z")
	again := func() string {
		raw.send(parseStep(t, "Bind - s"), parseStep(t, "Execute - 0"), parseStep(t, "Sync"))
		return strings.Join(raw.until("Z"), "|")
	}
	if got := again(); !strings.Contains(got, `D "1" "x"`) {
		t.Error(got)
	}
	mustExec(t, c, "DROP TABLE t", "CREATE TABLE t (id BIGINT PRIMARY KEY, v INTEGER)")
	if got := again(); !strings.Contains(got, "E ERROR 0A000 cached plan must not change result type") {
		t.Error(got)
	}
	cached := dialPgx(t, addr, pgx.QueryExecModeCacheStatement)
	columns := func() (int, error) {
		rows, err := cached.Query(t.Context(), "SELECT * FROM t")
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		for rows.Next() {
		}
		return len(rows.FieldDescriptions()), rows.Err()
	}
	if n, err := columns(); n != 2 || err != nil {
		t.Errorf("%d columns, %v", n, err)
	}
	mustExec(t, c, "ALTER TABLE t ADD w INTEGER")
	var e *pgconn.PgError
	if _, err := columns(); !errors.As(err, &e) || e.Routine != "RevalidateCachedQuery" {
		t.Errorf("%v: pgJDBC and asyncpg know it by its routine", err)
	}
	if n, err := columns(); n != 3 || err != nil { // pgx has forgotten the statement
		t.Errorf("%d columns, %v", n, err)
	}
	mustExec(t, c, "DROP TABLE t")
	if got := again(); !strings.Contains(got, "E ERROR 42P01") {
		t.Error(got)
	}
}

// TestEncoding: text that is not UTF-8 is refused wherever it comes in.
func TestEncoding(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeSimpleProtocol)
	mustExec(t, c, "CREATE TABLE t (v TEXT)")
	raw := c.PgConn()
	_, err := raw.Exec(t.Context(), "SELECT '\xff'").ReadAll()
	if sqlState(err) != "22021" {
		t.Errorf("a query: %v", err)
	}
	if _, err := raw.Prepare(t.Context(), "s", "SELECT '\xff'", nil); sqlState(err) != "22021" {
		t.Errorf("a prepared statement: %v", err)
	}
	if res := raw.ExecParams(t.Context(), "SELECT $1::text", [][]byte{{0xff}}, nil, nil, nil).Read(); sqlState(res.Err) != "22021" {
		t.Errorf("a parameter: %v", res.Err)
	}
	if _, err := raw.CopyFrom(t.Context(), strings.NewReader("\xff\n"), "COPY t FROM STDIN"); sqlState(err) != "22021" {
		t.Errorf("COPY: %v", err)
	}
}

// TestCopy: COPY both ways through pgx's raw connection.
func TestCopy(t *testing.T) {
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeSimpleProtocol)
	mustExec(t, c, "CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT)")
	var in strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&in, "%d\tline %d\n", i, i)
	}
	tag, err := c.PgConn().CopyFrom(t.Context(), strings.NewReader(in.String()), "COPY t FROM STDIN")
	if err != nil || tag.RowsAffected() != 50_000 {
		t.Fatal(tag, err)
	}
	var out bytes.Buffer
	if _, err := c.PgConn().CopyTo(t.Context(), &out, "COPY (SELECT id, v FROM t ORDER BY id) TO STDOUT"); err != nil {
		t.Fatal(err)
	}
	if out.String() != in.String() {
		t.Errorf("COPY TO gave %d bytes, COPY FROM had %d", out.Len(), in.Len())
	}
	out.Reset()
	if _, err := c.PgConn().CopyTo(t.Context(), &out, "COPY (SELECT 1 AS a, 'x,\"y' AS b) TO STDOUT (FORMAT csv, HEADER)"); err != nil || out.String() != "a,b\n1,\"x,\"\"y\"\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	// A bad line leaves nothing, and the session goes on.
	_, err = c.PgConn().CopyFrom(t.Context(), strings.NewReader("50001\tx\nabc\ty\n"), "COPY t FROM STDIN")
	if sqlState(err) != "22P02" {
		t.Errorf("bad line: %v", err)
	}
	var n int
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil || n != 50_000 {
		t.Error(n, err)
	}
}

// TestConcurrentClients: many connections read and write at once.
func TestConcurrentClients(t *testing.T) {
	_, addr := startEngine(t, Options{})
	pool, err := pgxpool.New(t.Context(), "postgres://htap@"+addr+"/htap?pool_max_conns=8")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), "CREATE TABLE t (id BIGINT PRIMARY KEY, v BIGINT)"); err != nil {
		t.Fatal(err)
	}
	const workers, each = 8, 100
	errs := make(chan error, workers)
	for w := range workers {
		go func() { // each sends one error, all are awaited below
			errs <- func() error {
				for i := range each {
					id := w*each + i
					if _, err := pool.Exec(t.Context(), "INSERT INTO t VALUES ($1, $2)", id, i); err != nil {
						return err
					}
					var v int
					if err := pool.QueryRow(t.Context(), "SELECT v FROM t WHERE id = $1", id).Scan(&v); err != nil || v != i {
						return fmt.Errorf("id %d: %d, %w", id, v, err)
					}
				}
				return nil
			}()
		}()
	}
	for range workers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	var n, sum int
	if err := pool.QueryRow(t.Context(), "SELECT count(*), sum(v)::bigint FROM t").Scan(&n, &sum); err != nil || n != workers*each || sum != workers*each*(each-1)/2 {
		t.Error(n, sum, err)
	}
}

// tool finds a program or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		testutil.Missing(t, "%s is not installed", name)
	}
	return path
}

// run executes a program against the server and returns what it printed.
func run(t *testing.T, addr, input, program string, args ...string) (string, error) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PGHOST="+host, "PGPORT="+port, "PGUSER=htap", "PGDATABASE=htap", "PGCONNECT_TIMEOUT=5", "LC_ALL=C")
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestPsql: scripts, formats, errors with a caret, \copy both ways, exit status.
func TestPsql(t *testing.T) {
	psql := tool(t, "psql")
	_, addr := startEngine(t, Options{})
	for _, tc := range []struct{ name, script, want string }{
		{"ddl and rows", "CREATE TABLE t (id BIGINT PRIMARY KEY, v TEXT);\nINSERT INTO t VALUES (1,'a'),(2,NULL);\nSELECT * FROM t ORDER BY id;", "CREATE TABLE\nINSERT 0 2\nid|v\n1|a\n2|\n(2 rows)\n"},
		{"copy", "\\copy t from stdin csv\n3,c\n4,d\n\\.\n\\copy (select id, v from t where id > 2 order by id) to stdout csv header", "COPY 2\nid,v\n3,c\n4,d\n"},
		{"transaction", "BEGIN;\nDELETE FROM t;\nROLLBACK;\nSELECT count(*) FROM t;", "BEGIN\nDELETE 4\nROLLBACK\ncount\n4\n(1 row)\n"},
		{"error", "SELECT *\nFROM nosuch;", "ERROR:  relation \"nosuch\" does not exist\nLINE 2: FROM nosuch;\n             ^\n"},
		{"gset", "SELECT 7 AS x \\gset\nSELECT :x + 1 AS y;", "y\n8\n(1 row)\n"},
		{"settings", "SHOW server_version_num;\nSET htap.route = 'row';\nSHOW htap.route;", "server_version_num\n150000\n(1 row)\nSET\nhtap.route\nrow\n(1 row)\n"},
	} {
		out, err := run(t, addr, tc.script, psql, "-X", "-A", "-f", "-")
		out = strings.ReplaceAll(out, "psql:<stdin>:2: ", "")
		if err != nil || out != tc.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", tc.name, err, out, tc.want)
		}
	}
	if out, err := run(t, addr, "", psql, "-X", "-c", "SELECT 1/0"); err == nil || err.Error() != "exit status 1" {
		t.Errorf("an error with -c: %v\n%s", err, out)
	}
	if out, err := run(t, addr, "SELECT 1/0;", psql, "-X", "-v", "ON_ERROR_STOP=1", "-f", "-"); err == nil || err.Error() != "exit status 3" {
		t.Errorf("an error with -f: %v\n%s", err, out)
	}
	if out, err := run(t, addr, "", psql, "-X", "-U", "joe", "-c", "SELECT 1"); err == nil || !strings.Contains(out, `role "joe" does not exist`) {
		t.Errorf("another role: %v\n%s", err, out)
	}
}

// TestPgbench: the tables made by SQL, then the select-only script in the three
// query modes.
func TestPgbench(t *testing.T) {
	pgbench := tool(t, "pgbench")
	_, addr := startEngine(t, Options{})
	c := dialPgx(t, addr, pgx.QueryExecModeSimpleProtocol)
	mustExec(t, c,
		"create table pgbench_branches (bid int not null primary key, bbalance int, filler char(88))",
		"create table pgbench_tellers (tid int not null primary key, bid int, tbalance int, filler char(84))",
		"create table pgbench_accounts (aid int not null primary key, bid int, abalance int, filler char(84))",
		"create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))",
		"insert into pgbench_branches values (1, 0)",
		"insert into pgbench_tellers select g, 1, 0 from generate_series(1, 10) as x(g)",
		"insert into pgbench_accounts select g, 1, 0, '' from generate_series(1, 100000) as x(g)",
	)
	for _, mode := range []string{"simple", "extended", "prepared"} {
		for _, script := range []string{"-S", "-N"} {
			out, err := run(t, addr, "", pgbench, script, "-n", "-M", mode, "-c", "4", "-j", "2", "-t", "200")
			if err != nil || !strings.Contains(out, "number of transactions actually processed: 800/800") {
				t.Errorf("%s %s: %v\n%s", mode, script, err, out)
				continue
			}
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, "tps") {
					t.Logf("%s %s: %s", mode, script, strings.TrimSpace(line))
				}
			}
		}
	}
	var a, h int64
	if err := c.QueryRow(t.Context(), "select (select sum(abalance) from pgbench_accounts)::bigint, (select sum(delta) from pgbench_history)::bigint").Scan(&a, &h); err != nil || a != h {
		t.Errorf("accounts %d, history %d, %v", a, h, err)
	}
}

// TestIdleInTransaction: a client that lets idle_in_transaction_session_timeout
// pass loses its session, and its locks, and only in a transaction.
func TestIdleInTransaction(t *testing.T) {
	_, addr := startEngine(t, Options{})
	a, b := connect(t, addr), connect(t, addr)
	run := func(c *client, sql string) []string {
		c.send(&pgproto3.Query{String: sql})
		return c.until("Z")
	}
	run(a, "CREATE TABLE held (id int PRIMARY KEY, n int)")
	run(a, "INSERT INTO held VALUES (1, 0)")
	run(a, "SET idle_in_transaction_session_timeout = '200ms'")
	time.Sleep(300 * time.Millisecond)
	run(a, "BEGIN")
	run(a, "UPDATE held SET n = 1")
	if got := a.until("E"); !strings.HasPrefix(got[0], "E FATAL 25P03") {
		t.Fatalf("%q", got)
	}
	run(b, "SET lock_timeout = '5s'")
	if got := strings.Join(run(b, "UPDATE held SET n = n + 10 RETURNING n"), "\n"); !strings.Contains(got, "10") {
		t.Errorf("the lock or the write is still there: %s", got)
	}
	run(b, "SET idle_session_timeout = '100ms'")
	if got := b.until("E"); !strings.HasPrefix(got[0], "E FATAL 57P05") {
		t.Errorf("%q", got)
	}
}

// TestStartSettings: what comes with the connection is what RESET, RESET ALL and
// DISCARD ALL go back to. Pools reset their sessions; the search_path that the
// application gave in the connection's address has to survive that.
func TestStartSettings(t *testing.T) {
	_, addr := startEngine(t, Options{})
	cfg, err := pgx.ParseConfig("postgres://htap@" + addr + "/htap?search_path=north&options=-c%20lock_timeout%3D7s%20-c%20my.own%3Dx")
	if err != nil {
		t.Fatal(err)
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // DISCARD ALL takes prepared statements away
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	for _, reset := range []string{"RESET search_path; RESET lock_timeout; RESET my.own", "RESET ALL", "DISCARD ALL",
		"SET search_path TO DEFAULT; SET lock_timeout TO DEFAULT; SET my.own TO DEFAULT"} {
		mustExec(t, c, "SET search_path = south", "SET lock_timeout = '1s'", "SET my.own = 'y'")
		for _, sql := range strings.Split(reset, "; ") {
			mustExec(t, c, sql)
		}
		for name, want := range map[string]string{"search_path": "north", "lock_timeout": "7s", "my.own": "x"} {
			var got string
			if err := c.QueryRow(t.Context(), "SHOW "+name).Scan(&got); err != nil || got != want {
				t.Errorf("after %s: %s is %q, want %q (%v)", reset, name, got, want, err)
			}
		}
	}
	var row string
	mustExec(t, c, "SET lock_timeout = '1s'")
	err = c.QueryRow(t.Context(), "SELECT concat_ws(' ', setting, unit, source, boot_val, reset_val) FROM pg_settings WHERE name = 'lock_timeout'").Scan(&row)
	if want := "1000 ms session 0 7000"; err != nil || row != want {
		t.Errorf("pg_settings has %q, want %q (%v)", row, want, err)
	}
}
