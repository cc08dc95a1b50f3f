package flight

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/htap"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// Server serves one database. Make it with NewServer; its methods are safe for
// concurrent use.
type Server struct {
	db   *htap.DB
	opt  Options
	grpc *grpc.Server

	// ctx ends with the server; sessions are below it.
	ctx    context.Context
	cancel context.CancelCauseFunc
	// closing is set by Shutdown: new calls are refused.
	closing atomic.Bool
	// tasks waits for the sweeper.
	tasks sync.WaitGroup

	// anonymous counts sessions of connections; tokens are the others.
	anonymous    atomic.Int32
	tokens       *handles[*clientSession]
	tickets      *handles[*query]
	prepared     *handles[*prepared]
	transactions *handles[*unit]
	savepoints   *handles[*savepoint]

	mu sync.Mutex
	// running are statements by ticket, to be cancelled.
	running map[string]context.CancelCauseFunc
}

// NewServer returns a server of db. The caller closes it with Shutdown, before
// the database.
func NewServer(db *htap.DB, opt Options) *Server {
	s := &Server{db: db, opt: opt.withDefaults(), running: map[string]context.CancelCauseFunc{}}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.tokens = newTokens(s.opt.MaxSessions, s.opt.IdleTTL)
	s.tickets = &handles[*query]{what: "tickets", limit: s.opt.MaxTickets, ttl: s.opt.TicketTTL,
		busy: func(*query) bool { return false }, drop: (*query).discard}
	s.prepared = &handles[*prepared]{what: "prepared statements", limit: s.opt.MaxPrepared, ttl: s.opt.IdleTTL,
		busy: func(p *prepared) bool { return p.unit.busy() }, drop: (*prepared).close}
	s.transactions = &handles[*unit]{what: "transactions", limit: s.opt.MaxTransactions, ttl: s.opt.IdleTransactionTTL,
		busy: (*unit).busy, drop: (*unit).release}
	s.savepoints = &handles[*savepoint]{what: "savepoints", limit: s.opt.MaxTransactions, ttl: s.opt.IdleTransactionTTL,
		busy: func(sp *savepoint) bool { return !sp.unit.closed.Load() }, drop: func(*savepoint) {}}
	s.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(s.opt.MaxMessageBytes),
		grpc.ChainUnaryInterceptor(s.unary), grpc.ChainStreamInterceptor(s.streaming),
		grpc.StatsHandler(connections{s}),
		// Pings keep long queries alive through balancers that cut idle streams;
		// clients may ping as often as the common drivers do.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	flight.RegisterFlightServiceServer(s.grpc, flightsql.NewFlightServerWithAllocator(newService(s), s.opt.Alloc))
	s.tasks.Add(1)
	go s.sweeper() // stopped by s.cancel, awaited by Shutdown
	return s
}

// Serve accepts connections on l until Shutdown, and closes l. It returns nil
// after a Shutdown, else the error of the listener.
func (s *Server) Serve(l net.Listener) error {
	err := s.grpc.Serve(l)
	if err == grpc.ErrServerStopped || s.closing.Load() {
		return nil
	}
	return err
}

// Sessions returns the number of clients' sessions.
func (s *Server) Sessions() int { return s.tokens.size() + int(s.anonymous.Load()) }

// Shutdown refuses new calls and waits for those in progress. When ctx ends
// first, they are cancelled; ctx's error is returned then. All connections are
// closed either way.
func (s *Server) Shutdown(ctx context.Context) error {
	s.closing.Store(true)
	done := make(chan struct{})
	go func() { // ends when the calls have, or with Stop below
		s.grpc.GracefulStop()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
		s.cancel(errShutdown)
		s.grpc.Stop()
		<-done
	}
	s.cancel(errShutdown)
	s.tickets.clear()
	s.prepared.clear()
	s.transactions.clear()
	s.tokens.clear()
	s.tasks.Wait()
	return err
}

// sweepInterval is how often expired things are looked for.
const sweepInterval = 10 * time.Second

// sweeper drops what has expired.
func (s *Server) sweeper() {
	defer s.tasks.Done()
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-tick.C:
			s.sweep(now)
		}
	}
}

// sweep drops what has expired at now.
func (s *Server) sweep(now time.Time) {
	s.tickets.sweep(now)
	s.prepared.sweep(now)
	s.transactions.sweep(now)
	s.savepoints.sweep(now)
	s.tokens.sweep(now)
}

// service is the RPCs; Server does not show them. Each file adds some.
type service struct {
	flightsql.BaseServer
	*Server
}

func newService(s *Server) *service {
	v := &service{Server: s}
	v.Alloc = s.opt.Alloc
	v.registerInfo()
	return v
}
