package segment

import (
	"encoding/binary"
	"math/bits"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Sum adds up the rows among from … from+n, those of sel or all, on the encoded
// form: residues are added as they are and the base once per row. count is the
// number of rows that are not null. It serves integers, short numerics and long
// ones in frames; ok is false for other columns. n is at most vector.MaxBatch.
func (c *Column) Sum(from, n int, sel []int32) (sum types.Int128, count int, ok bool, err error) {
	e := &c.entry
	phys := e.typ.Physical()
	if phys < types.PhysInt16 || phys > types.PhysInt128 || phys == types.PhysInt128 && (e.enc == Plain || e.lane == 8) {
		return sum, 0, false, nil
	}
	if e.nulls == c.seg.NumRows() {
		return sum, 0, true, nil
	}
	if err := c.touch(); err != nil {
		return sum, 0, false, err
	}
	// Elements under nulls are zero: they need not be left out of a sum, only of
	// the count.
	count = c.countValid(from, n, sel)
	switch e.enc {
	case Constant:
		sum, _ = e.min.Int128().Mul(types.Int128From(int64(count)))
		return sum, count, true, nil
	case Frame:
		var residues uint64
		switch e.lane {
		case 1:
			residues = vector.SumCodes(c.data[from:from+n], sel)
		case 2:
			residues = vector.SumCodes(cast[uint16](c.data)[from:from+n], sel)
		case 4:
			residues = vector.SumCodes(cast[uint32](c.data)[from:from+n], sel)
		}
		sum, _ = types.Mul64(e.base, int64(count)).Add(types.Int128{Lo: residues})
		return sum, count, true, nil
	}
	return c.sumPlain(from, n, sel), count, true, nil
}

// sumPlain adds plain integers.
func (c *Column) sumPlain(from, n int, sel []int32) (sum types.Int128) {
	switch c.entry.lane {
	case 2:
		var s int64
		a := cast[int16](c.data)[from : from+n]
		if sel == nil {
			for _, x := range a {
				s += int64(x)
			}
		}
		for _, r := range sel {
			s += int64(a[r])
		}
		return types.Int128From(s)
	case 4:
		s, _ := vector.SumInt32(cast[int32](c.data)[from:from+n], nil, sel)
		return types.Int128From(s)
	}
	sum, _ = vector.SumInt64(cast[int64](c.data)[from:from+n], nil, sel)
	return sum
}

// countValid returns how many of the rows sel, or of all n, are not null.
func (c *Column) countValid(from, n int, sel []int32) int {
	switch {
	case c.bits == nil && sel == nil:
		return n
	case c.bits == nil:
		return len(sel)
	}
	count := 0
	for _, r := range sel {
		b := uint(from) + uint(r)
		count += int(c.bits[b/8] >> (b % 8) & 1)
	}
	if sel != nil {
		return count
	}
	i := from
	for ; i%64 != 0 && i < from+n; i++ {
		count += int(c.bits[i/8] >> (i % 8) & 1)
	}
	for ; i+64 <= from+n; i += 64 {
		count += bits.OnesCount64(binary.LittleEndian.Uint64(c.bits[i/8:]))
	}
	for ; i < from+n; i++ {
		count += int(c.bits[i/8] >> (i % 8) & 1)
	}
	return count
}
