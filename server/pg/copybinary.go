package pg

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// The binary format of COPY: a header, rows of a count of fields and each field
// with its length (−1 for NULL), and a count of −1 at the end.

// copySignature begins the header.
const copySignature = "PGCOPY\n\xff\r\n\x00"

// criticalFlags are the flags that a reader must know, of which there is none.
const criticalFlags = 0xffff0000

// copyHeader is the header without flags and extensions.
const copyHeader = copySignature + "\x00\x00\x00\x00\x00\x00\x00\x00"

// copyOutBinary sends the rows as CopyData messages, one a row. The header comes
// with the first: psycopg reads it there.
func (c *conn) copyOutBinary(ctx context.Context, st statement, f htap.CopyFormat) (tag string, err error) {
	begun := false
	formats := make([]int16, f.Columns)
	for i := range formats {
		formats[i] = formatBinary
	}
	c.rows.begin(formats, c.sess.TextStyle())
	c.rows.kind = 'd'
	res, err := st.CopyToBatches(ctx, func(b *vector.Batch) error {
		c.rows.batch(b)
		for at, to := 0, b.Rows(); at < to; {
			var err error
			message, end := len(c.out), to
			if !begun {
				end = at + 1
			}
			if c.out, at, err = c.rows.rows(c.out, b, at, end, flushAt); err != nil {
				return err
			}
			if !begun && at == end {
				begun = true
				c.out = slices.Insert(c.out, message+5, []byte(copyHeader)...)
				binary.BigEndian.PutUint32(c.out[message+1:], uint32(len(c.out)-message-1))
			}
			if len(c.out) >= flushAt {
				if err := c.flush(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	end := "\xff\xff"
	if !begun {
		end = copyHeader + end
	}
	c.copyData([]byte(end))
	c.out = append(c.out, 'c', 0, 0, 0, 4)
	return res.Tag, nil
}

// copyData appends a CopyData message.
func (c *conn) copyData(data []byte) {
	c.out = append(c.out, 'd')
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(4+len(data)))
	c.out = append(c.out, data...)
}

// binaryReader turns the binary format into batches.
type binaryReader struct {
	r     *bufio.Reader
	types []types.Type
	// started says that the header has been read, ended that the end has.
	started, ended bool
	row            int
	batch          vector.Batch
	field          []byte
}

func newBinaryReader(r io.Reader, ts []types.Type) *binaryReader {
	b := &binaryReader{r: bufio.NewReaderSize(r, 64<<10), types: ts}
	for _, t := range ts {
		b.batch.Cols = append(b.batch.Cols, vector.New(t, 0))
	}
	return b
}

// badCopy is an error of the format.
func badCopy(format string, args ...any) *sqlstate.Error {
	return sqlstate.New(sqlstate.BadCopyFileFormat, format, args...)
}

// read fills p; what the client ended too early is an error.
func (b *binaryReader) read(p []byte) error {
	_, err := io.ReadFull(b.r, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return badCopy("unexpected EOF in COPY data").WithDetail("In row %d.", b.row+1)
	}
	return err
}

func (b *binaryReader) header() error {
	var h [len(copySignature) + 8]byte
	if _, err := io.ReadFull(b.r, h[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return badCopy("COPY file signature not recognized")
		}
		return err
	}
	if string(h[:len(copySignature)]) != copySignature {
		return badCopy("COPY file signature not recognized")
	}
	if flags := binary.BigEndian.Uint32(h[len(copySignature):]); flags&criticalFlags != 0 {
		return badCopy("unrecognized critical flags in COPY file header: %#x", flags)
	}
	n := int32(binary.BigEndian.Uint32(h[len(copySignature)+4:]))
	if n < 0 {
		return badCopy("invalid COPY file header (wrong length)")
	}
	if _, err := io.CopyN(io.Discard, b.r, int64(n)); err != nil {
		if errors.Is(err, io.EOF) {
			return badCopy("invalid COPY file header (wrong length)")
		}
		return err
	}
	return nil
}

// next returns the next rows, nil at the end; they are valid until the next call.
func (b *binaryReader) next() (*vector.Batch, error) {
	if !b.started {
		if err := b.header(); err != nil {
			return nil, err
		}
		b.started = true
	}
	for i, t := range b.types {
		b.batch.Cols[i] = vector.New(t, 0)
	}
	b.batch.Len = 0
	for !b.ended && b.batch.Len < vector.MaxBatch {
		if err := b.readRow(); err != nil {
			return nil, err
		}
	}
	if b.batch.Len == 0 {
		return nil, nil
	}
	return &b.batch, nil
}

// readRow reads one row, or the end.
func (b *binaryReader) readRow() error {
	var head [4]byte
	switch n, err := io.ReadFull(b.r, head[:2]); {
	case n == 0 && errors.Is(err, io.EOF): // CopyDone ends the data as well
		b.ended = true
		return nil
	case err != nil:
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return badCopy("unexpected EOF in COPY data").WithDetail("In row %d.", b.row+1)
		}
		return err
	}
	switch n := int16(binary.BigEndian.Uint16(head[:2])); {
	case n == -1:
		b.ended = true
		if _, err := b.r.ReadByte(); err == nil {
			return badCopy("received copy data after EOF marker")
		} else if !errors.Is(err, io.EOF) {
			return err
		}
		return nil
	case int(n) != len(b.types):
		return badCopy("row field count is %d, expected %d", n, len(b.types)).WithDetail("In row %d.", b.row+1)
	}
	for i, t := range b.types {
		if err := b.read(head[:]); err != nil {
			return err
		}
		d, err := b.value(int32(binary.BigEndian.Uint32(head[:])), t, i)
		if err != nil {
			return err
		}
		b.batch.Cols[i].Append(d)
	}
	b.batch.Len++
	b.row++
	return nil
}

// value reads a field of a length.
func (b *binaryReader) value(size int32, t types.Type, i int) (types.Datum, error) {
	switch {
	case size == -1:
		return types.NullDatum, nil
	case size < 0 || size > maxRow:
		return types.NullDatum, badCopy("invalid field size %d", size).WithDetail("In row %d, field %d.", b.row+1, i+1)
	}
	// The length is the client's word: memory grows as the bytes arrive.
	b.field = b.field[:0]
	for int(size) > len(b.field) {
		at := len(b.field)
		part := min(int(size)-at, 1<<20)
		b.field = append(b.field, make([]byte, part)...)
		if err := b.read(b.field[at:]); err != nil {
			return types.NullDatum, err
		}
	}
	d, err := decodeBinary(b.field, t, fieldName(b.row+1, i+1))
	if err == nil {
		err = checkRange(d, t)
	}
	return d, err
}
