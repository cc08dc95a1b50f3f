package pg

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"strings"
	"time"

	"htapdb/htap"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// copy runs COPY FROM STDIN or TO STDOUT and returns its tag.
func (c *conn) copy(ctx context.Context, st statement, f htap.CopyFormat) (tag string, err error) {
	kind := byte('H')
	if f.In {
		kind = 'G'
	}
	c.flushEvents()
	c.out = append(c.out, kind)
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(4+1+2+2*f.Columns))
	format := formatText // of csv too
	if f.Binary {
		format = formatBinary
	}
	c.out = append(c.out, byte(format))
	c.out = binary.BigEndian.AppendUint16(c.out, uint16(f.Columns))
	for range f.Columns {
		c.out = binary.BigEndian.AppendUint16(c.out, uint16(format))
	}
	switch {
	case f.In:
		return c.copyIn(ctx, st, f)
	case f.Binary:
		return c.copyOutBinary(ctx, st, f)
	}
	w := &copyWriter{c: c, quote: copyQuote(st.SQL())}
	res, err := st.CopyTo(ctx, w)
	if err != nil {
		return "", err
	}
	if err := w.finish(); err != nil {
		return "", err
	}
	c.out = append(c.out, 'c', 0, 0, 0, 4)
	return res.Tag, nil
}

// copyIn feeds the client's data to the statement.
func (c *conn) copyIn(ctx context.Context, st statement, f htap.CopyFormat) (tag string, err error) {
	if err := c.flush(); err != nil {
		return "", err
	}
	r := &copyReader{c: c, ctx: ctx, binary: f.Binary}
	c.setReading(true)
	var res htap.Result
	if f.Binary {
		res, err = st.CopyFromBatches(ctx, newBinaryReader(r, f.Types).next)
	} else {
		res, err = st.CopyFrom(ctx, r)
	}
	if err == nil && !r.done {
		_, err = io.Copy(io.Discard, r) // up to CopyDone, which ends it
	}
	c.setReading(false)
	if r.err != nil { // the reader's own error tells more than the statement's
		err = r.err
	}
	if err != nil {
		return "", err
	}
	return res.Tag, nil
}

// setReading says that the statement waits for the client, so that a cancel
// must wake the read.
func (c *conn) setReading(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = on
	if on && c.ctx.Err() != nil {
		_ = c.netConn.SetReadDeadline(time.Unix(1, 0))
	} else if !on && c.ctx.Err() != nil && !c.draining {
		_ = c.netConn.SetReadDeadline(time.Time{})
	}
}

// copyReader is the data of CopyData messages as a stream.
type copyReader struct {
	c    *conn
	ctx  context.Context
	rest []byte
	done bool
	// binary data have no lines.
	binary bool
	// held is a line of \. at the end of a message: the end of the data if no more
	// follows, which psql up to 17 sends in every format. midLine says that the
	// last message did not end a line.
	held    []byte
	midLine bool
	// err is what ended the stream other than CopyDone.
	err error
}

// Read returns data of the current message or waits for the next.
func (r *copyReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if r.done {
			return 0, io.EOF
		}
		r.err = r.message()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// message takes the next message.
func (r *copyReader) message() error {
	kind, body, err := r.c.in.next()
	switch {
	case err == errInterrupted:
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		return errShutdown
	case err != nil:
		if sqlstate.Is(err, sqlstate.ProtocolViolation) {
			return err
		}
		return errClosed
	}
	switch kind {
	case 'd':
		r.data(body)
	case 'c':
		r.done = true
	case 'f':
		r.done = true
		reason, _, _ := bytes.Cut(body, []byte{0})
		return sqlstate.New(sqlstate.QueryCanceled, "COPY from stdin failed: %s", reason)
	case 'H', 'S': // allowed and without effect
	case 'X':
		return errClosed
	default:
		r.c.lost = true
		return unexpectedInCopy(kind)
	}
	return nil
}

// data takes the bytes of a message.
func (r *copyReader) data(body []byte) {
	if len(body) == 0 {
		return
	}
	if r.binary {
		r.rest = body
		return
	}
	if r.held != nil {
		body, r.held = append(r.held, body...), nil
		r.midLine = false
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(body, []byte("\n")), []byte("\r"))
	if rows, ok := bytes.CutSuffix(line, []byte(`\.`)); ok && (len(rows) == 0 && !r.midLine || bytes.HasSuffix(rows, []byte("\n"))) {
		r.held = bytes.Clone(body[len(rows):])
		body = rows
	}
	r.rest = body
	if len(body) > 0 {
		r.midLine = body[len(body)-1] != '\n'
	}
}

// copyWriter sends rows as CopyData messages, one a row: some clients take a
// message for a row.
type copyWriter struct {
	c *conn
	// quote is the character between which a newline does not end a row, 0 in
	// the text format.
	quote  byte
	quoted bool
	// partial is the beginning of a row.
	partial []byte
}

// Write sends the rows that p completes.
func (w *copyWriter) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		n := w.rowEnd(p)
		if n == 0 {
			if len(w.partial)+len(p) > maxRow {
				return 0, sqlstate.New(sqlstate.ProgramLimitExceeded, "a row of COPY has more than %d bytes", maxRow)
			}
			w.partial = append(w.partial, p...)
			break
		}
		w.message(w.partial, p[:n])
		w.partial = w.partial[:0]
		p = p[n:]
		if len(w.c.out) >= flushAt {
			if err := w.c.flush(); err != nil {
				return 0, err
			}
		}
	}
	return total, nil
}

// rowEnd returns the length of p up to and with the end of a row, 0 if there is none.
func (w *copyWriter) rowEnd(p []byte) int {
	if w.quote == 0 {
		return bytes.IndexByte(p, '\n') + 1
	}
	for i, b := range p {
		switch {
		case b == w.quote:
			w.quoted = !w.quoted
		case b == '\n' && !w.quoted:
			return i + 1
		}
	}
	return 0
}

// message appends a CopyData of two parts.
func (w *copyWriter) message(a, b []byte) {
	w.c.out = append(w.c.out, 'd')
	w.c.out = binary.BigEndian.AppendUint32(w.c.out, uint32(4+len(a)+len(b)))
	w.c.out = append(append(w.c.out, a...), b...)
}

// finish sends a last row without an end of line.
func (w *copyWriter) finish() error {
	if len(w.partial) > 0 {
		w.message(w.partial, nil)
		w.partial = nil
	}
	return nil
}

// copyQuote returns the quote character of a COPY in csv, 0 in the text format.
func copyQuote(sql string) byte {
	stmts, err := parser.Parse(sql)
	if err != nil || len(stmts) != 1 {
		return 0
	}
	cp, ok := stmts[0].Stmt.(*parser.CopyStmt)
	if !ok {
		return 0
	}
	return quoteOption(cp.Options)
}

// quoteOption finds the quote character among the options of COPY.
func quoteOption(options []*parser.Option) byte {
	csv, quote := false, byte('"')
	for _, o := range options {
		text, _ := o.Text()
		switch o.Name {
		case "format":
			csv = strings.EqualFold(text, "csv")
		case "quote":
			if len(text) == 1 {
				quote = text[0]
			}
		}
	}
	if !csv {
		return 0
	}
	return quote
}
