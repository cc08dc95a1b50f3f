package serving

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"htapdb/htap"
	"htapdb/server/flight"
	"htapdb/server/http"
	"htapdb/server/pg"
)

// server is what each of the three is.
type server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// Servers are running servers. Its methods are safe for concurrent use.
type Servers struct {
	addr    Addresses
	running []server
	// serving waits for the Serve calls.
	serving sync.WaitGroup
	failed  chan error
}

// Serve starts the servers of db on the listeners. The caller ends them with
// Shutdown, before the database.
func Serve(db *htap.DB, l *Listeners, log *slog.Logger) *Servers {
	s := &Servers{addr: l.Addresses(), failed: make(chan error, 3)}
	start := func(name string, ln net.Listener, make func() server) {
		if ln == nil {
			return
		}
		srv := make()
		s.running = append(s.running, srv)
		s.serving.Add(1)
		go func() { // ends with the listener, which Shutdown closes and waits for
			defer s.serving.Done()
			if err := srv.Serve(ln); err != nil {
				s.failed <- fmt.Errorf("the %s server failed: %w", name, err)
			}
		}()
	}
	start("pg", l.PG, func() server { return pg.NewServer(db, pg.Options{Log: log}) })
	start("flight", l.Flight, func() server { return flight.NewServer(db, flight.Options{Log: log}) })
	start("http", l.HTTP, func() server { return http.NewServer(db, http.Options{Log: log}) })
	return s
}

// Addresses are where the servers accept.
func (s *Servers) Addresses() Addresses { return s.addr }

// Failed delivers the error of a server that ended by itself.
func (s *Servers) Failed() <-chan error { return s.failed }

// CutOff is how long statements that are cancelled at the end of the drain have
// to end.
const CutOff = 5 * time.Second

// ErrStuck says that statements did not end when they were cancelled. They still
// use the database, which must not be closed.
var ErrStuck = errors.New("statements do not end")

// Shutdown drains the servers at the same time. When ctx ends, what runs is
// cancelled, and ctx's error is returned when it has ended; what has not within
// cutOff is left alone with ErrStuck.
func (s *Servers) Shutdown(ctx context.Context, cutOff time.Duration) error {
	ended := make(chan error, 1)
	go func() { // ends with the statements, or with the process
		errs := make([]error, len(s.running))
		var wg sync.WaitGroup
		for i, srv := range s.running {
			wg.Go(func() { errs[i] = srv.Shutdown(ctx) })
		}
		wg.Wait()
		s.serving.Wait()
		ended <- errors.Join(errs...)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(cutOff):
		return ErrStuck
	}
}
