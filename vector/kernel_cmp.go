package vector

import (
	"strings"

	"htapdb/sql/types"
)

// SelectCmp selects the rows of the first n of v that are not null and for
// which v op c holds; the contract of sel and out is that of SelectInt. c has
// v's representation; if it is NULL no row passes. Strings compare by bytes,
// intervals by length with months of 30 days, floats in SQL's order.
func SelectCmp(op CmpOp, v *Vector, c types.Datum, sel []int32, n int, out []int32) []int32 {
	if c.IsNull() {
		return selectAllOrNone(n, false, sel, out)
	}
	switch v.Enc {
	case Const:
		pass := !v.IsNull(0) && op.Holds(CompareDatum(v.Datum(0), c))
		return selectAllOrNone(n, pass, sel, out)
	case Dict:
		return keepValid(v, n, selectCmpDict(op, v, c, sel, n, out))
	}
	return keepValid(v, n, selectCmpFlat(op, v, c, sel, n, out))
}

// keepValid drops the null rows of a non-constant vector from picked.
func keepValid(v *Vector, n int, picked []int32) []int32 {
	if v.Valid == nil {
		return picked
	}
	return SelectValid(v.Valid, n, picked, picked)
}

// selectCmpFlat is SelectCmp without regard to nulls.
func selectCmpFlat(op CmpOp, v *Vector, c types.Datum, sel []int32, n int, out []int32) []int32 {
	switch v.Type.Physical() {
	case types.PhysBool:
		return SelectInt(op, v.Bool[:n], uint8(c.Int()), sel, out)
	case types.PhysInt16:
		return SelectInt(op, v.I16[:n], int16(c.Int()), sel, out)
	case types.PhysInt32:
		return SelectInt(op, v.I32[:n], int32(c.Int()), sel, out)
	case types.PhysInt64:
		return SelectInt(op, v.I64[:n], c.Int(), sel, out)
	case types.PhysFloat32:
		return SelectFloat(op, v.F32[:n], float32(c.Float()), sel, out)
	case types.PhysFloat64:
		return SelectFloat(op, v.F64[:n], c.Float(), sel, out)
	case types.PhysInt128:
		x := c.Int128()
		return selectFunc(n, sel, out, func(i int32) bool { return op.Holds(v.I128[i].Cmp(x)) })
	case types.PhysString:
		return selectString(op, v.Str[:n], c.Str(), sel, out)
	case types.PhysInterval:
		x := IntervalLength(c.Interval())
		return selectFunc(n, sel, out, func(i int32) bool { return op.Holds(IntervalLength(v.Iv[i]).Cmp(x)) })
	}
	return selectAllOrNone(n, false, sel, out)
}

// selectString compares strings by bytes. Equality has its own loop, since a
// different length decides it without touching the bytes.
func selectString(op CmpOp, a []string, c string, sel, out []int32) []int32 {
	if op == Eq || op == Ne {
		want := op == Eq
		return selectFunc(len(a), sel, out, func(i int32) bool { return (a[i] == c) == want })
	}
	return selectFunc(len(a), sel, out, func(i int32) bool { return op.Holds(strings.Compare(a[i], c)) })
}

// selectFunc selects the rows for which pass holds; for representations whose
// comparison costs far more than the call.
func selectFunc(n int, sel, out []int32, pass func(int32) bool) []int32 {
	k := 0
	if sel != nil {
		out = room(out, len(sel))
		for _, r := range sel {
			out[k] = r
			k += b2i(pass(r))
		}
		return out[:k]
	}
	out = room(out, n)
	for i := range int32(n) {
		out[k] = i
		k += b2i(pass(i))
	}
	return out[:k]
}

// selectCmpDict compares each entry once if there are fewer than rows to test,
// else each row's entry.
func selectCmpDict(op CmpOp, v *Vector, c types.Datum, sel []int32, n int, out []int32) []int32 {
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	entries := v.Dict.Len
	if entries > rows {
		return selectFunc(n, sel, out, func(i int32) bool { return op.Holds(CompareDatum(v.Dict.Datum(int(v.Codes[i])), c)) })
	}
	pass := make([]uint8, entries)
	for _, e := range selectCmpFlat(op, v.Dict, c, nil, entries, nil) {
		pass[e] = 1
	}
	return SelectByCode(v.Codes[:n], pass, sel, out)
}

// SelectCmpCols selects the rows of the first n for which a op b holds, neither
// being null; a and b have the same representation and any encoding.
func SelectCmpCols(op CmpOp, a, b *Vector, sel []int32, n int, out []int32) []int32 {
	switch {
	case b.Enc == Const:
		return SelectCmp(op, a, b.Datum(0), sel, n, out)
	case a.Enc == Const:
		return SelectCmp(op.Flip(), b, a.Datum(0), sel, n, out)
	}
	// Equal codes of one dictionary would decide = at once, but different ones do
	// not: the entries of a computed dictionary need not be distinct.
	out = selectCmpColsFlat(op, a.Flatten(nil), b.Flatten(nil), sel, n, out)
	return keepValid(b, n, keepValid(a, n, out))
}

func selectCmpColsFlat(op CmpOp, a, b *Vector, sel []int32, n int, out []int32) []int32 {
	switch a.Type.Physical() {
	case types.PhysBool:
		return selectPair(op, a.Bool[:n], b.Bool[:n], sel, out)
	case types.PhysInt16:
		return selectPair(op, a.I16[:n], b.I16[:n], sel, out)
	case types.PhysInt32:
		return selectPair(op, a.I32[:n], b.I32[:n], sel, out)
	case types.PhysInt64:
		return selectPair(op, a.I64[:n], b.I64[:n], sel, out)
	case types.PhysFloat32:
		return selectFloatPair(op, a.F32[:n], b.F32[:n], sel, out)
	case types.PhysFloat64:
		return selectFloatPair(op, a.F64[:n], b.F64[:n], sel, out)
	case types.PhysInt128:
		return selectFunc(n, sel, out, func(i int32) bool { return op.Holds(a.I128[i].Cmp(b.I128[i])) })
	case types.PhysString:
		return selectFunc(n, sel, out, func(i int32) bool { return op.Holds(strings.Compare(a.Str[i], b.Str[i])) })
	case types.PhysInterval:
		return selectFunc(n, sel, out, func(i int32) bool { return op.Holds(IntervalLength(a.Iv[i]).Cmp(IntervalLength(b.Iv[i]))) })
	}
	return selectAllOrNone(n, false, sel, out)
}

// selectPair selects the rows i with a[i] op b[i].
func selectPair[T Int](op CmpOp, a, b []T, sel, out []int32) []int32 {
	// Le and Ge are the complements of swapped Lt: three loops serve six operators.
	switch op {
	case Gt:
		a, b, op = b, a, Lt
	case Le:
		a, b, op = b, a, Ge
	}
	flip := b2i(op == Ne || op == Ge)
	if op == Ne || op == Eq {
		return selectPairEqual(a, b, flip, sel, out)
	}
	k := 0
	if sel != nil {
		out = room(out, len(sel))
		for _, r := range sel {
			out[k] = r
			k += b2i(a[r] < b[r]) ^ flip
		}
		return out[:k]
	}
	out, b = room(out, len(a)), b[:len(a)]
	for i, x := range a {
		out[k] = int32(i)
		k += b2i(x < b[i]) ^ flip
	}
	return out[:k]
}

// selectPairEqual selects a[i] = b[i], or the others if flip is 1.
func selectPairEqual[T Int](a, b []T, flip int, sel, out []int32) []int32 {
	k := 0
	if sel != nil {
		out = room(out, len(sel))
		for _, r := range sel {
			out[k] = r
			k += b2i(a[r] == b[r]) ^ flip
		}
		return out[:k]
	}
	out, b = room(out, len(a)), b[:len(a)]
	for i, x := range a {
		out[k] = int32(i)
		k += b2i(x == b[i]) ^ flip
	}
	return out[:k]
}

// selectFloatPair is selectPair in SQL's order of floats.
func selectFloatPair[T Float](op CmpOp, a, b []T, sel, out []int32) []int32 {
	switch op {
	case Gt:
		a, b, op = b, a, Lt
	case Le:
		a, b, op = b, a, Ge
	}
	flip := b2i(op == Ne || op == Ge)
	equal := b2i(op == Ne || op == Eq)
	test := func(x, y T) int {
		xNaN, yNaN := b2i(x != x), b2i(y != y)
		eq := b2i(x == y) | xNaN&yNaN
		lt := b2i(x < y) | (xNaN^1)&yNaN
		return (eq&equal | lt&^equal) ^ flip
	}
	k := 0
	if sel != nil {
		out = room(out, len(sel))
		for _, r := range sel {
			out[k] = r
			k += test(a[r], b[r])
		}
		return out[:k]
	}
	out, b = room(out, len(a)), b[:len(a)]
	for i, x := range a {
		out[k] = int32(i)
		k += test(x, b[i])
	}
	return out[:k]
}

// CompareFloat is the three-way comparison of SQL's order of floats: NaN equals
// itself and is above every number, −0 equals 0.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return b2i(a != a) - b2i(b != b)
}

// CompareDatum is the three-way comparison of two values of the same
// representation, neither null; the order is that of SelectCmp.
func CompareDatum(a, b types.Datum) int {
	switch a.Physical() {
	case types.PhysFloat32, types.PhysFloat64:
		return CompareFloat(a.Float(), b.Float())
	case types.PhysString:
		return strings.Compare(a.Str(), b.Str())
	case types.PhysInterval:
		return IntervalLength(a.Interval()).Cmp(IntervalLength(b.Interval()))
	case types.PhysInt128:
		return a.Int128().Cmp(b.Int128())
	}
	switch x, y := a.Int(), b.Int(); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// IntervalLength returns the length by which intervals compare, in µs: a month
// counts 30 days and a day 24 hours, as in PostgreSQL.
func IntervalLength(iv types.IntervalValue) types.Int128 {
	const dayMicros = 24 * 3600 * 1_000_000
	days := int64(iv.Months)*30 + int64(iv.Days)
	length, _ := types.Mul64(days, dayMicros).Add(types.Int128From(iv.Micros))
	return length
}
