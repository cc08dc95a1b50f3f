package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// column is one growing column of rows that an operator keeps: the elements of
// a flat vector, except that strings live in an arena, and columns that arrive
// as dictionaries stay codes into one unified dictionary.
//
// Invariant: exactly one of these holds the rows: vec (Flat), refs and lens
// (strings), or vec.Codes (dict ≠ nil).
type column struct {
	typ  types.Type
	phys types.Physical
	// vec holds the elements of everything but plain strings, and the validity of all.
	vec vector.Vector
	// refs and lens name strings in arena; a null has length 0.
	refs  []uint64
	lens  []uint32
	arena stringArena
	dict  *unifiedDict
}

func newColumn(t types.Type) column {
	return column{typ: t, phys: t.Physical(), vec: vector.Vector{Type: t}}
}

// elementSize returns the bytes of a row in c, without the bytes of strings.
func (c *column) elementSize() int64 {
	switch c.phys {
	case types.PhysBool:
		return 1
	case types.PhysInt16:
		return 2
	case types.PhysInt32, types.PhysFloat32:
		return 4
	case types.PhysInt128, types.PhysInterval:
		return 16
	case types.PhysString:
		if c.dict != nil {
			return 4
		}
		return 12
	}
	return 8
}

// append adds the rows sel of v (the first n if nil). Capacity for them has
// been made by resize's growth; strings are copied.
func (c *column) append(v *vector.Vector, sel []int32, n int) {
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return
	}
	if c.phys != types.PhysString {
		at := c.vec.Len
		c.extend(at + n)
		if sel == nil && v.Len != n {
			v = v.Slice(0, n)
		}
		vector.CopyInto(&c.vec, at, v, sel)
		return
	}
	if c.dict == nil && c.vec.Len == 0 && canUnify(v) {
		c.dict = newUnifiedDict(c.typ)
	}
	if c.dict != nil {
		if codes := c.dict.translate(v); codes != nil {
			c.appendCodes(v, codes, sel, n)
			return
		}
		c.dropDict()
	}
	c.appendStrings(v, sel, n)
}

// extend makes c.vec n rows long, keeping its validity.
func (c *column) extend(n int) {
	valid := c.vec.Valid
	c.vec.Resize(n)
	if valid != nil {
		c.vec.Valid = growBytes(valid, n)
	}
}

// growBytes returns s with length n; new elements are unspecified.
func growBytes[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	t := make([]T, n, max(n, 2*cap(s)))
	copy(t, s)
	return t
}

// appendValid adds the validity of the rows of v to a column whose elements are
// not in vec; from is the number of rows before.
func (c *column) appendValid(v *vector.Vector, sel []int32, from, n int) {
	if v.Valid == nil {
		if c.vec.Valid != nil {
			c.vec.Valid = growBytes(c.vec.Valid, from+n)
			fill8(c.vec.Valid[from:], 1)
		}
		return
	}
	if c.vec.Valid == nil {
		c.vec.Valid = make([]uint8, from, from+n)
		fill8(c.vec.Valid, 1)
	}
	c.vec.Valid = growBytes(c.vec.Valid, from+n)
	dst := c.vec.Valid[from:]
	for k := range dst {
		dst[k] = 1
		if v.IsNull(rowOf(sel, k)) {
			dst[k] = 0
		}
	}
}

func fill8(b []uint8, x uint8) {
	for i := range b {
		b[i] = x
	}
}

// rowOf returns the k-th row of sel, k itself without a selection.
func rowOf(sel []int32, k int) int {
	if sel != nil {
		return int(sel[k])
	}
	return k
}

// appendCodes adds rows of a dictionary vector as codes of the unified dictionary.
func (c *column) appendCodes(v *vector.Vector, translate []uint32, sel []int32, n int) {
	at := c.vec.Len
	c.appendValid(v, sel, at, n)
	c.vec.Codes = growBytes(c.vec.Codes, at+n)
	dst := c.vec.Codes[at:]
	for k := range dst {
		dst[k] = translate[v.Codes[rowOf(sel, k)]]
	}
	c.vec.Len = at + n
}

// appendStrings adds rows of any string vector to the arena.
func (c *column) appendStrings(v *vector.Vector, sel []int32, n int) {
	at := c.vec.Len
	c.appendValid(v, sel, at, n)
	c.refs = growBytes(c.refs, at+n)
	c.lens = growBytes(c.lens, at+n)
	for k := range n {
		r := rowOf(sel, k)
		if v.IsNull(r) {
			c.refs[at+k], c.lens[at+k] = 0, 0
			continue
		}
		s := stringAt(v, r)
		c.refs[at+k], c.lens[at+k] = c.arena.put(s), uint32(len(s))
	}
	c.vec.Len = at + n
}

// stringAt returns the string of row r, which is not null, in any encoding.
func stringAt(v *vector.Vector, r int) string {
	switch v.Enc {
	case vector.Const:
		return v.Str[0]
	case vector.Dict:
		return v.Dict.Str[v.Codes[r]]
	}
	return v.Str[r]
}

// dropDict turns a dictionary column into plain strings.
func (c *column) dropDict() {
	n := c.vec.Len
	c.refs, c.lens = make([]uint64, n), make([]uint32, n)
	for i, code := range c.vec.Codes[:n] {
		if c.vec.Valid != nil && c.vec.Valid[i] == 0 {
			continue
		}
		s := c.dict.values.Str[code]
		c.refs[i], c.lens[i] = c.arena.put(s), uint32(len(s))
	}
	c.vec.Codes, c.dict = nil, nil
}

// str returns the string of row i of a string column.
func (c *column) str(i int) string {
	if c.dict != nil {
		return c.dict.values.Str[c.vec.Codes[i]]
	}
	return c.arena.get(c.refs[i], c.lens[i])
}

// isNull reports whether row i is null.
func (c *column) isNull(i int) bool { return c.vec.Valid != nil && c.vec.Valid[i] == 0 }

// gather makes out the rows of c; strings without a dictionary point into the arena.
func (c *column) gather(out *vector.Vector, rows []int32) {
	out.Type = c.typ
	if c.phys != types.PhysString {
		out.Resize(len(rows))
		vector.CopyInto(out, 0, &c.vec, rows)
		return
	}
	if c.dict != nil {
		codes := growBytes(out.Codes, len(rows))
		for k, r := range rows {
			codes[k] = c.vec.Codes[r]
		}
		out.Enc, out.Len, out.Codes = vector.Dict, len(rows), codes
		out.Dict, out.DictID = c.dict.values, c.dict.id
	} else {
		out.Resize(len(rows))
		for k, r := range rows {
			out.Str[k] = c.arena.get(c.refs[r], c.lens[r])
		}
	}
	out.Valid = gatherValid(c.vec.Valid, rows, nil)
}

// gatherValid returns valid[rows[k]] for each k, nil for nil.
func gatherValid(valid []uint8, rows []int32, scratch []uint8) []uint8 {
	if valid == nil {
		return nil
	}
	scratch = growBytes(scratch, len(rows))
	for k, r := range rows {
		scratch[k] = valid[r]
	}
	return scratch
}

// slice makes out the rows [from, to) of c, sharing memory where it can.
func (c *column) slice(out *vector.Vector, from, to int) {
	if c.phys != types.PhysString {
		*out = *c.vec.Slice(from, to)
		return
	}
	out.Type = c.typ
	if c.dict != nil {
		out.Enc, out.Len, out.Codes = vector.Dict, to-from, c.vec.Codes[from:to:to]
		out.Dict, out.DictID = c.dict.values, c.dict.id
	} else {
		out.Resize(to - from)
		for k := range out.Str {
			out.Str[k] = c.arena.get(c.refs[from+k], c.lens[from+k])
		}
	}
	out.Valid = nil
	if c.vec.Valid != nil {
		out.Valid = c.vec.Valid[from:to:to]
	}
}

// adopt appends all rows of o, which must not be used any more.
func (c *column) adopt(o *column) {
	if c.vec.Len == 0 {
		*c = *o
		return
	}
	if o.vec.Len == 0 {
		return
	}
	if c.phys == types.PhysString && (c.dict == nil || o.dict == nil) {
		if c.dict != nil {
			c.dropDict()
		}
		if o.dict != nil {
			o.dropDict()
		}
		at := c.vec.Len
		c.appendValid(&o.vec, nil, at, o.vec.Len)
		shift := c.arena.adopt(&o.arena)
		c.refs = append(c.refs, o.refs...)
		c.lens = append(c.lens, o.lens...)
		for i := at; i < len(c.refs); i++ {
			c.refs[i] += shift
		}
		c.vec.Len = len(c.refs)
		return
	}
	if c.dict != nil {
		o.vec.Enc, o.vec.Dict, o.vec.DictID = vector.Dict, o.dict.values, o.dict.id
		if codes := c.dict.translate(&o.vec); codes != nil {
			c.appendCodes(&o.vec, codes, nil, o.vec.Len)
			return
		}
		c.dropDict()
		c.appendStrings(&o.vec, nil, o.vec.Len)
		return
	}
	c.append(&o.vec, nil, o.vec.Len)
}

// bytes returns the memory held, capacity included.
func (c *column) bytes() int64 {
	n := int64(cap(c.vec.Valid)) + int64(cap(c.refs))*8 + int64(cap(c.lens))*4 + int64(cap(c.vec.Codes))*4
	v := &c.vec
	n += int64(cap(v.Bool)) + int64(cap(v.I16))*2 + int64(cap(v.I32))*4 + int64(cap(v.I64))*8 + int64(cap(v.I128))*16
	n += int64(cap(v.F32))*4 + int64(cap(v.F64))*8 + int64(cap(v.Iv))*16
	n += c.arena.bytes()
	if c.dict != nil {
		n += c.dict.bytes()
	}
	return n
}
