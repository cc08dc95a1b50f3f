package pg

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"

	"htapdb/sql/sqlstate"
)

// readBuffer is the size of a connection's read buffer between messages.
const readBuffer = 16 << 10

// errInterrupted is returned by a read that interrupt woke up.
var errInterrupted = errors.New("pg: read interrupted")

// reader splits the client's stream into messages. The buffer grows with the
// bytes that arrive, not with the length that a message claims, and shrinks
// again after a long one.
type reader struct {
	conn net.Conn
	// buf[pos:end] is received and not yet consumed.
	buf      []byte
	pos, end int
	maxBody  int
}

// newReader returns a reader with its buffer.
func newReader(conn net.Conn, maxBody int) *reader {
	return &reader{conn: conn, buf: make([]byte, readBuffer), maxBody: maxBody}
}

// next returns the next typed message; its body is valid until the next call.
// io.EOF is a client that went away between messages.
func (r *reader) next() (kind byte, body []byte, err error) {
	if r.pos == r.end {
		r.reset()
	}
	if err := r.need(5); err != nil {
		return 0, nil, err
	}
	kind = r.buf[r.pos]
	size := int(binary.BigEndian.Uint32(r.buf[r.pos+1:]))
	if limit := r.limit(kind); size < 4 || size-4 > limit {
		return 0, nil, sqlstate.New(sqlstate.ProtocolViolation, "message of type %q has a length of %d bytes, allowed are 4 to %d", kind, size, limit+4)
	}
	if err := r.need(1 + size); err != nil {
		return 0, nil, err
	}
	body = r.buf[r.pos+5 : r.pos+1+size]
	r.pos += 1 + size
	return kind, body, nil
}

// smallMessage bounds messages that hold a name at most, as PostgreSQL does.
const smallMessage = 10000

// limit is the length that the body of a message may have.
func (r *reader) limit(kind byte) int {
	switch kind {
	case 'X', 'C', 'D', 'E', 'H', 'S', 'c', 'f':
		return min(r.maxBody, smallMessage)
	}
	return r.maxBody
}

// startup returns the body of a message without a type, as the first ones are.
func (r *reader) startup(limit int) ([]byte, error) {
	if err := r.need(4); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(r.buf[r.pos:]))
	if size < 8 || size > limit {
		return nil, sqlstate.New(sqlstate.ProtocolViolation, "invalid length of startup packet: %d bytes", size)
	}
	if err := r.need(size); err != nil {
		return nil, err
	}
	body := r.buf[r.pos+4 : r.pos+size]
	r.pos += size
	return body, nil
}

// need waits until n bytes are buffered.
func (r *reader) need(n int) error {
	for r.end-r.pos < n {
		if r.pos > 0 && r.pos+n > len(r.buf) {
			r.end = copy(r.buf, r.buf[r.pos:r.end])
			r.pos = 0
		}
		if r.end == len(r.buf) {
			r.buf = append(make([]byte, 0, min(2*len(r.buf), max(n, readBuffer))), r.buf...)
			r.buf = r.buf[:cap(r.buf)]
		}
		got, err := r.conn.Read(r.buf[r.end:])
		r.end += got
		if got > 0 {
			continue
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errInterrupted
		case err == io.EOF && r.end > r.pos:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return nil
}

// reset forgets consumed bytes and a buffer that one long message made large.
func (r *reader) reset() {
	r.pos, r.end = 0, 0
	if len(r.buf) > 8*readBuffer {
		r.buf = make([]byte, readBuffer)
	}
}

// syncFollows reports whether the messages received so far continue with Sync,
// after none but messages that run nothing: Close, Flush and Describe.
func (r *reader) syncFollows() bool {
	for at := r.pos; r.end-at >= 5; {
		switch r.buf[at] {
		case 'S':
			return true
		case 'C', 'H', 'D':
			size := int(binary.BigEndian.Uint32(r.buf[at+1:]))
			if size < 4 || size > r.end-at {
				return false
			}
			at += 1 + size
		default:
			return false
		}
	}
	return false
}
