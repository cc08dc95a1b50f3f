package olap

import (
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"

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
func newSortPlan(parallel func(n int, f func(i int) error) error, buf *rowBuffer, cols []int, keys []SortKey) (*sortPlan, error) {
	p := &sortPlan{}
	room := 64
	open := true
	for i, c := range cols {
		code := keyCode{col: &buf.cols[c], key: keys[i]}
		if open {
			if err := code.measure(parallel, buf.rows); err != nil {
				return nil, err
			}
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
	return p, nil
}

// measurePiece is how many rows a worker measures at a time: some 0.2 ms.
const measurePiece = 128 * codeChunk

// measure finds base and span over n rows.
func (k *keyCode) measure(parallel func(n int, f func(i int) error) error, n int) error {
	c := k.col
	hasNulls := slices.Contains(c.vec.Valid, 0)
	switch {
	case c.dict != nil:
		k.rankDict()
	case c.phys == types.PhysString:
		k.skip = c.commonPrefix(n)
		k.lossy = true
	}
	var mu sync.Mutex
	lo, hi := uint64(math.MaxUint64), uint64(0)
	err := parallel((n+measurePiece-1)/measurePiece, func(piece int) error {
		least, most := k.extremes(piece*measurePiece, min((piece+1)*measurePiece, n), hasNulls)
		mu.Lock()
		defer mu.Unlock()
		lo, hi = min(lo, least), max(hi, most)
		return nil
	})
	if err != nil {
		return err
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
	return nil
}

// extremes are the least and greatest ordinal of the rows [from, to) that are not
// NULL; the least is above the greatest if there is none.
func (k *keyCode) extremes(from, to int, hasNulls bool) (least, most uint64) {
	least = math.MaxUint64
	var scratch [codeChunk]uint64
	for ; from < to; from += codeChunk {
		part := scratch[:min(codeChunk, to-from)]
		k.ordinals(part, from)
		for i, x := range part {
			if !hasNulls || k.col.vec.Valid[from+i] != 0 {
				least, most = min(least, x), max(most, x)
			}
		}
	}
	return least, most
}

// codeChunk is how many rows are coded at a time.
const codeChunk = 512

// ordinals sets dst[i] to an unsigned number in the order of the value of row
// from+i; under a NULL to anything.
func (k *keyCode) ordinals(dst []uint64, from int) {
	c := k.col
	v, to := &c.vec, from+len(dst)
	switch c.phys {
	case types.PhysBool:
		for i, x := range v.Bool[from:to] {
			dst[i] = uint64(x)
		}
	case types.PhysInt16:
		intOrdinals(dst, v.I16[from:to])
	case types.PhysInt32:
		intOrdinals(dst, v.I32[from:to])
	case types.PhysInt64:
		intOrdinals(dst, v.I64[from:to])
	case types.PhysFloat32:
		for i, x := range v.F32[from:to] {
			dst[i] = floatOrdinal(float64(x))
		}
	case types.PhysFloat64:
		for i, x := range v.F64[from:to] {
			dst[i] = floatOrdinal(x)
		}
	case types.PhysInt128:
		for i, x := range v.I128[from:to] {
			dst[i] = clampOrdinal(x)
		}
	case types.PhysInterval:
		for i, x := range v.Iv[from:to] {
			dst[i] = clampOrdinal(vector.IntervalLength(x))
		}
	case types.PhysString:
		for i := range dst {
			switch {
			case k.rank != nil:
				dst[i] = k.rank[v.Codes[from+i]]
			case c.isNull(from + i):
				dst[i] = 0
			default:
				dst[i] = textOrdinal(c.str(from + i)[k.skip:])
			}
		}
	}
}

func intOrdinals[T int16 | int32 | int64](dst []uint64, a []T) {
	a = a[:len(dst)]
	for i, x := range a {
		dst[i] = uint64(int64(x)) ^ 1<<63
	}
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

// encode makes dst[i] dst[i]·2^width plus the code of row from+i.
func (k *keyCode) encode(dst []uint64, from int) {
	var scratch [codeChunk]uint64
	codes := scratch[:len(dst)]
	k.ordinals(codes, from)
	last, add := k.span, uint64(0)
	if k.nullCode {
		last--
		if k.key.NullsFirst {
			add = 1
		}
	}
	if k.key.Desc {
		for i, x := range codes {
			codes[i] = last - (x - k.base) + add
		}
	} else {
		for i, x := range codes {
			codes[i] = x - k.base + add
		}
	}
	if valid := k.col.vec.Valid; valid != nil {
		null := k.span
		if k.key.NullsFirst {
			null = 0
		}
		for i, ok := range valid[from : from+len(dst)] {
			if ok == 0 {
				codes[i] = null
			}
		}
	}
	for i, x := range codes {
		dst[i] = dst[i]<<k.width | x>>k.shift
	}
}

// prefixes makes entries of the rows from, from+1, …
func (p *sortPlan) prefixes(entries []sortEntry, from int) {
	var scratch [codeChunk]uint64
	for at := 0; at < len(entries); at += codeChunk {
		part := entries[at:min(at+codeChunk, len(entries))]
		codes := scratch[:len(part)]
		clear(codes)
		for k := range p.codes[:min(p.exact+1, len(p.codes))] {
			if c := &p.codes[k]; c.width > 0 {
				c.encode(codes, from+at)
			}
		}
		for i, x := range codes {
			part[i] = sortEntry{prefix: x, row: int32(from + at + i)}
		}
	}
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
