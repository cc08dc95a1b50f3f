package segment

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"

	"htapdb/internal/vfs"
	"htapdb/sql/sqlstate"

	"github.com/zeebo/xxh3"
)

// Segment is an open segment.
type Segment struct {
	path    string
	mapping *vfs.Mapping
	refs    atomic.Int64
	header  header
	columns []*Column
	byID    map[uint32]*Column

	// The engine's columns, nil where the file has none.
	rowIDs, rowOrder, begin, prev *Column
}

// littleEndian: the format is mapped, not decoded.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Open maps the named segment and checks its header and footer; chunks are
// checked when first touched. The segment has one reference, the caller's.
// Errors: DataCorrupted for damage; FeatureNotSupported for a newer format
// version and on big-endian machines; the file system's for a missing file.
func Open(fs vfs.FS, path string) (*Segment, error) {
	if !littleEndian {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "column segments on big-endian machines")
	}
	m, err := vfs.Map(fs, path)
	if err != nil {
		return nil, sqlstate.Wrap(sqlstate.IOError, err, "opening segment %s: %v", path, err)
	}
	s := &Segment{path: path, mapping: m}
	if err := s.load(); err != nil {
		_ = m.Close() // the damage is what to report
		return nil, err
	}
	s.refs.Store(1)
	return s, nil
}

// corrupted is the error for damage to the file's frame.
func (s *Segment) corrupted(format string, args ...any) error {
	e := sqlstate.New(sqlstate.DataCorrupted, format, args...)
	e.Message = "segment " + s.path + ": " + e.Message
	return e
}

// load decodes header, trailer and footer.
func (s *Segment) load() error {
	data := s.mapping.Data
	if len(data) < headerSize+trailerSize {
		return s.corrupted("%d bytes are too few", len(data))
	}
	if err := s.mapping.Populate(data[:headerSize]); err != nil {
		return s.readError(err)
	}
	trailer := data[len(data)-trailerSize:]
	if err := s.mapping.Populate(trailer); err != nil {
		return s.readError(err)
	}
	if string(data[:8]) != headerMagic {
		return s.corrupted("this is not a column segment (magic %q)", data[:8])
	}
	le := binary.LittleEndian
	// The version is looked at before anything whose place a newer one may change.
	if v := le.Uint32(data[8:]); v > formatVersion {
		return sqlstate.New(sqlstate.FeatureNotSupported, "segment %s has format version %d: this program reads up to %d", s.path, v, formatVersion)
	}
	var ok bool
	if s.header, ok = decodeHeader(data); !ok || le.Uint32(data[8:]) != formatVersion {
		return s.corrupted("the header's checksum does not match")
	}
	if !bytes.Equal(trailer[24:], []byte(footerMagic)) || le.Uint32(trailer[12:]) != formatVersion {
		return s.corrupted("the trailer is damaged or the file is cut short")
	}
	offset, size := le.Uint64(trailer), uint64(le.Uint32(trailer[8:]))
	if end := uint64(len(data) - trailerSize); offset < headerSize || offset > end || size != end-offset || size < 12 {
		return s.corrupted("the footer is out of place")
	}
	footer := data[offset : offset+size]
	if err := s.mapping.Populate(footer); err != nil {
		return s.readError(err)
	}
	if xxh3.Hash(footer) != le.Uint64(trailer[16:]) || le.Uint64(footer) != xxh3.Hash(data[:headerSize]) {
		return s.corrupted("the footer's checksum does not match")
	}
	if s.header.rows > MaxRows {
		return s.corrupted("%d rows are too many", s.header.rows)
	}
	return s.loadDirectory(footer[8:], int64(offset))
}

// loadDirectory decodes the entries; chunks lie below the offset end.
func (s *Segment) loadDirectory(b []byte, end int64) error {
	count := int(binary.LittleEndian.Uint32(b))
	b = b[4:]
	if count > len(b)/entrySize {
		return s.corrupted("the directory is cut short")
	}
	s.byID = make(map[uint32]*Column, count)
	for range count {
		e, rest, ok := decodeEntry(b)
		if !ok {
			return s.corrupted("a directory entry is damaged")
		}
		b = rest
		c := &Column{seg: s, entry: e}
		if err := c.checkEntry(end); err != nil {
			return err
		}
		switch e.id {
		case idRowIDs:
			s.rowIDs = c
		case idRowOrder:
			s.rowOrder = c
		case idBegin:
			s.begin = c
		case idPrev:
			s.prev = c
		default:
			s.columns = append(s.columns, c)
			s.byID[e.id] = c
		}
	}
	return nil
}

func (s *Segment) readError(err error) error {
	return sqlstate.Wrap(sqlstate.IOError, err, "reading segment %s: %v", s.path, err)
}

// Retain adds a reference; whoever calls it holds one already.
func (s *Segment) Retain() { s.refs.Add(1) }

// Release drops a reference; the last one unmaps the file and returns the
// error of that. The file itself stays.
func (s *Segment) Release() error {
	if s.refs.Add(-1) != 0 {
		return nil
	}
	if err := s.mapping.Close(); err != nil {
		return sqlstate.Wrap(sqlstate.IOError, err, "unmapping segment %s: %v", s.path, err)
	}
	return nil
}

// Path returns the name the segment was opened by.
func (s *Segment) Path() string { return s.path }

// NumRows returns the number of rows.
func (s *Segment) NumRows() int { return int(s.header.rows) }

// InMemory reports whether the file's bytes take memory that the system cannot
// take back.
func (s *Segment) InMemory() bool { return s.mapping.InMemory }

// SizeBytes returns the size of the file.
func (s *Segment) SizeBytes() int64 { return int64(len(s.mapping.Data)) }

// MinTs returns the lower bound of the rows' commit timestamps.
func (s *Segment) MinTs() uint64 { return s.header.minTs }

// MaxTs returns the upper bound of the rows' commit timestamps.
func (s *Segment) MaxTs() uint64 { return s.header.maxTs }

// Provisional reports whether a checkpoint wrote the segment from an unsealed
// delta.
func (s *Segment) Provisional() bool { return s.header.flags&flagProvisional != 0 }

// Column returns the i-th column in the order of the input.
func (s *Segment) Column(i int) *Column { return s.columns[i] }

// ColumnByID returns the column with the ID, if the segment has it.
func (s *Segment) ColumnByID(id uint32) (*Column, bool) {
	c, ok := s.byID[id]
	return c, ok
}

// Verify touches and checks every chunk, those verified before again, and
// returns the first damage found. It is what a scrub calls.
func (s *Segment) Verify() error {
	for _, c := range append([]*Column{s.rowIDs, s.rowOrder, s.begin, s.prev}, s.columns...) {
		if c == nil {
			continue
		}
		if err := c.verifyChunk(); err != nil {
			return err
		}
		if err := c.touch(); err != nil {
			return err
		}
	}
	return nil
}
