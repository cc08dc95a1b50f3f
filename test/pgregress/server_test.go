package pgregress

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"htapdb/internal/testutil"
)

// engine is a server of this project in a process of its own, so that what
// breaks it does not end the test.
type engine struct {
	program, dir, files string
	process             *exec.Cmd
	addr                string
	// log is what the server wrote to its standard error.
	mu  sync.Mutex
	log strings.Builder
}

// buildEngine compiles the program once for the test.
func buildEngine(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "htap")
	build := exec.Command("go", "build", "-o", program, "./cmd/htap")
	build.Dir = testutil.Root()
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	return program
}

var readyRE = regexp.MustCompile(`ready pg=(\S+)`)

// start runs the server until stop.
func (e *engine) start() error {
	e.process = exec.Command(e.program, "serve", "--data", e.dir, "--pg", "127.0.0.1:0", "--flight", "off", "--http", "off", "--files", e.files)
	out, err := e.process.StdoutPipe()
	if err != nil {
		return err
	}
	e.process.Stderr = e
	if err := e.process.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := readyRE.FindStringSubmatch(lines.Text()); m != nil {
			e.addr = m[1]
			go func() {
				for lines.Scan() { // until the process ends
				}
			}()
			return nil
		}
	}
	return fmt.Errorf("the server did not become ready: %w\n%s", e.process.Wait(), e.logged())
}

// Write collects the server's standard error.
func (e *engine) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.log.Write(p)
}

func (e *engine) logged() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.log.String()
}

// stop ends the server, by force if it does not follow in time.
func (e *engine) stop() error {
	_ = e.process.Process.Signal(os.Interrupt)
	done := make(chan error, 1)
	go func() { done <- e.process.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		_ = e.process.Process.Kill()
		<-done
		return errors.New("the server did not stop within 20 s of SIGINT")
	}
}

// client is one connection to a server under comparison.
type client struct {
	url  string
	conn *pgconn.PgConn
}

// parameters are the settings that PostgreSQL's own driver has in force.
const parameters = "timezone=PST8PDT&datestyle=Postgres,%20MDY&application_name=regress"

// connect opens the connection anew.
func (c *client) connect(ctx context.Context) error {
	c.close()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, c.url)
	c.conn = conn
	return err
}

func (c *client) close() {
	if c.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = c.conn.Close(ctx)
		cancel()
	}
	c.conn = nil
}

// outcome is what a server said to a statement.
type outcome struct {
	code, message string // of an error
	tag           string // of the last statement
	columns       int
	rows          []string // of all results, as text
	lost, hung    bool
}

func (o *outcome) ok() bool { return o.code == "" && !o.lost && !o.hung }

// statementTime is after which a statement is cancelled; one that then goes on
// is a hang.
const statementTime = 20 * time.Second

// run sends a statement and reads everything.
func (c *client) run(ctx context.Context, st *statement) (o outcome) {
	if c.conn == nil || c.conn.IsClosed() {
		if err := c.connect(ctx); err != nil {
			return outcome{lost: true, message: "cannot connect: " + err.Error()}
		}
	}
	// Past twice the time the connection is cut.
	ctx, cancel := context.WithTimeout(ctx, 2*statementTime)
	defer cancel()
	conn := c.conn
	timer := time.AfterFunc(statementTime, func() {
		cancelCtx, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		_ = conn.CancelRequest(cancelCtx)
	})
	defer timer.Stop()
	var err error
	if fromStdin(st.text) {
		var tag pgconn.CommandTag
		tag, err = conn.CopyFrom(ctx, strings.NewReader(st.data), st.text)
		o.tag = tag.String()
	} else {
		results := conn.Exec(ctx, st.text)
		for results.NextResult() {
			o.collect(results.ResultReader())
		}
		err = results.Close()
	}
	var pe *pgconn.PgError
	switch {
	case err == nil:
	case errors.As(err, &pe):
		o.code, o.message = pe.Code, pe.Message
	case ctx.Err() != nil:
		o.hung, o.message = true, err.Error()
	default:
		o.lost, o.message = true, err.Error()
	}
	if conn.IsClosed() && o.ok() {
		o.lost = true
	}
	return o
}

// collect reads one result's rows as text.
func (o *outcome) collect(r *pgconn.ResultReader) {
	o.columns = len(r.FieldDescriptions())
	for r.NextRow() {
		var row strings.Builder
		for i, v := range r.Values() {
			if i > 0 {
				row.WriteByte('|')
			}
			if v == nil {
				row.WriteString("NULL")
			} else {
				row.Write(v)
			}
		}
		o.rows = append(o.rows, row.String())
	}
	if tag, err := r.Close(); err == nil { // an error comes from the whole result again
		o.tag = tag.String()
	}
}
