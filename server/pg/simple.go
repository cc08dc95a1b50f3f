package pg

import (
	"context"
	"unicode/utf8"
)

// cursor is a result being read.
type cursor struct {
	rows rows
	// batch is the current one, at the next of its alive rows.
	batch *vectorBatch
	at    int
}

// simpleQuery runs a Query message: all its statements in one implicit
// transaction, results in text.
func (c *conn) simpleQuery(data []byte) error {
	ctx := c.begin()
	b := body{data}
	text, err := b.text()
	if err == nil {
		err = b.end()
	}
	if err == nil {
		err = c.endImplicit(ctx) // of extended messages without a Sync
	}
	if err == nil {
		err = c.runScript(ctx, string(text))
	} else {
		c.failTransaction(ctx)
	}
	return c.simpleError(ctx, err)
}

// simpleError ends the answer to a message that needs no Sync, after its error
// if there is one.
func (c *conn) simpleError(ctx context.Context, err error) error {
	if err == errClosed {
		return err
	}
	if err != nil {
		c.flushEvents()
		c.out = appendError(c.out, "ERROR", asError(ctx, err))
		if c.lost {
			return errSyncLost
		}
	}
	c.finish()
	if c.sess.TxState() == 'I' {
		_ = c.closePortals()
	}
	return c.readyForQuery()
}

// runScript runs the statements of a text. The completion of each is written
// when the next begins or the whole has committed, never before.
func (c *conn) runScript(ctx context.Context, text string) error {
	c.dropUnnamed()
	if !utf8.ValidString(text) {
		return badEncoding([]byte(text))
	}
	sc, err := c.sess.script(ctx, text)
	if err != nil {
		return err
	}
	tag, any := "", false
	for {
		st, nextErr := sc.next(ctx)
		if st == nil || nextErr != nil {
			err = nextErr
			break
		}
		if any {
			c.commandComplete(tag)
			// Millions of small answers are no answer of a statement, whose rows are
			// sent as they come.
			if len(c.out) >= flushAt {
				if err = c.flush(); err != nil {
					st.Close()
					break
				}
			}
		}
		any = true
		tag, err = c.runSimple(ctx, st)
		st.Close()
		if err != nil {
			break
		}
	}
	if endErr := sc.end(ctx, err); endErr != nil || err != nil {
		if err == errClosed || endErr == nil {
			return err
		}
		return endErr
	}
	if !any {
		c.out = append(c.out, 'I', 0, 0, 0, 4)
		return nil
	}
	c.commandComplete(tag)
	return nil
}

// runSimple runs one statement of a script and returns its tag.
func (c *conn) runSimple(ctx context.Context, st statement) (tag string, err error) {
	f, ok, err := st.Copy()
	if err != nil {
		return "", err
	}
	if ok {
		return c.copy(ctx, st, f)
	}
	if c.endsTransaction(st.SQL()) {
		_ = c.closePortals() // COMMIT tells a failed transaction itself
	}
	r, err := st.query(ctx, nil)
	if err != nil {
		return "", err
	}
	if cols := r.Columns(); cols != nil {
		c.out = appendRowDescription(c.out, cols, nil)
		c.rows.begin(c.textFormats(len(cols)), c.sess.TextStyle())
	}
	_, _, err = c.stream(&cursor{rows: r}, 0)
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return "", err
	}
	return r.Result().Tag, nil
}

// textFormats returns n zeros.
func (c *conn) textFormats(n int) []int16 {
	if cap(c.zeros) < n {
		c.zeros = make([]int16, n)
	}
	return c.zeros[:n]
}

// dropUnnamed closes the unnamed statement and portal, as a simple query does.
func (c *conn) dropUnnamed() {
	if p := c.portals[""]; p != nil {
		_ = p.close()
		delete(c.portals, "")
	}
	if st := c.statements[""]; st != nil {
		st.close()
		delete(c.statements, "")
	}
}
