package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// elements returns the vector that holds v's elements and, for rows of v, their
// positions in it: at[k] is that of row rows[k]. at may be rows itself.
func elements(v *vector.Vector, rows []int32, scratch []int32) (vals *vector.Vector, at []int32) {
	switch v.Enc {
	case vector.Const:
		at = growBytes(scratch, len(rows))
		clear(at)
		return v, at
	case vector.Dict:
		at = growBytes(scratch, len(rows))
		for k, r := range rows {
			at[k] = int32(v.Codes[r])
		}
		return v.Dict, at
	}
	return v, rows
}

// matchRows clears eq[k] where row rows[k] of v is not equal to row stored[k]
// of c. NULL equals NULL if nullsEqual, else nothing. It returns the scratch it
// may have grown.
func (c *column) matchRows(v *vector.Vector, rows, stored []int32, nullsEqual bool, eq []uint8, scratch []int32) []int32 {
	if v.Valid != nil || c.vec.Valid != nil {
		matchNulls(c, v, rows, stored, nullsEqual, eq)
	}
	if c.phys == types.PhysString && c.dict != nil {
		if codes := c.dict.known(v); codes != nil {
			for k, r := range rows {
				if codes[v.Codes[r]] != c.vec.Codes[stored[k]] {
					eq[k] &= bothNull(c, v, int(r), int(stored[k]))
				}
			}
			return scratch
		}
	}
	vals, at := elements(v, rows, scratch)
	nulls := v.Valid != nil && c.vec.Valid != nil && nullsEqual
	var saved []uint8
	if nulls {
		saved = append(saved, eq...)
	}
	switch c.phys {
	case types.PhysBool:
		matchElements(c.vec.Bool, vals.Bool, stored, at, eq)
	case types.PhysInt16:
		matchElements(c.vec.I16, vals.I16, stored, at, eq)
	case types.PhysInt32:
		matchElements(c.vec.I32, vals.I32, stored, at, eq)
	case types.PhysInt64:
		matchElements(c.vec.I64, vals.I64, stored, at, eq)
	case types.PhysInt128:
		matchElements(c.vec.I128, vals.I128, stored, at, eq)
	case types.PhysFloat32:
		matchFloats(c.vec.F32, vals.F32, stored, at, eq)
	case types.PhysFloat64:
		matchFloats(c.vec.F64, vals.F64, stored, at, eq)
	case types.PhysInterval:
		for k, s := range stored {
			if vector.IntervalLength(c.vec.Iv[s]) != vector.IntervalLength(vals.Iv[at[k]]) {
				eq[k] = 0
			}
		}
	case types.PhysString:
		for k, s := range stored {
			if eq[k] != 0 && c.str(int(s)) != vals.Str[at[k]] {
				eq[k] = 0
			}
		}
	}
	if nulls {
		// What lies under two nulls may differ.
		for k, ok := range saved {
			if ok != 0 && eq[k] == 0 {
				eq[k] = bothNull(c, v, int(rows[k]), int(stored[k]))
			}
		}
	}
	if v.Enc != vector.Flat {
		return at
	}
	return scratch
}

// bothNull returns 1 if both rows are null.
func bothNull(c *column, v *vector.Vector, row, stored int) uint8 {
	if c.isNull(stored) && v.IsNull(row) {
		return 1
	}
	return 0
}

// matchNulls clears eq where one side is null and the other is not, and where
// both are if nulls are not equal.
func matchNulls(c *column, v *vector.Vector, rows, stored []int32, nullsEqual bool, eq []uint8) {
	for k, r := range rows {
		a, b := v.IsNull(int(r)), c.isNull(int(stored[k]))
		if a != b || a && !nullsEqual {
			eq[k] = 0
		}
	}
}

// matchElements clears eq where a[i[k]] ≠ b[j[k]].
func matchElements[T comparable](a, b []T, i, j []int32, eq []uint8) {
	i, j = i[:len(eq)], j[:len(eq)]
	for k := range eq {
		if a[i[k]] != b[j[k]] {
			eq[k] = 0
		}
	}
}

// matchFloats is matchElements with NaN equal to NaN.
func matchFloats[T float32 | float64](a, b []T, i, j []int32, eq []uint8) {
	i, j = i[:len(eq)], j[:len(eq)]
	for k := range eq {
		x, y := a[i[k]], b[j[k]]
		if x != y && (x == x || y == y) {
			eq[k] = 0
		}
	}
}
