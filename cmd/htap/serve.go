package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"htapdb/cmd/htap/serving"
	"htapdb/htap"
)

// engineFlags are those of a database that the process opens.
type engineFlags struct {
	Memory            byteSize `env:"HTAP_MEMORY" placeholder:"SIZE" help:"Memory of columns, queries and caches together (default half of the machine's)."`
	TempLimit         byteSize `env:"HTAP_TEMP_LIMIT" placeholder:"SIZE" help:"Temporary files of a database in memory (default what the disk has)."`
	Workers           int      `env:"HTAP_WORKERS" placeholder:"N" help:"Analytic worker threads (default the number of CPUs)."`
	SIMD              string   `name:"simd" env:"HTAP_SIMD" enum:"auto,go,avx2,avx512" default:"auto" help:"Vector instructions of the process: auto, go, avx2 or avx512."`
	SynchronousCommit bool     `env:"HTAP_SYNCHRONOUS_COMMIT" default:"true" negatable:"" help:"Whether a commit waits until it survives a power loss."`
}

// minMemory is the least that --memory accepts: below it nothing useful runs.
const minMemory = 64 << 20

// options turns the flags into the engine's.
func (f *engineFlags) options() ([]htap.Option, error) {
	opts := []htap.Option{htap.WithSynchronousCommit(f.SynchronousCommit), htap.WithSIMD(f.SIMD)}
	if f.TempLimit > 0 {
		opts = append(opts, htap.WithTempLimit(int64(f.TempLimit)))
	}
	switch {
	case f.Memory != 0 && f.Memory < minMemory:
		return nil, fmt.Errorf("--memory: %s is too little, the least is %s", htap.FormatBytes(int64(f.Memory)), htap.FormatBytes(minMemory))
	case f.Memory != 0:
		opts = append(opts, htap.WithMemoryLimit(int64(f.Memory)))
	}
	switch {
	case f.Workers < 0:
		return nil, fmt.Errorf("--workers: %d is no number of threads", f.Workers)
	case f.Workers > 0:
		opts = append(opts, htap.WithWorkers(f.Workers))
	}
	return opts, nil
}

// serveCmd is htap serve.
type serveCmd struct {
	Data   string `required:"" env:"HTAP_DATA" placeholder:"DIR" help:"Directory of the database; it is made if there is none."`
	PG     string `name:"pg" env:"HTAP_PG" default:"${pg}" placeholder:"ADDR" help:"Address for PostgreSQL clients (${default}); off for none, port 0 picks one."`
	Flight string `env:"HTAP_FLIGHT" default:"${flight}" placeholder:"ADDR" help:"Address for Arrow Flight SQL clients (${default})."`
	HTTP   string `name:"http" env:"HTAP_HTTP" default:"${http}" placeholder:"ADDR" help:"Address for health, metrics and the status page (${default})."`
	Files  string `env:"HTAP_FILES" placeholder:"DIR" help:"Directory below which COPY and file tables may read and write (default none)."`
	engineFlags
	Drain time.Duration `env:"HTAP_DRAIN" default:"10s" help:"How long running statements may take to end after a SIGTERM; then they are cancelled."`
}

// checkpointBound is how long the last checkpoint may take. Without it the next
// start reads the changes since the one before from the row store.
const checkpointBound = time.Minute

// signalGap is how long after a signal another one is taken for the same: some
// parents signal a process and then its group.
const signalGap = 250 * time.Millisecond

// run serves until a signal.
func (c *serveCmd) run(ctx context.Context) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	opened := make(chan struct{})
	go interrupted(signals, opened, log)
	opts, err := c.options()
	if err != nil {
		return fail(exitError, err)
	}
	if err := c.checkFiles(); err != nil {
		return fail(exitError, err)
	}
	listeners, err := serving.Listen(ctx, serving.Addresses{PG: c.PG, Flight: c.Flight, HTTP: c.HTTP}, false)
	if err != nil {
		return fail(exitError, err)
	}
	began := time.Now()
	db, err := htap.Open(c.Data, append(opts, htap.WithFiles(c.Files), htap.WithLogger(log))...)
	if err != nil {
		listeners.Close()
		return fail(exitError, openError(c.Data, err))
	}
	close(opened)
	db.TuneRuntime()
	servers := serving.Serve(db, listeners, log)
	fmt.Println(servers.Addresses().ReadyLine())
	log.Info("serving", "version", htap.Version, "data", db.Path(), "startup", time.Since(began).Round(time.Millisecond))
	status := exitOK
	select {
	case sig := <-signals:
		log.Info("shutting down", "signal", sig.String(), "drain", c.Drain)
	case err := <-servers.Failed():
		log.Error("shutting down", "error", err)
		status = exitError
	}
	go func() { // ends with the process
		time.Sleep(signalGap)
		for len(signals) > 0 {
			<-signals
		}
		sig := <-signals
		log.Warn("stopping at once; the next start recovers", "signal", sig.String())
		os.Exit(exitError)
	}()
	if err := c.stop(ctx, db, servers, log); err != nil {
		log.Error("shutdown failed", "error", err)
		return exitError
	}
	log.Info("stopped")
	return status
}

// interrupted ends the process at a signal before the database is open: there is
// nothing to drain, and the next start recovers what this one has not. It ends
// with opened, or with the process.
func interrupted(signals <-chan os.Signal, opened <-chan struct{}, log *slog.Logger) {
	select {
	case <-opened:
	case sig := <-signals:
		log.Warn("stopped while opening the database", "signal", sig.String())
		os.Exit(exitError)
	}
}

// checkFiles refuses a --files that is no directory.
func (c *serveCmd) checkFiles() error {
	if c.Files == "" {
		return nil
	}
	info, err := os.Stat(c.Files)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no directory")
	}
	if err != nil {
		return fmt.Errorf("--files %s: %w", c.Files, err)
	}
	return nil
}

// stop drains the servers and closes the database, both within bounds.
func (c *serveCmd) stop(ctx context.Context, db *htap.DB, servers *serving.Servers, log *slog.Logger) error {
	drain, cancel := context.WithTimeout(ctx, c.Drain)
	defer cancel()
	switch err := servers.Shutdown(drain, serving.CutOff); {
	case errors.Is(err, serving.ErrStuck):
		// A close would wait for them. What is committed is made durable, and the
		// process takes them with it.
		log.Error("statements did not end and are given up", "cancelled", serving.CutOff)
		return errors.Join(err, within(checkpointBound, func() error { return db.Checkpoint(ctx) }))
	case err != nil:
		log.Warn("statements were cut off", "error", err)
	}
	return within(checkpointBound, db.Close)
}

// within runs the last step; what is not written in time is recovered by the next start.
func within(bound time.Duration, step func() error) error {
	done := make(chan error, 1)
	go func() { done <- step() }() // ends with the step, or with the process
	select {
	case err := <-done:
		return err
	case <-time.After(bound):
		return fmt.Errorf("the database did not close within %s; the next start recovers", bound)
	}
}

// openError adds a way out to a database that cannot be opened.
func openError(dir string, err error) error {
	e, ok := errors.AsType[*htap.Error](err)
	if !ok {
		return fmt.Errorf("cannot open the database in %s: %w", dir, err)
	}
	text := fmt.Sprintf("cannot open the database in %s: %s", dir, e.Message)
	if e.Detail != "" {
		text += "\n  " + e.Detail
	}
	if e.Hint != "" {
		text += "\n  " + e.Hint
	}
	return errors.New(text)
}
