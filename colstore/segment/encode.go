package segment

import (
	"encoding/binary"
	"math"
	"slices"
	"unsafe"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// encoder turns a column into an entry and a chunk; it keeps its memory from
// column to column.
type encoder struct {
	// buf is the chunk of the last column encoded.
	buf      []byte
	hashes   []uint64
	codes    []uint32
	table    []uint32
	sketcher sketcher
}

// column encodes data into buf's memory.
func (c *encoder) column(id uint32, data *vector.Vector, buf []byte) (entry, error) {
	data = data.Flatten(nil)
	e := entry{id: id, typ: data.Type, min: types.NullDatum, max: types.NullDatum}
	valid := data.Valid
	if valid != nil {
		e.nulls = data.Len - vector.CountValid(valid[:data.Len])
		if e.nulls == 0 {
			valid = nil
		}
	}
	c.buf = buf
	if e.nulls == data.Len { // no rows, or all null
		e.enc = Constant
		return e, nil
	}
	if valid != nil {
		c.buf = pad(appendBits(c.buf, valid))
	}
	switch data.Type.Physical() {
	case types.PhysBool:
		encodeInts(c, &e, data.Bool, valid)
	case types.PhysInt16:
		encodeInts(c, &e, data.I16, valid)
	case types.PhysInt32:
		encodeInts(c, &e, data.I32, valid)
	case types.PhysInt64:
		encodeInts(c, &e, data.I64, valid)
	case types.PhysInt128:
		c.encodeInt128(&e, data.I128, valid)
	case types.PhysFloat32:
		encodeFloats(&e, data.F32, valid)
		c.encodePlain(&e, data, valid)
	case types.PhysFloat64:
		encodeFloats(&e, data.F64, valid)
		c.encodePlain(&e, data, valid)
	case types.PhysInterval:
		encodeIntervals(&e, data.Iv, valid)
		c.encodePlain(&e, data, valid)
	case types.PhysString:
		if err := c.encodeStrings(&e, data, valid); err != nil {
			return e, err
		}
	}
	if e.sketch == nil {
		c.sketchColumn(&e, data, valid)
	}
	return e, nil
}

// appendBits packs validity bytes, least significant bit first.
func appendBits(buf []byte, valid []uint8) []byte {
	for len(valid) >= 8 {
		// Eight bytes of 0 or 1 to eight bits: the product moves byte k's bit to
		// bit 56+k, and the partial sums below do not carry.
		buf = append(buf, uint8(binary.LittleEndian.Uint64(valid)*0x0102040810204080>>56))
		valid = valid[8:]
	}
	if len(valid) > 0 {
		var b uint8
		for i, v := range valid {
			b |= (v & 1) << i
		}
		buf = append(buf, b)
	}
	return buf
}

// laneFor returns the bytes a residue up to span needs.
func laneFor(span uint64) int {
	switch {
	case span <= math.MaxUint8:
		return 1
	case span <= math.MaxUint16:
		return 2
	case span <= math.MaxUint32:
		return 4
	}
	return 8
}

// encodeInts chooses among constant, frame of reference and plain.
func encodeInts[T uint8 | int16 | int32 | int64](c *encoder, e *entry, a []T, valid []uint8) {
	least, most, _ := vector.MinMaxInt(a, valid, nil)
	width := int(unsafe.Sizeof(least))
	phys := e.typ.Physical()
	e.min, e.max = types.NewInt(phys, int64(least)), types.NewInt(phys, int64(most))
	span := uint64(most) - uint64(least)
	lane := laneFor(span)
	switch {
	case span == 0:
		e.enc, e.base = Constant, int64(least)
		return
	case lane < width || phys == types.PhysBool:
		e.enc, e.lane, e.base = Frame, lane, int64(least)
	default:
		e.enc, e.lane = Plain, width
	}
	if e.enc == Frame {
		appendInts(c, lane, a, least, valid)
		return
	}
	at := len(c.buf)
	c.buf = append(c.buf, rawBytes(a)...)
	clearNulls(c.buf[at:], width, valid)
}

// appendInts writes a − base as lanes, 0 for nulls.
func appendInts[T vector.Int](c *encoder, lane int, a []T, base T, valid []uint8) {
	at := len(c.buf)
	c.buf = slices.Grow(c.buf, len(a)*lane)[:at+len(a)*lane]
	switch out := c.buf[at:]; lane {
	case 1:
		narrow(out, a, base, valid)
	case 2:
		narrow(cast[uint16](out), a, base, valid)
	case 4:
		narrow(cast[uint32](out), a, base, valid)
	default:
		narrow(cast[uint64](out), a, base, valid)
	}
}

// narrow stores a − base, 0 for nulls, in wrapping arithmetic.
func narrow[L uint8 | uint16 | uint32 | uint64, T vector.Int](out []L, a []T, base T, valid []uint8) {
	out = out[:len(a)]
	if valid == nil {
		for i, x := range a {
			out[i] = L(x - base)
		}
		return
	}
	valid = valid[:len(a)]
	for i, x := range a {
		out[i] = L(x-base) & -L(valid[i])
	}
}

// appendResidues writes n residues as lanes, 0 for nulls.
func appendResidues(c *encoder, lane, n int, valid []uint8, residue func(i int) uint64) {
	at := len(c.buf)
	c.buf = slices.Grow(c.buf, n*lane)[:at+n*lane]
	out := c.buf[at:]
	le := binary.LittleEndian
	for i := range n {
		x := uint64(0)
		if valid == nil || valid[i] != 0 {
			x = residue(i)
		}
		switch lane {
		case 1:
			out[i] = uint8(x)
		case 2:
			le.PutUint16(out[2*i:], uint16(x))
		case 4:
			le.PutUint32(out[4*i:], uint32(x))
		default:
			le.PutUint64(out[8*i:], x)
		}
	}
}

// encodeInt128 uses a frame of reference if the values span less than 2⁶⁴ and
// begin in an int64, else plain 16-byte elements.
func (c *encoder) encodeInt128(e *entry, a []types.Int128, valid []uint8) {
	var least, most types.Int128
	first := true
	for i, x := range a {
		if valid != nil && valid[i] == 0 {
			continue
		}
		if first || x.Cmp(least) < 0 {
			least = x
		}
		if first || x.Cmp(most) > 0 {
			most = x
		}
		first = false
	}
	e.min, e.max = types.NewInt128(least), types.NewInt128(most)
	span, inRange := most.Sub(least)
	base, fits := least.Int64()
	switch {
	case span == (types.Int128{}) && inRange:
		e.enc = Constant
	case fits && inRange && span.Hi == 0:
		e.enc, e.lane, e.base = Frame, laneFor(span.Lo), base
		appendResidues(c, e.lane, len(a), valid, func(i int) uint64 { return a[i].Lo - least.Lo })
	default:
		e.enc, e.lane = Plain, 16
		at := len(c.buf)
		for _, x := range a {
			c.buf = binary.LittleEndian.AppendUint64(c.buf, uint64(x.Hi))
			c.buf = binary.LittleEndian.AppendUint64(c.buf, x.Lo)
		}
		clearNulls(c.buf[at:], 16, valid)
	}
}

// encodeFloats sets the zone map and Constant, for floats of equal bits.
func encodeFloats[T float32 | float64](e *entry, a []T, valid []uint8) {
	least, most, _ := vector.MinMaxFloat(a, valid, nil)
	datum := func(x T) types.Datum {
		if unsafe.Sizeof(x) == 4 {
			return types.NewFloat32(float32(x))
		}
		return types.NewFloat64(float64(x))
	}
	e.min, e.max, e.enc = datum(least), datum(most), Plain
	if vector.CompareFloat(float64(least), float64(most)) != 0 {
		return
	}
	// 0 and −0, or NaNs of different bits, compare equal but are not one value.
	first := firstValid(valid)
	for i, x := range a {
		if (valid == nil || valid[i] != 0) && math.Float64bits(float64(x)) != math.Float64bits(float64(a[first])) {
			return
		}
	}
	e.min, e.max, e.enc = datum(a[first]), datum(a[first]), Constant
}

func encodeIntervals(e *entry, a []types.IntervalValue, valid []uint8) {
	first := firstValid(valid)
	least, most, same := a[first], a[first], true
	for i, x := range a {
		if valid != nil && valid[i] == 0 {
			continue
		}
		same = same && x == a[first]
		if vector.IntervalLength(x).Cmp(vector.IntervalLength(least)) < 0 {
			least = x
		}
		if vector.IntervalLength(x).Cmp(vector.IntervalLength(most)) > 0 {
			most = x
		}
	}
	e.min, e.max, e.enc = types.NewInterval(least), types.NewInterval(most), Plain
	if same {
		e.enc = Constant
	}
}

// firstValid returns the first row that is not null; there is one.
func firstValid(valid []uint8) int {
	if valid == nil {
		return 0
	}
	return slices.Index(valid, 1)
}

// encodePlain writes the elements of floats and intervals unless the column is
// constant.
func (c *encoder) encodePlain(e *entry, data *vector.Vector, valid []uint8) {
	if e.enc == Constant {
		return
	}
	at := len(c.buf)
	switch data.Type.Physical() {
	case types.PhysFloat32:
		e.lane = 4
		c.buf = append(c.buf, rawBytes(data.F32)...)
	case types.PhysFloat64:
		e.lane = 8
		c.buf = append(c.buf, rawBytes(data.F64)...)
	case types.PhysInterval:
		e.lane = 16
		for _, iv := range data.Iv {
			c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(iv.Months))
			c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(iv.Days))
			c.buf = binary.LittleEndian.AppendUint64(c.buf, uint64(iv.Micros))
		}
	}
	clearNulls(c.buf[at:], e.lane, valid)
}

// clearNulls zeroes the elements of width bytes under nulls.
func clearNulls(b []byte, width int, valid []uint8) {
	for i, ok := range valid {
		if ok == 0 {
			clear(b[i*width : (i+1)*width])
		}
	}
}

// unsigned encodes a column of the engine: rowIDs or timestamps.
func (c *encoder) unsigned(id uint32, a []uint64, buf []byte) entry {
	least, most, _ := vector.MinMaxInt(a, nil, nil)
	e := entry{id: id, typ: types.TInt8, min: types.NewInt64(int64(least)), max: types.NewInt64(int64(most))}
	c.buf = buf
	if least == most {
		e.enc, e.base = Constant, int64(least)
		return e
	}
	e.enc, e.lane, e.base = Frame, laneFor(most-least), int64(least)
	appendInts(c, e.lane, a, least, nil)
	return e
}

// sketchColumn counts the distinct values of the valid rows by a sketch.
func (c *encoder) sketchColumn(e *entry, data *vector.Vector, valid []uint8) {
	if e.enc == Constant {
		e.distinct = 1
		row := firstValid(valid)
		data, valid = data.Slice(row, row+1), nil
	}
	c.hashes = slices.Grow(c.hashes[:0], data.Len)[:data.Len]
	vector.HashColumn(data, nil, data.Len, c.hashes, false)
	c.setSketch(e, c.hashes, valid)
}

// setSketch stores the sketch of the hashes, and its estimate if there is no exact
// count.
func (c *encoder) setSketch(e *entry, hashes []uint64, valid []uint8) {
	var estimate uint64
	e.sketch, estimate = c.sketcher.sketch(hashes, valid)
	if e.distinct == 0 {
		e.distinct = max(1, int(min(estimate, math.MaxUint32)))
	}
}

// errTooLong refuses strings that 32-bit offsets cannot address.
func errTooLong(id uint32, bytes int) error {
	return sqlstate.New(sqlstate.ProgramLimitExceeded, "segment column %d holds %d bytes of strings: the limit is %d", id, bytes, uint32(math.MaxUint32))
}

// rawBytes returns the memory of a; the format is that of a little-endian
// machine, which Open and Write insist on.
func rawBytes[T any](a []T) []byte {
	if len(a) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(a))), len(a)*int(unsafe.Sizeof(a[0])))
}
