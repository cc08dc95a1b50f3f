package crashtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"htapdb/internal/testutil"
)

// TestKill kills a process with SIGKILL again and again while it works on the
// same directory, also while it recovers, and has the next one verify what is
// there before it goes on.
func TestKill(t *testing.T) {
	rng := testutil.Rand(t)
	rounds := 10
	if testutil.Long() {
		rounds = 100
	}
	dir := t.TempDir()
	l := newLedger()
	kills, verified := 0, 0
	for round := range rounds {
		seed := rng.Uint64()
		c := startChild(t, dir, l, seed)
		early := round > 0 && rng.IntN(6) == 0
		if early {
			time.Sleep(time.Duration(rng.IntN(400)) * time.Millisecond)
		} else if c.wait("ready") {
			verified++
			time.Sleep(longer(rng) + time.Duration(5+rng.IntN(300))*time.Millisecond)
		}
		if rng.IntN(10) == 0 {
			c.close(t) // now and then a clean end
		} else {
			kills++
			c.kill(t)
		}
		if problems := l.failed(); len(problems) > 0 {
			t.Fatalf("round %d (seed %d, directory kept at %s):\n%s", round, seed, keep(t, dir), strings.Join(problems, "\n"))
		}
	}
	obs := newLedger()
	db, err := open(dir, obs)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	state, problems := verify(db, l.now())
	if problems = append(problems, obs.failed()...); len(problems) > 0 {
		t.Fatalf("after the last round (directory kept at %s):\n%s", keep(t, dir), strings.Join(problems, "\n"))
	}
	t.Logf("%d rounds, %d kills, %d verifications by children, transactions by writer %v", rounds, kills, verified, state)
}

// longer is how long a run goes on before its end is random: in the long tests
// some do, so that segments are sealed and rewritten, and garbage is collected.
func longer(rng *rand.Rand) time.Duration {
	if testutil.Long() && rng.IntN(12) == 0 {
		return 3 * time.Second
	}
	return 0
}

// keep copies a directory so that it outlives the test.
func keep(t *testing.T, dir string) string {
	to, err := os.MkdirTemp("", "htapdb-crash-")
	if err == nil {
		err = os.CopyFS(to, os.DirFS(dir))
	}
	if err != nil {
		t.Log(err)
	}
	return to
}

// Environment of a child process, beside childEnv.
const (
	seedEnv    = "HTAPDB_CRASHTEST_SEED"
	promiseEnv = "HTAPDB_CRASHTEST_PROMISE"
)

// process is a child as its parent sees it.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	// lines ends when the child does; marks are its lines that are not for the ledger.
	marks chan string
	done  sync.WaitGroup
}

// startChild starts a process that verifies the directory against the ledger
// and goes on; what it writes goes into the ledger.
func startChild(t *testing.T, dir string, l *ledger, seed uint64) *process {
	t.Helper()
	promise, err := json.Marshal(l.now())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir, seedEnv+"="+strconv.FormatUint(seed, 10), promiseEnv+"="+string(promise))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, stdin: stdin, marks: make(chan string, 16)}
	// Ends with the child, whose end close and kill wait for.
	p.done.Go(func() {
		defer close(p.marks)
		for sc := bufio.NewScanner(stdout); sc.Scan(); {
			if line := sc.Text(); !l.hear(line) {
				p.marks <- line
			}
		}
	})
	return p
}

// hear enters a child's line into the ledger; false for one that is not for it.
func (l *ledger) hear(line string) bool {
	word, rest, _ := strings.Cut(line, " ")
	var w int
	var n int64
	var sync bool
	var err error
	switch word {
	case "begin":
		if _, err = fmt.Sscan(rest, &w, &n); err == nil {
			l.begin(w, n)
		}
	case "ack":
		if _, err = fmt.Sscan(rest, &w, &n, &sync); err == nil {
			l.ack(w, n, sync)
		}
	case "identity":
		if _, err = fmt.Sscan(rest, &n); err == nil {
			l.identity(n)
		}
	case "state":
		var state [numWriters]int64
		if err = json.Unmarshal([]byte(rest), &state); err == nil {
			l.recovered(state)
		}
	case "fail":
		text, e := strconv.Unquote(rest)
		if e != nil {
			text = rest
		}
		l.fail("%s", text)
	default:
		return false
	}
	if err != nil {
		l.fail("child's line %q: %v", line, err)
	}
	return true
}

// wait returns true when the child has said the word, false when it has ended.
func (p *process) wait(word string) bool {
	for line := range p.marks {
		if line == word {
			return true
		}
	}
	return false
}

// kill ends the child at once and reads what it had acknowledged.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil && !strings.Contains(err.Error(), "already finished") {
		t.Error(err)
	}
	p.reap()
}

func (p *process) reap() {
	go func() {
		for range p.marks {
		}
	}()
	p.done.Wait()
	_ = p.cmd.Wait() // it was killed, which is an error
	_ = p.stdin.Close()
}

// close asks the child to end and waits for it.
func (p *process) close(t *testing.T) {
	t.Helper()
	if err := p.stdin.Close(); err != nil {
		t.Error(err)
	}
	deadline := time.AfterFunc(60*time.Second, func() {
		t.Error("the child does not end")
		_ = p.cmd.Process.Kill()
	})
	defer deadline.Stop()
	if !p.wait("closed") {
		t.Error("the child ended without closing the database")
	}
	p.reap()
}

// pipe is the observer of a child: it writes to the parent, one line in one
// call, so that what it has said is said even if it is killed next.
type pipe struct{ mu sync.Mutex }

func (p *pipe) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintf(os.Stdout, format+"\n", args...); err != nil {
		os.Exit(3) // the parent is gone
	}
}

func (p *pipe) begin(w int, n int64)          { p.line("begin %d %d", w, n) }
func (p *pipe) ack(w int, n int64, sync bool) { p.line("ack %d %d %t", w, n, sync) }
func (p *pipe) identity(id int64)             { p.line("identity %d", id) }
func (p *pipe) fail(format string, args ...any) {
	p.line("fail %s", strconv.Quote(fmt.Sprintf(format, args...)))
}

// child verifies the directory, works on it until its standard input ends, and
// closes it. It returns the exit status.
func child(dir string) int {
	p := &pipe{}
	var promised promise
	if err := json.Unmarshal([]byte(os.Getenv(promiseEnv)), &promised); err != nil {
		p.fail("%v", err)
		return 2
	}
	seed, _ := strconv.ParseUint(os.Getenv(seedEnv), 10, 64)
	rng := rand.New(rand.NewPCG(seed, 1))
	db, err := open(dir, p)
	if err != nil {
		p.fail("open: %v", err)
		return 2
	}
	state, problems := verify(db, promised)
	for _, text := range problems {
		p.fail("%s", text)
	}
	if len(problems) > 0 {
		return 2
	}
	text, _ := json.Marshal(state)
	p.line("state %s", text)
	w := &workload{db: db, obs: p, seed: seed, from: state}
	w.relax(rng)
	w.start()
	p.line("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // the parent closes it, or kills
	w.end()
	if err := db.Close(); err != nil {
		p.fail("close: %v", err)
	}
	p.line("closed")
	return 0
}
