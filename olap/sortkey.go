package olap

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"htapdb/sql/types"
	"htapdb/vector"
)

// A sort key is packed with the keys after it into one 64-bit prefix, whose
// order as an unsigned number agrees with the order of the rows. Each key takes
// as many bits as its range of values in this buffer needs:
//
//	ORDER BY flag DESC, day, name      flag: 2 bits │ day: 12 bits │ name: 50 bits of its text
//	                                   (3−code)      (day − min)    (after the common prefix)
//
// NULL takes the code before or after all values, descending keys count
// downward. Keys of dictionaries are ranks of their entries. When all keys fit,
// the prefix decides; otherwise rows with equal prefixes are compared from the
// first key on that did not fit whole.

// keyCode says how one key column is coded.
type keyCode struct {
	col *column
	key SortKey
	// base is subtracted from ordinals; span is the greatest difference.
	base, span uint64
	// rank maps dictionary codes to ordinals.
	rank []uint64
	// skip is the length of the prefix that all strings share.
	skip int
	// ordinals are truncations: equal ordinals do not mean equal values.
	lossy bool
	// width is the number of bits, shift how many low bits did not fit.
	width, shift int
	// nullCode says that NULL has a code of its own.
	nullCode bool
}

// sortPlan is how the rows of one buffer are ordered.
type sortPlan struct {
	codes []keyCode
	// exact is the number of leading keys that the prefix decides; with exact ==
	// len(codes) equal prefixes mean equal rows.
	exact int
	bits  int
}

// newSortPlan measures the key columns.
func newSortPlan(buf *rowBuffer, cols []int, keys []SortKey) *sortPlan {
	p := &sortPlan{}
	room := 64
	open := true
	for i, c := range cols {
		code := keyCode{col: &buf.cols[c], key: keys[i]}
		if open {
			code.measure(buf.rows)
			code.width = bits.Len64(code.span)
			if code.width > room {
				code.shift = code.width - room
				code.width = room
			}
			room -= code.width
			p.bits += code.width
			if code.lossy || code.shift > 0 {
				open = false
			} else {
				p.exact = i + 1
			}
		}
		p.codes = append(p.codes, code)
	}
	return p
}

// measure finds base and span over n rows.
func (k *keyCode) measure(n int) {
	c := k.col
	hasNulls := slices.Contains(c.vec.Valid, 0)
	switch {
	case c.dict != nil:
		k.rankDict()
	case c.phys == types.PhysString:
		k.skip = c.commonPrefix(n)
		k.lossy = true
	}
	lo, hi := uint64(math.MaxUint64), uint64(0)
	for i := range n {
		if c.isNull(i) {
			continue
		}
		x := k.ordinal(i)
		lo, hi = min(lo, x), max(hi, x)
	}
	if lo > hi {
		lo, hi = 0, 0
	}
	k.base, k.span = lo, hi-lo
	if c.phys == types.PhysInt128 || c.phys == types.PhysInterval {
		k.lossy = lo == 0 || hi == math.MaxUint64
	}
	switch {
	case hasNulls && k.span == math.MaxUint64:
		k.lossy = true // NULL shares the code of an extreme value
	case hasNulls:
		k.nullCode = true
		k.span++
	}
}

// ordinal returns an unsigned number in the order of the value of row i.
func (k *keyCode) ordinal(i int) uint64 {
	c := k.col
	const sign = 1 << 63
	switch c.phys {
	case types.PhysBool:
		return uint64(c.vec.Bool[i])
	case types.PhysInt16:
		return uint64(c.vec.I16[i]) ^ sign
	case types.PhysInt32:
		return uint64(c.vec.I32[i]) ^ sign
	case types.PhysInt64:
		return uint64(c.vec.I64[i]) ^ sign
	case types.PhysFloat32:
		return floatOrdinal(float64(c.vec.F32[i]))
	case types.PhysFloat64:
		return floatOrdinal(c.vec.F64[i])
	case types.PhysInt128:
		return clampOrdinal(c.vec.I128[i])
	case types.PhysInterval:
		return clampOrdinal(vector.IntervalLength(c.vec.Iv[i]))
	}
	if k.rank != nil {
		return k.rank[c.vec.Codes[i]]
	}
	return textOrdinal(c.str(i)[k.skip:])
}

// floatOrdinal orders floats as SQL does: −0 is 0, NaN above all.
func floatOrdinal(f float64) uint64 {
	if f != f {
		return math.MaxUint64
	}
	b := math.Float64bits(f + 0)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

// clampOrdinal orders 128-bit numbers, all beyond 64 bits alike.
func clampOrdinal(x types.Int128) uint64 {
	v, ok := x.Int64()
	switch {
	case ok:
		return uint64(v) ^ 1<<63
	case x.Hi < 0:
		return 0
	}
	return math.MaxUint64
}

// textOrdinal is the first eight bytes of s as a number.
func textOrdinal(s string) uint64 {
	var x uint64
	for i := range min(len(s), 8) {
		x |= uint64(s[i]) << (56 - 8*i)
	}
	return x
}

// rankDict numbers the dictionary's entries in their order.
func (k *keyCode) rankDict() {
	values := k.col.dict.values.Str
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return strings.Compare(values[a], values[b]) })
	k.rank = make([]uint64, len(values))
	for r, code := range order {
		k.rank[code] = uint64(r)
	}
}

// commonPrefix returns the length of the longest prefix of all strings of c.
func (c *column) commonPrefix(n int) int {
	first := -1
	length := 0
	for i := range n {
		if c.isNull(i) {
			continue
		}
		if first < 0 {
			first, length = i, len(c.str(i))
			continue
		}
		a, b := c.str(first), c.str(i)
		length = min(length, len(b))
		j := 0
		for j < length && a[j] == b[j] {
			j++
		}
		if length = j; length == 0 {
			return 0
		}
	}
	return length
}

// code returns the code of row i, below 2^width.
func (k *keyCode) code(i int) uint64 {
	var x uint64
	switch null := k.col.isNull(i); {
	case null && !k.key.NullsFirst:
		x = k.span
	case null:
		x = 0
	default:
		x = k.ordinal(i) - k.base
		if k.key.Desc {
			x = k.valueSpan() - x
		}
		if k.nullCode && k.key.NullsFirst {
			x++
		}
	}
	return x >> k.shift
}

// valueSpan is span without the code of NULL.
func (k *keyCode) valueSpan() uint64 {
	if k.nullCode {
		return k.span - 1
	}
	return k.span
}

// prefix returns the packed keys of row i.
func (p *sortPlan) prefix(i int) uint64 {
	var x uint64
	for k := range p.codes[:min(p.exact+1, len(p.codes))] {
		c := &p.codes[k]
		if c.width > 0 {
			x = x<<c.width | c.code(i)
		}
	}
	return x
}

// compareRows orders rows i and j from the first key on that prefixes do not decide.
func (p *sortPlan) compareRows(i, j int) int {
	for k := p.exact; k < len(p.codes); k++ {
		c := &p.codes[k]
		if cmp := c.col.compareNulls(i, j, c.key); cmp != 0 {
			return cmp
		}
	}
	return 0
}

// compareNulls orders rows i and j of c as key says.
func (c *column) compareNulls(i, j int, key SortKey) int {
	a, b := c.isNull(i), c.isNull(j)
	if a || b {
		switch {
		case a && b:
			return 0
		case a == key.NullsFirst:
			return -1
		}
		return 1
	}
	cmp := c.compare(i, j)
	if key.Desc {
		return -cmp
	}
	return cmp
}

// compare orders the values of rows i and j, which are not null.
func (c *column) compare(i, j int) int {
	switch c.phys {
	case types.PhysBool:
		return int(c.vec.Bool[i]) - int(c.vec.Bool[j])
	case types.PhysInt16:
		return int(c.vec.I16[i]) - int(c.vec.I16[j])
	case types.PhysInt32:
		return compareInts(c.vec.I32[i], c.vec.I32[j])
	case types.PhysInt64:
		return compareInts(c.vec.I64[i], c.vec.I64[j])
	case types.PhysInt128:
		return c.vec.I128[i].Cmp(c.vec.I128[j])
	case types.PhysFloat32:
		return vector.CompareFloat(float64(c.vec.F32[i]), float64(c.vec.F32[j]))
	case types.PhysFloat64:
		return vector.CompareFloat(c.vec.F64[i], c.vec.F64[j])
	case types.PhysInterval:
		return vector.IntervalLength(c.vec.Iv[i]).Cmp(vector.IntervalLength(c.vec.Iv[j]))
	}
	return strings.Compare(c.str(i), c.str(j))
}

func compareInts[T int32 | int64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
