package files

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"htapdb/sql/sqlstate"
)

// maxRecordBytes bounds one record: an unclosed quote must not read a whole file into memory.
const maxRecordBytes = 64 << 20

// field is one field of a record; text is valid until the next record.
type field struct {
	text   []byte
	quoted bool
}

// csvScanner splits its input into records.
type csvScanner struct {
	o    CSVOptions
	r    *bufio.Reader
	name string
	// line is the number of the first line of the current record, next that of the following.
	line, next int64
	buf        []byte
	ends       []int // end of each field in buf
	quoted     []bool
	fields     []field
}

func newCSVScanner(r io.Reader, name string, o CSVOptions) *csvScanner {
	return &csvScanner{o: o, r: bufio.NewReaderSize(r, 1<<18), name: name, next: 1}
}

// record returns the next record, nil at the end.
func (s *csvScanner) record() ([]field, error) {
	for {
		line, err := s.readLine()
		if err != nil || line == nil {
			return nil, err
		}
		s.buf, s.ends, s.quoted = s.buf[:0], s.ends[:0], s.quoted[:0]
		if s.o.Text {
			if bytes.Equal(line, []byte(`\.`)) {
				return nil, nil
			}
			s.splitText(line)
		} else if err := s.splitCSV(line); err != nil {
			return nil, err
		}
		s.fields = s.fields[:0]
		at := 0
		for i, end := range s.ends {
			s.fields = append(s.fields, field{s.buf[at:end:end], s.quoted[i]})
			at = end
		}
		return s.fields, nil
	}
}

// readLine returns the next line without its end, nil at the end of the input.
func (s *csvScanner) readLine() ([]byte, error) {
	s.line = s.next
	return s.physicalLine()
}

// physicalLine reads up to the next line feed.
func (s *csvScanner) physicalLine() ([]byte, error) {
	line, err := s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := append([]byte(nil), line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(long) > maxRecordBytes {
				return nil, s.bad("a line is longer than %d bytes", maxRecordBytes)
			}
			line, err = s.r.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if err != nil && !errors.Is(err, io.EOF) {
		var e *sqlstate.Error
		if errors.As(err, &e) {
			return nil, err
		}
		return nil, sqlstate.Wrap(sqlstate.IOError, err, "reading %s: %v", s.name, err)
	}
	if len(line) == 0 {
		return nil, nil
	}
	s.next++
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}

// splitText splits a line of the text format; escapes are resolved later, since
// \N is a mark only when it stands as written.
func (s *csvScanner) splitText(line []byte) {
	escaped := false
	for _, c := range line {
		if !escaped && c == s.o.Delimiter {
			s.endField(false)
			continue
		}
		escaped = !escaped && c == '\\'
		s.buf = append(s.buf, c)
	}
	s.endField(false)
}

func (s *csvScanner) endField(quoted bool) {
	s.ends = append(s.ends, len(s.buf))
	s.quoted = append(s.quoted, quoted)
}

// splitCSV splits a record that begins with line and goes on over line ends in quotes.
func (s *csvScanner) splitCSV(line []byte) error {
	q, esc := s.o.Quote, s.o.Escape
	for i := 0; ; {
		// At the start of a field, or after a closing quote.
		quoted := false
		for i < len(line) && line[i] != s.o.Delimiter {
			if line[i] != q {
				j := i
				for j < len(line) && line[j] != s.o.Delimiter && line[j] != q {
					j++
				}
				s.buf = append(s.buf, line[i:j]...)
				i = j
				continue
			}
			quoted = true
			i++
			for {
				if i == len(line) {
					next, err := s.physicalLine()
					if err != nil {
						return err
					}
					if next == nil {
						return s.bad("a quoted field is not closed")
					}
					if len(s.buf) > maxRecordBytes {
						return s.bad("a record is longer than %d bytes: is a quote missing?", maxRecordBytes)
					}
					s.buf = append(s.buf, '\n')
					line, i = next, 0
					continue
				}
				c := line[i]
				if c == esc && i+1 < len(line) && (line[i+1] == q || line[i+1] == esc) {
					s.buf = append(s.buf, line[i+1])
					i += 2
					continue
				}
				i++
				if c == q {
					break
				}
				s.buf = append(s.buf, c)
			}
		}
		s.endField(quoted)
		if i == len(line) {
			return nil
		}
		i++ // the delimiter; a field follows, perhaps an empty one at the end
	}
}

// bad is 22P04 at the current record.
func (s *csvScanner) bad(format string, args ...any) error {
	return sqlstate.New(sqlstate.BadCopyFileFormat, format, args...).WithWhere("%s, line %d", s.name, s.line)
}

// unescape resolves the backslash escapes of the text format in place.
func unescape(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	out := b[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c != '\\' || i+1 == len(b) {
			out = append(out, c)
			continue
		}
		i++
		switch c = b[i]; c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'v':
			c = '\v'
		case 'x':
			if v, n := digits(b[i+1:], 2, 16); n > 0 {
				c, i = v, i+n
			}
		default:
			if v, n := digits(b[i:], 3, 8); n > 0 {
				c, i = v, i+n-1
			}
		}
		out = append(out, c)
	}
	return out
}

// digits reads up to limit digits of the base and returns how many there were.
func digits(b []byte, limit int, base byte) (v byte, n int) {
	for n < limit && n < len(b) {
		d := byte(255)
		switch c := b[n]; {
		case c >= '0' && c <= '9':
			d = c - '0'
		case c >= 'a' && c <= 'f':
			d = c - 'a' + 10
		case c >= 'A' && c <= 'F':
			d = c - 'A' + 10
		}
		if d >= base {
			break
		}
		v = v*base + d
		n++
	}
	return v, n
}
