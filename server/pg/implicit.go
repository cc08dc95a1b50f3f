package pg

import (
	"context"

	"htapdb/sql/sqlstate"
)

// enterImplicit begins the implicit transaction of the messages up to Sync when
// the statement does not end them. done says that it answered the statement: a
// BEGIN inside the implicit transaction makes that one explicit.
func (c *conn) enterImplicit(ctx context.Context, st *prepared) (done bool, err error) {
	if c.implicit != nil {
		switch st.word {
		case "BEGIN", "START":
			c.implicit = nil // what ran before belongs to it, as in PostgreSQL
			c.commandComplete("BEGIN")
			return true, nil
		case "COMMIT", "END", "ROLLBACK", "ABORT":
			// It ends the implicit transaction, about which PostgreSQL warns.
			c.implicit = nil
			c.addEvent(event{notice: sqlstate.New(sqlstate.NoActiveTransaction, "there is no transaction in progress")})
		}
		return false, nil
	}
	if c.sess.TxState() != 'I' || standsAlone(st.word) || c.in.syncFollows() {
		return false, nil
	}
	c.implicit, err = c.sess.begin(ctx)
	return false, err
}

// endImplicit commits the implicit transaction, if there is one.
func (c *conn) endImplicit(ctx context.Context) error {
	if c.implicit == nil {
		return nil
	}
	tx := c.implicit
	c.implicit = nil
	if err := c.closePortals(); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit(ctx)
}

// failTransaction makes an open transaction a failed one, after an error that
// the engine has not seen; the implicit one ends.
func (c *conn) failTransaction(ctx context.Context) {
	if c.implicit != nil {
		_ = c.implicit.Rollback()
		c.implicit = nil
	} else if c.sess.TxState() == 'T' {
		c.sess.fail(ctx)
	}
}

// sync ends the messages since the last Sync: it commits what they did and says
// that the session is ready.
func (c *conn) sync(data []byte) error {
	c.skipping = false
	if err := (&body{data}).end(); err != nil {
		c.failTransaction(c.begin())
		return c.simpleError(context.Background(), err)
	}
	if c.implicit != nil {
		ctx := c.begin()
		if err := c.endImplicit(ctx); err != nil {
			c.out = appendError(c.out, "ERROR", asError(ctx, err))
		}
		c.finish()
	}
	if c.sess.TxState() == 'I' {
		if err := c.closePortals(); err != nil {
			c.out = appendError(c.out, "ERROR", asError(context.Background(), err))
		}
	}
	return c.readyForQuery()
}

// unexpectedInCopy is the error for a message that has no place in a COPY.
func unexpectedInCopy(kind byte) error {
	return sqlstate.New(sqlstate.ProtocolViolation, "unexpected message type 0x%02X during COPY from stdin", kind)
}
