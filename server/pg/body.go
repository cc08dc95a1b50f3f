package pg

import (
	"bytes"
	"encoding/binary"

	"htapdb/sql/sqlstate"
)

// body reads the fields of a message in order. Its errors are PostgreSQL's, all
// 08P01; end refuses what is left over.
type body struct{ rest []byte }

func badMessage(what string) error { return sqlstate.New(sqlstate.ProtocolViolation, "%s", what) }

func insufficient() error { return badMessage("insufficient data left in message") }

// byte reads one byte.
func (b *body) byte() (byte, error) {
	if len(b.rest) == 0 {
		return 0, badMessage("no data left in message")
	}
	c := b.rest[0]
	b.rest = b.rest[1:]
	return c, nil
}

// text reads a string that ends with a zero byte, which is not part of it.
func (b *body) text() ([]byte, error) {
	s, rest, ok := bytes.Cut(b.rest, []byte{0})
	if !ok {
		return nil, badMessage("invalid string in message")
	}
	b.rest = rest
	return s, nil
}

func (b *body) uint16() (uint16, error) {
	if len(b.rest) < 2 {
		return 0, insufficient()
	}
	n := binary.BigEndian.Uint16(b.rest)
	b.rest = b.rest[2:]
	return n, nil
}

func (b *body) uint32() (uint32, error) {
	if len(b.rest) < 4 {
		return 0, insufficient()
	}
	n := binary.BigEndian.Uint32(b.rest)
	b.rest = b.rest[4:]
	return n, nil
}

// bytes reads n bytes.
func (b *body) bytes(n int) ([]byte, error) {
	if n < 0 || n > len(b.rest) {
		return nil, insufficient()
	}
	out := b.rest[:n:n]
	b.rest = b.rest[n:]
	return out, nil
}

// formats appends a counted list of format codes.
func (b *body) formats(dst []int16) ([]int16, error) {
	n, err := b.uint16()
	if err != nil {
		return dst, err
	}
	for range n {
		f, err := b.uint16()
		if err != nil {
			return dst, err
		}
		dst = append(dst, int16(f))
	}
	return dst, nil
}

// end refuses bytes after the last field.
func (b *body) end() error {
	if len(b.rest) != 0 {
		return badMessage("invalid message format")
	}
	return nil
}
