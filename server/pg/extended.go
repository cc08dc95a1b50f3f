package pg

import (
	"context"
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"htapdb/htap"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/jackc/pgx/v5/pgproto3"
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

// extendedError answers an error of the extended protocol: what follows up to
// Sync is ignored, and the transaction has failed.
func (c *conn) extendedError(err error) error {
	if err == errClosed {
		return err
	}
	c.flushEvents()
	c.out = appendError(c.out, "ERROR", asError(context.Background(), err))
	c.skipping = true
	ctx := c.begin()
	if c.implicit != nil {
		_ = c.implicit.Rollback()
		c.implicit = nil
	} else if c.sess.TxState() == 'T' {
		c.sess.fail(ctx)
	}
	c.finish()
	return nil
}

// parse runs Parse: a prepared statement.
func (c *conn) parse(body []byte) error {
	var m pgproto3.Parse
	if err := m.Decode(body); err != nil {
		return sqlstate.New(sqlstate.ProtocolViolation, "invalid Parse message: %v", err)
	}
	old := c.statements[m.Name]
	if m.Name != "" && old != nil {
		return sqlstate.New(sqlstate.DuplicatePrepared, "prepared statement %q already exists", m.Name)
	}
	if old == nil && len(c.statements) >= c.srv.opt.MaxStatements {
		return sqlstate.New(sqlstate.ConfigurationLimit, "the session has %d prepared statements already", len(c.statements)).
			WithHint("Close statements that are no longer used.")
	}
	if old != nil {
		old.close()
		delete(c.statements, m.Name)
	}
	paramTypes := make([]types.Type, len(m.ParameterOIDs))
	for i, oid := range m.ParameterOIDs {
		var err error
		if paramTypes[i], err = paramType(oid); err != nil {
			return err
		}
	}
	if !utf8.ValidString(m.Query) {
		return badEncoding("in the statement")
	}
	p := &prepared{word: firstWord(m.Query)}
	if p.word != "" {
		ctx := c.begin()
		defer c.finish()
		var err error
		if p.stmt, err = c.sess.prepare(ctx, m.Query, paramTypes); err != nil {
			return asError(ctx, err)
		}
		p.describe(m.Query)
	}
	c.statements[m.Name] = p
	c.out = append(c.out, '1', 0, 0, 0, 4)
	return nil
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

// objectName reads the kind (statement or portal) and name of Describe and Close.
func objectName(body []byte) (kind byte, name string, err error) {
	if len(body) < 2 || body[len(body)-1] != 0 || (body[0] != 'S' && body[0] != 'P') {
		return 0, "", sqlstate.New(sqlstate.ProtocolViolation, "invalid Describe or Close message")
	}
	return body[0], string(body[1 : len(body)-1]), nil
}

// describe runs Describe.
func (c *conn) describe(body []byte) error {
	kind, name, err := objectName(body)
	if err != nil {
		return err
	}
	var st *prepared
	var formats []int16
	if kind == 'S' {
		if st = c.statements[name]; st == nil {
			return unknownStatement(name)
		}
		c.parameterDescription(st)
	} else {
		p := c.portals[name]
		if p == nil || p.stmt == nil {
			// Cursors and portals have one namespace: psycopg describes what it declared.
			if cols, ok := c.sess.Cursor(name); ok {
				c.out = appendRowDescription(c.out, cols, nil)
				return nil
			}
			return unknownPortal(name)
		}
		st, formats = p.stmt, p.formats
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
func (c *conn) closeObject(body []byte) error {
	kind, name, err := objectName(body)
	if err != nil {
		return err
	}
	if kind == 'S' {
		if st := c.statements[name]; st != nil {
			st.close()
			delete(c.statements, name)
		}
	} else if p := c.portals[name]; p != nil {
		delete(c.portals, name)
		if err := p.close(); err != nil {
			return err
		}
	}
	c.out = append(c.out, '3', 0, 0, 0, 4)
	return nil
}

// execute runs Execute: a portal, from where it was suspended.
func (c *conn) execute(body []byte) error {
	name, rest, ok := cutZero(body)
	if !ok || len(rest) != 4 {
		return sqlstate.New(sqlstate.ProtocolViolation, "invalid Execute message")
	}
	limit := max(int(int32(binary.BigEndian.Uint32(rest))), 0)
	p := c.portals[string(name)]
	if p == nil || p.stmt == nil {
		return unknownPortal(string(name))
	}
	if p.stmt.stmt == nil {
		c.out = append(c.out, 'I', 0, 0, 0, 4)
		return nil
	}
	ctx := c.begin()
	err := c.runPortal(ctx, p, string(name), limit)
	if err != nil && err != errClosed {
		err = asError(ctx, err)
	}
	c.finish()
	return err
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
	done, err = c.enterImplicit(ctx, p.stmt)
	if done || err != nil {
		return done, err
	}
	st := p.stmt.stmt
	if f, ok := st.Copy(); ok {
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
		return false, sqlstate.New(sqlstate.FeatureNotSupported, "cached plan must not change result type")
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
