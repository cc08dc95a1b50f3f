package fn

import (
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

type float interface{ float32 | float64 }

// floatFunctions are arithmetic on REAL and DOUBLE PRECISION.
func floatFunctions() []overload {
	out := append(floatFamily[float32](types.Float4), floatFamily[float64](types.Float8)...)
	for _, op := range []string{"+", "-", "*", "/"} {
		for _, mixed := range [][]types.Kind{{types.Float4, types.Float8}, {types.Float8, types.Float4}} {
			out = append(out, overload{name: op, args: mixed, result: types.Float8, bind: func(b *binding) error {
				b.Args[0], b.Args[1] = types.TFloat8, types.TFloat8
				b.Kernel = floatArithmetic[float64](op[0])
				return nil
			}})
		}
	}
	two := []types.Kind{types.Float8, types.Float8}
	out = append(out,
		overload{name: "^", args: two, result: types.Float8, kernel: try2(power)},
		overload{name: "power", args: two, result: types.Float8, kernel: try2(power)},
		overload{name: "pow", args: two, result: types.Float8, kernel: try2(power)})
	return out
}

func floatFamily[T float](k types.Kind) []overload {
	one, two := []types.Kind{k}, []types.Kind{k, k}
	abs := map1(func(a T) T { return T(math.Abs(float64(a))) })
	return []overload{
		{name: "+", args: two, result: k, kernel: floatArithmetic[T]('+')},
		{name: "-", args: two, result: k, kernel: floatArithmetic[T]('-')},
		{name: "*", args: two, result: k, kernel: floatArithmetic[T]('*')},
		{name: "/", args: two, result: k, kernel: floatArithmetic[T]('/')},
		{name: "-", args: one, result: k, total: true, kernel: map1(func(a T) T { return -a })},
		{name: "+", args: one, result: k, total: true, kernel: map1(func(a T) T { return a })},
		{name: "abs", args: one, result: k, total: true, kernel: abs},
		{name: "@", args: one, result: k, total: true, kernel: abs},
	}
}

func overflow() error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: overflow")
}

func underflow() error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: underflow")
}

// floatArithmetic computes a batch in one loop and looks afterwards whether a
// result is infinite, NaN or zero: only then operands are checked row by row.
func floatArithmetic[T float](op byte) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := vals[T](args[0]), vals[T](args[1]), vals[T](out)
		ma, mb := step(args[0]), step(args[1])
		suspect := false
		if sel == nil {
			suspect = floatLoop(op, a, ma, b, mb, r[:n])
		} else {
			suspect = floatLoopSel(op, a, ma, b, mb, r, sel)
		}
		if !suspect {
			return nil
		}
		return eachRow(sel, n, func(i int) error { return checkFloat(op, a[i&ma], b[i&mb], r[i]) })
	}
}

// floatLoop fills r and reports whether a result is not finite, or a product or quotient is zero.
func floatLoop[T float](op byte, a []T, ma int, b []T, mb int, r []T) (suspect bool) {
	odd, zeros := T(0), uint8(0)
	switch op {
	case '+':
		for i := range r {
			v := a[i&ma] + b[i&mb]
			r[i] = v
			odd += v - v // NaN from the first result on that is not finite
		}
	case '-':
		for i := range r {
			v := a[i&ma] - b[i&mb]
			r[i] = v
			odd += v - v
		}
	case '*':
		for i := range r {
			v := a[i&ma] * b[i&mb]
			r[i] = v
			odd += v - v
			zeros |= b2u(v == 0)
		}
	default:
		for i := range r {
			v := a[i&ma] / b[i&mb]
			r[i] = v
			odd += v - v
			zeros |= b2u(v == 0)
		}
	}
	return odd != 0 || zeros != 0
}

// floatLoopSel is floatLoop for selected rows.
func floatLoopSel[T float](op byte, a []T, ma int, b []T, mb int, r []T, sel []int32) (suspect bool) {
	odd, zeros := T(0), uint8(0)
	for _, k := range sel {
		i := int(k)
		x, y := a[i&ma], b[i&mb]
		var v T
		switch op {
		case '+':
			v = x + y
		case '-':
			v = x - y
		case '*':
			v = x * y
		default:
			v = x / y
		}
		r[i] = v
		odd += v - v
		zeros |= b2u(v == 0)
	}
	return odd != 0 || zeros != 0 && (op == '*' || op == '/')
}

// checkFloat raises what PostgreSQL raises: division by zero, overflow of finite
// operands, underflow to zero of a product or quotient.
func checkFloat[T float](op byte, x, y, v T) error {
	if op == '/' && y == 0 && x == x {
		return divisionByZero()
	}
	isInf := func(f T) bool { return math.IsInf(float64(f), 0) }
	if isInf(v) && !isInf(x) && !isInf(y) {
		return overflow()
	}
	if v == 0 && x != 0 && (op == '*' && y != 0 || op == '/' && !isInf(y)) {
		return underflow()
	}
	return nil
}

// power is x ^ y with PostgreSQL's errors.
func power(x, y float64) (float64, error) {
	switch {
	case x == 0 && y < 0:
		return 0, sqlstate.New(sqlstate.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	case x < 0 && y != math.Trunc(y) && !math.IsInf(y, 0):
		return 0, sqlstate.New(sqlstate.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
	}
	v := math.Pow(x, y)
	if math.IsInf(v, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		return 0, overflow()
	}
	if v == 0 && x != 0 && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		return 0, underflow()
	}
	return v, nil
}
