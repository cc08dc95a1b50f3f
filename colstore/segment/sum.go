package segment

import (
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
	if c.bits != nil {
		sel = c.selectBits(1, from, n, sel, nil)
	}
	count = n
	if sel != nil {
		count = len(sel)
	}
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
	switch e.lane {
	case 2:
		var s int64
		if sel == nil {
			for _, x := range cast[int16](c.data)[from : from+n] {
				s += int64(x)
			}
		}
		for _, r := range sel {
			s += int64(cast[int16](c.data)[from+int(r)])
		}
		sum = types.Int128From(s)
	case 4:
		s, _ := vector.SumInt32(cast[int32](c.data)[from:from+n], nil, sel)
		sum = types.Int128From(s)
	case 8:
		sum, _ = vector.SumInt64(cast[int64](c.data)[from:from+n], nil, sel)
	}
	return sum, count, true, nil
}
