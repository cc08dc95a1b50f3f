package segment

import (
	"slices"
	"sort"
	"strings"

	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/predicate"
)

// compileString compiles a comparison or range of strings: by the zone map, then
// by the sorted dictionary.
func (f *Compiled) compileString() error {
	c, e := f.col, &f.col.entry
	parts := f.pred.Comparisons()
	all := true
	for _, part := range parts {
		none, whole := c.pruneString(part)
		if none {
			return nil // never
		}
		all = all && whole
	}
	if all {
		f.test = c.valid()
		return nil
	}
	if e.enc == Strings {
		f.test = testValues
		return nil
	}
	if err := c.touch(); err != nil {
		return err
	}
	lo, hi, negate := 0, c.dict.Len, false // codes lo ≤ x < hi
	for _, part := range parts {
		s := part.Value.Str()
		at := sort.SearchStrings(c.dict.Str, s)
		after := at
		if at < c.dict.Len && c.dict.Str[at] == s {
			after++
		}
		switch part.Op {
		case vector.Eq, vector.Ne:
			lo, hi, negate = at, after, part.Op == vector.Ne
		case vector.Lt:
			hi = min(hi, at)
		case vector.Le:
			hi = min(hi, after)
		case vector.Ge:
			lo = max(lo, at)
		case vector.Gt:
			lo = max(lo, after)
		}
	}
	f.setCodes(lo, hi, negate)
	return nil
}

// setCodes makes the dictionary codes lo ≤ x < hi pass, or the others.
func (f *Compiled) setCodes(lo, hi int, negate bool) {
	switch {
	case lo >= hi:
		f.setAll(negate)
	case lo == 0 && hi == f.col.dict.Len:
		f.setAll(!negate)
	default:
		f.test, f.codes = testCodes, codeRange{lo: uint64(lo), hi: uint64(hi - 1), negate: negate}
	}
}

// pruneString is prunePart for strings, whose zone maps may hold prefixes.
func (c *Column) pruneString(part predicate.Comparison) (none, all bool) {
	z, s := c.Zone(), part.Value.Str()
	least := strings.Compare(z.Min.Str(), s)
	if z.MinTruncated && strings.HasPrefix(s, z.Min.Str()) {
		// s may be below, at or above the true least value.
		return false, false
	}
	most := strings.Compare(z.Max.Str(), s)
	if z.MaxTruncated && strings.HasPrefix(s, z.Max.Str()) {
		return false, false
	}
	return prunePart(part.Op, least, most)
}

// compileIn compiles IN by the encoding: a table of codes where there are few,
// else a sorted list.
func (f *Compiled) compileIn() error {
	c, e := f.col, &f.col.entry
	for _, d := range f.pred.List {
		one := Compiled{col: c, pred: predicate.Predicate{Kind: predicate.Compare, Op: vector.Eq, Value: d}}
		if d.IsNull() || one.zoneExcludes(d) {
			continue
		}
		f.list = append(f.list, d)
	}
	if len(f.list) == 0 {
		return nil // never
	}
	slices.SortFunc(f.list, compareWide)
	f.list = slices.CompactFunc(f.list, func(a, b types.Datum) bool { return compareWide(a, b) == 0 })
	if e.enc == Constant {
		if err := c.touch(); err != nil {
			return err
		}
		_, found := slices.BinarySearchFunc(f.list, c.constant(), compareWide)
		f.setAll(found)
		return nil
	}
	f.test = testValues
	switch {
	case e.enc == Dictionary:
		if err := c.touch(); err != nil {
			return err
		}
		f.table = make([]uint8, c.dict.Len)
		for _, d := range f.list {
			if k, ok := slices.BinarySearch(c.dict.Str, d.Str()); ok {
				f.table[k] = 1
			}
		}
		f.reduceTable()
	case e.enc == Frame && e.lane <= 2:
		f.table = make([]uint8, 1<<(8*e.lane))
		base := types.Int128From(e.base)
		for _, d := range f.list {
			code, _ := d.Int128().Sub(base)
			f.table[code.Lo] = 1
		}
		span, _ := e.max.Int128().Sub(base)
		f.table = f.table[:span.Lo+1]
		f.reduceTable()
	case e.enc == Strings:
		f.strs = make(map[string]struct{}, len(f.list))
		for _, d := range f.list {
			f.strs[d.Str()] = struct{}{}
		}
	case e.typ.Physical() >= types.PhysInt16 && e.typ.Physical() <= types.PhysInt64:
		f.ints = newIntSet(len(f.list))
		for _, d := range f.list {
			if x, ok := d.Int128().Int64(); ok {
				f.ints.add(x)
			}
		}
	}
	return nil
}

// compareWide is vector.CompareDatum with integers of different widths.
func compareWide(a, b types.Datum) int {
	if class(a.Physical()) == types.PhysInt128 {
		return a.Int128().Cmp(b.Int128())
	}
	return vector.CompareDatum(a, b)
}

// zoneExcludes reports that d is outside the zone map.
func (f *Compiled) zoneExcludes(d types.Datum) bool {
	if f.col.entry.typ.Physical() == types.PhysString {
		none, _ := f.col.pruneString(predicate.Comparison{Op: vector.Eq, Value: d})
		return none
	}
	return compareWide(d, f.col.entry.min) < 0 || compareWide(d, f.col.entry.max) > 0
}

// reduceTable turns a table of codes into the cheapest test: nothing, all, a
// range of codes or its complement, else the table.
func (f *Compiled) reduceTable() {
	defer func() {
		if f.test == testTable {
			f.set = vector.NewCodeSet(f.table)
		}
		f.table = nil
	}()
	first, last := slices.Index(f.table, 1), lastIndex(f.table, 1)
	gap, gapEnd := slices.Index(f.table, 0), lastIndex(f.table, 0)
	switch {
	case f.nullPasses && f.col.entry.nulls > 0:
		f.test = testTable
	case first < 0:
		f.setAll(false)
	case gap < 0:
		f.setAll(true)
	case !slices.Contains(f.table[first:last+1], 0):
		f.test, f.codes = testCodes, codeRange{lo: uint64(first), hi: uint64(last)}
	case !slices.Contains(f.table[gap:gapEnd+1], 1):
		f.test, f.codes = testCodes, codeRange{lo: uint64(gap), hi: uint64(gapEnd), negate: true}
	default:
		f.test = testTable
	}
}

func lastIndex(b []uint8, x uint8) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == x {
			return i
		}
	}
	return -1
}
