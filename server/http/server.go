package http

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"htapdb/htap"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

//go:embed assets/status.html
var statusPage []byte

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
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /api/status", s.status)
	mux.HandleFunc("GET /{$}", page)
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
	if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
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

// status answers with DB.Status as JSON.
func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(s.db.Status()); err != nil {
		s.opt.Log.Warn("writing the status", "error", err)
	}
}

// page answers with the status page.
func page(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(statusPage)
}
