package vector

import "math"

// CmpOp is a comparison.
type CmpOp uint8

// The comparisons.
const (
	Eq CmpOp = iota // =
	Ne              // <>
	Lt              // <
	Le              // <=
	Gt              // >
	Ge              // >=
)

var cmpNames = [...]string{Eq: "=", Ne: "<>", Lt: "<", Le: "<=", Gt: ">", Ge: ">="}

// String returns the SQL operator.
func (op CmpOp) String() string { return cmpNames[op] }

// Flip returns the operator for exchanged operands: a op b is b op.Flip() a.
func (op CmpOp) Flip() CmpOp { return [...]CmpOp{Eq: Eq, Ne: Ne, Lt: Gt, Le: Ge, Gt: Lt, Ge: Le}[op] }

// Holds reports whether op holds for operands whose three-way comparison gave cmp.
func (op CmpOp) Holds(cmp int) bool {
	switch op {
	case Eq:
		return cmp == 0
	case Ne:
		return cmp != 0
	case Lt:
		return cmp < 0
	case Le:
		return cmp <= 0
	case Gt:
		return cmp > 0
	}
	return cmp >= 0
}

// Int is what the integer kernels take: elements of integer, date and time
// vectors, and the narrow codes of column segments.
type Int interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Float is what the float kernels take.
type Float interface{ ~float32 | ~float64 }

// The selection kernels below share one contract. They test the rows sel of a,
// or all rows if sel is nil, and return those that pass, in order, in out's
// memory (new memory if its capacity is below the number of rows tested). out
// may be sel itself. Bytes of out beyond the result are scratch.

// SelectInt selects the rows i with a[i] op c.
func SelectInt[T Int](op CmpOp, a []T, c T, sel, out []int32) []int32 {
	least, most := limits[T]()
	switch op {
	case Eq:
		return SelectIntRange(a, c, c, false, sel, out)
	case Ne:
		return SelectIntRange(a, c, c, true, sel, out)
	case Lt:
		return SelectIntRange(a, c, most, true, sel, out)
	case Le:
		return SelectIntRange(a, least, c, false, sel, out)
	case Gt:
		return SelectIntRange(a, least, c, true, sel, out)
	}
	return SelectIntRange(a, c, most, false, sel, out)
}

// SelectIntRange selects the rows i with lo ≤ a[i] ≤ hi, or those without if
// negate is set. lo > hi is the empty range.
func SelectIntRange[T Int](a []T, lo, hi T, negate bool, sel, out []int32) []int32 {
	if lo > hi {
		return selectAllOrNone(len(a), negate, sel, out)
	}
	if sel != nil {
		out = room(out, len(sel))
		return out[:selectRangeSel(a, lo, hi, negate, sel, out)]
	}
	out = room(out, len(a))
	return out[:selectRange(a, lo, hi, negate, out)]
}

// SelectFloat selects the rows i with a[i] op c, where NaN equals itself and is
// greater than every number, and −0 equals 0.
func SelectFloat[T Float](op CmpOp, a []T, c T, sel, out []int32) []int32 {
	inf := T(math.Inf(1))
	if c != c {
		switch op {
		case Eq, Ge:
			return selectFloats(a, -inf, inf, true, sel, out)
		case Ne, Lt:
			return selectFloats(a, -inf, inf, false, sel, out)
		}
		return selectAllOrNone(len(a), op == Le, sel, out)
	}
	// Each operator is a closed range of numbers or the complement of one: NaN
	// is in no range and in every complement, where SQL wants it.
	switch op {
	case Eq:
		return selectFloats(a, c, c, false, sel, out)
	case Ne:
		return selectFloats(a, c, c, true, sel, out)
	case Le:
		return selectFloats(a, -inf, c, false, sel, out)
	case Gt:
		return selectFloats(a, -inf, c, true, sel, out)
	}
	if c == -inf {
		return selectAllOrNone(len(a), op == Ge, sel, out)
	}
	return selectFloats(a, -inf, below(c), op == Ge, sel, out)
}

// SelectFloatRange selects the rows i with lo ≤ a[i] ≤ hi in SQL's order, where
// NaN is the greatest value.
func SelectFloatRange[T Float](a []T, lo, hi T, sel, out []int32) []int32 {
	switch {
	case hi != hi:
		return SelectFloat(Ge, a, lo, sel, out)
	case lo != lo || lo > hi:
		return selectAllOrNone(len(a), false, sel, out)
	}
	return selectFloats(a, lo, hi, false, sel, out)
}

// selectFloats selects lo ≤ a[i] ≤ hi as the processor compares (NaN is in no
// range), or the complement.
func selectFloats[T Float](a []T, lo, hi T, negate bool, sel, out []int32) []int32 {
	if sel != nil {
		out = room(out, len(sel))
		return out[:selectFloatRangeSel(a, lo, hi, negate, sel, out)]
	}
	out = room(out, len(a))
	return out[:selectFloatRange(a, lo, hi, negate, out)]
}

// SelectValid selects the rows that are valid, as a Vector's Valid says: nil
// means all n.
func SelectValid(valid []uint8, n int, sel, out []int32) []int32 {
	if valid == nil {
		return selectAllOrNone(n, true, sel, out)
	}
	return SelectIntRange(valid[:n], 0, 0, true, sel, out)
}

// SelectNull selects the rows that are null, as a Vector's Valid says.
func SelectNull(valid []uint8, n int, sel, out []int32) []int32 {
	if valid == nil {
		return selectAllOrNone(n, false, sel, out)
	}
	return SelectIntRange(valid[:n], 0, 0, false, sel, out)
}

// SelectBits selects the rows r whose bit from+r is set in bits, or clear if set
// is false: all n, or those of sel. Bits count from the least significant one of
// each byte, as in Arrow.
func SelectBits(bits []byte, set bool, from, n int, sel, out []int32) []int32 {
	if sel != nil {
		out = room(out, len(sel))
		return out[:selectBitsSel(bits, set, from, sel, out)]
	}
	out = room(out, n)
	return out[:selectBits(bits, set, from, out)]
}

// SelectByCode selects the rows whose entry in pass, indexed by code, is not
// zero. Every code must be below len(pass).
func SelectByCode[C uint8 | uint16 | uint32](codes []C, pass []uint8, sel, out []int32) []int32 {
	k := 0
	if sel != nil {
		out = room(out, len(sel))
		for _, r := range sel {
			out[k] = r
			k += int(pass[codes[r]] & 1)
		}
		return out[:k]
	}
	out = room(out, len(codes))
	for i, c := range codes {
		out[k] = int32(i)
		k += int(pass[c] & 1)
	}
	return out[:k]
}

// selectAllOrNone returns all rows tested or none of them.
func selectAllOrNone(n int, all bool, sel, out []int32) []int32 {
	switch {
	case !all:
		return room(out, 0)[:0]
	case sel != nil:
		out = room(out, len(sel))
		copy(out, sel)
		return out
	}
	out = room(out, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// room returns out with length n, in new memory if its capacity is too small.
// It is never nil, since a nil selection would mean all rows.
func room(out []int32, n int) []int32 {
	if out == nil || cap(out) < n {
		return make([]int32, n)
	}
	return out[:n]
}

// limits returns the least and the greatest T.
func limits[T Int]() (least, most T) {
	var zero T
	most = ^zero // all ones: −1 if signed
	if most > 0 {
		return 0, most
	}
	bits := T(1)
	for bits<<1 > bits {
		bits <<= 1
	}
	most = bits | (bits - 1)
	return ^most, most
}

// below returns the greatest number less than c, which is neither NaN nor −∞.
func below[T Float](c T) T {
	if x, ok := any(c).(float32); ok {
		return T(math.Nextafter32(x, float32(math.Inf(-1))))
	}
	return T(math.Nextafter(float64(c), math.Inf(-1)))
}

// The plain Go kernels: the index is stored always and the count advanced by
// the outcome, so that an unpredictable condition costs no branch miss. They
// begin at the i-th row tested with k rows selected, where a vector kernel has
// left off.

func selectRangeGo[T Int](a []T, i, k int, lo, hi T, negate bool, out []int32) int {
	flip := b2i(negate)
	out = out[:len(a)]
	for ; i < len(a); i++ {
		out[k] = int32(i)
		k += (b2i(a[i] >= lo) & b2i(a[i] <= hi)) ^ flip
	}
	return k
}

func selectRangeSelGo[T Int](a []T, i, k int, lo, hi T, negate bool, sel, out []int32) int {
	flip := b2i(negate)
	out = out[:len(sel)]
	for _, r := range sel[i:] {
		x := a[r]
		out[k] = r
		k += (b2i(x >= lo) & b2i(x <= hi)) ^ flip
	}
	return k
}

func selectFloatRangeGo[T Float](a []T, i, k int, lo, hi T, negate bool, out []int32) int {
	flip := b2i(negate)
	out = out[:len(a)]
	for ; i < len(a); i++ {
		out[k] = int32(i)
		k += (b2i(a[i] >= lo) & b2i(a[i] <= hi)) ^ flip
	}
	return k
}

func selectFloatRangeSelGo[T Float](a []T, i, k int, lo, hi T, negate bool, sel, out []int32) int {
	flip := b2i(negate)
	out = out[:len(sel)]
	for _, r := range sel[i:] {
		x := a[r]
		out[k] = r
		k += (b2i(x >= lo) & b2i(x <= hi)) ^ flip
	}
	return k
}

func selectBitsGo(bits []byte, set bool, from, i, k int, out []int32) int {
	flip := b2i(!set)
	for ; i < len(out); i++ {
		out[k] = int32(i)
		k += int(bits[(from+i)/8]>>((from+i)%8)&1) ^ flip
	}
	return k
}

func selectBitsSelGo(bits []byte, set bool, from, i, k int, sel, out []int32) int {
	flip := b2i(!set)
	out = out[:len(sel)]
	for _, r := range sel[i:] {
		out[k] = r
		b := uint(from + int(r))
		k += int(bits[b/8]>>(b%8)&1) ^ flip
	}
	return k
}

// b2i compiles to a flag move, not a branch.
func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
