package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"htapdb/cmd/htap/shell"
	"htapdb/htap"

	"golang.org/x/term"
)

// sqlCmd is htap sql.
type sqlCmd struct {
	Data    string   `env:"HTAP_DATA" placeholder:"DIR" xor:"where" help:"Directory of a database to open in this process (default one in memory)."`
	URL     string   `name:"url" placeholder:"URL" xor:"where" help:"Server to connect to: postgres://htap@127.0.0.1:5433/htap."`
	Command []string `short:"c" sep:"none" placeholder:"SQL" xor:"what" help:"Run these statements in one transaction and end; may be repeated."`
	File    string   `short:"f" placeholder:"FILE" xor:"what" help:"Run the statements of a file (- is the standard input) and end; an error ends it with status 3."`
	Format  string   `default:"table" placeholder:"FORMAT" help:"How to print results: table, csv, json or markdown."`
	Quiet   bool     `short:"q" help:"Leave out the messages of statements without a result."`
	engineFlags
}

// defaultTerminalWidth is assumed when a terminal does not say its width.
const defaultTerminalWidth = 80

// run opens the connection and runs the shell in the mode that the flags ask for.
func (c *sqlCmd) run(ctx context.Context) int {
	format, err := shell.ParseFormat(c.Format)
	if err != nil {
		return fail(shell.ExitFatal, err)
	}
	input, name, err := c.input()
	if err != nil {
		return fail(shell.ExitFatal, err)
	}
	if input != nil {
		defer input.Close()
	}
	conn, status, err := c.connect(ctx)
	if err != nil {
		return fail(status, err)
	}
	terminal := term.IsTerminal(int(os.Stdout.Fd()))
	s := shell.New(conn, shell.Options{
		Format: format, Out: os.Stdout, Err: os.Stderr, In: os.Stdin, Quiet: c.Quiet,
		Terminal: terminal, Width: terminalWidth, History: historyFile(), Reconnect: c.reconnect(),
	})
	switch {
	case len(c.Command) > 0:
		status = s.Commands(ctx, c.Command)
	case input != nil:
		status = s.Script(ctx, input, name)
	case terminal && term.IsTerminal(int(os.Stdin.Fd())):
		status = s.Interactive(ctx)
	default:
		status = s.Script(ctx, os.Stdin, "<stdin>")
	}
	if err := s.Close(); err != nil && status == shell.ExitOK {
		return fail(shell.ExitFatal, err)
	}
	return status
}

// input opens the file of -f.
func (c *sqlCmd) input() (io.ReadCloser, string, error) {
	switch c.File {
	case "":
		return nil, "", nil
	case "-":
		return io.NopCloser(os.Stdin), "<stdin>", nil
	}
	f, err := os.Open(c.File)
	return f, c.File, err
}

// connect opens the embedded database or the connection; with an error comes its exit status.
func (c *sqlCmd) connect(ctx context.Context) (shell.Conn, int, error) {
	if c.URL != "" {
		conn, err := shell.Remote(ctx, c.URL)
		return conn, shell.ExitLost, err
	}
	opts, err := c.options()
	if err != nil {
		return nil, shell.ExitFatal, err
	}
	db, err := htap.Open(c.Data, opts...)
	if err != nil {
		err = openError(c.Data, err)
		if c.Data != "" {
			err = fmt.Errorf("%w\n  To connect to a server: htap sql --url postgres://htap@HOST:PORT/htap", err)
		}
		return nil, shell.ExitFatal, err
	}
	return shell.Embedded(ctx, db), shell.ExitOK, nil
}

// reconnect makes a new connection to the server, nil for an embedded database.
func (c *sqlCmd) reconnect() func(context.Context) (shell.Conn, error) {
	if c.URL == "" {
		return nil
	}
	return func(ctx context.Context) (shell.Conn, error) { return shell.Remote(ctx, c.URL) }
}

// terminalWidth is the number of columns of the terminal.
func terminalWidth() int {
	w, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || w <= 0 {
		return defaultTerminalWidth
	}
	return w
}

// historyFile is where the shell keeps its history: $HTAP_HISTORY, or in the home.
func historyFile() string {
	if path, ok := os.LookupEnv("HTAP_HISTORY"); ok {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".htap_history")
}
