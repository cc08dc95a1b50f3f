package fn

import (
	"math/bits"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

type integer interface{ int16 | int32 | int64 }

// integerFunctions are arithmetic and bit operators on SMALLINT, INTEGER and BIGINT.
func integerFunctions() []overload {
	var out []overload
	out = append(out, integerFamily[int16](types.Int2)...)
	out = append(out, integerFamily[int32](types.Int4)...)
	return append(out, integerFamily[int64](types.Int8)...)
}

// outOfRange is 22003 for an integer kind.
func outOfRange(k types.Kind) error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "%s out of range", k)
}

func divisionByZero() error {
	return sqlstate.New(sqlstate.DivisionByZero, "division by zero")
}

func integerFamily[T integer](k types.Kind) []overload {
	lo64, hi64 := types.IntRange(k)
	lo := T(lo64)
	width := int32(bits.Len64(uint64(hi64))) + 1
	one, two := []types.Kind{k}, []types.Kind{k, k}
	div := func(a, b T) (T, error) {
		switch {
		case b == 0:
			return 0, divisionByZero()
		case b == -1 && a == lo:
			return 0, outOfRange(k)
		}
		return a / b, nil
	}
	mod := func(a, b T) (T, error) {
		switch b {
		case 0:
			return 0, divisionByZero()
		case -1:
			return 0, nil
		}
		return a % b, nil
	}
	negate := func(a T) (T, error) {
		if a == lo {
			return 0, outOfRange(k)
		}
		return -a, nil
	}
	magnitude := func(a T) (T, error) {
		if a < 0 {
			return negate(a)
		}
		return a, nil
	}
	shift := []types.Kind{k, types.Int4}
	mask := max(width, 32) - 1 // a SMALLINT is shifted as an INTEGER and then cut
	return []overload{
		{name: "+", args: two, result: k, kernel: addInts[T](k)},
		{name: "-", args: two, result: k, kernel: subInts[T](k)},
		{name: "*", args: two, result: k, kernel: mulInts[T](k)},
		{name: "/", args: two, result: k, kernel: try2(div)},
		{name: "%", args: two, result: k, kernel: try2(mod)},
		{name: "mod", args: two, result: k, kernel: try2(mod)},
		{name: "div", args: two, result: k, kernel: try2(div)},
		{name: "-", args: one, result: k, kernel: try1(negate)},
		{name: "+", args: one, result: k, kernel: map1(func(a T) T { return a })},
		{name: "abs", args: one, result: k, kernel: try1(magnitude)},
		{name: "@", args: one, result: k, kernel: try1(magnitude)},
		{name: "&", args: two, result: k, total: true, kernel: map2(func(a, b T) T { return a & b })},
		{name: "|", args: two, result: k, total: true, kernel: map2(func(a, b T) T { return a | b })},
		{name: "#", args: two, result: k, total: true, kernel: map2(func(a, b T) T { return a ^ b })},
		{name: "~", args: one, result: k, total: true, kernel: map1(func(a T) T { return ^a })},
		// The count is taken modulo the width, as the processors PostgreSQL runs on do.
		{name: "<<", args: shift, result: k, total: true, kernel: map2(func(a T, s int32) T { return a << uint32(s&mask) })},
		{name: ">>", args: shift, result: k, total: true, kernel: map2(func(a T, s int32) T { return a >> uint32(s&mask) })},
		{name: "gcd", args: two, result: k, kernel: try2(func(a, b T) (T, error) { return gcd(a, b, k) })},
		{name: "lcm", args: two, result: k, kernel: try2(func(a, b T) (T, error) { return lcm(a, b, k) })},
	}
}

// gcd is the greatest common divisor, never negative.
func gcd[T integer](a, b T, k types.Kind) (T, error) {
	for b != 0 {
		if b == -1 {
			return 1, nil
		}
		a, b = b, a%b
	}
	if a < 0 {
		if a = -a; a < 0 {
			return 0, outOfRange(k)
		}
	}
	return a, nil
}

// lcm is the least common multiple, never negative.
func lcm[T integer](a, b T, k types.Kind) (T, error) {
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := gcd(a, b, k)
	if err != nil {
		return 0, err
	}
	p := types.Mul64(int64(a/g), int64(b))
	if p.Hi < 0 {
		p = p.Neg()
	}
	v, ok := p.Int64()
	if !ok || int64(T(v)) != v {
		return 0, outOfRange(k)
	}
	return T(v), nil
}

// addInts adds; overflow shows where the sum's sign differs from both operands'.
// The sign bits are collected over the batch and tested once.
func addInts[T integer](k types.Kind) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := vals[T](args[0]), vals[T](args[1]), vals[T](out)
		ma, mb := step(args[0]), step(args[1])
		var bad T
		if sel == nil {
			for i := range r[:n] {
				x, y := a[i&ma], b[i&mb]
				s := x + y
				r[i] = s
				bad |= (x ^ s) & (y ^ s)
			}
		} else {
			for _, i := range sel {
				x, y := a[int(i)&ma], b[int(i)&mb]
				s := x + y
				r[i] = s
				bad |= (x ^ s) & (y ^ s)
			}
		}
		if bad < 0 {
			return outOfRange(k)
		}
		return nil
	}
}

// subInts subtracts; see addInts.
func subInts[T integer](k types.Kind) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := vals[T](args[0]), vals[T](args[1]), vals[T](out)
		ma, mb := step(args[0]), step(args[1])
		var bad T
		if sel == nil {
			for i := range r[:n] {
				x, y := a[i&ma], b[i&mb]
				d := x - y
				r[i] = d
				bad |= (x ^ y) & (x ^ d)
			}
		} else {
			for _, i := range sel {
				x, y := a[int(i)&ma], b[int(i)&mb]
				d := x - y
				r[i] = d
				bad |= (x ^ y) & (x ^ d)
			}
		}
		if bad < 0 {
			return outOfRange(k)
		}
		return nil
	}
}

// mulInts multiplies, narrow kinds in 64 bits and BIGINT in 128.
func mulInts[T integer](k types.Kind) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := vals[T](args[0]), vals[T](args[1]), vals[T](out)
		ma, mb := step(args[0]), step(args[1])
		var bad int64
		if sel == nil {
			for i := range r[:n] {
				p, over := mulChecked(a[i&ma], b[i&mb], k)
				r[i] = p
				bad |= over
			}
		} else {
			for _, i := range sel {
				p, over := mulChecked(a[int(i)&ma], b[int(i)&mb], k)
				r[i] = p
				bad |= over
			}
		}
		if bad != 0 {
			return outOfRange(k)
		}
		return nil
	}
}

// mulChecked multiplies; over is not 0 if the product does not fit.
func mulChecked[T integer](a, b T, k types.Kind) (p T, over int64) {
	x, y := int64(a), int64(b)
	p = T(x * y)
	if k != types.Int8 {
		return p, x*y ^ int64(p)
	}
	// Products of numbers below 2^31 cannot overflow; only others are computed in full.
	if x == int64(int32(x)) && y == int64(int32(y)) {
		return p, 0
	}
	wide := types.Mul64(x, y)
	return p, wide.Hi ^ int64(wide.Lo)>>63
}
