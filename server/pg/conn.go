package pg

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"

	"github.com/jackc/pgx/v5/pgproto3"
)

// flushAt is the size of the write buffer from which it is sent.
const flushAt = 32 << 10

// conn is one connection.
type conn struct {
	srv     *Server
	netConn net.Conn
	in      *reader
	// out is what the client has not been sent.
	out  []byte
	sess session
	rows rowEncoder
	// skipping ignores messages until Sync, after an error in the extended protocol.
	skipping bool
	// lost says that the stream of messages cannot be followed any more.
	lost bool

	// statements are what Parse has described of the session's prepared
	// statements, which SQL may have dropped or replaced meanwhile, and the
	// unnamed one, which is here alone.
	statements map[string]*prepared
	portals    map[string]*portal
	// implicit is the transaction of the messages since the last Sync, nil when
	// none was needed.
	implicit transaction
	// bind is scratch for the message being decoded; zeros are format codes of
	// text, as many as were needed so far.
	bind  bindMessage
	zeros []int16

	pid uint32
	key [4]byte

	// ctx is the context of statements; replaced after a cancel, so that a
	// statement costs no context of its own. Set by the conn's goroutine under mu.
	ctx context.Context

	// hasEvents says that events is not empty; read without mu.
	hasEvents atomic.Bool

	mu     sync.Mutex
	cancel context.CancelCauseFunc
	// running is when the current statement began, zero between statements.
	running time.Time
	// reading says that the running statement waits for data of the client.
	reading bool
	// idle is waiting for a message outside a transaction, or in the startup;
	// draining asks the connection to end when it is.
	idle, draining bool
	// events are notices and changed settings to be sent.
	events []event
	// notifications wait for the client to be between transactions; overflowed
	// says that there were too many. wake is set when a read was interrupted for them.
	notifications    []htap.Notification
	overflowed, wake bool
}

// event is a message that belongs to no statement's result.
type event struct {
	notice      *sqlstate.Error
	name, value string
}

// maxEvents bounds the notices held back during a statement; more are dropped.
const maxEvents = 1000

// errClosed ends a connection without a further message.
var errClosed = errors.New("pg: connection closed")

// serve runs the connection to its end.
func (c *conn) serve(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			e := sqlstate.FromPanic(p)
			sqlstate.LogPanic(c.srv.opt.Log, e)
			c.fatal(e)
		}
		c.end()
	}()
	err := c.start(ctx)
	for err == nil {
		err = c.message()
	}
	switch {
	case errors.Is(err, errClosed), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
	default:
		var e *sqlstate.Error
		if errors.As(err, &e) {
			c.fatal(e)
		}
	}
}

// end releases what the connection holds.
func (c *conn) end() {
	defer func() {
		if p := recover(); p != nil {
			sqlstate.LogPanic(c.srv.opt.Log, sqlstate.FromPanic(p))
		}
	}()
	_ = c.netConn.Close()
	if c.sess != nil {
		_ = c.closePortals()
		for _, st := range c.statements {
			st.close()
		}
		_ = c.sess.Close()
	}
	c.mu.Lock()
	if c.cancel != nil {
		c.cancel(context.Canceled)
	}
	c.mu.Unlock()
}

// fatal tells the client why the connection ends.
func (c *conn) fatal(e *sqlstate.Error) {
	c.out = appendError(c.out, "FATAL", e)
	_ = c.flush()
}

// message waits for one message and runs it.
func (c *conn) message() error {
	kind, data, err := c.receive()
	if err != nil {
		return err
	}
	if c.skipping && kind != 'S' && kind != 'X' {
		return nil
	}
	switch kind {
	case 'Q':
		return c.simpleQuery(data)
	case 'P':
		err = c.parse(data)
	case 'B':
		err = c.bindPortal(data)
	case 'D':
		err = c.describe(data)
	case 'E':
		err = c.execute(data)
	case 'C':
		err = c.closeObject(data)
	case 'S':
		return c.sync(data)
	case 'H':
		if err = (&body{data}).end(); err == nil {
			return c.flush()
		}
	case 'd', 'c', 'f': // the rest of a COPY that ended early
		return nil
	case 'F':
		return c.functionCall(data)
	case 'X':
		return errClosed
	default:
		return sqlstate.New(sqlstate.ProtocolViolation, "invalid frontend message type %d", kind)
	}
	if err != nil {
		return c.extendedError(err)
	}
	return nil
}

// receive waits for the next message, and for the end of the server or of the
// client's patience while it waits.
func (c *conn) receive() (kind byte, body []byte, err error) {
	if c.in.pos != c.in.end {
		return c.in.next()
	}
	idle := c.sess.TxState() == 'I' && c.implicit == nil && !c.skipping
	limit, silent := c.idleLimit(idle)
	limited := limit > 0
	if limited {
		c.setReadDeadline(time.Now().Add(limit))
	}
	c.mu.Lock()
	c.idle = idle
	draining := c.draining && idle
	if idle && !draining && len(c.notifications) > 0 {
		c.wake = true
		_ = c.netConn.SetReadDeadline(time.Unix(1, 0))
	}
	c.mu.Unlock()
	if draining {
		return 0, nil, errShutdown
	}
	for {
		kind, body, err = c.in.next()
		c.mu.Lock()
		c.idle = false
		draining = c.draining
		c.mu.Unlock()
		if err != errInterrupted || draining || !c.woken() {
			break
		}
		if err := c.deliver(); err != nil {
			return 0, nil, err
		}
	}
	if err == errInterrupted {
		if draining {
			return 0, nil, errShutdown
		}
		if silent == nil {
			return 0, nil, err
		}
		return 0, nil, silent
	}
	if c.woken() || limited {
		c.setReadDeadline(time.Time{})
	}
	return kind, body, err
}

// idleLimit is how long the client may be silent now, 0 for ever, and the error
// that ends the connection then: by the session's settings, and by the server's
// option for a client that is idle outside a transaction.
func (c *conn) idleLimit(idle bool) (time.Duration, error) {
	if c.implicit != nil || c.skipping {
		return 0, nil
	}
	limit, err := c.sess.IdleLimit()
	if o := c.srv.opt.IdleTimeout; idle && o > 0 && (limit == 0 || o < limit) {
		return o, sqlstate.New(sqlstate.IdleSessionTimeout, "terminating connection due to idle-session timeout")
	}
	if limit == 0 {
		return 0, nil
	}
	return limit, err
}

// setReadDeadline sets the deadline of reads unless the drain has set its own.
func (c *conn) setReadDeadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.draining {
		_ = c.netConn.SetReadDeadline(t)
	}
}

// begin marks the start of a statement and returns its context.
func (c *conn) begin() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil || c.ctx.Err() != nil {
		c.ctx, c.cancel = context.WithCancelCause(c.srv.ctx)
	}
	c.running = time.Now()
	return c.ctx
}

// finish marks the end of a statement: a cancel that arrives now is ignored.
func (c *conn) finish() {
	c.mu.Lock()
	c.running = time.Time{}
	c.mu.Unlock()
}

// interrupt cancels the running statement, if there is one.
func (c *conn) interrupt(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running.IsZero() {
		return
	}
	c.cancel(cause)
	if c.reading {
		_ = c.netConn.SetReadDeadline(time.Unix(1, 0))
	}
}

// drain asks the connection to end: at once if it is idle outside a
// transaction, else when it becomes so.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if c.idle {
		_ = c.netConn.SetReadDeadline(time.Unix(1, 0))
	}
}

// abort ends the connection now; a statement that runs is told of the shutdown
// and has until the deadline to say so to its client.
func (c *conn) abort(deadline time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if !c.running.IsZero() {
		c.cancel(errShutdown)
	}
	_ = c.netConn.SetReadDeadline(time.Unix(1, 0))
	_ = c.netConn.SetWriteDeadline(deadline)
}

// flush sends the buffer.
func (c *conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	if t := c.srv.opt.WriteTimeout; t > 0 {
		c.setWriteDeadline(time.Now().Add(t))
	}
	_, err := c.netConn.Write(c.out)
	c.out = c.out[:0]
	if cap(c.out) > 16*flushAt {
		c.out = nil
	}
	if err != nil {
		return errClosed
	}
	return nil
}

// setWriteDeadline sets the deadline of writes unless an abort has set its own.
func (c *conn) setWriteDeadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.draining {
		_ = c.netConn.SetWriteDeadline(t)
	}
}

// addEvent keeps a notice or a changed setting until the buffer may take it;
// the engine may call it from any goroutine.
func (c *conn) addEvent(e event) {
	c.mu.Lock()
	if len(c.events) < maxEvents {
		c.events = append(c.events, e)
		c.hasEvents.Store(true)
	}
	c.mu.Unlock()
}

// flushEvents moves events into the buffer.
func (c *conn) flushEvents() {
	if !c.hasEvents.Load() {
		return
	}
	c.mu.Lock()
	events := c.events
	c.events = nil
	c.hasEvents.Store(false)
	c.mu.Unlock()
	for _, e := range events {
		if e.notice != nil {
			if c.wantsNotice(e.notice) {
				c.out = appendNotice(c.out, e.notice)
			}
			continue
		}
		c.parameterStatus(e.name, e.value)
	}
}

// wantsNotice applies client_min_messages.
func (c *conn) wantsNotice(e *sqlstate.Error) bool {
	level, _ := c.sess.Setting("client_min_messages")
	switch strings.ToLower(level) {
	case "warning":
		return noticeSeverity(e) != "NOTICE"
	case "error":
		return false
	}
	return true
}

// parameterStatus tells the client a setting.
func (c *conn) parameterStatus(name, value string) {
	c.out, _ = (&pgproto3.ParameterStatus{Name: cString(name), Value: cString(value)}).Encode(c.out)
}

// readyForQuery ends an answer and sends it.
func (c *conn) readyForQuery() error {
	c.flushEvents()
	state := c.sess.TxState()
	if state == 'I' {
		if err := c.takeNotifications(); err != nil {
			return err
		}
	}
	c.out = append(c.out, 'Z', 0, 0, 0, 5, state)
	return c.flush()
}

// commandComplete appends a CommandComplete.
func (c *conn) commandComplete(tag string) {
	c.flushEvents()
	c.out = append(c.out, 'C')
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(4+len(tag)+1))
	c.out = append(append(c.out, tag...), 0)
}

// stream sends the rest of a result, at most limit rows (0: all). It returns
// the number sent and whether the result has ended.
func (c *conn) stream(cur *cursor, limit int) (sent int, ended bool, err error) {
	for {
		if cur.batch == nil || cur.at >= cur.batch.Rows() {
			cur.batch, err = cur.rows.NextBatch()
			if err != nil || cur.batch == nil {
				return sent, true, err
			}
			cur.at = 0
		}
		to := cur.batch.Rows()
		if limit > 0 {
			to = min(to, cur.at+limit-sent)
		}
		c.rows.batch(cur.batch)
		for cur.at < to {
			before := cur.at
			c.out, cur.at, err = c.rows.rows(c.out, cur.batch, cur.at, to, flushAt)
			sent += cur.at - before
			if err != nil {
				return sent, true, err
			}
			if len(c.out) >= flushAt {
				if err := c.flush(); err != nil {
					return sent, true, err
				}
			}
		}
		if limit > 0 && sent == limit {
			return sent, false, nil
		}
	}
}
