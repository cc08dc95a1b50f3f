package http

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/htap"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// assets are the status page and what it loads.
//
//go:embed assets
var assets embed.FS

// maxScrapes bounds concurrent scrapes, maxConnections the connections.
const (
	maxScrapes     = 4
	maxConnections = 256
)

// Options configure a Server; the zero value works.
type Options struct {
	// ReadyTimeout bounds the query of /readyz, default 2 s.
	ReadyTimeout time.Duration
	// AllowRemote accepts requests that name another host than this machine.
	AllowRemote bool
	// Log receives the errors of connections; nil discards.
	Log *slog.Logger
}

// Server is the HTTP server of a database.
type Server struct {
	db       *htap.DB
	opt      Options
	http     *http.Server
	draining atomic.Bool
}

// NewServer returns a server of db that does not listen yet.
func NewServer(db *htap.DB, opt Options) *Server {
	if opt.ReadyTimeout <= 0 {
		opt.ReadyTimeout = 2 * time.Second
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{db: db, opt: opt}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &collector{db})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, Timeout: 20 * time.Second}))
	mux.HandleFunc("GET /api/status", s.status)
	mux.Handle("GET /assets/", page(http.FileServerFS(assets)))
	mux.Handle("GET /{$}", page(http.HandlerFunc(statusPage)))
	s.http = &http.Server{
		Handler:           s.guard(mux),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(opt.Log.Handler(), slog.LevelWarn),
	}
	return s
}

// Serve answers requests until Shutdown; the listener is closed then. It returns
// nil after Shutdown.
func (s *Server) Serve(ln net.Listener) error {
	if err := s.http.Serve(newLimitListener(ln, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown makes /readyz fail, lets running requests end and closes the
// server; when ctx ends it closes at once.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
	}
	return err
}

// guard refuses requests whose Host is not this machine: a page elsewhere could
// otherwise have a browser read the status by a name that it points here.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if !s.opt.AllowRemote && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			answer(w, http.StatusForbidden, "this server answers requests to localhost only")
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// answer writes a line of text.
func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n"))
}

// ready runs a query through the whole engine.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		answer(w, http.StatusServiceUnavailable, "draining")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.opt.ReadyTimeout)
	defer cancel()
	session := s.db.Session(ctx)
	defer session.Close()
	if _, err := session.Exec(ctx, "SELECT count(*) FROM generate_series(1, 3)"); err != nil {
		answer(w, http.StatusServiceUnavailable, "a query failed: "+err.Error())
		return
	}
	answer(w, http.StatusOK, "ready")
}

// statusAnswer is the answer of /api/status.
type statusAnswer struct {
	htap.Status
	// Draining says that the server is shutting down.
	Draining bool
}

// status answers with DB.Status as JSON.
func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(statusAnswer{s.db.Status(), s.draining.Load()}); err != nil {
		s.opt.Log.Warn("writing the status", "error", err)
	}
}

// page adds the headers that keep a browser from doing more than the page needs.
func page(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// statusPage answers with the page; its parts come from /assets/.
func statusPage(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, assets, "assets/status.html")
}

// limitListener bounds the connections accepted at one time: one more waits in
// the kernel's queue until another ends.
type limitListener struct {
	net.Listener
	slots chan struct{}
	// done is closed with the listener, so that Accept does not wait for a slot.
	done chan struct{}
	once sync.Once
}

func newLimitListener(l net.Listener, limit int) *limitListener {
	return &limitListener{Listener: l, slots: make(chan struct{}, limit), done: make(chan struct{})}
}

// Accept waits for a slot and a connection.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &limitedConn{Conn: c, release: func() { <-l.slots }}, nil
}

// Close closes the listener.
func (l *limitListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// limitedConn gives its slot back when it is closed.
type limitedConn struct {
	net.Conn
	release func()
	once    sync.Once
}

// Close closes the connection.
func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.release)
	return err
}
