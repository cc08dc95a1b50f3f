package segment

import (
	"encoding/binary"
	"math/bits"

	"htapdb/sql/types"
	"htapdb/vector"
)

// sparseShare: with fewer than one row in sparseShare selected, decoding the
// selected ones singly beats decoding all with vector instructions.
const sparseShare = 8

// Read stores the rows from, from+1, … from+n−1 in out, which takes the column's
// type and becomes, by encoding:
//
//	constant             Const; flat if some rows are null
//	dictionary           Dict, sharing one Dict and DictID all over the segment
//	frame, plain         Flat
//	strings              Flat; the strings point into the mapping
//
// n is at most vector.MaxBatch and from+n at most NumRows. sel lists the rows to
// fill, relative to from (nil: all); the elements of others are unspecified but
// harmless to read. out.Valid is nil if no row of the batch is null. out's memory
// is reused. Errors: DataCorrupted, IOError.
func (c *Column) Read(from, n int, sel []int32, out *vector.Vector) error {
	if err := c.touch(); err != nil {
		return err
	}
	e := &c.entry
	codes, valid := out.Codes, out.Valid
	out.Type = e.typ
	if e.enc == Constant && (e.nulls == 0 || e.nulls == c.seg.NumRows()) {
		c.readConstant(n, out)
		return nil
	}
	if e.enc == Dictionary {
		c.readCodes(from, n, sel, codes, out)
	} else {
		out.Resize(n)
		c.readFlat(from, n, sel, out)
	}
	out.Valid = c.readValid(from, n, valid)
	return nil
}

// readConstant makes out a constant vector.
func (c *Column) readConstant(n int, out *vector.Vector) {
	out.Resize(1)
	if c.entry.nulls > 0 {
		out.SetNull(0)
	} else {
		out.Set(0, c.constant())
	}
	out.Enc, out.Len = vector.Const, n
}

// constant returns the value of a constant column that has one.
func (c *Column) constant() types.Datum {
	if c.dict != nil {
		return c.dict.Datum(0)
	}
	return c.entry.min
}

// readCodes makes out a dictionary vector; codes is memory for the codes.
func (c *Column) readCodes(from, n int, sel []int32, codes []uint32, out *vector.Vector) {
	if cap(codes) < n {
		codes = make([]uint32, max(n, vector.MaxBatch))
	}
	codes = codes[:n]
	unpackLane(codes, c.data, c.entry.lane, from, n, 0, denseOnly(sel, n, codes))
	out.Enc, out.Len, out.Valid = vector.Dict, n, nil
	out.Codes, out.Dict, out.DictID = codes, c.dict, c.dictID
}

// denseOnly returns nil if all rows should be decoded, else sel. Codes that are
// not decoded must still be valid codes: they are cleared.
func denseOnly(sel []int32, n int, codes []uint32) []int32 {
	if sel == nil || len(sel) >= n/sparseShare {
		return nil
	}
	clear(codes)
	return sel
}

// readFlat decodes into a flat vector.
func (c *Column) readFlat(from, n int, sel []int32, out *vector.Vector) {
	e := &c.entry
	if sel != nil && len(sel) >= n/sparseShare {
		sel = nil
	}
	if e.enc == Constant {
		c.fillConstant(n, out)
		return
	}
	switch e.typ.Physical() {
	case types.PhysBool:
		copy(out.Bool, c.data[from:from+n])
	case types.PhysInt16:
		readInts(c, from, n, sel, out.I16)
	case types.PhysInt32:
		readInts(c, from, n, sel, out.I32)
	case types.PhysInt64:
		readInts(c, from, n, sel, out.I64)
	case types.PhysInt128:
		c.readInt128(from, n, out.I128)
	case types.PhysFloat32:
		copy(out.F32, cast[float32](c.data)[from:from+n])
	case types.PhysFloat64:
		copy(out.F64, cast[float64](c.data)[from:from+n])
	case types.PhysInterval:
		copy(out.Iv, cast[types.IntervalValue](c.data)[from:from+n])
	case types.PhysString:
		c.readStrings(from, n, sel, out.Str)
	}
}

// fillConstant repeats the value of a constant column that has nulls too.
func (c *Column) fillConstant(n int, out *vector.Vector) {
	one := *c.one
	one.Len = n
	vector.CopyInto(out, 0, &one, nil)
}

// readInts decodes frame-of-reference or plain integers.
func readInts[T int16 | int32 | int64](c *Column, from, n int, sel []int32, out []T) {
	if c.entry.enc == Plain {
		copy(out, cast[T](c.data)[from:from+n])
		return
	}
	unpackLane(out, c.data, c.entry.lane, from, n, T(c.entry.base), sel)
}

// unpackLane decodes n lanes of 1, 2 or 4 bytes beginning at element from, or
// only those of sel.
func unpackLane[T vector.Int](out []T, data []byte, lane, from, n int, base T, sel []int32) {
	switch lane {
	case 1:
		unpackSome(out, data[from:from+n], base, sel)
	case 2:
		unpackSome(out, cast[uint16](data)[from:from+n], base, sel)
	case 4:
		unpackSome(out, cast[uint32](data)[from:from+n], base, sel)
	}
}

func unpackSome[T vector.Int, S vector.Code](out []T, src []S, base T, sel []int32) {
	if sel != nil {
		vector.UnpackSel(out, src, base, sel)
		return
	}
	vector.Unpack(out, src, base)
}

// readInt128 decodes long numerics.
func (c *Column) readInt128(from, n int, out []types.Int128) {
	if c.entry.enc == Plain {
		copy(out, cast[types.Int128](c.data)[from:from+n])
		return
	}
	switch c.entry.lane {
	case 1:
		widen128(out[:n], c.data[from:], c.entry.base)
	case 2:
		widen128(out[:n], cast[uint16](c.data)[from:], c.entry.base)
	case 4:
		widen128(out[:n], cast[uint32](c.data)[from:], c.entry.base)
	case 8:
		widen128(out[:n], cast[uint64](c.data)[from:], c.entry.base)
	}
}

// widen128 stores base + src[i] in 128 bits.
func widen128[S uint8 | uint16 | uint32 | uint64](out []types.Int128, src []S, base int64) {
	b := types.Int128From(base)
	src = src[:len(out)]
	for i, x := range src {
		lo, carry := bits.Add64(b.Lo, uint64(x), 0)
		out[i] = types.Int128{Hi: b.Hi + int64(carry), Lo: lo}
	}
}

// residue returns lane i without its base.
func (c *Column) residue(i int) uint64 {
	switch c.entry.lane {
	case 1:
		return uint64(c.data[i])
	case 2:
		return uint64(cast[uint16](c.data)[i])
	case 4:
		return uint64(cast[uint32](c.data)[i])
	}
	return cast[uint64](c.data)[i]
}

// readStrings points out at the strings.
func (c *Column) readStrings(from, n int, sel []int32, out []string) {
	if sel != nil {
		clear(out)
		for _, r := range sel {
			out[r] = c.str(from + int(r))
		}
		return
	}
	for i := range out[:n] {
		out[i] = c.str(from + i)
	}
}

// spread holds, for each byte of eight validity bits, the eight bytes of 0 or 1.
var spread = func() (t [256]uint64) {
	for b := range t {
		for k := range 8 {
			t[b] |= uint64(b>>k&1) << (8 * k)
		}
	}
	return t
}()

// readValid expands the validity of n rows into valid's memory; nil if none is
// null.
func (c *Column) readValid(from, n int, valid []uint8) []uint8 {
	if c.bits == nil {
		return nil
	}
	if cap(valid) < n {
		valid = make([]uint8, n, max(n, vector.MaxBatch))
	}
	valid = valid[:n]
	all := uint64(0x0101010101010101)
	if from%8 != 0 {
		for i := range valid {
			valid[i] = c.bits[(from+i)/8] >> ((from + i) % 8) & 1
			all &= uint64(valid[i]) * 0x0101010101010101
		}
	} else {
		b := c.bits[from/8:]
		i := 0
		for ; i+8 <= n; i += 8 {
			x := spread[b[i/8]]
			all &= x
			binary.LittleEndian.PutUint64(valid[i:], x)
		}
		for ; i < n; i++ {
			valid[i] = b[i/8] >> (i % 8) & 1
			all &= uint64(valid[i]) * 0x0101010101010101
		}
	}
	if all == 0x0101010101010101 {
		return nil
	}
	return valid
}

// IsNull reports whether row i is null.
func (c *Column) IsNull(i int) (bool, error) {
	if c.entry.nulls == 0 || c.entry.nulls == c.seg.NumRows() {
		return c.entry.nulls > 0, nil
	}
	if err := c.touch(); err != nil {
		return false, err
	}
	return c.bits[i/8]>>(i%8)&1 == 0, nil
}

// Codes returns the dictionary of a dictionary column and reports whether the
// column is one; the vectors of Read have the same Dict and DictID.
func (c *Column) Codes() (dict *vector.Vector, id uint64, ok bool, err error) {
	if c.entry.enc != Dictionary {
		return nil, 0, false, nil
	}
	if err := c.touch(); err != nil {
		return nil, 0, false, err
	}
	return c.dict, c.dictID, true, nil
}
