package bombs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"htapdb/cmd/htap/serving"
	"htapdb/htap"
	"htapdb/internal/testutil/cgroup"

	"github.com/jackc/pgx/v5/pgconn"
)

// asServer makes the test program serve the database in the directory it names;
// asServerMemory may give the limit in bytes.
const (
	asServer       = "HTAPDB_TEST_SERVE"
	asServerMemory = "HTAPDB_TEST_SERVE_MEMORY"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(asServer); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve is what htap serve does, for the time of a signal.
func serve(dir string) error {
	opts := []htap.Option{htap.WithFiles("")}
	if n, err := strconv.ParseInt(os.Getenv(asServerMemory), 10, 64); err == nil {
		opts = append(opts, htap.WithMemoryLimit(n))
	}
	db, err := htap.Open(dir, opts...)
	if err != nil {
		return err
	}
	db.TuneRuntime()
	l, err := serving.Listen(context.Background(), serving.Addresses{PG: "127.0.0.1:0", Flight: serving.Off, HTTP: serving.Off}, false)
	if err != nil {
		return err
	}
	s := serving.Serve(db, l, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	fmt.Println(s.Addresses().PG)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx, serving.CutOff); errors.Is(err, serving.ErrStuck) {
		return err
	}
	return db.Close()
}

// server is a server in a cgroup of its own.
type server struct {
	t     *testing.T
	group *cgroup.Group
	cmd   *exec.Cmd
	addr  string
	limit int64
	idle  int64 // anonymous memory before the first bomb
	// lost is set when the server was killed because a statement did not end.
	lost atomic.Bool
}

// groupBytes is what the kernel gives the server, page cache included.
const groupBytes = 1536 << 20

// startServer starts one with a memory limit in bytes, 0 for its default.
func startServer(t *testing.T, dir string, limit int64) *server {
	t.Helper()
	s := &server{t: t, group: cgroup.New(t, groupBytes), limit: limit}
	s.cmd = s.group.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), asServer+"="+dir)
	if limit > 0 {
		s.cmd.Env = append(s.cmd.Env, asServerMemory+"="+strconv.FormatInt(limit, 10))
	} else {
		s.limit = groupBytes / 2
	}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server does not start: %v", err)
	}
	s.addr = strings.TrimSpace(line)
	return s
}

// connect opens a session.
func (s *server) connect() *pgconn.PgConn {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	c, err := pgconn.Connect(ctx, "postgres://htap@"+s.addr+"/htap?sslmode=disable")
	if err != nil {
		s.t.Fatalf("no connection: %v", err)
	}
	return c
}

// exec runs statements that have to work.
func (s *server) exec(sql ...string) {
	s.t.Helper()
	c := s.connect()
	defer c.Close(context.Background())
	for _, q := range sql {
		if err := run(s.t.Context(), c, q); err != nil {
			s.t.Fatalf("%s: %v", q, err)
		}
	}
}

// run runs a statement and reads its answer, keeping nothing of it.
func run(ctx context.Context, c *pgconn.PgConn, sql string) error {
	r := c.Exec(ctx, sql)
	for r.NextResult() {
		rr := r.ResultReader()
		for rr.NextRow() {
			continue
		}
		if _, err := rr.Close(); err != nil {
			_ = r.Close()
			return err
		}
	}
	return r.Close()
}

// endless is a reader that repeats a text.
type endless struct {
	text string
	at   int
}

// Read implements io.Reader.
func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	if e.at += n; e.at == len(e.text) {
		e.at = 0
	}
	return n, nil
}

// outcomes are the ends that a bomb may have besides its answer: no memory, too
// complex, too many columns, cancelled, a bound of a setting, of the disk.
var outcomes = []string{"53200", "54000", "54001", "54011", "54023", "57014", "53400", "53100", "22001", "22P04"}

// TestBombs proves that a server in a cgroup survives every bomb: it ends with an
// answer or an error that says why, soon after a cancel, the memory stays within
// the promise, and another session is served meanwhile.
func TestBombs(t *testing.T) {
	long := os.Getenv("HTAPDB_LONG") != ""
	for _, limit := range []int64{0, 512 << 20} {
		if limit > 0 && !long {
			continue
		}
		t.Run(fmt.Sprintf("memory=%d", limit>>20), func(t *testing.T) {
			var s *server
			for _, b := range bombs {
				if !b.quick && !long {
					continue
				}
				if s == nil {
					s = startServer(t, t.TempDir(), limit)
					s.prepare()
				}
				t.Run(b.name, func(t *testing.T) { s.t = t; s.survive(b) })
				if kills := s.group.Kills(); kills > 0 {
					t.Errorf("%s: the kernel has killed the server", b.name)
					s = nil
				} else if s.lost.Load() {
					s = nil
				}
			}
		})
	}
}

// prepare makes the tables and waits for the rest.
func (s *server) prepare() {
	s.exec("CREATE TABLE p (id BIGINT PRIMARY KEY, v TEXT)", "INSERT INTO p SELECT g, 'v' || g FROM generate_series(1, 10) g",
		"CREATE TABLE sink (id BIGINT, s TEXT)", "CREATE TABLE big AS SELECT g AS id, repeat('x', 100) AS s FROM generate_series(1, 1000000) g")
	time.Sleep(time.Second)
	s.idle = s.group.Anonymous()
}

// patience is how long a bomb may run before it is cancelled.
const patience = 3 * time.Second

// survive runs one bomb; a cancel that is obeyed late is tried again, since
// another process may have had the processor.
func (s *server) survive(b bomb) {
	for late := 1; ; late++ {
		r := s.run(b)
		s.t.Logf("%s after %s, peak %d MiB over idle, another session waited %s at most, cancel took %s",
			r.outcome, r.took.Round(time.Millisecond), (r.peak-s.idle)>>20, r.waited.Round(time.Millisecond), r.cancel.Round(time.Millisecond))
		if s.lost.Load() {
			return
		}
		if r.outcome != "answer" && r.outcome != b.says && !slices.Contains(outcomes, r.outcome) {
			s.t.Errorf("it ended with %s: %v", r.outcome, r.err)
		}
		if most := s.limit + s.limit/4; r.peak-s.idle > most {
			s.t.Errorf("%d MiB of memory over idle, %d are promised", (r.peak-s.idle)>>20, most>>20)
		}
		if r.waited > 2*time.Second {
			s.t.Errorf("another session waited for %s", r.waited)
		}
		if r.cancel <= answerWithin() {
			return
		}
		if late == lateInARow {
			s.t.Errorf("it ended %s after the cancel", r.cancel)
			return
		}
	}
}

// report is what one run showed.
type report struct {
	outcome              string // answer, a SQLSTATE, or lost
	err                  error
	took, cancel, waited time.Duration
	peak                 int64
}

func (s *server) run(b bomb) (r report) {
	c := s.connect()
	defer c.Close(context.Background())
	stop := make(chan struct{})
	var watch sync.WaitGroup
	var peak atomic.Int64
	watch.Go(func() { // ends with stop
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			peak.Store(max(peak.Load(), s.group.Anonymous()))
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	})
	watch.Go(func() { r.waited = s.serveOthers(stop) })
	statements := b.sql()
	began := time.Now()
	ended := make(chan error, 1)
	go func() { // ends with the statement, or its connection
		var err error
		for _, sql := range statements {
			if b.copy != "" {
				_, err = c.CopyFrom(s.t.Context(), io.LimitReader(&endless{text: b.copy}, 4<<30), sql)
			} else if err = run(s.t.Context(), c, sql); err != nil {
				break
			}
		}
		ended <- err
	}()
	cancel := time.After(patience)
	if b.patient {
		cancel = nil
	}
	select {
	case r.err = <-ended:
	case <-cancel:
		at := time.Now()
		if err := c.CancelRequest(s.t.Context()); err != nil {
			s.t.Errorf("the cancel is not taken: %v", err)
		}
		select {
		case r.err = <-ended:
		case <-time.After(20 * time.Second):
			// Whatever else it would show, the next bombs get a server of their own.
			s.t.Errorf("it does not end after a cancel")
			s.lost.Store(true)
			_ = s.cmd.Process.Kill()
			r.err = <-ended
		}
		r.cancel = time.Since(at)
	}
	r.took = time.Since(began)
	close(stop)
	watch.Wait()
	r.peak = peak.Load()
	r.outcome = "answer"
	if e, ok := errors.AsType[*pgconn.PgError](r.err); ok {
		r.outcome = e.Code
	} else if r.err != nil {
		r.outcome = "lost"
	}
	return r
}

// serveOthers reads a row every 20 ms and returns the longest wait.
func (s *server) serveOthers(stop <-chan struct{}) (longest time.Duration) {
	c := s.connect()
	defer c.Close(context.Background())
	for {
		began := time.Now()
		for _, sql := range []string{"SELECT 1", "SELECT v FROM p WHERE id = 7"} {
			if err := run(s.t.Context(), c, sql); err != nil {
				if !s.lost.Load() {
					s.t.Errorf("another session: %v", err)
				}
				return longest
			}
		}
		longest = max(longest, time.Since(began))
		select {
		case <-stop:
			return longest
		case <-time.After(20 * time.Millisecond):
		}
	}
}
