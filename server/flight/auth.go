package flight

import (
	"context"
	"encoding/base64"
	"net"
	"strings"
	"sync"

	"htapdb/sql/sqlstate"

	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// theName is the name of the only role.
const theName = "htap"

// Headers that carry credentials.
const (
	authorizationHeader = "authorization"
	handshakeHeader     = "auth-token-bin" // the token of a handshake by payload
)

// connection is what a TCP connection is known by: the session of its calls
// without a token.
type connection struct {
	srv *Server

	mu      sync.Mutex
	session *clientSession
	closed  bool
}

// connectionKey is the context key of a call's connection.
type connectionKey struct{}

// connections implements stats.Handler: it follows connections, to give each a
// session and to end it with them.
type connections struct{ srv *Server }

func (c connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{srv: c.srv})
}

func (c connections) HandleConn(ctx context.Context, s stats.ConnStats) {
	if _, ok := s.(*stats.ConnEnd); !ok {
		return
	}
	conn := ctx.Value(connectionKey{}).(*connection)
	conn.mu.Lock()
	cs := conn.session
	conn.session, conn.closed = nil, true
	conn.mu.Unlock()
	if cs != nil {
		c.srv.anonymous.Add(-1)
		cs.close()
	}
}

func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (connections) HandleRPC(context.Context, stats.RPCStats)                       {}

// connectionSession returns the session of the call's connection.
func (s *Server) connectionSession(ctx context.Context) (*clientSession, error) {
	conn, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return nil, sqlstate.New(sqlstate.InternalError, "the call has no connection")
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if conn.closed {
		return nil, errExpired
	}
	if conn.session == nil {
		if int(s.anonymous.Add(1)) > s.opt.MaxSessions {
			s.anonymous.Add(-1)
			return nil, tooManySessions(s.opt.MaxSessions)
		}
		conn.session = newClientSession(s)
	}
	return conn.session, nil
}

func tooManySessions(limit int) error {
	return sqlstate.New(sqlstate.TooManyConnections, "sorry, too many clients already").WithDetail("The limit is %d sessions.", limit)
}

// authenticate returns the session of a call: that of its bearer token, or of
// its connection.
func (s *Server) authenticate(ctx context.Context) (*clientSession, error) {
	if s.closing.Load() {
		return nil, errShutdown
	}
	if err := s.checkPeer(ctx); err != nil {
		return nil, err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if v := md.Get(handshakeHeader); len(v) > 0 {
		return s.tokenSession(v[0])
	}
	v := md.Get(authorizationHeader)
	if len(v) == 0 || strings.TrimSpace(v[0]) == "" {
		return s.connectionSession(ctx)
	}
	scheme, credential, _ := strings.Cut(strings.TrimSpace(v[0]), " ")
	switch {
	case strings.EqualFold(scheme, "bearer"):
		return s.tokenSession(strings.TrimLeft(credential, " "))
	case strings.EqualFold(scheme, "basic"):
		if err := checkBasic(credential); err != nil {
			return nil, err
		}
		return s.connectionSession(ctx)
	}
	return nil, sqlstate.New(sqlstate.InvalidAuthorization, "unknown authorization scheme %q", scheme)
}

// tokenSession returns the session of a token.
func (s *Server) tokenSession(token string) (*clientSession, error) {
	cs, ok := s.tokens.get(token)
	if !ok {
		return nil, sqlstate.New(sqlstate.InvalidAuthorization, "the session of this token has ended").WithHint("Connect again.")
	}
	return cs, nil
}

// checkPeer refuses other machines.
func (s *Server) checkPeer(ctx context.Context) error {
	p, ok := peer.FromContext(ctx)
	if s.opt.AllowRemote || !ok {
		return nil
	}
	switch a := p.Addr.(type) {
	case *net.TCPAddr:
		if a.IP.IsLoopback() {
			return nil
		}
	default: // a Unix socket or a pipe
		return nil
	}
	return sqlstate.New(sqlstate.InvalidAuthorization, "connections from %s are refused: without passwords only this machine may connect", p.Addr)
}

// checkBasic checks the credentials of HTTP basic authorization.
func checkBasic(credential string) error {
	text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(credential, "="))
	if err != nil {
		return sqlstate.New(sqlstate.InvalidAuthorization, "the basic authorization is not in base64")
	}
	user, _, ok := strings.Cut(string(text), ":")
	if !ok {
		return sqlstate.New(sqlstate.InvalidAuthorization, "the basic authorization is not of the form user:password")
	}
	return checkRole(user)
}

// checkRole accepts the role htap; it has no password yet.
func checkRole(user string) error {
	if user != theName {
		return sqlstate.New(sqlstate.InvalidAuthorization, "role %q does not exist", user).WithHint("The role is %q.", theName)
	}
	return nil
}

// handshake makes a session and gives the client its token, as a header to one
// that sent basic authorization, as a payload to one that sent a BasicAuth.
func (s *Server) handshake(stream grpc.ServerStream) error {
	ctx := stream.Context()
	if s.closing.Load() {
		return errShutdown
	}
	if err := s.checkPeer(ctx); err != nil {
		return err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	byHeader := false
	if v := md.Get(authorizationHeader); len(v) > 0 {
		scheme, credential, _ := strings.Cut(strings.TrimSpace(v[0]), " ")
		if !strings.EqualFold(scheme, "basic") {
			return sqlstate.New(sqlstate.InvalidAuthorization, "a handshake takes basic authorization, not %q", scheme)
		}
		if err := checkBasic(strings.TrimLeft(credential, " ")); err != nil {
			return err
		}
		byHeader = true
	} else {
		var req pb.HandshakeRequest
		var basic pb.BasicAuth
		if err := stream.RecvMsg(&req); err != nil {
			return err
		}
		if err := proto.Unmarshal(req.Payload, &basic); err != nil {
			return sqlstate.New(sqlstate.InvalidAuthorization, "the handshake's payload is not a BasicAuth message")
		}
		if err := checkRole(basic.Username); err != nil {
			return err
		}
	}
	token, err := s.tokens.add(newClientSession(s))
	if err != nil {
		return tooManySessions(s.opt.MaxSessions)
	}
	bearer := metadata.Pairs(authorizationHeader, "Bearer "+token)
	stream.SetTrailer(bearer)
	if byHeader {
		return stream.SendHeader(bearer)
	}
	return stream.SendMsg(&pb.HandshakeResponse{Payload: []byte(token)})
}

// unary authenticates a unary call, contains its panics and gives its errors
// their status.
func (s *Server) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (res any, err error) {
	defer s.contain(&err)
	cs, err := s.authenticate(ctx)
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	cs.calls.Add(1)
	defer cs.calls.Add(-1)
	res, err = handler(context.WithValue(ctx, sessionKey{}, cs), req)
	return res, toStatus(ctx, err)
}

// streaming is unary for streams.
func (s *Server) streaming(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer s.contain(&err)
	if strings.HasSuffix(info.FullMethod, "/Handshake") {
		return toStatus(stream.Context(), s.handshake(stream))
	}
	cs, err := s.authenticate(stream.Context())
	if err != nil {
		return toStatus(stream.Context(), err)
	}
	cs.calls.Add(1)
	defer cs.calls.Add(-1)
	ctx := context.WithValue(stream.Context(), sessionKey{}, cs)
	return toStatus(ctx, handler(srv, &sessionStream{ServerStream: stream, ctx: ctx}))
}

// sessionStream is a stream whose context has the session.
type sessionStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *sessionStream) Context() context.Context { return s.ctx }

// contain turns a panic into an error of the call.
func (s *Server) contain(err *error) {
	if p := recover(); p != nil {
		e := sqlstate.FromPanic(p)
		sqlstate.LogPanic(s.opt.Log, e)
		*err = status.Error(codes.Internal, e.Error())
	}
}
