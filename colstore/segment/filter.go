package segment

import (
	"slices"
	"sync"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// Filter returns the rows among from … from+n that pass, relative to from: those
// of sel, or of all n if sel is nil, in out's memory, which may be sel's. n is at
// most vector.MaxBatch. Errors: DataCorrupted, IOError, those of Select.
func (f *Compiled) Filter(from, n int, sel, out []int32) ([]int32, error) {
	c := f.col
	switch f.test {
	case testNever, testAlways:
		return selectAll(f.test == testAlways, n, sel, out), nil
	}
	if err := c.touch(); err != nil {
		return nil, err
	}
	switch f.test {
	case testValid:
		return c.selectBits(true, from, n, sel, out), nil
	case testNull:
		return c.selectBits(false, from, n, sel, out), nil
	case testCodes:
		return c.keepValid(from, n, c.selectCodes(f.codes, from, n, sel, out)), nil
	case testTable:
		return f.selectTable(from, n, sel, out), nil
	case testInts:
		return c.keepValid(from, n, f.selectInts(from, n, sel, out)), nil
	case testFloats:
		return c.keepValid(from, n, f.selectFloats(from, n, sel, out)), nil
	}
	return f.selectValues(from, n, sel, out)
}

// Filter compiles p and filters one batch; for one batch only, since compiling
// is the costly part.
func (c *Column) Filter(from, n int, p predicate.Predicate, sel, out []int32) ([]int32, error) {
	f, err := c.Compile(p)
	if err != nil {
		return nil, err
	}
	return f.Filter(from, n, sel, out)
}

// selectAll returns all rows tested or none.
func selectAll(all bool, n int, sel, out []int32) []int32 {
	if all {
		return vector.SelectValid(nil, n, sel, out)
	}
	return vector.SelectNull(nil, n, sel, out)
}

// selectBits selects the rows whose validity bit is want.
func (c *Column) selectBits(want bool, from, n int, sel, out []int32) []int32 {
	return vector.SelectBits(c.bits, want, from, n, sel, out)
}

// keepValid drops null rows from picked.
func (c *Column) keepValid(from, n int, picked []int32) []int32 {
	if c.bits == nil {
		return picked
	}
	return c.selectBits(true, from, n, picked, picked)
}

// selectCodes compares residues or codes, without regard to nulls.
func (c *Column) selectCodes(r codeRange, from, n int, sel, out []int32) []int32 {
	switch c.entry.lane {
	case 1:
		return selectLane(c.data[from:from+n], r, sel, out)
	case 2:
		return selectLane(cast[uint16](c.data)[from:from+n], r, sel, out)
	case 4:
		return selectLane(cast[uint32](c.data)[from:from+n], r, sel, out)
	}
	return selectLane(cast[uint64](c.data)[from:from+n], r, sel, out)
}

// selectLane clamps the range to the lane: what lies above it is beyond every code.
func selectLane[T uint8 | uint16 | uint32 | uint64](a []T, r codeRange, sel, out []int32) []int32 {
	most := ^T(0)
	if r.lo > uint64(most) {
		return selectAll(r.negate, len(a), sel, out)
	}
	return vector.SelectIntRange(a, T(r.lo), T(min(r.hi, uint64(most))), r.negate, sel, out)
}

// selectTable looks codes up in the set.
func (f *Compiled) selectTable(from, n int, sel, out []int32) []int32 {
	c := f.col
	if f.nullPasses && c.bits != nil {
		return f.selectTableNulls(from, n, sel, out)
	}
	switch c.entry.lane {
	case 1:
		out = vector.SelectCodes(f.set, c.data[from:from+n], sel, out)
	case 2:
		out = vector.SelectCodes(f.set, cast[uint16](c.data)[from:from+n], sel, out)
	default:
		out = vector.SelectCodes(f.set, cast[uint32](c.data)[from:from+n], sel, out)
	}
	return c.keepValid(from, n, out)
}

// selectTableNulls is selectTable for a Generic that NULL passes.
func (f *Compiled) selectTableNulls(from, n int, sel, out []int32) []int32 {
	c := f.col
	all := selectAll(true, n, sel, out)
	kept := all[:0]
	for _, r := range all {
		i := from + int(r)
		if c.bits[i/8]>>(i%8)&1 == 0 || f.set.Has(uint32(c.residue(i))) {
			kept = append(kept, r)
		}
	}
	return kept
}

// selectInts compares plain integers.
func (f *Compiled) selectInts(from, n int, sel, out []int32) []int32 {
	data := f.col.data
	switch f.col.entry.lane {
	case 2:
		return vector.SelectIntRange(cast[int16](data)[from:from+n], int16(f.lo), int16(f.hi), f.negate, sel, out)
	case 4:
		return vector.SelectIntRange(cast[int32](data)[from:from+n], int32(f.lo), int32(f.hi), f.negate, sel, out)
	}
	return vector.SelectIntRange(cast[int64](data)[from:from+n], f.lo, f.hi, f.negate, sel, out)
}

// selectFloats compares plain floats.
func (f *Compiled) selectFloats(from, n int, sel, out []int32) []int32 {
	data := f.col.data
	if f.col.entry.lane == 4 {
		return selectFloatParts(&f.pred, cast[float32](data)[from:from+n], sel, out)
	}
	return selectFloatParts(&f.pred, cast[float64](data)[from:from+n], sel, out)
}

func selectFloatParts[T float32 | float64](p *predicate.Predicate, a []T, sel, out []int32) []int32 {
	if p.Kind == predicate.Range && !p.Lo.IsNull() && !p.Hi.IsNull() && !p.LoOpen && !p.HiOpen {
		return vector.SelectFloatRange(a, T(p.Lo.Float()), T(p.Hi.Float()), sel, out)
	}
	if p.Kind == predicate.Compare {
		return vector.SelectFloat(p.Op, a, T(p.Value.Float()), sel, out)
	}
	for _, part := range p.Comparisons() {
		out = vector.SelectFloat(part.Op, a, T(part.Value.Float()), sel, out)
		sel = out
	}
	return out
}

// scratch holds vectors for predicates that need values.
var scratch = sync.Pool{New: func() any { return new(vector.Vector) }}

// selectValues materializes the rows and tests them.
func (f *Compiled) selectValues(from, n int, sel, out []int32) ([]int32, error) {
	v := scratch.Get().(*vector.Vector)
	defer scratch.Put(v)
	if err := f.col.Read(from, n, sel, v); err != nil {
		return nil, err
	}
	switch {
	case f.test == testFunc:
		picked, err := f.pred.Select(v, sel, n, out)
		if picked == nil && err == nil {
			picked = []int32{} // nil would mean all rows to the next filter
		}
		return picked, err
	case f.pred.Kind == predicate.In:
		return f.selectIn(v, sel, n, out), nil
	}
	out = selectAll(true, n, sel, out)
	for _, part := range f.pred.Comparisons() {
		value := part.Value
		if v.Type.Physical() == types.PhysInt128 {
			value = types.NewInt128(value.Int128())
		}
		out = vector.SelectCmp(part.Op, v, value, out, n, out)
	}
	return out, nil
}

// selectIn looks the rows up in the list.
func (f *Compiled) selectIn(v *vector.Vector, sel []int32, n int, out []int32) []int32 {
	all := selectAll(true, n, sel, out)
	if f.ints != nil {
		switch v.Type.Physical() {
		case types.PhysInt16:
			return keepInts(f.ints, v.I16, v.Valid, all)
		case types.PhysInt32:
			return keepInts(f.ints, v.I32, v.Valid, all)
		}
		return keepInts(f.ints, v.I64, v.Valid, all)
	}
	kept := all[:0]
	for _, r := range all {
		if v.IsNull(int(r)) {
			continue
		}
		var ok bool
		if f.strs != nil {
			_, ok = f.strs[v.Str[r]]
		} else {
			_, ok = slices.BinarySearchFunc(f.list, v.Datum(int(r)), compareWide)
		}
		if ok {
			kept = append(kept, r)
		}
	}
	return kept
}
