package driver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
)

// Conn is a connection. sql.Conn.Raw passes it to its function.
type Conn struct {
	connector *Connector
	settings  []setting
	// cancel ends the session's context, and with it what the session runs.
	cancel context.CancelFunc
	// owned says that the connector closes with the connection, for Driver.Open.
	owned bool

	// mu is held by every use of the session: Connector.Close may end a
	// connection that is in use.
	mu      sync.Mutex
	session *htap.Session
	// rows is the result being read, nil for none.
	rows *Rows
	// changed says that a statement may have changed settings or prepared
	// something by name, which the next user of the connection must not see.
	changed bool
	closed  bool
}

var (
	_ driver.Conn               = (*Conn)(nil)
	_ driver.ConnPrepareContext = (*Conn)(nil)
	_ driver.ConnBeginTx        = (*Conn)(nil)
	_ driver.QueryerContext     = (*Conn)(nil)
	_ driver.ExecerContext      = (*Conn)(nil)
	_ driver.Pinger             = (*Conn)(nil)
	_ driver.SessionResetter    = (*Conn)(nil)
	_ driver.Validator          = (*Conn)(nil)
	_ driver.NamedValueChecker  = (*Conn)(nil)
)

// Session returns the engine's session, for what database/sql cannot say. It
// must not be used after the function given to sql.Conn.Raw has returned, nor
// while rows of the connection are open.
func (c *Conn) Session() *htap.Session {
	c.changed = true
	return c.session
}

// applySettings sets the settings of the name; RESET goes back to them.
func (c *Conn) applySettings() error {
	for _, s := range c.settings {
		if err := c.session.Set(s.name, s.value); err != nil {
			return err
		}
	}
	c.session.KeepSettings()
	return nil
}

// enter takes the session for a statement; the caller unlocks c.mu.
func (c *Conn) enter() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return driver.ErrBadConn
	}
	return nil
}

// shut ends the session: what it runs, its open rows, its transaction.
func (c *Conn) shut() error {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	if c.rows != nil {
		_ = c.rows.close()
	}
	c.closed = true
	return c.session.Close()
}

// Close ends the session.
func (c *Conn) Close() error {
	err := c.shut()
	c.connector.forget(c)
	if c.owned {
		err = errors.Join(err, c.connector.Close())
	}
	return err
}

// IsValid reports whether the pool may keep the connection.
func (c *Conn) IsValid() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed
}

// Ping runs the shortest statement there is.
func (c *Conn) Ping(ctx context.Context) error {
	if err := c.enter(); err != nil {
		return err
	}
	defer c.mu.Unlock()
	_, err := c.session.Exec(ctx, "SELECT 1")
	return wrapError(ctx, err)
}

// ResetSession readies the connection for another user: without a transaction
// and with the settings of the name.
func (c *Conn) ResetSession(ctx context.Context) error {
	if err := c.enter(); err != nil {
		return err
	}
	defer c.mu.Unlock()
	if c.session.TxState() != 'I' {
		if _, err := c.session.Exec(ctx, "ROLLBACK"); err != nil {
			return driver.ErrBadConn
		}
	}
	if !c.changed {
		return nil
	}
	c.changed = false
	if _, err := c.session.Exec(ctx, "DISCARD ALL"); err != nil {
		return driver.ErrBadConn
	}
	return nil
}

// noteChange watches for statements that leave something in the session. It
// splits at every semicolon, so it may see a change where there is none, never
// the other way round.
func (c *Conn) noteChange(query string) {
	if c.changed {
		return
	}
	for part := range strings.SplitSeq(query, ";") {
		word, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		switch strings.ToUpper(word) {
		case "SET", "RESET", "PREPARE", "DISCARD", "DECLARE":
			c.changed = true
		}
		if strings.HasPrefix(word, "--") || strings.HasPrefix(word, "/*") || strings.Contains(part, "set_config") {
			c.changed = true
		}
	}
}

// isolations maps database/sql's levels to SQL's; SERIALIZABLE is refused by
// the engine.
var isolations = map[sql.IsolationLevel]string{
	sql.LevelDefault: "", sql.LevelReadUncommitted: "read uncommitted", sql.LevelReadCommitted: "read committed",
	sql.LevelRepeatableRead: "repeatable read", sql.LevelSnapshot: "repeatable read",
	sql.LevelSerializable: "serializable", sql.LevelLinearizable: "serializable",
}

// BeginTx begins a transaction.
func (c *Conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	level, ok := isolations[sql.IsolationLevel(o.Isolation)]
	if !ok {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "isolation level %q is not supported", sql.IsolationLevel(o.Isolation))
	}
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	t, err := c.session.Begin(ctx, htap.TxOptions{Isolation: level, ReadOnly: o.ReadOnly})
	if err != nil {
		return nil, wrapError(ctx, err)
	}
	return &tx{c, t}, nil
}

// Begin is BeginTx with the defaults.
func (c *Conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// tx is a transaction.
type tx struct {
	c *Conn
	t *htap.Tx
}

// Commit commits.
func (t *tx) Commit() error {
	if err := t.c.enter(); err != nil {
		return err
	}
	defer t.c.mu.Unlock()
	return t.t.Commit(context.Background())
}

// Rollback rolls back.
func (t *tx) Rollback() error {
	if err := t.c.enter(); err != nil {
		return err
	}
	defer t.c.mu.Unlock()
	return t.t.Rollback()
}

// wrapError makes an error that a context caused satisfy errors.Is with the
// context's error.
func wrapError(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || errors.Is(err, ctx.Err()) {
		return err
	}
	var e *htap.Error
	if errors.As(err, &e) && e.Code != sqlstate.QueryCanceled {
		return err
	}
	return sqlstate.Wrap(sqlstate.QueryCanceled, ctx.Err(), "canceling statement: %v", context.Cause(ctx))
}
