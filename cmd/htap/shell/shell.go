package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"htapdb/htap"
	"htapdb/sql/parser"
)

// The exit statuses are psql's.
const (
	// ExitOK is a normal end.
	ExitOK = 0
	// ExitFatal is an error of the program itself, a wrong use, or of -c.
	ExitFatal = 1
	// ExitLost is a connection that cannot be made or was lost.
	ExitLost = 2
	// ExitScript is an error in a script, which ends it.
	ExitScript = 3
)

// Options configure a Shell.
type Options struct {
	// Format is how results are printed.
	Format Format
	// Out takes results, Err everything else; In is what COPY FROM STDIN reads.
	Out, Err io.Writer
	In       io.Reader
	// Terminal says that Out is a terminal; Width tells its columns, 0 if unknown.
	Terminal bool
	Width    func() int
	// Quiet leaves out command tags.
	Quiet bool
	// History is the file of the interactive shell's history, "" for none.
	History string
	// Reconnect makes a new connection when the server was lost; nil if it cannot.
	Reconnect func(ctx context.Context) (Conn, error)
}

// Shell reads statements and prints their results. It belongs to one goroutine.
type Shell struct {
	conn      Conn
	out, err  io.Writer
	in        io.Reader
	format    Format
	terminal  bool
	width     func() int
	maxRows   int
	expanded  bool
	timing    bool
	quiet     bool
	history   string
	reconnect func(ctx context.Context) (Conn, error)
	progress  progress
	names     names
	// depth counts nested \i, last is the text of the last statements, for \e.
	depth int
	last  string
	// interactive says that a person types; stopped that the shell is to end.
	interactive bool
	stopped     bool
}

// shownRows is how many rows a terminal shows unless \maxrows says otherwise.
const shownRows = 40

// New returns a shell on a connection. Close ends both.
func New(conn Conn, opt Options) *Shell {
	s := &Shell{conn: conn, out: opt.Out, err: opt.Err, in: opt.In, format: opt.Format, terminal: opt.Terminal, width: opt.Width,
		maxRows: shownRows, quiet: opt.Quiet, history: opt.History, reconnect: opt.Reconnect}
	if s.format == "" {
		s.format = Table
	}
	if s.in == nil {
		s.in = strings.NewReader("")
	}
	if s.width == nil {
		s.width = func() int { return 0 }
	}
	s.listen()
	return s
}

// listen prints the connection's notices.
func (s *Shell) listen() {
	s.conn.OnNotice(func(e *htap.Error) {
		s.progress.stop()
		printNotice(s.err, e)
	})
}

// Close ends the session.
func (s *Shell) Close() error { return s.conn.Close() }

// Commands runs the texts of -c one after the other until one fails. It returns
// the exit status.
func (s *Shell) Commands(ctx context.Context, texts []string) int {
	for _, text := range texts {
		if status := s.command(ctx, text); status != ExitOK {
			return status
		}
	}
	return ExitOK
}

// command runs one text: statements in one implicit transaction, or one command
// with a backslash.
func (s *Shell) command(ctx context.Context, text string) int {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, `\`) {
		if !s.meta(ctx, trimmed, nil) {
			return ExitFatal
		}
		return ExitOK
	}
	if err := s.run(ctx, text, s.in, ""); err != nil {
		return s.status(err, ExitFatal)
	}
	return ExitOK
}

// status is the exit status after an error.
func (s *Shell) status(err error, other int) int {
	switch {
	case s.conn.Lost():
		return ExitLost
	case isOutput(err):
		return ExitFatal
	}
	return other
}

func isOutput(err error) bool {
	_, ok := errors.AsType[outputError](err)
	return ok
}

// Script runs the statements of a file one by one, each in its own transaction
// unless the script begins one, and stops at the first error. name is for
// messages. It returns the exit status.
func (s *Shell) Script(ctx context.Context, r io.Reader, name string) int {
	if err := s.script(ctx, newFileLines(r, name)); err != nil {
		return s.status(err, ExitScript)
	}
	return ExitOK
}

// script feeds lines until their end or an error, which has been printed.
func (s *Shell) script(ctx context.Context, src *fileLines) error {
	f := &feeder{s: s, src: src}
	for !s.stopped {
		line, err := src.next()
		if err == io.EOF {
			return f.end(ctx)
		}
		if err != nil {
			fmt.Fprintf(s.err, "htap: %s: %v\n", src.name, err)
			return err
		}
		if err := f.feed(ctx, line); err != nil {
			return err
		}
	}
	return nil
}

// feeder collects lines into statements and runs the complete ones.
type feeder struct {
	s   *Shell
	src source
	buf string
}

// errMeta is a command with a backslash that failed; its message is out.
var errMeta = errors.New("command failed")

// feed adds a line. An error of a statement has been printed.
func (f *feeder) feed(ctx context.Context, line string) error {
	if strings.TrimSpace(f.buf) == "" && strings.HasPrefix(strings.TrimSpace(line), `\`) {
		f.buf = ""
		if !f.s.meta(ctx, strings.TrimSpace(line), f) {
			return errMeta
		}
		return nil
	}
	f.buf += line + "\n"
	if !strings.Contains(line, ";") {
		return nil // only a semicolon ends a statement, and long ones are not split at every line
	}
	complete, rest := parser.Split(f.buf)
	f.buf = rest
	for _, sql := range complete {
		if err := f.run(ctx, sql); err != nil {
			f.buf = ""
			return err
		}
	}
	return nil
}

// end runs what follows the last semicolon.
func (f *feeder) end(ctx context.Context) error {
	_, rest := parser.Split(f.buf)
	f.buf = ""
	if strings.TrimSpace(rest) == "" {
		return nil
	}
	return f.run(ctx, rest)
}

// pending reports that a statement has begun.
func (f *feeder) pending() bool { return strings.TrimSpace(f.buf) != "" }

func (f *feeder) run(ctx context.Context, sql string) error {
	sql = strings.TrimSpace(sql)
	if sql == "" {
		return nil
	}
	f.s.last = sql
	in := f.s.in
	if from, _ := copyDirection(sql); from {
		in = f.src.data()
	}
	return f.s.run(ctx, sql, in, f.src.place())
}

// run runs one text and prints its results or its error. place goes before the error.
func (s *Shell) run(ctx context.Context, sql string, in io.Reader, place string) error {
	began := time.Now()
	stmtCtx, stop := signal.NotifyContext(ctx, os.Interrupt)
	if s.terminal {
		s.progress.start(s.err)
	}
	err := s.conn.Run(stmtCtx, sql, Streams{In: in, Out: s.out}, s.print)
	s.progress.stop()
	stop()
	if err != nil {
		if !errors.Is(err, syscall.EPIPE) {
			printError(s.err, err, sql, place)
		}
		if s.conn.Lost() {
			s.lost(ctx)
		}
	}
	if s.timing {
		fmt.Fprintf(s.out, "Time: %s\n", duration(time.Since(began)))
	}
	if err == nil && s.interactive {
		s.names.note(sql)
	}
	return err
}

// lost reports a lost connection, and in an interactive shell makes a new one.
func (s *Shell) lost(ctx context.Context) {
	if !s.interactive || s.reconnect == nil {
		fmt.Fprintln(s.err, "htap: the connection to the server was lost")
		return
	}
	fmt.Fprint(s.err, "The connection to the server was lost. Connecting again: ")
	c, err := s.reconnect(ctx)
	if err != nil {
		fmt.Fprintf(s.err, "failed: %v\n", err)
		return
	}
	fmt.Fprintln(s.err, "done.")
	s.conn = c
	s.listen()
}

// duration writes a time as psql does, in milliseconds, and in minutes if long.
func duration(d time.Duration) string {
	text := fmt.Sprintf("%.3f ms", float64(d.Microseconds())/1000)
	if d >= time.Second {
		text += fmt.Sprintf(" (%s)", d.Round(time.Millisecond))
	}
	return text
}
