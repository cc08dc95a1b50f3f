package pg

import (
	"errors"
	"strconv"
	"unicode/utf8"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// bindMessage is a decoded Bind; its slices are reused, and the parameters
// point into the message.
type bindMessage struct {
	portal, statement []byte
	paramFormats      []int16
	params            [][]byte
	resultFormats     []int16
	// bad is an error in what follows the names: who names a statement that is
	// not there is told so first.
	bad error
}

// decode reads the body of a Bind.
func (m *bindMessage) decode(b body) (err error) {
	if m.portal, err = b.text(); err != nil {
		return err
	}
	if m.statement, err = b.text(); err != nil {
		return err
	}
	m.bad = m.values(b)
	return nil
}

// values reads what follows the names.
func (m *bindMessage) values(b body) (err error) {
	if m.paramFormats, err = b.formats(m.paramFormats[:0]); err != nil {
		return err
	}
	n, err := b.uint16()
	if err != nil {
		return err
	}
	m.params = m.params[:0]
	for range n {
		size, err := b.uint32()
		if err != nil {
			return err
		}
		if int32(size) == -1 {
			m.params = append(m.params, nil)
			continue
		}
		value, err := b.bytes(int(int32(size)))
		if err != nil {
			return err
		}
		m.params = append(m.params, value)
	}
	if m.resultFormats, err = b.formats(m.resultFormats[:0]); err != nil {
		return err
	}
	return b.end()
}

// bindPortal runs Bind: a portal with its parameters.
func (c *conn) bindPortal(data []byte) error {
	m := &c.bind
	if err := m.decode(body{data}); err != nil {
		return err
	}
	st := c.statement(m.statement)
	if st == nil {
		return unknownStatement(string(m.statement))
	}
	if m.bad != nil {
		return m.bad
	}
	if err := st.accepts(m); err != nil {
		return err
	}
	if c.sess.TxState() == 'E' && !endsFailed(st.word) {
		return errAborted
	}
	p, err := c.newPortal(string(m.portal))
	if err != nil {
		return err
	}
	if err := p.fill(st, m, c); err != nil {
		delete(c.portals, string(m.portal))
		return err
	}
	c.out = append(c.out, '2', 0, 0, 0, 4)
	return nil
}

// newPortal makes a portal of the name, in the place of an earlier unnamed one.
func (c *conn) newPortal(name string) (*portal, error) {
	p := c.portals[name]
	if _, cursor := c.sess.Cursor(name); cursor || p != nil && name != "" {
		return nil, sqlstate.New(sqlstate.DuplicateCursor, "cursor %q already exists", name)
	}
	if p != nil {
		return p, p.close()
	}
	if len(c.portals) >= c.srv.opt.MaxPortals {
		return nil, sqlstate.New(sqlstate.ConfigurationLimit, "the session has %d portals already", len(c.portals))
	}
	if !utf8.ValidString(name) {
		return nil, badEncoding([]byte(name))
	}
	p = &portal{}
	c.portals[name] = p
	return p, nil
}

// accepts compares the number of parameters with the statement's.
func (p *prepared) accepts(m *bindMessage) error {
	want := 0
	if p.stmt != nil {
		want = len(p.stmt.Params())
	}
	if n := len(m.paramFormats); n > 1 && n != len(m.params) {
		return sqlstate.New(sqlstate.ProtocolViolation, "bind message has %d parameter formats but %d parameters", n, len(m.params))
	}
	if len(m.params) != want {
		return sqlstate.New(sqlstate.ProtocolViolation, "bind message supplies %d parameters, but prepared statement %q requires %d", len(m.params), m.statement, want)
	}
	return nil
}

// fill makes p a portal of st with the parameters and formats of m.
func (p *portal) fill(st *prepared, m *bindMessage, c *conn) error {
	*p = portal{stmt: st, args: p.args[:0], formats: p.formats[:0]}
	var paramTypes []types.Type
	columns := 0
	if st.stmt != nil {
		paramTypes = st.stmt.Params()
		columns = len(st.stmt.Columns())
	}
	for i, b := range m.params {
		d, err := decodeParam(b, paramTypes[i], formatAt(m.paramFormats, i), i+1, c.sess.TextStyle())
		if err != nil {
			return inParameter(err, m, i)
		}
		p.args = append(p.args, d)
	}
	if n := len(m.resultFormats); n > 1 && n != columns {
		return sqlstate.New(sqlstate.ProtocolViolation, "bind message has %d result formats but query has %d columns", n, columns)
	}
	for i := range columns {
		p.formats = append(p.formats, formatAt(m.resultFormats, i))
	}
	return nil
}

// inParameter adds to an error which parameter has it.
func inParameter(err error, m *bindMessage, i int) error {
	e, ok := errors.AsType[*sqlstate.Error](err)
	if !ok {
		return err
	}
	name := "unnamed portal"
	if len(m.portal) > 0 {
		name = "portal \"" + string(m.portal) + "\""
	}
	copied := *e
	copied.Where = name + " parameter $" + strconv.Itoa(i+1)
	if formatAt(m.paramFormats, i) == formatText {
		copied.Where += " = '...'" // the value may be private
	}
	return &copied
}

// formatAt applies the protocol's short forms: no code is text, one is for all.
func formatAt(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return formatText
	case 1:
		return formats[0]
	}
	return formats[i]
}
