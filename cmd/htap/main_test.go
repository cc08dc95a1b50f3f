package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"htapdb/htap"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// asProgram makes the test binary run as the program, so that tests see its
// real exit status, signals and streams.
const asProgram = "HTAP_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "1" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// command is the program with arguments.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "HTAP_HISTORY=")
	return cmd
}

// hung is when a program is ended that does not end. It is no promise: the demo
// reads 3 million rows by both paths, on a machine that may be busy.
const hung = 3 * time.Minute

// program runs the program to its end.
func program(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hung)
	defer cancel()
	cmd := command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), out.String(), errs.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, out.String(), errs.String()
}

// server is a running htap serve.
type server struct {
	cmd              *exec.Cmd
	pg, flight, http string
	errs             bytes.Buffer
}

var readyLine = regexp.MustCompile(`^ready pg=(\S+) flight=(\S+) http=(\S+)\n$`)

// serve starts a server and waits for its ready line.
func serve(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{cmd: command(context.Background(), append([]string{"serve"}, args...)...)}
	s.cmd.Stderr = &s.errs
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	m := readyLine.FindStringSubmatch(line)
	if err != nil || m == nil {
		_ = s.cmd.Wait()
		t.Fatalf("ready line %q, %v, log:\n%s", line, err, &s.errs)
	}
	s.pg, s.flight, s.http = m[1], m[2], m[3]
	return s
}

// stop sends a signal and returns the exit status.
func (s *server) stop(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	return s.wait(t)
}

func (s *server) wait(t *testing.T) int {
	t.Helper()
	timer := time.AfterFunc(hung, func() { _ = s.cmd.Process.Kill() })
	defer timer.Stop()
	err := s.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

func (s *server) url() string { return "postgres://htap@" + s.pg + "/htap" }

// connect opens a connection with pgx.
func (s *server) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.url())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// TestServe proves the life of a server: the ready line, clients, SIGTERM with
// status 0, and a restart that has everything.
func TestServe(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()
	s := serve(t, "--data", dir, "--pg", "127.0.0.1:0", "--flight", "127.0.0.1:0", "--http", "localhost:0", "--files", files)
	conn := s.connect(t)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE t (id bigint PRIMARY KEY, v text)"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, $1) g", 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "COPY t TO 't.csv' (FORMAT csv)"); err != nil {
		t.Error("a file below --files:", err)
	}
	if _, err := os.Stat(filepath.Join(files, "t.csv")); err != nil {
		t.Error(err)
	}
	if _, err := conn.Exec(t.Context(), "COPY t TO '/tmp/htap-outside.csv' (FORMAT csv)"); err == nil {
		t.Error("a file outside of --files was written")
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "", "/metrics": "htap", "/": "<html"} {
		body, status := get(t, "http://"+s.http+path)
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, body %.100q", path, status, body)
		}
	}
	if c, err := net.Dial("tcp", s.flight); err != nil {
		t.Error(err)
	} else {
		_ = c.Close()
	}
	if got := s.stop(t, syscall.SIGTERM); got != 0 {
		t.Fatalf("status %d after SIGTERM, log:\n%s", got, &s.errs)
	}
	s = serve(t, "--data", dir, "--pg", "127.0.0.1:0", "--flight", "off", "--http", "off")
	if s.flight != "off" || s.http != "off" {
		t.Errorf("flight=%s http=%s, want off", s.flight, s.http)
	}
	var n, sum int64
	if err := s.connect(t).QueryRow(t.Context(), "SELECT count(*), sum(id) FROM t").Scan(&n, &sum); err != nil || n != 1000 || sum != 500500 {
		t.Errorf("after the restart: %d rows, sum %d, %v", n, sum, err)
	}
	if got := s.stop(t, os.Interrupt); got != 0 {
		t.Errorf("status %d after SIGINT, log:\n%s", got, &s.errs)
	}
	if status, out, errs := program(t, "", "check", "--data", dir); status != 0 || out != "ok        t (1000 rows)\n" {
		t.Errorf("check: status %d, %q, %q", status, out, errs)
	}
}

func get(t *testing.T, url string) (body string, status int) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return "", 0
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return string(b), r.StatusCode
}

// endless is a query that runs until it is cancelled.
const endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE a + b < 0"

// TestServeDrain proves that a running statement is cut off after --drain, and
// that a second signal does not wait for it.
func TestServeDrain(t *testing.T) {
	for _, twice := range []bool{false, true} {
		t.Run(fmt.Sprintf("twice=%v", twice), func(t *testing.T) {
			drain := "300ms"
			if twice {
				drain = "10m"
			}
			s := serve(t, "--data", t.TempDir(), "--pg", "127.0.0.1:0", "--flight", "off", "--http", "off", "--drain", drain)
			conn := s.connect(t)
			done := make(chan error, 1)
			go func() {
				_, err := conn.Exec(t.Context(), endless)
				done <- err
			}()
			time.Sleep(300 * time.Millisecond) // the statement is running
			if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			want := 0
			if twice {
				time.Sleep(2 * signalGap)
				if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				want = exitError
			}
			if got := s.wait(t); got != want {
				t.Errorf("status %d, want %d, log:\n%s", got, want, &s.errs)
			}
			if err := <-done; err == nil {
				t.Error("the statement ended well")
			}
		})
	}
}

// TestServeFIFO proves that a FIFO below --files is an error, and holds neither
// its statement nor the shutdown.
func TestServeFIFO(t *testing.T) {
	files := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(files, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "--data", t.TempDir(), "--pg", "127.0.0.1:0", "--flight", "off", "--http", "off", "--files", files)
	conn := s.connect(t)
	for _, sql := range []string{
		"SELECT * FROM read_csv('fifo')", "SELECT * FROM read_parquet('fifo')", "COPY t FROM 'fifo'", "COPY t TO 'fifo'",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if _, err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS t (a int)"); err != nil {
			t.Fatal(err)
		}
		_, err := conn.Exec(ctx, sql)
		if e, ok := errors.AsType[*pgconn.PgError](err); !ok || e.Code != "42809" {
			t.Errorf("%s: %v", sql, err)
		}
		cancel()
	}
	if got := s.stop(t, syscall.SIGTERM); got != 0 {
		t.Errorf("status %d, log:\n%s", got, &s.errs)
	}
}

// TestServeRefuses proves that what cannot work is one clear message at once.
func TestServeRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	held := t.TempDir()
	db, err := htap.Open(held)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	free := []string{"--pg", "127.0.0.1:0", "--flight", "127.0.0.1:0", "--http", "127.0.0.1:0"}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{append(free, "--data", t.TempDir(), "--pg", taken), []string{"--pg", taken, "in use"}},
		{append(free, "--data", t.TempDir(), "--http", "0.0.0.0:0"), []string{"--http", "0.0.0.0:0", "passwords"}},
		{append(free, "--data", t.TempDir(), "--flight", ":5434"), []string{"--flight", ":5434", "passwords"}},
		{append(free, "--data", t.TempDir(), "--pg", "5433"), []string{"--pg", "5433", "host:port"}},
		{append(free, "--data", t.TempDir(), "--files", "/no/such/folder"), []string{"--files", "/no/such/folder"}},
		{append(free, "--data", held, "--files", held), []string{held, "lie in each other"}},
		{append(free, "--data", filepath.Join(held, "inner"), "--files", held), []string{held, "lie in each other"}},
		{append(free, "--data", t.TempDir(), "--memory", "12XB"), []string{"memory", "12XB", "512MB"}},
		{append(free, "--data", t.TempDir(), "--memory", "1KB"), []string{"--memory", "little"}},
		{append(free, "--data", t.TempDir(), "--workers", "-1"), []string{"--workers", "-1"}},
		{append(free, "--data", held), []string{held, "in use", fmt.Sprint(os.Getpid())}},
		{free, []string{"--data"}},
	} {
		status, out, errs := program(t, "", append([]string{"serve"}, c.args...)...)
		if status != exitError || out != "" {
			t.Errorf("%q: status %d, output %q", c.args, status, out)
		}
		for _, w := range c.want {
			if !strings.Contains(errs, w) {
				t.Errorf("%q: message %q lacks %q", c.args, errs, w)
			}
		}
	}
}

// TestServeEnvironment proves that flags come from the environment too.
func TestServeEnvironment(t *testing.T) {
	t.Setenv("HTAP_DATA", t.TempDir())
	t.Setenv("HTAP_PG", "127.0.0.1:0")
	t.Setenv("HTAP_FLIGHT", "off")
	t.Setenv("HTAP_HTTP", "off")
	t.Setenv("HTAP_MEMORY", "256MB")
	t.Setenv("HTAP_SYNCHRONOUS_COMMIT", "false")
	s := serve(t)
	var sync string
	if err := s.connect(t).QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&sync); err != nil || sync != "off" {
		t.Errorf("synchronous_commit is %q, %v", sync, err)
	}
	if got := s.stop(t, syscall.SIGTERM); got != 0 {
		t.Errorf("status %d, log:\n%s", got, &s.errs)
	}
}

// TestSQL proves the exit statuses and that a server gives the same output as
// the embedded database.
func TestSQL(t *testing.T) {
	s := serve(t, "--data", t.TempDir(), "--pg", "127.0.0.1:0", "--flight", "off", "--http", "off")
	script := filepath.Join(t.TempDir(), "script.sql")
	text := "CREATE TABLE t (a int PRIMARY KEY, b numeric(8,2), c text, d timestamp, e boolean);\n" +
		"COPY t FROM STDIN (FORMAT csv);\n1,1.5,x,2001-02-03 04:05:06,true\n2,,,,\n\\.\nSELECT * FROM t ORDER BY a;\nSELECT nope;\nSELECT 'not reached';\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"table", "csv", "json", "markdown"} {
		var outs [2]string
		for i, where := range [][]string{nil, {"--url", s.url()}} {
			args := append([]string{"sql", "--format", format, "-f", script}, where...)
			status, out, errs := program(t, "", args...)
			if status != 3 || !strings.Contains(errs, script+":7: ERROR:  42703: column \"nope\" does not exist\nLINE 1: SELECT nope\n               ^\n") {
				t.Errorf("%s, %q: status %d, message %q", format, where, status, errs)
			}
			outs[i] = out
		}
		if outs[0] != outs[1] || !strings.Contains(outs[0], "1.50") {
			t.Errorf("%s: embedded:\n%s\nserver:\n%s", format, outs[0], outs[1])
		}
		if status, _, errs := program(t, "", "sql", "--url", s.url(), "-c", "DROP TABLE t"); status != 0 {
			t.Fatalf("status %d: %s", status, errs)
		}
	}
	for _, c := range []struct {
		name, stdin string
		args        []string
		status      int
		want        string
	}{
		{"command", "", []string{"-c", "SELECT 1 AS one", "--format", "csv"}, 0, "one\n1\n"},
		{"wrong command", "", []string{"-c", "SELECT nope"}, 1, ""},
		{"standard input", "SELECT 2 AS two", []string{"--format", "csv"}, 0, "two\n2\n"},
		{"wrong standard input", "SELECT nope;", nil, 3, ""},
		{"no file", "", []string{"-f", "/no/such/file"}, 1, ""},
		{"two ways", "", []string{"-c", "SELECT 1", "-f", script}, 1, ""},
		{"wrong format", "", []string{"--format", "xml", "-c", "SELECT 1"}, 1, ""},
		{"no server", "", []string{"--url", "postgres://htap@127.0.0.1:1/htap", "-c", "SELECT 1"}, 2, ""},
		{"empty command", "", []string{"-c", ""}, 0, ""},
	} {
		status, out, errs := program(t, c.stdin, append([]string{"sql"}, c.args...)...)
		if status != c.status || out != c.want || (status == 0) != (errs == "") {
			t.Errorf("%s: status %d, output %q, messages %q", c.name, status, out, errs)
		}
	}
}

// TestSQLLost proves status 2 for a server that ends under a statement, and
// that an interrupt cancels the statement only.
func TestSQLLost(t *testing.T) {
	s := serve(t, "--data", t.TempDir(), "--pg", "127.0.0.1:0", "--flight", "off", "--http", "off")
	for _, c := range []struct {
		end    func(client *exec.Cmd) error
		status int
		want   string
	}{
		{func(client *exec.Cmd) error { return client.Process.Signal(os.Interrupt) }, 1, "57014"},
		{func(*exec.Cmd) error { return s.cmd.Process.Kill() }, 2, "lost"},
	} {
		cmd := command(t.Context(), "sql", "--url", s.url(), "-c", endless)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond) // the statement is running
		if err := c.end(cmd); err != nil {
			t.Fatal(err)
		}
		err := cmd.Wait()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != c.status || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%v, want status %d and %q in %q", err, c.status, c.want, &errs)
		}
	}
}

// TestVersion proves that the version is one line.
func TestVersion(t *testing.T) {
	status, out, _ := program(t, "", "version")
	if status != 0 || !strings.HasPrefix(out, "htap "+htap.Version+" (go") || strings.Count(out, "\n") != 1 {
		t.Errorf("status %d, %q", status, out)
	}
	if status, out, _ := program(t, ""); status != 0 || !strings.Contains(out, "Commands:") {
		t.Errorf("without arguments: status %d, %q", status, out)
	}
	if status, _, errs := program(t, "", "nonsense"); status != exitError || !strings.Contains(errs, "nonsense") {
		t.Errorf("unknown command: status %d, %q", status, errs)
	}
}
