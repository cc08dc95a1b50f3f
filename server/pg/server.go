package pg

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net"
	"sync"
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
)

// extraConns are connections beyond MaxConnections that may be open for a
// moment: to be refused politely, or to cancel a query when all are taken.
const extraConns = 32

// watchInterval is how often long statements are checked for a client that has
// gone; shorter ones are not checked.
const watchInterval = time.Second

// errServerClosed is returned by Serve after Shutdown.
var errServerClosed = errors.New("pg: server closed")

// Server serves one database. Make it with NewServer; its methods are safe for
// concurrent use.
type Server struct {
	db  database
	opt Options

	// ctx ends with the server; every statement's context is below it.
	ctx  context.Context
	stop context.CancelFunc
	// conns waits for the goroutines of connections, tasks for the watch.
	conns, tasks sync.WaitGroup

	mu sync.Mutex
	// open are all connections, sessions those that passed the startup, by pid.
	open      map[*conn]struct{}
	sessions  map[uint32]*conn
	listeners map[net.Listener]struct{}
	closing   bool
}

// NewServer returns a server of db. The caller closes it with Shutdown, before
// the database.
func NewServer(db *htap.DB, opt Options) *Server { return newServer(engineDB{db}, opt) }

func newServer(db database, opt Options) *Server {
	s := &Server{
		db: db, opt: opt.withDefaults(),
		open: map[*conn]struct{}{}, sessions: map[uint32]*conn{}, listeners: map[net.Listener]struct{}{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.tasks.Add(1)
	go s.watch() // stopped by s.stop, awaited by Shutdown
	return s
}

// Serve accepts connections on l until Shutdown, and closes l. It returns nil
// after a Shutdown, else the error of the listener.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return errServerClosed
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
	}()
	for delay := time.Millisecond; ; {
		nc, err := l.Accept()
		if err == nil {
			delay = time.Millisecond
			s.accept(nc)
			continue
		}
		s.mu.Lock()
		closing := s.closing
		s.mu.Unlock()
		if closing {
			return nil
		}
		if ne, ok := errors.AsType[net.Error](err); !ok || !ne.Timeout() && !isTemporary(err) {
			return err
		}
		s.opt.Log.Warn("accept failed", "error", err)
		time.Sleep(delay)
		delay = min(2*delay, time.Second)
	}
}

// accept starts the goroutine of a connection.
func (s *Server) accept(nc net.Conn) {
	c := &conn{
		srv: s, netConn: nc, in: newReader(nc, s.opt.MaxMessageBytes),
		statements: map[string]*prepared{}, portals: map[string]*portal{}, idle: true,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.open) >= s.opt.MaxConnections+extraConns {
		// Its startup is not awaited: a new socket takes the few bytes at once.
		_ = nc.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = nc.Write(appendError(nil, "FATAL", s.refusal()))
		_ = nc.Close()
		return
	}
	s.open[c] = struct{}{}
	s.conns.Add(1)
	// The goroutine ends when its client or the server closes the socket;
	// Shutdown waits for it.
	go func() {
		defer s.conns.Done()
		defer s.forget(c)
		c.serve(s.ctx)
	}()
}

// refusal is the error for a connection that is one too many, or too late.
func (s *Server) refusal() *sqlstate.Error {
	if s.closing {
		return sqlstate.New(sqlstate.CannotConnectNow, "the database system is shutting down")
	}
	s.opt.Log.Warn("connection refused: too many", "limit", s.opt.MaxConnections)
	return sqlstate.New(sqlstate.TooManyConnections, "sorry, too many clients already").WithDetail("The limit is %d connections.", s.opt.MaxConnections)
}

// forget removes an ended connection.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.open, c)
	if c.pid != 0 {
		delete(s.sessions, c.pid)
	}
	s.mu.Unlock()
}

// register makes the connection a session with a pid and a cancel key.
func (s *Server) register(c *conn) error {
	if _, err := rand.Read(c.key[:]); err != nil {
		return sqlstate.Wrap(sqlstate.InternalError, err, "no random bytes for the cancel key: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.sessions) >= s.opt.MaxConnections {
		return s.refusal()
	}
	c.pid = pidOf(c.sess.ID())
	s.sessions[c.pid] = c
	return nil
}

// pidOf is what clients know a session by: what pg_backend_pid() says, in the 31
// bits of a process ID.
func pidOf(session uint64) uint32 { return uint32(session & (1<<31 - 1)) }

// cancelQuery serves a CancelRequest; a wrong key is ignored, as nobody reads an answer.
func (s *Server) cancelQuery(pid uint32, key []byte) {
	s.mu.Lock()
	c := s.sessions[pid]
	s.mu.Unlock()
	if c != nil && subtle.ConstantTimeCompare(c.key[:], key) == 1 {
		c.interrupt(errUserCancel)
	}
}

// Connections returns the number of sessions.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Shutdown stops accepting and ends the sessions: idle ones at once, the others
// after their statement or transaction. When ctx ends first, statements are
// cancelled and their clients told (57P01). It returns ctx's error in that
// case; all connections are closed either way.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for l := range s.listeners {
		_ = l.Close()
	}
	conns := make([]*conn, 0, len(s.open))
	for c := range s.open {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, c := range conns {
		c.drain()
	}
	done := make(chan struct{})
	go func() { // ends when the connections have, which is awaited below
		s.conns.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
		const grace = 2 * time.Second // to write the last message to a slow client
		for _, c := range conns {
			c.abort(time.Now().Add(grace))
		}
		<-done
	}
	s.stop()
	s.tasks.Wait()
	return err
}

// watch cancels statements whose client has gone.
func (s *Server) watch() {
	defer s.tasks.Done()
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		conns := make([]*conn, 0, len(s.sessions))
		for _, c := range s.sessions {
			conns = append(conns, c)
		}
		s.mu.Unlock()
		for _, c := range conns {
			c.mu.Lock()
			long := !c.running.IsZero() && time.Since(c.running) > watchInterval && !c.reading
			c.mu.Unlock()
			if long && hungUp(c.netConn) {
				c.interrupt(errClientGone)
			}
		}
	}
}
