package fn

import (
	"cmp"
	"math"
	"math/bits"

	"htapdb/sql/types"
	"htapdb/vector"
)

// comparison is one of the six operators, as the set of outcomes that are TRUE.
type comparison uint8

const (
	less comparison = 1 << iota
	equal
	greater
)

// comparisonOps are the operators.
var comparisonOps = []struct {
	op       Op
	outcomes comparison
}{
	{OpEq, equal}, {OpNe, less | greater}, {OpLt, less}, {OpLe, less | equal}, {OpGt, greater}, {OpGe, greater | equal},
}

// holds reports whether the outcome c (−1, 0, 1) satisfies the operator.
func (op comparison) holds(c int) bool { return op>>(c+1)&1 != 0 }

// comparableKinds are the kinds with an order of their own; VARCHAR compares as TEXT.
var comparableKinds = []types.Kind{
	types.Bool, types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric, types.Text, types.Char,
	types.Bytea, types.Date, types.Time, types.Timestamp, types.TimestampTZ, types.Interval, types.UUID, types.JSONB,
}

// comparisonFunctions are the operators and IS [NOT] DISTINCT FROM for every kind.
func comparisonFunctions() []overload {
	var out []overload
	add := func(a, b types.Kind) {
		for _, c := range comparisonOps {
			out = append(out, overload{name: c.op.String(), args: []types.Kind{a, b}, result: types.Bool, total: true, bind: bindComparison(c.outcomes)})
		}
		out = append(out,
			overload{name: "is distinct from", args: []types.Kind{a, b}, result: types.Bool, nullable: true, bind: bindDistinct(true)},
			overload{name: "is not distinct from", args: []types.Kind{a, b}, result: types.Bool, nullable: true, bind: bindDistinct(false)})
	}
	for _, k := range comparableKinds {
		if k != types.JSONB {
			add(k, k)
		}
	}
	add(types.JSONB, types.JSONB)
	add(types.Float4, types.Float8)
	add(types.Float8, types.Float4)
	return out
}

// unifyComparison gives both arguments one type.
func unifyComparison(b *binding) {
	x, y := b.Args[0], b.Args[1]
	switch {
	case x.Kind == types.Numeric && y.Kind == types.Numeric:
		unifyNumeric(b)
	case x.Kind != y.Kind:
		b.Args[0], b.Args[1] = types.TFloat8, types.TFloat8
	case x.IsString():
		// Lengths do not matter to a comparison: no conversion for them.
		b.Args[0], b.Args[1] = types.Base(x.Kind), types.Base(x.Kind)
		if x.Kind == types.Char {
			// Kept without its padding, CHAR compares as TEXT does; a literal loses
			// its blanks when it is read.
			b.Args[0], b.Args[1] = types.TText, types.TText
			for i, lit := range b.lits {
				if lit != nil && lit.Typ.Kind == types.Unknown {
					b.Args[i] = types.Type{Kind: types.Char}
				}
			}
		}
	}
}

// unifyNumeric brings two NUMERIC arguments to one scale and representation, or
// leaves them as they are if that would need more than 38 digits.
func unifyNumeric(b *binding) {
	x, y := b.Args[0], b.Args[1]
	scale := int(max(x.Scale, y.Scale))
	px := int(x.Precision-x.Scale) + scale
	py := int(y.Precision-y.Scale) + scale
	if px > types.MaxPrecision || py > types.MaxPrecision {
		return
	}
	if px > types.MaxShortPrecision || py > types.MaxShortPrecision {
		px, py = max(px, types.MaxShortPrecision+1), max(py, types.MaxShortPrecision+1)
	}
	b.Args[0], b.Args[1] = types.TNumeric(px, scale), types.TNumeric(py, scale)
}

func bindComparison(op comparison) func(*binding) error {
	return func(b *binding) error {
		unifyComparison(b)
		b.Kernel = comparisonKernel(op, b.Args[0], b.Args[1])
		b.Select = comparisonSelect(op, b.Args[0], b.Args[1])
		return nil
	}
}

// comparisonKernel returns the kernel of op for arguments of types a and b.
func comparisonKernel(op comparison, a, b types.Type) Kernel {
	if a.Scale != b.Scale || a.Physical() != b.Physical() {
		return compareScaled(op, a, b)
	}
	switch a.Physical() {
	case types.PhysBool:
		return compareOrdered[uint8](op)
	case types.PhysInt16:
		return compareOrdered[int16](op)
	case types.PhysInt32:
		return compareOrdered[int32](op)
	case types.PhysInt64:
		return compareOrdered[int64](op)
	case types.PhysString:
		return compareOrdered[string](op)
	case types.PhysFloat32:
		return compareFloat[float32](op)
	case types.PhysFloat64:
		return compareFloat[float64](op)
	case types.PhysInt128:
		return compareLong(op)
	case types.PhysInterval:
		return map2(func(x, y types.IntervalValue) uint8 { return b2u(op.holds(CompareIntervals(x, y))) })
	}
	return nil
}

// compareOrdered compares elements that Go orders as SQL does.
func compareOrdered[T uint8 | int16 | int32 | int64 | string](op comparison) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b := args[0], args[1]
		x, y, r := vals[T](a), vals[T](b), out.Bool[:n]
		switch {
		case b.Enc == vector.Const && a.Enc == vector.Flat && sel == nil:
			compareConst(op, x[:n], y[0], r)
		case a.Enc == vector.Const && b.Enc == vector.Flat && sel == nil:
			compareConst(op.swap(), y[:n], x[0], r)
		default:
			compareRows(op, x, step(a), y, step(b), sel, r)
		}
		return nil
	}
}

// swap is the operator with its operands exchanged.
func (op comparison) swap() comparison { return op&equal | op&less<<2 | op&greater>>2 }

// compareConst compares a whole flat column with one value; each operator has its loop.
func compareConst[T cmp.Ordered](op comparison, x []T, y T, r []uint8) {
	r = r[:len(x)]
	switch op {
	case equal:
		for i, v := range x {
			r[i] = b2u(v == y)
		}
	case less | greater:
		for i, v := range x {
			r[i] = b2u(v != y)
		}
	case less:
		for i, v := range x {
			r[i] = b2u(v < y)
		}
	case less | equal:
		for i, v := range x {
			r[i] = b2u(v <= y)
		}
	case greater:
		for i, v := range x {
			r[i] = b2u(v > y)
		}
	case greater | equal:
		for i, v := range x {
			r[i] = b2u(v >= y)
		}
	}
}

// compareRows compares any rows of two columns.
func compareRows[T cmp.Ordered](op comparison, x []T, mx int, y []T, my int, sel []int32, r []uint8) {
	lt, eq, gt := uint8(op&less), uint8(op&equal>>1), uint8(op&greater>>2)
	if sel == nil {
		for i := range r {
			a, b := x[i&mx], y[i&my]
			r[i] = lt&b2u(a < b) | eq&b2u(a == b) | gt&b2u(a > b)
		}
		return
	}
	for _, k := range sel {
		i := int(k)
		a, b := x[i&mx], y[i&my]
		r[i] = lt&b2u(a < b) | eq&b2u(a == b) | gt&b2u(a > b)
	}
}

// compareFloat compares floats: NaN equals NaN and is greater than all else, −0 is 0.
func compareFloat[T float32 | float64](op comparison) Kernel {
	lt, eq, gt := uint8(op&less), uint8(op&equal>>1), uint8(op&greater>>2)
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		x, y, r := vals[T](args[0]), vals[T](args[1]), out.Bool[:n]
		mx, my := step(args[0]), step(args[1])
		if sel == nil {
			for i := range r {
				a, b := x[i&mx], y[i&my]
				r[i] = lt&floatLess(a, b) | eq&floatEqual(a, b) | gt&floatLess(b, a)
			}
			return nil
		}
		for _, k := range sel {
			i := int(k)
			a, b := x[i&mx], y[i&my]
			r[i] = lt&floatLess(a, b) | eq&floatEqual(a, b) | gt&floatLess(b, a)
		}
		return nil
	}
}

func floatLess[T float32 | float64](a, b T) uint8 {
	return b2u(a < b) | b2u(a == a)&b2u(b != b)
}

func floatEqual[T float32 | float64](a, b T) uint8 {
	return b2u(a == b) | b2u(a != a)&b2u(b != b)
}

// compareLong compares 128-bit NUMERICs.
func compareLong(op comparison) Kernel {
	lt, eq, gt := uint8(op&less), uint8(op&equal>>1), uint8(op&greater>>2)
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		x, y, r := args[0].I128, args[1].I128, out.Bool[:n]
		mx, my := step(args[0]), step(args[1])
		if sel == nil {
			for i := range r {
				a, b := &x[i&mx], &y[i&my]
				below, same := longLess(a, b), b2u(a.Lo == b.Lo)&b2u(a.Hi == b.Hi)
				r[i] = lt&below | eq&same | gt&(below^1)&(same^1)
			}
			return nil
		}
		for _, k := range sel {
			a, b := &x[int(k)&mx], &y[int(k)&my]
			below, same := longLess(a, b), b2u(a.Lo == b.Lo)&b2u(a.Hi == b.Hi)
			r[k] = lt&below | eq&same | gt&(below^1)&(same^1)
		}
		return nil
	}
}

// longLess is 1 if a < b: the borrow of the subtraction with the sign bits flipped.
func longLess(a, b *types.Int128) uint8 {
	_, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	_, borrow = bits.Sub64(uint64(a.Hi)^1<<63, uint64(b.Hi)^1<<63, borrow)
	return uint8(borrow)
}

// compareScaled compares NUMERICs of different scales whose common form could
// need more than 38 digits.
func compareScaled(op comparison, a, b types.Type) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		ma, mb := step(args[0]), step(args[1])
		return eachRow(sel, n, func(i int) error {
			x, y := int128At(args[0], i&ma), int128At(args[1], i&mb)
			out.Bool[i] = b2u(op.holds(compareDecimals(x, int(a.Scale), y, int(b.Scale))))
			return nil
		})
	}
}

// int128At reads element i of a NUMERIC column of either representation.
func int128At(v *vector.Vector, i int) types.Int128 {
	if v.Type.Physical() == types.PhysInt64 {
		return types.Int128From(v.I64[i])
	}
	return v.I128[i]
}

// compareDecimals orders x·10^−sx and y·10^−sy exactly.
func compareDecimals(x types.Int128, sx int, y types.Int128, sy int) int {
	if sx > sy {
		return -compareDecimals(y, sy, x, sx)
	}
	up, ok := x.Rescale(sx, sy)
	if !ok { // beyond 128 bits, so beyond every y
		return x.Sign()
	}
	return up.Cmp(y)
}

// CompareIntervals orders intervals as PostgreSQL does, a month as 30 days and a day as 24 hours.
func CompareIntervals(a, b types.IntervalValue) int {
	return vector.IntervalLength(a).Cmp(vector.IntervalLength(b))
}

// canonicalBits is a float's bits such that equal values (−0 and 0, all NaNs) have equal bits.
func canonicalBits(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(f)
}

// bindDistinct binds IS DISTINCT FROM (want true) or IS NOT DISTINCT FROM: NULL is a value that equals itself.
func bindDistinct(want bool) func(*binding) error {
	return func(b *binding) error {
		unifyComparison(b)
		op := equal
		if want {
			op = less | greater
		}
		compare := comparisonKernel(op, b.Args[0], b.Args[1])
		b.Total = true
		b.Kernel = func(ctx *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			if err := compare(ctx, args, sel, n, out); err != nil {
				return err
			}
			if args[0].Valid == nil && args[1].Valid == nil {
				return nil
			}
			return eachRow(sel, n, func(i int) error {
				x, y := args[0].IsNull(i), args[1].IsNull(i)
				if x || y {
					out.Bool[i] = b2u((x != y) == want)
				}
				return nil
			})
		}
		return nil
	}
}

// comparisonSelect is the operator as a filter, by the selection kernels.
func comparisonSelect(op comparison, a, b types.Type) func(*Context, []*vector.Vector, []int32, int, []int32) ([]int32, error) {
	if a.Scale != b.Scale || a.Physical() != b.Physical() {
		return nil
	}
	cmpOp := map[comparison]vector.CmpOp{
		equal: vector.Eq, less | greater: vector.Ne, less: vector.Lt, less | equal: vector.Le, greater: vector.Gt, greater | equal: vector.Ge,
	}[op]
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
		return vector.SelectCmpCols(cmpOp, args[0], args[1], sel, n, out), nil
	}
}

// Compare orders two non-null values of one type: −1, 0 or +1, by the semantics
// of the comparison operators. It is for single values (zone maps, sorts of few);
// columns are compared by the operators' kernels.
func Compare(a, b types.Datum) int { return vector.CompareDatum(a, b) }
