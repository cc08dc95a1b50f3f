package files

import (
	"bufio"
	"bytes"
	"io"

	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// csvWriter formats rows as COPY … TO does.
type csvWriter struct {
	o    CSVOptions
	w    *bufio.Writer
	cols []Column
	line []byte
	cell []byte
}

// NewCSVWriter returns a writer of the columns to w, which stays open.
func NewCSVWriter(w io.Writer, columns []Column, o CSVOptions) (Writer, error) {
	o, err := o.normalized()
	if err != nil {
		return nil, err
	}
	c := &csvWriter{o: o, w: bufio.NewWriterSize(w, 1<<16), cols: columns}
	if o.Header {
		for i, col := range columns {
			c.separate(i)
			c.cell = append(c.cell[:0], col.Name...)
			c.appendCell()
		}
		return c, c.flushLine()
	}
	return c, nil
}

// Write implements Writer.
func (c *csvWriter) Write(b *vector.Batch) error {
	for i := range b.Rows() {
		r := b.Row(i)
		for k, v := range b.Cols {
			c.separate(k)
			d := v.Datum(r)
			if d.IsNull() {
				c.line = append(c.line, c.o.Null...)
				continue
			}
			c.cell = c.o.Style.Append(c.cell[:0], d, v.Type)
			c.appendCell()
		}
		if err := c.flushLine(); err != nil {
			return err
		}
	}
	return nil
}

func (c *csvWriter) separate(i int) {
	if i > 0 {
		c.line = append(c.line, c.o.Delimiter)
	}
}

// appendCell adds the cell, escaped or quoted if it has to be.
func (c *csvWriter) appendCell() {
	if c.o.Text {
		c.appendEscaped()
		return
	}
	// A lone \. would end the input of old clients.
	if string(c.cell) != c.o.Null && !bytes.ContainsAny(c.cell, "\r\n") &&
		bytes.IndexByte(c.cell, c.o.Delimiter) < 0 && bytes.IndexByte(c.cell, c.o.Quote) < 0 && string(c.cell) != `\.` {
		c.line = append(c.line, c.cell...)
		return
	}
	c.line = append(c.line, c.o.Quote)
	for _, x := range c.cell {
		if x == c.o.Quote || x == c.o.Escape {
			c.line = append(c.line, c.o.Escape)
		}
		c.line = append(c.line, x)
	}
	c.line = append(c.line, c.o.Quote)
}

// appendEscaped writes the cell in the text format.
func (c *csvWriter) appendEscaped() {
	for _, x := range c.cell {
		switch x {
		case '\b':
			c.line = append(c.line, `\b`...)
		case '\f':
			c.line = append(c.line, `\f`...)
		case '\n':
			c.line = append(c.line, `\n`...)
		case '\r':
			c.line = append(c.line, `\r`...)
		case '\t':
			c.line = append(c.line, `\t`...)
		case '\v':
			c.line = append(c.line, `\v`...)
		default:
			if x == '\\' || x == c.o.Delimiter {
				c.line = append(c.line, '\\')
			}
			c.line = append(c.line, x)
		}
	}
}

func (c *csvWriter) flushLine() error {
	c.line = append(c.line, '\n')
	_, err := c.w.Write(c.line)
	c.line = c.line[:0]
	return c.ioError(err)
}

// Close implements Writer.
func (c *csvWriter) Close() error { return c.ioError(c.w.Flush()) }

func (c *csvWriter) ioError(err error) error {
	if err == nil {
		return nil
	}
	return sqlstate.Wrap(sqlstate.IOError, err, "writing CSV: %v", err)
}
