package serving

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"htapdb/htap"
)

// TestListen proves which addresses are accepted and what a refusal says.
func TestListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		addr     string
		fallback bool
		want     string
	}{
		{"127.0.0.1:0", false, ""},
		{"localhost:0", false, ""},
		{"[::1]:0", false, ""},
		{"off", false, ""},
		{"0.0.0.0:0", false, "no passwords"},
		{"[::]:0", false, "no passwords"},
		{":0", false, "no passwords"},
		{":0", true, "no passwords"},
		{"192.0.2.1:0", false, "no passwords"},
		{"nonsense", false, "not an address"},
		{"127.0.0.1:99999", false, "cannot listen"},
		{taken.Addr().String(), false, "in use"},
		{taken.Addr().String(), true, ""},
	} {
		l, err := Listen(t.Context(), Addresses{PG: Off, Flight: c.addr, HTTP: Off}, c.fallback)
		switch {
		case c.addr == "[::1]:0" && err != nil && strings.Contains(err.Error(), "cannot listen"):
			t.Log("no IPv6 here:", err)
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.addr, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "--flight "+c.addr)):
			t.Errorf("%s: got %v, want %q", c.addr, err, c.want)
		case err == nil:
			if a := l.Addresses(); a.PG != Off || a.HTTP != Off || (a.Flight == Off) != (c.addr == Off) || a.Flight == taken.Addr().String() {
				t.Errorf("%s: got %+v", c.addr, a)
			}
			l.Close()
		}
	}
}

// TestServers proves that the servers accept, that shutting down frees their
// ports, and that a server that ends by itself is reported.
func TestServers(t *testing.T) {
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	l, err := Listen(t.Context(), Addresses{PG: "127.0.0.1:0", Flight: "127.0.0.1:0", HTTP: "127.0.0.1:0"}, false)
	if err != nil {
		t.Fatal(err)
	}
	s := Serve(db, l, slog.New(slog.DiscardHandler))
	a := s.Addresses()
	if want := "ready pg=" + a.PG + " flight=" + a.Flight + " http=" + a.HTTP; a.ReadyLine() != want {
		t.Errorf("got %q", a.ReadyLine())
	}
	for _, addr := range []string{a.PG, a.Flight, a.HTTP} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx, CutOff); err != nil {
		t.Error(err)
	}
	for _, addr := range []string{a.PG, a.Flight, a.HTTP} {
		again, err := net.Listen("tcp", addr)
		if err != nil {
			t.Errorf("%s is not free: %v", addr, err)
			continue
		}
		_ = again.Close()
	}
	select {
	case err := <-s.Failed():
		t.Errorf("a shutdown was reported as a failure: %v", err)
	default:
	}
}

// broken is a listener whose Accept fails for good.
type broken struct{ net.Listener }

// Accept implements net.Listener.
func (broken) Accept() (net.Conn, error) { return nil, errors.New("broken") }

// TestFailed proves that a listener that breaks is reported with its server.
func TestFailed(t *testing.T) {
	db, err := htap.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	l, err := Listen(t.Context(), Addresses{PG: Off, Flight: Off, HTTP: "127.0.0.1:0"}, false)
	if err != nil {
		t.Fatal(err)
	}
	l.HTTP = broken{l.HTTP}
	s := Serve(db, l, slog.New(slog.DiscardHandler))
	select {
	case err := <-s.Failed():
		if !strings.Contains(err.Error(), "http") || !strings.Contains(err.Error(), "broken") {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was reported")
	}
	_ = s.Shutdown(t.Context(), CutOff)
}

// stuck is a server with a statement that ends only with release.
type stuck struct{ cancelled, release chan struct{} }

// Serve implements server.
func (stuck) Serve(net.Listener) error { return nil }

// Shutdown implements server.
func (s stuck) Shutdown(ctx context.Context) error {
	<-ctx.Done()
	close(s.cancelled)
	<-s.release
	return ctx.Err()
}

// TestStuck proves that a statement that ignores its cancel does not hold the
// shutdown, and that one that obeys late is waited for.
func TestStuck(t *testing.T) {
	for _, c := range []struct {
		cutOff time.Duration
		want   error
	}{{10 * time.Millisecond, ErrStuck}, {time.Minute, context.DeadlineExceeded}} {
		srv := stuck{make(chan struct{}), make(chan struct{})}
		s := &Servers{running: []server{srv}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if c.want != ErrStuck {
			go func() { <-srv.cancelled; close(srv.release) }()
		}
		if err := s.Shutdown(ctx, c.cutOff); !errors.Is(err, c.want) {
			t.Errorf("after %s: %v, want %v", c.cutOff, err, c.want)
		}
		cancel()
		if c.want == ErrStuck {
			close(srv.release)
		}
	}
}
