package flight

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/htap"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// clientSession is the state of a client: of a bearer token, or of a connection
// without one.
type clientSession struct {
	srv *Server
	// ctx ends with the session, and cancels what it runs.
	ctx    context.Context
	cancel context.CancelCauseFunc
	// calls counts calls in progress.
	calls atomic.Int32

	mu sync.Mutex
	// settings are what SET and session options have changed, applied to every
	// engine session of the client; version counts their changes.
	settings map[string]string
	version  int
	// explicit is the transaction of a BEGIN sent as a statement; calls without
	// a transaction's id run in it.
	explicit *unit
}

// newClientSession returns a session of srv.
func newClientSession(srv *Server) *clientSession {
	cs := &clientSession{srv: srv, settings: map[string]string{}}
	cs.ctx, cs.cancel = context.WithCancelCause(srv.ctx)
	return cs
}

// close ends the session with everything that it has open.
func (cs *clientSession) close() {
	cs.cancel(errExpired)
	mine := func(u *unit) bool { return u.owner == cs }
	cs.srv.tickets.dropWhere(func(q *query) bool { return mine(q.unit) })
	cs.srv.prepared.dropWhere(func(p *prepared) bool { return mine(p.unit) })
	cs.srv.transactions.dropWhere(mine)
	cs.mu.Lock()
	u := cs.explicit
	cs.explicit = nil
	cs.mu.Unlock()
	if u != nil {
		u.release()
	}
}

// newUnit opens an engine session with the client's settings; the reference is
// the caller's.
func (cs *clientSession) newUnit() (*unit, error) {
	u := &unit{owner: cs, s: cs.srv.db.Session(cs.ctx)}
	u.retain()
	if err := cs.refresh(u); err != nil {
		u.release()
		return nil, err
	}
	return u, nil
}

// refresh gives an engine session outside a transaction the client's settings
// as they are now.
func (cs *clientSession) refresh(u *unit) error {
	cs.mu.Lock()
	version := cs.version
	settings := make(map[string]string, len(cs.settings))
	for k, v := range cs.settings {
		settings[k] = v
	}
	cs.mu.Unlock()
	return u.do(func(s *htap.Session) error {
		if u.settings == version || s.TxState() != 'I' {
			return nil
		}
		if u.settings != 0 {
			if _, err := s.Exec(cs.ctx, "RESET ALL"); err != nil {
				return err
			}
		}
		for name, value := range settings {
			if err := s.Set(name, value); err != nil {
				return err
			}
		}
		u.settings = version
		return nil
	})
}

// acquire returns the unit to run a statement in: that of the transaction, of
// an explicit BEGIN, or a new one. The reference is the caller's.
func (cs *clientSession) acquire(transaction []byte) (*unit, error) {
	if len(transaction) > 0 {
		u, ok := cs.srv.transactions.get(string(transaction))
		if !ok || u.owner != cs {
			return nil, errNoTransaction()
		}
		return u.retain(), nil
	}
	if u := cs.explicitUnit(); u != nil {
		return u, nil
	}
	return cs.newUnit()
}

// explicitUnit returns the unit of an explicit BEGIN, retained, nil if there is none.
func (cs *clientSession) explicitUnit() *unit {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.explicit == nil {
		return nil
	}
	return cs.explicit.retain()
}

func errNoTransaction() error {
	return sqlstate.New(sqlstate.NoActiveTransaction, "the transaction has ended or never began")
}

// after takes note of what a statement that ran in u did to the client's state:
// settings, and transactions begun or ended by SQL.
func (cs *clientSession) after(u *unit, sql string) {
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		return
	}
	switch st := stmt.Stmt.(type) {
	case *parser.SetStmt:
		if st.Scope == parser.SetSession {
			cs.keepSetting(u, st.Name)
		}
	case *parser.ResetStmt:
		cs.forgetSetting(st.Name)
	case *parser.DiscardStmt:
		if st.What == "all" {
			cs.forgetSetting("all")
		}
	}
	if u.transaction {
		return // a transaction of BeginTransaction ends with EndTransaction
	}
	state := u.state()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch {
	case state != 'I' && cs.explicit == nil:
		cs.explicit = u.retain()
	case state == 'I' && cs.explicit == u:
		cs.explicit = nil
		u.release() // not the last reference: the caller has one
	}
}

// keepSetting remembers a setting as u has it now.
func (cs *clientSession) keepSetting(u *unit, name string) {
	var value string
	err := u.do(func(s *htap.Session) (err error) {
		value, err = s.Setting(name)
		return err
	})
	if err != nil {
		return
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.settings[strings.ToLower(name)] = value
	cs.version++
}

// forgetSetting forgets one setting or "all".
func (cs *clientSession) forgetSetting(name string) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if name == "all" {
		clear(cs.settings)
	}
	delete(cs.settings, strings.ToLower(name))
	cs.version++
}

// sessionKey is the context key of the call's clientSession.
type sessionKey struct{}

// sessionOf returns the session of a call; the interceptors have put it there.
func sessionOf(ctx context.Context) *clientSession {
	return ctx.Value(sessionKey{}).(*clientSession)
}

// tokens are the sessions of bearer tokens. A token is a handle, so it expires
// as one.
func newTokens(limit int, ttl time.Duration) *handles[*clientSession] {
	return &handles[*clientSession]{
		what: "sessions", limit: limit, ttl: ttl,
		busy: func(cs *clientSession) bool { return cs.calls.Load() > 0 },
		drop: (*clientSession).close,
	}
}
