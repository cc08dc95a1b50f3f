package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// groupCache finds groups by indexing an array instead of hashing, where the
// keys have few possible values: dictionary codes, booleans, integers in a
// narrow range. Entry c₀ + c₁·size₀ + … holds the group+1 of the key values
// with these codes, 0 for one not seen yet, which goes through the groupTable.
//
// It is only a cache: a batch whose keys do not fit, or whose dictionary is
// another one, resets it (that happens once a segment), and too many resets
// turn it off.
type groupCache struct {
	entries []uint32
	domains []keyDomain
	valid   bool // entries belong to domains
	off     bool
	batches int
	resets  int
	rows    int // looked at so far

	codes  []uint32 // of the alive rows: own, or the codes of the batch itself
	own    []uint32
	misses []int32 // alive rows (counted among them) that were not found
}

// keyDomain maps a key column to codes below size; the last code is NULL's.
type keyDomain struct {
	// dictID names the dictionary; 0 means integers beginning at base.
	dictID uint64
	base   int64
	size   int
}

const (
	// A cache may have as many entries as there were rows so far times
	// cacheRowShare, within these limits: clearing it must not cost more than it saves.
	minCacheEntries = 1 << 13
	maxCacheEntries = 1 << 18
	cacheRowShare   = 4
	maxKeyDomain    = 1 << 14
	minCacheRows    = 128 // of a batch, for a cache to be worth its reset
)

// codesOf computes the codes of the alive rows, resetting the cache if the
// domains have changed. It returns false if the keys do not fit.
func (c *groupCache) codesOf(cols []*vector.Vector, sel []int32, n int) bool {
	if sel != nil {
		n = len(sel)
	}
	if c.off || n < minCacheRows && !c.valid {
		return false
	}
	c.batches++
	c.rows += n
	limit := min(max(minCacheEntries, cacheRowShare*c.rows), maxCacheEntries)
	if c.domains == nil {
		c.domains = make([]keyDomain, len(cols))
	}
	product, changed := 1, !c.valid
	for i, v := range cols {
		d, ok := domainOf(v, sel, n, c.domains[i], c.valid)
		if ok {
			product *= d.size
		}
		if !ok || product > limit {
			c.valid = false
			c.disableIfUseless()
			return false
		}
		if d != c.domains[i] {
			c.domains[i], changed = d, true
		}
	}
	if changed {
		c.resets++
		c.disableIfUseless()
		c.entries = growBytes(c.entries, product)
		clear(c.entries)
		c.valid = true
	}
	c.fillCodes(cols, sel, n)
	return true
}

// fillCodes sets c.codes for the alive rows.
func (c *groupCache) fillCodes(cols []*vector.Vector, sel []int32, n int) {
	if plainDict(cols[0]) && sel == nil {
		switch {
		case len(cols) == 1:
			c.codes = cols[0].Codes[:n]
			return
		case len(cols) == 2 && plainDict(cols[1]):
			c.own = growBytes(c.own, n)
			c.codes = c.own
			combineCodes(c.codes, cols[0].Codes, cols[1].Codes, uint32(c.domains[0].size))
			return
		}
	}
	c.own = growBytes(c.own, n)
	c.codes = c.own
	stride := uint32(1)
	for i, v := range cols {
		addCodes(c.codes, v, sel, c.domains[i], stride, i == 0)
		stride *= uint32(c.domains[i].size)
	}
}

// plainDict reports whether v is a dictionary vector without nulls.
func plainDict(v *vector.Vector) bool { return v.Enc == vector.Dict && v.Valid == nil }

func combineCodes(codes, a, b []uint32, stride uint32) {
	a, b = a[:len(codes)], b[:len(codes)]
	for k := range codes {
		codes[k] = a[k] + b[k]*stride
	}
}

// disableIfUseless turns the cache off when most batches do not profit from it.
func (c *groupCache) disableIfUseless() {
	if c.resets > 4 && c.resets > c.batches/4 || !c.valid && c.batches > 128 && c.entries == nil {
		c.off = true
	}
}

// domainOf returns the domain of v's alive rows, the old one if they fit it.
func domainOf(v *vector.Vector, sel []int32, n int, old keyDomain, haveOld bool) (keyDomain, bool) {
	if v.Enc == vector.Dict {
		if v.DictID == 0 || v.Dict.Len >= maxKeyDomain {
			return keyDomain{}, false
		}
		return keyDomain{dictID: v.DictID, size: v.Dict.Len + 1}, true
	}
	if v.Type.Physical() == types.PhysBool {
		return keyDomain{size: 3}, true
	}
	lo, hi, ok := intRange(v, sel, n)
	if !ok || uint64(hi)-uint64(lo) >= maxKeyDomain-1 {
		return keyDomain{}, false
	}
	if haveOld && old.dictID == 0 && old.size > 0 {
		if lo >= old.base && hi-old.base < int64(old.size-1) {
			return old, true
		}
		lo, hi = min(lo, old.base), max(hi, old.base+int64(old.size)-2)
		if uint64(hi)-uint64(lo) >= maxKeyDomain-1 {
			return keyDomain{}, false
		}
	}
	// Some room, so that the next batch's slightly larger value fits.
	size := 16
	for int64(size-1) <= hi-lo {
		size *= 2
	}
	return keyDomain{base: lo, size: size}, true
}

// intRange returns the least and the largest element under the alive rows of an
// integer vector, those under nulls included.
func intRange(v *vector.Vector, sel []int32, n int) (lo, hi int64, ok bool) {
	if v.Enc == vector.Const {
		sel, n = nil, 1
	}
	switch v.Type.Physical() {
	case types.PhysInt16:
		lo, hi = minMax(v.I16, sel, n)
	case types.PhysInt32:
		lo, hi = minMax(v.I32, sel, n)
	case types.PhysInt64:
		lo, hi = minMax(v.I64, sel, n)
	default:
		return 0, 0, false
	}
	return lo, hi, true
}

func minMax[T int16 | int32 | int64](a []T, sel []int32, n int) (int64, int64) {
	if sel != nil {
		lo, hi := a[sel[0]], a[sel[0]]
		for _, r := range sel {
			x := a[r]
			lo, hi = min(lo, x), max(hi, x)
		}
		return int64(lo), int64(hi)
	}
	lo, hi := a[0], a[0]
	for _, x := range a[:n] {
		lo, hi = min(lo, x), max(hi, x)
	}
	return int64(lo), int64(hi)
}

// addCodes adds stride times the code of each alive row of v to codes, or sets
// it for the first column.
func addCodes(codes []uint32, v *vector.Vector, sel []int32, d keyDomain, stride uint32, first bool) {
	if first {
		clear(codes)
	}
	switch {
	case v.Enc == vector.Dict:
		addStrided(codes, v.Codes, sel, 0, stride)
	case v.Enc == vector.Const:
		x := v.Datum(0)
		code := uint32(d.size - 1)
		if !x.IsNull() {
			code = uint32(x.Int() - d.base)
		}
		for k := range codes {
			codes[k] += code * stride
		}
		return
	default:
		switch v.Type.Physical() {
		case types.PhysBool:
			addStrided(codes, v.Bool, sel, 0, stride)
		case types.PhysInt16:
			addStrided(codes, v.I16, sel, d.base, stride)
		case types.PhysInt32:
			addStrided(codes, v.I32, sel, d.base, stride)
		case types.PhysInt64:
			addStrided(codes, v.I64, sel, d.base, stride)
		}
	}
	if v.Valid == nil {
		return
	}
	null := uint32(d.size-1) * stride
	for k := range codes {
		r := rowOf(sel, k)
		if v.Valid[r] == 0 {
			codes[k] += null - uint32(elementCode(v, r)-d.base)*stride
		}
	}
}

// elementCode returns what addStrided has added for row r, before base and stride.
func elementCode(v *vector.Vector, r int) int64 {
	if v.Enc == vector.Dict {
		return int64(v.Codes[r])
	}
	switch v.Type.Physical() {
	case types.PhysBool:
		return int64(v.Bool[r])
	case types.PhysInt16:
		return int64(v.I16[r])
	case types.PhysInt32:
		return int64(v.I32[r])
	}
	return v.I64[r]
}

func addStrided[T uint8 | uint32 | int16 | int32 | int64](codes []uint32, a []T, sel []int32, base int64, stride uint32) {
	if sel != nil {
		for k, r := range sel[:len(codes)] {
			codes[k] += uint32(int64(a[r])-base) * stride
		}
		return
	}
	for k, x := range a[:len(codes)] {
		codes[k] += uint32(int64(x)-base) * stride
	}
}

// noGroup is what lookup stores for a row that it does not know.
const noGroup = ^uint32(0)

// lookup stores the known groups of the rows that codesOf has seen, and leaves
// the others in c.misses.
func (c *groupCache) lookup(groups []uint32) {
	c.misses = c.misses[:0]
	entries := c.entries
	groups = groups[:len(c.codes)]
	missed := false
	for k, code := range c.codes {
		g := entries[code] - 1
		groups[k] = g
		missed = missed || g == noGroup
	}
	if !missed {
		return
	}
	for k, g := range groups {
		if g == noGroup {
			c.misses = append(c.misses, int32(k))
		}
	}
}

// learn enters the groups of the rows in c.misses.
func (c *groupCache) learn(groups []uint32) {
	for _, k := range c.misses {
		c.entries[c.codes[k]] = groups[k] + 1
	}
}
