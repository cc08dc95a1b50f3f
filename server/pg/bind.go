package pg

import (
	"bytes"
	"encoding/binary"

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
}

// decode reads the body of a Bind.
func (m *bindMessage) decode(body []byte) error {
	bad := sqlstate.New(sqlstate.ProtocolViolation, "invalid Bind message")
	var ok bool
	if m.portal, body, ok = cutZero(body); !ok {
		return bad
	}
	if m.statement, body, ok = cutZero(body); !ok {
		return bad
	}
	if m.paramFormats, body, ok = decodeFormats(m.paramFormats[:0], body); !ok || len(body) < 2 {
		return bad
	}
	n := int(binary.BigEndian.Uint16(body))
	body = body[2:]
	m.params = m.params[:0]
	for range n {
		if len(body) < 4 {
			return bad
		}
		size := int(int32(binary.BigEndian.Uint32(body)))
		body = body[4:]
		switch {
		case size == -1:
			m.params = append(m.params, nil)
			continue
		case size < 0 || size > len(body):
			return bad
		}
		m.params = append(m.params, body[:size:size])
		body = body[size:]
	}
	if m.resultFormats, body, ok = decodeFormats(m.resultFormats[:0], body); !ok || len(body) != 0 {
		return bad
	}
	return nil
}

// cutZero splits at the zero byte that ends a string.
func cutZero(b []byte) (s, rest []byte, ok bool) { return bytes.Cut(b, []byte{0}) }

// decodeFormats reads a counted list of format codes.
func decodeFormats(dst []int16, b []byte) (formats []int16, rest []byte, ok bool) {
	if len(b) < 2 {
		return dst, b, false
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if len(b) < 2*n {
		return dst, b, false
	}
	for i := range n {
		dst = append(dst, int16(binary.BigEndian.Uint16(b[2*i:])))
	}
	return dst, b[2*n:], true
}

// bindPortal runs Bind: a portal with its parameters.
func (c *conn) bindPortal(body []byte) error {
	m := &c.bind
	if err := m.decode(body); err != nil {
		return err
	}
	st := c.statements[string(m.statement)]
	if st == nil {
		return unknownStatement(string(m.statement))
	}
	p := c.portals[string(m.portal)]
	switch {
	case p == nil:
		if len(c.portals) >= c.srv.opt.MaxPortals {
			return sqlstate.New(sqlstate.ConfigurationLimit, "the session has %d portals already", len(c.portals))
		}
		p = &portal{}
		c.portals[string(m.portal)] = p
	case len(m.portal) > 0:
		return sqlstate.New(sqlstate.DuplicateCursor, "portal %q already exists", m.portal)
	default:
		if err := p.close(); err != nil {
			return err
		}
	}
	err := p.fill(st, m, c)
	if err != nil {
		delete(c.portals, string(m.portal))
		return err
	}
	c.out = append(c.out, '2', 0, 0, 0, 4)
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
	if len(m.params) != len(paramTypes) {
		return sqlstate.New(sqlstate.ProtocolViolation, "bind message supplies %d parameters, but the prepared statement requires %d", len(m.params), len(paramTypes))
	}
	if n := len(m.paramFormats); n > 1 && n != len(m.params) {
		return sqlstate.New(sqlstate.ProtocolViolation, "bind message has %d parameter formats but %d parameters", n, len(m.params))
	}
	for i, b := range m.params {
		d, err := decodeParam(b, paramTypes[i], formatAt(m.paramFormats, i), i+1, c.sess.TextStyle())
		if err != nil {
			return err
		}
		p.args = append(p.args, d)
	}
	if n := len(m.resultFormats); n > 1 && n != columns {
		return sqlstate.New(sqlstate.ProtocolViolation, "bind message has %d result formats but query has %d columns", n, columns)
	}
	for i := range columns {
		f := formatAt(m.resultFormats, i)
		if f != formatText && f != formatBinary {
			return sqlstate.New(sqlstate.ProtocolViolation, "unsupported format code: %d", f)
		}
		p.formats = append(p.formats, f)
	}
	return nil
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
