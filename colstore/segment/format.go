package segment

import (
	"encoding/binary"
	"math"

	"htapdb/sql/types"

	"github.com/zeebo/xxh3"
)

// The constants of the format; the package comment has the layout.
const (
	formatVersion = 1

	headerMagic = "HTAPSEGM"
	footerMagic = "HTAPSEGE"
	headerSize  = 64
	trailerSize = 32
	entrySize   = 64 // the fixed part of a directory entry
	chunkAlign  = 64

	flagProvisional = 1 << 0

	// zoneBytes is where the zone map cuts strings.
	zoneBytes = 64
)

// The IDs of the columns that the engine adds.
const (
	idRowIDs uint32 = ReservedID + iota
	idRowOrder
	idBegin
	idPrev
)

// The flags of a directory entry.
const (
	minTruncated = 1 << iota
	maxTruncated
)

// header is the decoded first 64 bytes.
type header struct {
	flags        uint32
	rows         uint64
	minTs, maxTs uint64
	firstRowID   uint64
}

func (h header) append(buf []byte) []byte {
	at := len(buf)
	buf = append(buf, headerMagic...)
	buf = binary.LittleEndian.AppendUint32(buf, formatVersion)
	buf = binary.LittleEndian.AppendUint32(buf, h.flags)
	for _, x := range [...]uint64{h.rows, h.minTs, h.maxTs, h.firstRowID, 0} {
		buf = binary.LittleEndian.AppendUint64(buf, x)
	}
	return binary.LittleEndian.AppendUint64(buf, xxh3.Hash(buf[at:]))
}

// decodeHeader reads the fields of a header whose magic and version the caller
// has checked; ok is false if the checksum does not match.
func decodeHeader(b []byte) (h header, ok bool) {
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	h = header{flags: binary.LittleEndian.Uint32(b[12:]), rows: u64(16), minTs: u64(24), maxTs: u64(32), firstRowID: u64(40)}
	return h, xxh3.Hash(b[:headerSize-8]) == u64(headerSize-8)
}

// entry is a decoded directory entry: all that is known of a column without
// touching its chunk.
type entry struct {
	id       uint32
	typ      types.Type
	enc      Encoding
	lane     int
	flags    uint8
	nulls    int
	distinct int
	base     int64
	offset   int64
	length   int64
	sum      uint64
	entries  int // of the dictionary
	min, max types.Datum
	sketch   []byte
}

func (e *entry) append(buf []byte) []byte {
	le := binary.LittleEndian
	buf = le.AppendUint32(buf, e.id)
	buf = append(buf, uint8(e.typ.Kind), e.typ.Precision, e.typ.Scale, uint8(e.enc))
	buf = le.AppendUint32(buf, uint32(e.typ.Length))
	buf = append(buf, uint8(e.lane), e.flags, 0, 0)
	buf = le.AppendUint32(buf, uint32(e.nulls))
	buf = le.AppendUint32(buf, uint32(e.distinct))
	for _, x := range [...]uint64{uint64(e.base), uint64(e.offset), uint64(e.length), e.sum} {
		buf = le.AppendUint64(buf, x)
	}
	buf = le.AppendUint32(buf, uint32(e.entries))
	buf = le.AppendUint32(buf, uint32(len(e.sketch)))
	buf = appendDatum(buf, e.min)
	buf = appendDatum(buf, e.max)
	return append(buf, e.sketch...)
}

// decodeEntry reads one entry and returns what follows it; ok is false if b is
// too short or holds an unknown code.
func decodeEntry(b []byte) (e entry, rest []byte, ok bool) {
	if len(b) < entrySize {
		return e, nil, false
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	e = entry{
		id:  u32(0),
		typ: types.Type{Kind: types.Kind(b[4]), Precision: b[5], Scale: b[6], Length: int32(u32(8))},
		enc: Encoding(b[7]), lane: int(b[12]), flags: b[13],
		nulls: int(u32(16)), distinct: int(u32(20)),
		base: int64(u64(24)), offset: int64(u64(32)), length: int64(u64(40)), sum: u64(48),
		entries: int(u32(56)),
	}
	sketch := int(u32(60))
	rest = b[entrySize:]
	if e.min, rest, ok = decodeDatum(rest); !ok {
		return e, nil, false
	}
	if e.max, rest, ok = decodeDatum(rest); !ok || sketch > len(rest) {
		return e, nil, false
	}
	e.sketch = rest[:sketch:sketch]
	return e, rest[sketch:], true
}

// appendDatum writes a value as representation, length and bytes.
func appendDatum(buf []byte, d types.Datum) []byte {
	le := binary.LittleEndian
	buf = append(buf, uint8(d.Physical()))
	switch d.Physical() {
	case types.PhysNone:
		return le.AppendUint32(buf, 0)
	case types.PhysString:
		buf = le.AppendUint32(buf, uint32(len(d.Str())))
		return append(buf, d.Str()...)
	case types.PhysInt128:
		buf = le.AppendUint32(buf, 16)
		buf = le.AppendUint64(buf, uint64(d.Int128().Hi))
		return le.AppendUint64(buf, d.Int128().Lo)
	case types.PhysInterval:
		iv := d.Interval()
		buf = le.AppendUint32(buf, 16)
		buf = le.AppendUint32(buf, uint32(iv.Months))
		buf = le.AppendUint32(buf, uint32(iv.Days))
		return le.AppendUint64(buf, uint64(iv.Micros))
	case types.PhysFloat32, types.PhysFloat64:
		buf = le.AppendUint32(buf, 8)
		return le.AppendUint64(buf, math.Float64bits(d.Float()))
	}
	buf = le.AppendUint32(buf, 8)
	return le.AppendUint64(buf, uint64(d.Int()))
}

// decodeDatum reads a value; strings are copied, so that zone maps outlive the
// mapping.
func decodeDatum(b []byte) (d types.Datum, rest []byte, ok bool) {
	if len(b) < 5 {
		return d, nil, false
	}
	le := binary.LittleEndian
	phys, size := types.Physical(b[0]), le.Uint32(b[1:])
	b = b[5:]
	if uint64(size) > uint64(len(b)) {
		return d, nil, false
	}
	b, rest = b[:size], b[size:]
	want := 8
	switch phys {
	case types.PhysNone:
		want = 0
	case types.PhysString:
		return types.NewString(string(b)), rest, true
	case types.PhysInt128, types.PhysInterval:
		want = 16
	}
	if len(b) != want {
		return d, nil, false
	}
	switch phys {
	case types.PhysNone:
		return types.NullDatum, rest, true
	case types.PhysBool:
		return types.NewBool(b[0] != 0), rest, true
	case types.PhysInt16, types.PhysInt32, types.PhysInt64:
		return types.NewInt(phys, int64(le.Uint64(b))), rest, true
	case types.PhysInt128:
		return types.NewInt128(types.Int128{Hi: int64(le.Uint64(b)), Lo: le.Uint64(b[8:])}), rest, true
	case types.PhysFloat32:
		return types.NewFloat32(float32(math.Float64frombits(le.Uint64(b)))), rest, true
	case types.PhysFloat64:
		return types.NewFloat64(math.Float64frombits(le.Uint64(b))), rest, true
	case types.PhysInterval:
		return types.NewInterval(types.IntervalValue{
			Months: int32(le.Uint32(b)), Days: int32(le.Uint32(b[4:])), Micros: int64(le.Uint64(b[8:])),
		}), rest, true
	}
	return d, nil, false
}

// pad extends buf with zeros to a multiple of chunkAlign.
func pad(buf []byte) []byte {
	for len(buf)%chunkAlign != 0 {
		buf = append(buf, 0)
	}
	return buf
}

// padded returns n rounded up to a multiple of chunkAlign.
func padded(n int64) int64 { return (n + chunkAlign - 1) &^ (chunkAlign - 1) }
