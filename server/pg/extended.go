package pg

import (
	"context"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"htapdb/htap"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

type vectorBatch = vector.Batch

// prepared is a statement of Parse.
type prepared struct {
	// stmt is nil for an empty text.
	stmt statement
	// word is the statement's first word.
	word string
	// columns are the types of the result as they were described.
	columns []types.Type
	// writes says that a result that is not read to its end has to be: the rows
	// of RETURNING are those of a statement that runs to completion.
	writes bool
}

func (p *prepared) close() {
	if p.stmt != nil {
		p.stmt.Close()
	}
}

// portal is a bound statement and, once it runs, its result.
type portal struct {
	stmt *prepared
	args []types.Datum
	// formats has a code a result column.
	formats []int16
	cur     cursor
	// state of the execution.
	started, ended bool
	// sent counts the rows of all its executions.
	sent int
}

// close ends the portal's result. A statement that writes runs to its end
// first; its error is returned.
func (p *portal) close() (err error) {
	if p.started && !p.ended && p.cur.rows != nil {
		if p.stmt.writes {
			for b, e := p.cur.rows.NextBatch(); b != nil || e != nil; b, e = p.cur.rows.NextBatch() {
				if err = e; err != nil {
					break
				}
			}
		}
		if e := p.cur.rows.Close(); err == nil && p.stmt.writes {
			err = e
		}
	}
	p.cur, p.ended = cursor{}, true
	return err
}

// closePortals ends all portals, as the end of a transaction does, and returns
// the first error.
func (c *conn) closePortals() (err error) {
	for name, p := range c.portals {
		if e := p.close(); err == nil {
			err = e
		}
		if name != "" { // the unnamed one is kept for its memory
			delete(c.portals, name)
		} else {
			p.stmt = nil
		}
	}
	return err
}

// extendedError answers an error of the extended protocol, at once: a client
// that has sent Flush waits for it. What follows up to Sync is ignored, and the
// transaction has failed.
func (c *conn) extendedError(err error) error {
	if err == errClosed {
		return err
	}
	c.flushEvents()
	c.out = appendError(c.out, "ERROR", asError(context.Background(), err))
	if c.lost {
		return errSyncLost
	}
	c.skipping = true
	c.failTransaction(c.begin())
	c.finish()
	return c.flush()
}

// parse runs Parse: a prepared statement.
func (c *conn) parse(data []byte) error {
	b := body{data}
	nameBytes, err := b.text()
	if err != nil {
		return err
	}
	text, err := b.text()
	if err != nil {
		return err
	}
	n, err := b.uint16()
	if err != nil {
		return err
	}
	paramTypes := make([]types.Type, 0, min(int(n), len(b.rest)/4))
	for range n {
		oid, err := b.uint32()
		if err != nil {
			return err
		}
		t, err := paramType(oid)
		if err != nil {
			return err
		}
		paramTypes = append(paramTypes, t)
	}
	if err := b.end(); err != nil {
		return err
	}
	for _, s := range [][]byte{nameBytes, text} {
		if !utf8.Valid(s) {
			return badEncoding(s)
		}
	}
	return c.prepare(string(nameBytes), string(text), paramTypes)
}

// prepare makes a statement of Parse, and closes an earlier unnamed one even if
// it fails.
func (c *conn) prepare(name, sql string, paramTypes []types.Type) (err error) {
	if name == "" {
		if old := c.statements[""]; old != nil {
			old.close()
			delete(c.statements, "")
		}
	} else if c.sess.prepared(name) == nil && c.sess.PreparedCount() >= c.srv.opt.MaxStatements {
		return sqlstate.New(sqlstate.ConfigurationLimit, "the session has %d prepared statements already", c.sess.PreparedCount()).
			WithHint("Close statements that are no longer used.")
	}
	p := &prepared{word: firstWord(sql)}
	ctx := c.begin()
	defer c.finish()
	if name != "" || p.word != "" {
		if p.stmt, err = c.sess.prepare(ctx, name, sql, paramTypes); err != nil {
			return asError(ctx, err)
		}
		p.describe(sql)
	} else if c.sess.TxState() == 'E' {
		return errAborted
	}
	c.statements[name] = p
	c.out = append(c.out, '1', 0, 0, 0, 4)
	return nil
}

// statement finds a prepared statement by name, nil if there is none: one of
// Parse, or one that SQL has prepared.
func (c *conn) statement(name []byte) *prepared {
	p := c.statements[string(name)]
	if len(name) == 0 {
		return p
	}
	st := c.sess.prepared(string(name))
	switch {
	case st == nil:
		delete(c.statements, string(name))
		return nil
	case p == nil || p.stmt != st:
		p = &prepared{stmt: st, word: firstWord(st.SQL())}
		p.describe(st.SQL())
		c.statements[string(name)] = p
	}
	return p
}

// describe notes the statement's result and whether it writes.
func (p *prepared) describe(sql string) {
	for _, c := range p.stmt.Columns() {
		p.columns = append(p.columns, c.Type)
	}
	switch p.word {
	case "INSERT", "UPDATE", "DELETE", "MERGE":
		p.writes = true
	case "WITH":
		if st, err := parser.ParseOne(sql); err == nil {
			_, reads := st.Stmt.(*parser.SelectStmt)
			p.writes = !reads
		}
	}
}

// unknownStatement and unknownPortal are the errors for names that are not there.
func unknownStatement(name string) error {
	if name == "" {
		return sqlstate.New(sqlstate.InvalidStatementName, "unnamed prepared statement does not exist")
	}
	return sqlstate.New(sqlstate.InvalidStatementName, "prepared statement %q does not exist", name)
}

func unknownPortal(name string) error {
	return sqlstate.New(sqlstate.InvalidCursorName, "portal %q does not exist", name)
}

// objectName reads the kind (statement or portal) and name of a Describe or
// Close, which what names.
func objectName(data []byte, what string) (kind byte, name []byte, err error) {
	b := body{data}
	if kind, err = b.byte(); err != nil {
		return 0, nil, err
	}
	if name, err = b.text(); err != nil {
		return 0, nil, err
	}
	if err := b.end(); err != nil {
		return 0, nil, err
	}
	if kind != 'S' && kind != 'P' {
		return 0, nil, sqlstate.New(sqlstate.ProtocolViolation, "invalid %s message subtype %d", what, kind)
	}
	return kind, name, nil
}

// describe runs Describe.
func (c *conn) describe(data []byte) error {
	kind, name, err := objectName(data, "DESCRIBE")
	if err != nil {
		return err
	}
	var st *prepared
	var formats []int16
	if kind == 'S' {
		if st = c.statement(name); st == nil {
			return unknownStatement(string(name))
		}
	} else {
		p := c.portals[string(name)]
		if p == nil || p.stmt == nil {
			// Cursors and portals have one namespace: psycopg describes what it declared.
			if cols, ok := c.sess.Cursor(string(name)); ok {
				c.out = appendRowDescription(c.out, cols, nil)
				return nil
			}
			return unknownPortal(string(name))
		}
		st, formats = p.stmt, p.formats
	}
	if c.sess.TxState() == 'E' && st.stmt != nil && st.stmt.Columns() != nil {
		return errAborted // its description needs the catalog
	}
	if kind == 'S' {
		c.parameterDescription(st)
	}
	if st.stmt == nil || st.stmt.Columns() == nil {
		c.out = append(c.out, 'n', 0, 0, 0, 4)
		return nil
	}
	c.out = appendRowDescription(c.out, st.stmt.Columns(), formats)
	return nil
}

// parameterDescription appends the OIDs of a statement's parameters.
func (c *conn) parameterDescription(st *prepared) {
	var params []types.Type
	if st.stmt != nil {
		params = st.stmt.Params()
	}
	c.out = append(c.out, 't')
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(4+2+4*len(params)))
	c.out = binary.BigEndian.AppendUint16(c.out, uint16(len(params)))
	for _, t := range params {
		c.out = binary.BigEndian.AppendUint32(c.out, wireOID(t))
	}
}

// closeObject runs Close; what does not exist is closed already. The unnamed
// portal object stays for its memory.
func (c *conn) closeObject(data []byte) error {
	kind, name, err := objectName(data, "CLOSE")
	if err != nil {
		return err
	}
	if kind == 'S' {
		if st := c.statement(name); st != nil {
			st.close()
			delete(c.statements, string(name))
		}
	} else if p := c.portals[string(name)]; p != nil {
		delete(c.portals, string(name))
		if err := p.close(); err != nil {
			return err
		}
	} else if _, ok := c.sess.Cursor(string(name)); ok {
		c.sess.CloseCursor(string(name))
	}
	c.out = append(c.out, '3', 0, 0, 0, 4)
	return nil
}

// execute runs Execute: a portal, from where it was suspended.
func (c *conn) execute(data []byte) error {
	b := body{data}
	name, err := b.text()
	if err != nil {
		return err
	}
	n, err := b.uint32()
	if err != nil {
		return err
	}
	if err := b.end(); err != nil {
		return err
	}
	limit := max(int(int32(n)), 0)
	p := c.portals[string(name)]
	if p == nil || p.stmt == nil {
		if _, ok := c.sess.Cursor(string(name)); ok {
			return c.executeCursor(string(name), limit)
		}
		return unknownPortal(string(name))
	}
	if p.stmt.stmt == nil || p.stmt.word == "" {
		c.out = append(c.out, 'I', 0, 0, 0, 4)
		return nil
	}
	if c.sess.TxState() == 'E' && !endsFailed(p.stmt.word) {
		return errAborted
	}
	ctx := c.begin()
	err = c.runPortal(ctx, p, string(name), limit)
	if err != nil && err != errClosed {
		err = asError(ctx, err)
	}
	c.finish()
	return err
}

// executeCursor is Execute for a cursor of DECLARE, which is a portal, too.
func (c *conn) executeCursor(name string, limit int) error {
	count := "ALL"
	if limit > 0 {
		count = strconv.Itoa(limit)
	}
	ctx := c.begin()
	defer c.finish()
	st, err := c.sess.prepare(ctx, "", "FETCH FORWARD "+count+" FROM \""+strings.ReplaceAll(name, "\"", "\"\"")+"\"", nil)
	if err != nil {
		return asError(ctx, err)
	}
	r, err := st.query(ctx, nil)
	if err != nil {
		return asError(ctx, err)
	}
	c.rows.begin(c.textFormats(len(r.Columns())), c.sess.TextStyle())
	sent, _, err := c.stream(&cursor{rows: r}, 0)
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return asError(ctx, err)
	}
	if limit > 0 && sent == limit {
		c.flushEvents()
		c.out = append(c.out, 's', 0, 0, 0, 4)
		return nil
	}
	c.commandComplete("SELECT " + strconv.Itoa(sent))
	return nil
}

// runPortal starts or continues a portal.
func (c *conn) runPortal(ctx context.Context, p *portal, name string, limit int) error {
	if p.started && p.ended {
		if p.formats == nil || p.stmt.stmt.Columns() == nil {
			return sqlstate.New(sqlstate.ObjectNotInState, "portal %q cannot be run", name)
		}
		c.commandComplete("SELECT 0")
		return nil
	}
	if !p.started {
		done, err := c.startPortal(ctx, p)
		if done || err != nil {
			p.ended = true
			return err
		}
	}
	c.rows.begin(p.formats, c.sess.TextStyle())
	sent, ended, err := c.stream(&p.cur, limit)
	p.sent += sent
	if err == nil && !ended {
		c.flushEvents()
		c.out = append(c.out, 's', 0, 0, 0, 4)
		return nil
	}
	r := p.cur.rows
	p.ended, p.cur = true, cursor{}
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	tag := r.Result().Tag
	if p.sent != sent { // the tag counts the rows of this execution only
		tag = "SELECT " + strconv.Itoa(sent)
	}
	c.commandComplete(tag)
	return nil
}

// startPortal runs the statement up to its first batch; done says that it has
// no result and is complete.
func (c *conn) startPortal(ctx context.Context, p *portal) (done bool, err error) {
	p.started = true
	for _, f := range p.formats {
		if f != formatText && f != formatBinary {
			return true, badFormat(f)
		}
	}
	done, err = c.enterImplicit(ctx, p.stmt)
	if done || err != nil {
		return done, err
	}
	st := p.stmt.stmt
	f, ok, err := st.Copy()
	if err != nil {
		return false, err
	}
	if ok {
		tag, err := c.copy(ctx, st, f)
		if err == nil {
			c.commandComplete(tag)
		}
		return true, err
	}
	if c.endsTransaction(st.SQL()) {
		for _, other := range c.portals {
			if other != p {
				_ = other.close() // COMMIT tells a failed transaction itself
			}
		}
	}
	r, err := st.query(ctx, p.args)
	if err != nil {
		return false, err
	}
	if !sameTypes(r.Columns(), p.stmt.columns) {
		_ = r.Close()
		return false, sqlstate.ChangedResult()
	}
	p.cur = cursor{rows: r}
	return false, nil
}

// sameTypes reports whether a result still has the types it was described with.
func sameTypes(cols []htap.Column, described []types.Type) bool {
	if len(cols) != len(described) {
		return false
	}
	for i := range cols {
		if cols[i].Type != described[i] {
			return false
		}
	}
	return true
}
