package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"htapdb/cmd/htap/demo"
	"htapdb/cmd/htap/serving"

	"golang.org/x/term"
)

// demoCmd is htap demo.
type demoCmd struct {
	Data     string        `placeholder:"DIR" help:"Directory of the database (default a temporary one, removed at the end)."`
	Duration time.Duration `default:"10s" help:"How long transactions and queries run (${default})."`
	Exit     bool          `help:"End after the demo instead of leaving the servers running."`
	PG       string        `name:"pg" default:"${pg}" placeholder:"ADDR" help:"Address for PostgreSQL clients (${default}); a taken port is replaced."`
	Flight   string        `default:"${flight}" placeholder:"ADDR" help:"Address for Arrow Flight SQL clients (${default})."`
	HTTP     string        `name:"http" default:"${http}" placeholder:"ADDR" help:"Address for the status page (${default})."`
}

// minDuration is the least that --duration accepts.
const minDuration = time.Second

// defaultTerminalHeight is assumed when a terminal does not say its height.
const defaultTerminalHeight = 24

// run runs the demo; its status is 0 when every check passed.
func (c *demoCmd) run(ctx context.Context) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, func() { time.AfterFunc(signalGap, stop) })
	if c.Duration < minDuration {
		return fail(exitError, fmt.Errorf("--duration: %s is too short to measure anything, the least is %s", c.Duration, minDuration))
	}
	terminal := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("TERM") != "dumb"
	log := slog.New(slog.DiscardHandler)
	if !terminal {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	err := demo.Run(ctx, demo.Options{
		Data: c.Data, Duration: c.Duration, Exit: c.Exit,
		Addresses: serving.Addresses{PG: c.PG, Flight: c.Flight, HTTP: c.HTTP},
		Out:       os.Stdout, Terminal: terminal, Color: terminal && os.Getenv("NO_COLOR") == "",
		Width: terminalWidth, Height: terminalHeight, Log: log,
	})
	if err != nil {
		return exitError
	}
	return exitOK
}

// terminalHeight is the number of lines of the terminal.
func terminalHeight() int {
	_, h, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || h <= 0 {
		return defaultTerminalHeight
	}
	return h
}
