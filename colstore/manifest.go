package colstore

import (
	"encoding/binary"
	"math"

	"htapdb/sql/types"

	"github.com/zeebo/xxh3"
)

// The manifest is one file that says what the store holds at position P. It is
// written beside the old one and renamed over it, so there is always exactly
// one. Numbers are uvarints unless their size is given, strings have a length
// in front:
//
//	"HTAPCOLM", version (4 bytes), store ID (16), incarnation (8), position (8)
//	file number, number of tables, then for each table
//	  ID, name, number of columns; each: ID, name, kind, precision, scale, length, default
//	  floor, next rowID, number of segments; each:
//	    file name, rows, flags (1: one begin), least and greatest begin
//	    number of columns of the file; their IDs
//	    number of blocks with a delete log; each:
//	      block, rows in the base; if any the bitmap (256 bytes)
//	      number of entries; each: timestamp less the previous one's, row
//	XXH3 of all that (8 bytes)
const (
	manifestName    = "MANIFEST"
	manifestTemp    = "MANIFEST.tmp"
	manifestMagic   = "HTAPCOLM"
	manifestVersion = 1
	manifestHeader  = 8 + 4 + 16 + 8 + 8
)

// manifest is the decoded file.
type manifest struct {
	storeID     [16]byte
	incarnation uint64
	position    uint64
	fileNumber  uint64
	tables      []tableEntry
}

// tableEntry is a table in the manifest.
type tableEntry struct {
	schema           TableSchema
	floor, nextRowID uint64
	segments         []segmentEntry
}

// segmentEntry is a segment file and what has to be known beside it.
type segmentEntry struct {
	name               string
	rows               int
	oneBegin           bool
	minBegin, maxBegin uint64
	columns            []uint32
	logs               []logEntry
}

// logEntry is the delete log of a block.
type logEntry struct {
	block    int
	baseRows int
	base     *bitmap // nil if baseRows is 0
	ts       []uint64
	rows     []uint16
}

// encoder appends the manifest's primitives.
type encoder struct{ b []byte }

func (e *encoder) num(x uint64)  { e.b = binary.AppendUvarint(e.b, x) }
func (e *encoder) text(s string) { e.num(uint64(len(s))); e.b = append(e.b, s...) }
func (e *encoder) fixed(xs ...uint64) {
	for _, x := range xs {
		e.b = binary.LittleEndian.AppendUint64(e.b, x)
	}
}

// datum writes a value as its representation and its parts.
func (e *encoder) datum(d types.Datum) {
	e.num(uint64(d.Physical()))
	switch d.Physical() {
	case types.PhysNone:
	case types.PhysString:
		e.text(d.Str())
	case types.PhysFloat32, types.PhysFloat64:
		e.fixed(math.Float64bits(d.Float()))
	case types.PhysInt128:
		e.fixed(uint64(d.Int128().Hi), d.Int128().Lo)
	case types.PhysInterval:
		iv := d.Interval()
		e.fixed(uint64(iv.Months), uint64(iv.Days), uint64(iv.Micros))
	default:
		e.fixed(uint64(d.Int()))
	}
}

// encode returns the file's bytes.
func (m *manifest) encode() []byte {
	e := &encoder{b: []byte(manifestMagic)}
	e.b = binary.LittleEndian.AppendUint32(e.b, manifestVersion)
	e.b = append(e.b, m.storeID[:]...)
	e.fixed(m.incarnation, m.position)
	e.num(m.fileNumber)
	e.num(uint64(len(m.tables)))
	for i := range m.tables {
		m.tables[i].encode(e)
	}
	e.fixed(hashManifest(e.b))
	return e.b
}

func (t *tableEntry) encode(e *encoder) {
	e.num(uint64(t.schema.ID))
	e.text(t.schema.Name)
	e.num(uint64(len(t.schema.Columns)))
	for _, c := range t.schema.Columns {
		e.num(uint64(c.ID))
		e.text(c.Name)
		e.b = append(e.b, uint8(c.Type.Kind), c.Type.Precision, c.Type.Scale)
		e.num(uint64(c.Type.Length))
		e.datum(c.Default)
	}
	e.num(t.floor)
	e.num(t.nextRowID)
	e.num(uint64(len(t.segments)))
	for i := range t.segments {
		t.segments[i].encode(e)
	}
}

func (s *segmentEntry) encode(e *encoder) {
	e.text(s.name)
	e.num(uint64(s.rows))
	flags := uint64(0)
	if s.oneBegin {
		flags = 1
	}
	e.num(flags)
	e.num(s.minBegin)
	e.num(s.maxBegin)
	e.num(uint64(len(s.columns)))
	for _, id := range s.columns {
		e.num(uint64(id))
	}
	e.num(uint64(len(s.logs)))
	for i := range s.logs {
		l := &s.logs[i]
		e.num(uint64(l.block))
		e.num(uint64(l.baseRows))
		if l.baseRows > 0 {
			e.fixed(l.base[:]...)
		}
		e.num(uint64(len(l.ts)))
		prev := uint64(0)
		for j, ts := range l.ts {
			e.num(ts - prev)
			e.num(uint64(l.rows[j]))
			prev = ts
		}
	}
}

// decoder reads the primitives; after the first failure it returns zeros.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) fail() uint64 { d.bad, d.b = true, nil; return 0 }

func (d *decoder) num() uint64 {
	x, n := binary.Uvarint(d.b)
	if n <= 0 {
		return d.fail()
	}
	d.b = d.b[n:]
	return x
}

// count reads a number of things that take at least one byte each.
func (d *decoder) count() int {
	n := d.num()
	if n > uint64(len(d.b)) {
		return int(d.fail())
	}
	return int(n)
}

func (d *decoder) byte() uint8 {
	if len(d.b) == 0 {
		return uint8(d.fail())
	}
	x := d.b[0]
	d.b = d.b[1:]
	return x
}

func (d *decoder) text() string {
	n := d.count()
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) fixed() uint64 {
	if len(d.b) < 8 {
		return d.fail()
	}
	x := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return x
}

func (d *decoder) datum() types.Datum {
	switch p := types.Physical(d.num()); p {
	case types.PhysNone:
		return types.NullDatum
	case types.PhysBool:
		return types.NewBool(d.fixed() != 0)
	case types.PhysInt16, types.PhysInt32, types.PhysInt64:
		return types.NewInt(p, int64(d.fixed()))
	case types.PhysFloat32:
		return types.NewFloat32(float32(math.Float64frombits(d.fixed())))
	case types.PhysFloat64:
		return types.NewFloat64(math.Float64frombits(d.fixed()))
	case types.PhysInt128:
		return types.NewInt128(types.Int128{Hi: int64(d.fixed()), Lo: d.fixed()})
	case types.PhysString:
		return types.NewString(d.text())
	case types.PhysInterval:
		return types.NewInterval(types.IntervalValue{Months: int32(d.fixed()), Days: int32(d.fixed()), Micros: int64(d.fixed())})
	}
	d.fail()
	return types.NullDatum
}

// hashManifest is the checksum behind the manifest's other bytes.
func hashManifest(b []byte) uint64 { return xxh3.Hash(b) }

// decodeManifest reads the file's bytes; why says what is wrong with them.
func decodeManifest(b []byte) (m *manifest, why string) {
	if len(b) < manifestHeader+8 || string(b[:8]) != manifestMagic {
		return nil, "the manifest is cut short or not a manifest"
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != manifestVersion {
		return nil, "the manifest has another format version"
	}
	body := b[:len(b)-8]
	if binary.LittleEndian.Uint64(b[len(body):]) != hashManifest(body) {
		return nil, "the manifest's checksum does not match"
	}
	m = &manifest{}
	copy(m.storeID[:], b[12:])
	d := &decoder{b: body[28:]}
	m.incarnation, m.position = d.fixed(), d.fixed()
	m.fileNumber = d.num()
	m.tables = make([]tableEntry, d.count())
	for i := range m.tables {
		m.tables[i].decode(d)
	}
	if d.bad || len(d.b) > 0 {
		return nil, "the manifest is malformed"
	}
	return m, ""
}

func (t *tableEntry) decode(d *decoder) {
	t.schema.ID, t.schema.Name = uint32(d.num()), d.text()
	t.schema.Columns = make([]Column, d.count())
	for i := range t.schema.Columns {
		c := &t.schema.Columns[i]
		c.ID, c.Name = uint32(d.num()), d.text()
		c.Type = types.Type{Kind: types.Kind(d.byte()), Precision: d.byte(), Scale: d.byte(), Length: int32(d.num())}
		c.Default = d.datum()
	}
	t.floor, t.nextRowID = d.num(), d.num()
	t.segments = make([]segmentEntry, d.count())
	for i := range t.segments {
		t.segments[i].decode(d)
	}
}

func (s *segmentEntry) decode(d *decoder) {
	s.name, s.rows = d.text(), int(d.num())
	s.oneBegin = d.num()&1 != 0
	s.minBegin, s.maxBegin = d.num(), d.num()
	s.columns = make([]uint32, d.count())
	for i := range s.columns {
		s.columns[i] = uint32(d.num())
	}
	s.logs = make([]logEntry, d.count())
	for i := range s.logs {
		l := &s.logs[i]
		l.block, l.baseRows = int(d.num()), int(d.num())
		if l.baseRows > 0 {
			l.base = &bitmap{}
			for w := range l.base {
				l.base[w] = d.fixed()
			}
		}
		n := d.count()
		l.ts, l.rows = make([]uint64, n), make([]uint16, n)
		prev := uint64(0)
		for j := range n {
			prev += d.num()
			l.ts[j], l.rows[j] = prev, uint16(d.num())
		}
	}
}

// writeManifest makes m the manifest on disk. After an error replaced says that
// it may be there instead of the old one.
func (s *Store) writeManifest(m *manifest) (replaced bool, err error) {
	tmp, name := s.path(manifestTemp), s.path(manifestName)
	f, err := s.fs.Create(tmp, vfsCategory)
	if err != nil {
		return false, ioError(err, "creating %s", tmp)
	}
	_, err = f.Write(m.encode())
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = s.fs.Remove(tmp) // the write's error is what matters
		return false, ioError(err, "writing %s", tmp)
	}
	if err := s.fs.Rename(tmp, name); err != nil {
		return true, ioError(err, "renaming %s", tmp)
	}
	return true, s.syncDir(s.dir)
}

// vfsCategory labels the manifest's writes in the file system's metrics.
const vfsCategory = "column-manifest"

// syncDir makes renames and removals in a directory durable.
func (s *Store) syncDir(dir string) error {
	d, err := s.fs.OpenDir(dir)
	if err != nil {
		return ioError(err, "opening %s", dir)
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return ioError(err, "syncing %s", dir)
	}
	return nil
}
