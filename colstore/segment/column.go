package segment

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"unsafe"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/axiomhq/hyperloglog"
	"github.com/zeebo/xxh3"
)

// Column is one column of a segment.
type Column struct {
	seg   *Segment
	entry entry

	// ready is set once the chunk has been checked and the fields below it are
	// final; until then they are guarded by mu.
	ready atomic.Bool
	mu    sync.Mutex
	err   error // what the first touch found; permanent

	bits    []byte // validity, nil without nulls
	data    []byte // rows × lane
	offsets []uint32
	bytes   []byte
	dict    *vector.Vector // entries of a dictionary
	one     *vector.Vector // the value of a constant column that has nulls too
	dictID  uint64
}

// maxStringBytes is what 32-bit offsets reach; a variable for the test.
var maxStringBytes = math.MaxUint32

// ID returns the column's ID within the table.
func (c *Column) ID() uint32 { return c.entry.id }

// Type returns the type with which the column was written.
func (c *Column) Type() types.Type { return c.entry.typ }

// Encoding returns how the column is stored.
func (c *Column) Encoding() Encoding { return c.entry.enc }

// Lane returns the bytes of a residue, code or plain element; 0 if there are none.
func (c *Column) Lane() int { return c.entry.lane }

// SizeBytes returns the size of the column's chunk.
func (c *Column) SizeBytes() int64 { return c.entry.length }

// HasNulls reports whether any row is null.
func (c *Column) HasNulls() bool { return c.entry.nulls > 0 }

// Zone is what the footer says of a column's rows, visible or not.
type Zone struct {
	// Rows and Nulls count all rows and the null ones.
	Rows, Nulls int
	// Min and Max bound the values in the order of vector.SelectCmp, NULL if all
	// rows are null. A truncated bound is a prefix of the string it stands for.
	Min, Max                   types.Datum
	MinTruncated, MaxTruncated bool
	// Distinct is the number of different values, estimated unless DistinctExact.
	Distinct      int
	DistinctExact bool
}

// Zone returns the column's zone map.
func (c *Column) Zone() Zone {
	e := &c.entry
	return Zone{
		Rows: c.seg.NumRows(), Nulls: e.nulls,
		Min: e.min, Max: e.max,
		MinTruncated: e.flags&minTruncated != 0, MaxTruncated: e.flags&maxTruncated != 0,
		Distinct: e.distinct, DistinctExact: e.enc == Constant || e.enc == Dictionary,
	}
}

// Sketch returns the sketch of the column's distinct values, to be merged with
// those of other segments; nil if all rows are null.
func (c *Column) Sketch() *hyperloglog.Sketch {
	sketch := new(hyperloglog.Sketch)
	if len(c.entry.sketch) == 0 || sketch.UnmarshalBinary(c.entry.sketch) != nil {
		return nil
	}
	return sketch
}

// corrupted is the error for damage to this column.
func (c *Column) corrupted(format string, args ...any) error {
	e := sqlstate.New(sqlstate.DataCorrupted, format, args...)
	e.Message = "segment " + c.seg.path + ", " + c.name() + ": " + e.Message
	return e
}

// name names the column in errors.
func (c *Column) name() string {
	switch c.entry.id {
	case idRowIDs:
		return "rowIDs"
	case idRowOrder:
		return "rowID order"
	case idBegin:
		return "commit timestamps"
	case idPrev:
		return "predecessors"
	}
	return fmt.Sprintf("column %d", c.entry.id)
}

// checkEntry reports a directory entry that does not describe a chunk below
// the offset end.
func (c *Column) checkEntry(end int64) error {
	e := &c.entry
	rows := int64(c.seg.NumRows())
	switch {
	case e.typ.Physical() == types.PhysNone || e.enc >= numEncodings:
		return c.corrupted("unknown type %d or encoding %d", e.typ.Kind, e.enc)
	case e.offset < headerSize || e.offset%chunkAlign != 0 || e.length < 0 || e.length > end || e.offset > end-e.length:
		return c.corrupted("the chunk is out of place")
	case int64(e.nulls) > rows:
		return c.corrupted("%d nulls in %d rows", e.nulls, rows)
	case !c.laneFits():
		return c.corrupted("lane %d does not fit encoding %s of type %s", e.lane, e.enc, e.typ)
	}
	if int64(e.nulls) == rows {
		if e.enc != Constant {
			return c.corrupted("encoding %s without values", e.enc)
		}
		return nil
	}
	for _, d := range [...]types.Datum{e.min, e.max} {
		if d.Physical() != e.typ.Physical() {
			return c.corrupted("the zone map is of another type")
		}
	}
	if e.enc == Constant && e.typ.Physical() != types.PhysString && vector.CompareDatum(e.min, e.max) != 0 {
		// Every test of a constant is decided by the zone map: there is no data.
		return c.corrupted("a constant whose zone map has two values")
	}
	if e.enc == Frame && e.id < ReservedID {
		span, ok := e.max.Int128().Sub(e.min.Int128())
		if e.min.Int128() != types.Int128From(e.base) || !ok || span.Hi != 0 || laneFor(span.Lo) > e.lane {
			return c.corrupted("the frame of reference is not that of the zone map")
		}
	}
	return nil
}

// laneFits reports whether type, encoding and lane go together.
func (c *Column) laneFits() bool {
	e := &c.entry
	phys := e.typ.Physical()
	narrow := e.lane == 1 || e.lane == 2 || e.lane == 4
	switch e.enc {
	case Constant:
		return e.lane == 0
	case Frame:
		isInt := phys >= types.PhysBool && phys <= types.PhysInt128
		return isInt && (narrow || e.lane == 8 && (phys == types.PhysInt128 || e.id >= ReservedID))
	case Dictionary:
		return phys == types.PhysString && narrow && e.entries > 0 && e.entries <= MaxRows
	case Plain:
		return e.lane == plainWidth(phys)
	}
	return phys == types.PhysString && e.lane == 0
}

// plainWidth returns the bytes of a plain element, −1 for strings.
func plainWidth(phys types.Physical) int {
	switch phys {
	case types.PhysInt16:
		return 2
	case types.PhysInt32, types.PhysFloat32:
		return 4
	case types.PhysInt64, types.PhysFloat64:
		return 8
	case types.PhysInt128, types.PhysInterval:
		return 16
	}
	return -1
}

// touch makes the column's buffers ready: the first call brings the chunk into
// memory, verifies its checksum and locates the buffers. Its error is the same
// ever after.
func (c *Column) touch() error {
	if c.ready.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.ready.Load() {
		return c.err
	}
	if c.err = c.verifyChunk(); c.err == nil {
		c.err = c.locate()
	}
	c.ready.Store(c.err == nil)
	return c.err
}

// chunk returns the column's bytes.
func (c *Column) chunk() []byte {
	return c.seg.mapping.Data[c.entry.offset : c.entry.offset+c.entry.length : c.entry.offset+c.entry.length]
}

// verifyChunk reads the chunk and compares its checksum.
func (c *Column) verifyChunk() error {
	b := c.chunk()
	if err := c.seg.mapping.Populate(b); err != nil {
		return sqlstate.Wrap(sqlstate.IOError, err, "reading segment %s, %s: %v", c.seg.path, c.name(), err)
	}
	if got := xxh3.Hash(b); got != c.entry.sum {
		return c.corrupted("checksum %016x does not match %016x", got, c.entry.sum)
	}
	return nil
}

// locate finds the buffers in a verified chunk and checks what reading relies
// on: sizes, offsets in order, codes below the number of entries.
func (c *Column) locate() error {
	e, rest := &c.entry, c.chunk()
	rows := c.seg.NumRows()
	short := false
	take := func(size int) []byte {
		if size > len(rest) {
			short = true
			return nil
		}
		b := rest[:size:size]
		rest = rest[min(int(padded(int64(size))), len(rest)):]
		return b
	}
	if e.nulls == rows {
		if e.enc != Constant && rows > 0 {
			// Only a forged directory says so: filters would look for values.
			return c.corrupted("no row has a value, but the encoding is %s", e.enc)
		}
		return nil
	}
	if e.nulls > 0 {
		c.bits = take((rows + 7) / 8)
	}
	if e.lane > 0 {
		c.data = take(rows * e.lane)
	}
	strs := 0
	switch {
	case e.enc == Strings:
		strs = rows
	case e.enc == Dictionary:
		strs = e.entries
	case e.enc == Constant && e.typ.Physical() == types.PhysString:
		strs = 1
	}
	if strs > 0 {
		c.offsets = cast[uint32](take(4 * (strs + 1)))
	}
	if short {
		return c.corrupted("the chunk of %d bytes is too short", e.length)
	}
	if strs > 0 {
		if err := c.locateStrings(rest); err != nil {
			return err
		}
	}
	if e.enc == Constant {
		c.one = vector.NewConst(e.typ, c.constant(), 1)
	}
	if e.enc == Frame && e.id < ReservedID && e.lane <= 2 {
		// Tables of codes are as long as the zone map says.
		span, _ := e.max.Int128().Sub(e.min.Int128())
		if most := c.maxCode(); uint64(most) > span.Lo {
			return c.corrupted("residue %d beyond the zone map's %d", most, span.Lo)
		}
	}
	return nil
}

// maxCode returns the greatest code or residue of a lane up to 4 bytes.
func (c *Column) maxCode() uint32 {
	switch c.entry.lane {
	case 1:
		_, most, _ := vector.MinMaxInt(c.data, nil, nil)
		return uint32(most)
	case 2:
		_, most, _ := vector.MinMaxInt(cast[uint16](c.data), nil, nil)
		return uint32(most)
	case 4:
		_, most, _ := vector.MinMaxInt(cast[uint32](c.data), nil, nil)
		return most
	}
	return 0
}

// locateStrings checks the offsets into b and builds the dictionary.
func (c *Column) locateStrings(b []byte) error {
	last := c.offsets[0]
	for _, o := range c.offsets {
		if o < last || int64(o) > int64(len(b)) {
			return c.corrupted("string offset %d after %d in %d bytes", o, last, len(b))
		}
		last = o
	}
	c.bytes = b
	if c.entry.enc == Strings {
		return nil
	}
	n := len(c.offsets) - 1
	c.dict = vector.New(c.entry.typ, n)
	for i := range c.dict.Str {
		c.dict.Str[i] = c.str(i)
	}
	c.dictID = vector.NewDictID()
	if most := c.maxCode(); int64(most) >= int64(n) {
		return c.corrupted("dictionary code %d of %d entries", most, n)
	}
	return nil
}

// str returns string i without copying.
func (c *Column) str(i int) string {
	from, to := c.offsets[i], c.offsets[i+1]
	if from == to {
		return ""
	}
	return unsafe.String(&c.bytes[from], int(to-from))
}

// cast views b as elements of T; buffers are aligned to 64 bytes in the file
// and mappings to pages.
func cast[T any](b []byte) []T {
	var x T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(x)))
}
