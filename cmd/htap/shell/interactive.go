package shell

import (
	"context"
	"fmt"
	"io"
	"strings"

	"htapdb/htap"
	"htapdb/sql/parser"

	"github.com/peterh/liner"
)

// Interactive reads statements from the terminal until \q or the end of input.
// It returns the exit status.
func (s *Shell) Interactive(ctx context.Context) int {
	s.interactive = true
	defer func() { s.interactive = false }()
	original, err := liner.TerminalMode()
	if err != nil {
		fmt.Fprintf(s.err, "htap: %v\n", err)
		return ExitFatal
	}
	l := liner.NewLiner()
	defer l.Close()
	l.SetCtrlCAborts(true)
	l.SetMultiLineMode(true)
	l.SetTabCompletionStyle(liner.TabPrints)
	l.SetWordCompleter(func(line string, pos int) (string, []string, string) { return s.names.complete(line, pos) })
	h := openHistory(s.history, l)
	t := &terminal{s: s, l: l, original: original, history: h}
	fmt.Fprintf(s.out, "%s\nConnected to %s. \\? for help, \\q to leave.\n\n", banner, s.conn.Name())
	s.names.refresh(ctx, s)
	return t.loop(ctx)
}

// terminal is the interactive loop's state.
type terminal struct {
	s        *Shell
	l        *liner.State
	original liner.ModeApplier
	history  *history
}

// loop prompts until the end.
func (t *terminal) loop(ctx context.Context) int {
	s := t.s
	f := &feeder{s: s, src: t}
	var entry []string
	for !s.stopped {
		line, err := t.l.Prompt(s.prompt(f.pending()))
		switch {
		case err == liner.ErrPromptAborted:
			f.buf, entry = "", nil
			continue
		case err == io.EOF:
			if f.pending() {
				f.buf, entry = "", nil
				fmt.Fprintln(s.out)
				continue
			}
			fmt.Fprintln(s.out, `\q`)
			return ExitOK
		case err != nil:
			fmt.Fprintf(s.err, "htap: %v\n", err)
			return ExitFatal
		}
		entry = append(entry, line)
		if complete, _ := parser.Split(f.buf + line + "\n"); len(complete) > 0 || strings.HasPrefix(line, `\`) {
			t.history.addLines(t.l, entry)
			entry = nil
		}
		_ = f.feed(ctx, line) // its error has been printed
		if s.conn.Lost() {
			return ExitLost
		}
		s.names.refreshIfStale(ctx, s)
	}
	return ExitOK
}

// prompt shows the state of the transaction: * within one, ! in a failed one.
func (s *Shell) prompt(more bool) string {
	mark := ""
	switch s.conn.TxState() {
	case 'T':
		mark = "*"
	case 'E':
		mark = "!"
	}
	if more {
		return "htap-" + mark + "> "
	}
	return "htap=" + mark + "> "
}

// place implements source: a terminal has none.
func (t *terminal) place() string { return "" }

// data implements source: the lines of a COPY FROM STDIN come from the prompt.
func (t *terminal) data() io.Reader {
	fmt.Fprintln(t.s.out, `Enter the data, a row a line, and \. or Ctrl-D at the end.`)
	return &inlineData{next: func() (string, error) { return t.l.Prompt(">> ") }}
}

// banner greets.
const banner = "htap " + htap.Version
