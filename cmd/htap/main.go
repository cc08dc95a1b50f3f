// Command htap is the engine as a program: a server for PostgreSQL, Arrow
// Flight SQL and HTTP clients, a SQL shell, a check of a database, and a demo.
//
// Each subcommand is a struct with its flags and a Run method that returns the
// exit status: serve.go, sql.go, check.go, demo.go, version.go. What they share
// with each other is in sub-packages: serving (listeners and servers), shell
// (the SQL shell) and demo.
//
// Not here: anything of the engine (htapdb/htap) or of the protocols.
package main

import (
	"context"
	"fmt"
	"os"

	"htapdb/cmd/htap/serving"

	"github.com/alecthomas/kong"
)

// cli are the subcommands.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Serve a database over PostgreSQL's protocol, Arrow Flight SQL and HTTP."`
	SQL     sqlCmd     `cmd:"" name:"sql" help:"A SQL shell on an embedded database or a server."`
	Check   checkCmd   `cmd:"" help:"Compare the files with their record, and the rows with the columns of tables."`
	Demo    demoCmd    `cmd:"" help:"See the engine at work on 3 million flights."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// The exit statuses that subcommands share; others are theirs.
const (
	exitOK    = 0
	exitError = 1
)

// runner is a subcommand. It returns the exit status; its messages are out.
type runner interface {
	run(ctx context.Context) int
}

func main() { os.Exit(run(os.Args[1:])) }

// run parses the command line and runs the subcommand.
func run(args []string) int {
	var c cli
	exited, status := false, 0
	parser, err := kong.New(&c,
		kong.Name("htap"),
		kong.Description("One database with transactional rows and analytic columns that never disagree."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"pg": serving.Default.PG, "flight": serving.Default.Flight, "http": serving.Default.HTTP},
		kong.Exit(func(code int) { exited, status = true, code }),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "htap:", err)
		return exitError
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "htap: %v\nTry htap --help.\n", err)
		if args[0] == "check" {
			return checkFailed // 1 would say that tables differ
		}
		return exitError
	}
	cmd, ok := k.Selected().Target.Addr().Interface().(runner)
	if !ok {
		fmt.Fprintf(os.Stderr, "htap: %s cannot be run\n", k.Command())
		return exitError
	}
	return cmd.run(context.Background())
}

// fail prints an error of the program and returns status.
func fail(status int, err error) int {
	fmt.Fprintln(os.Stderr, "htap:", err)
	return status
}
