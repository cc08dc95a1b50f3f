package htap

import (
	"sync"

	"htapdb/htap/exec"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// Notification is a message of NOTIFY to a session that listens.
type Notification struct {
	Channel, Payload string
	// From is the ID of the session that sent it.
	From uint64
}

// maxPayload is the size from which the payload of NOTIFY is refused, maxPending
// the number of messages and changes that a transaction may have.
const (
	maxPayload = 8000
	maxPending = 100_000
)

// channels are who listens to what, in this process. Messages are handed over
// after the commit of their transaction, in the order of the commits; a session
// that cannot take one more has to say so itself (OnNotification).
type channels struct {
	mu        sync.Mutex
	listeners map[string]map[*Session]struct{}
}

// listen adds or removes a listener.
func (c *channels) listen(s *Session, channel string, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.listeners[channel]
	if !on {
		delete(set, s)
		if len(set) == 0 {
			delete(c.listeners, channel)
		}
		return
	}
	if set == nil {
		set = map[*Session]struct{}{}
		if c.listeners == nil {
			c.listeners = map[string]map[*Session]struct{}{}
		}
		c.listeners[channel] = set
	}
	set[s] = struct{}{}
}

// forget removes a listener from all channels.
func (c *channels) forget(s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for channel, set := range c.listeners {
		delete(set, s)
		if len(set) == 0 {
			delete(c.listeners, channel)
		}
	}
}

// send hands a message to who listens.
func (c *channels) send(n Notification) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.listeners[n.Channel] {
		if s.notified != nil {
			s.notified(n)
		}
	}
}

// ID identifies the session in its database: pg_backend_pid().
func (s *Session) ID() uint64 { return s.id }

// OnNotification has fn called for each message on a channel that the session
// listens to. It is called by the sender's goroutine and must not wait. Set it
// before the first LISTEN.
func (s *Session) OnNotification(fn func(Notification)) { s.notified = fn }

// atCommit does something when the transaction commits, unless what it belongs
// to is rolled back.
func (x *execution) atCommit(run func()) error {
	tx := &x.s.tx
	if tx.Pending() >= maxPending {
		return sqlstate.New(sqlstate.ProgramLimitExceeded, "a transaction can have %d notifications", maxPending)
	}
	undone := false
	tx.OnCommit(func() {
		if !undone {
			run()
		}
	})
	tx.OnRollback(func() { undone = true })
	return nil
}

func (x *execution) listen(st *parser.ListenStmt) (*exec.Output, error) {
	s := x.s
	if s.notified == nil {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "LISTEN needs a client that can be told").
			WithHint("Use the PostgreSQL protocol, or Session.OnNotification.")
	}
	return exec.Done, x.atCommit(func() { s.db.channels.listen(s, st.Channel, true) })
}

func (x *execution) unlisten(st *parser.UnlistenStmt) (*exec.Output, error) {
	s := x.s
	return exec.Done, x.atCommit(func() {
		if st.Channel == "" {
			s.db.channels.forget(s)
		} else {
			s.db.channels.listen(s, st.Channel, false)
		}
	})
}

func (x *execution) notify(st *parser.NotifyStmt) (*exec.Output, error) {
	if len(st.Payload) >= maxPayload {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "payload string too long")
	}
	if len(st.Channel) >= 64 {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "channel name too long")
	}
	n := Notification{Channel: st.Channel, Payload: st.Payload, From: x.s.id}
	db := x.s.db
	return exec.Done, x.atCommit(func() { db.channels.send(n) })
}
