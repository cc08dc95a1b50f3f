package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// numericFunctions are exact arithmetic on NUMERIC. + and − keep the larger
// scale, * adds the scales, % keeps the larger scale; a result that has more
// than 38 digits is 22003. Division is DOUBLE PRECISION: a fixed scale would
// either lose digits or overflow.
func numericFunctions() []overload {
	one, two := []types.Kind{types.Numeric}, []types.Kind{types.Numeric, types.Numeric}
	mod := overload{args: two, result: types.Numeric, bind: bindNumericMod}
	modName := mod
	mod.name, modName.name = "%", "mod"
	abs := overload{name: "abs", args: one, result: types.Numeric, bind: bindNumericUnary(
		func(a int64) int64 { return max(a, -a) },
		func(a types.Int128) types.Int128 {
			if a.Sign() < 0 {
				return a.Neg()
			}
			return a
		})}
	at := abs
	at.name = "@"
	return []overload{
		{name: "+", args: two, result: types.Numeric, bind: bindNumericAdd(false)},
		{name: "-", args: two, result: types.Numeric, bind: bindNumericAdd(true)},
		{name: "*", args: two, result: types.Numeric, bind: bindNumericMul},
		{name: "/", args: two, result: types.Float8, bind: bindNumericDiv},
		{name: "^", args: two, result: types.Float8, bind: bindNumericPower},
		{name: "power", args: two, result: types.Float8, bind: bindNumericPower},
		mod, modName, abs, at,
		{name: "-", args: one, result: types.Numeric, bind: bindNumericUnary(
			func(a int64) int64 { return -a }, types.Int128.Neg)},
		{name: "+", args: one, result: types.Numeric, bind: bindNumericUnary(
			func(a int64) int64 { return a }, func(a types.Int128) types.Int128 { return a })},
	}
}

// numericOverflow is 22003 for a result with more digits than a NUMERIC has.
func numericOverflow() error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "numeric field overflow").
		WithDetail("The result has more than %d digits.", types.MaxPrecision)
}

func bindNumericUnary(short func(int64) int64, long func(types.Int128) types.Int128) func(*binding) error {
	return func(b *binding) error {
		b.Result = b.Args[0]
		b.Total = true
		if b.Result.Physical() == types.PhysInt64 {
			b.Kernel = map1(short)
		} else {
			b.Kernel = map1(long)
		}
		return nil
	}
}

// bindNumericAdd binds + and −. The operands get the result's scale and either both
// 64 or both 128 bits; a carry digit more makes overflow impossible below 38 digits.
func bindNumericAdd(subtract bool) func(*binding) error {
	return func(b *binding) error {
		x, y := b.Args[0], b.Args[1]
		scale := int(max(x.Scale, y.Scale))
		whole := int(max(x.Precision-x.Scale, y.Precision-y.Scale))
		b.Result = types.TNumeric(whole+scale+1, scale)
		if b.Result.Physical() == types.PhysInt64 {
			b.Args[0], b.Args[1] = types.TNumeric(whole+scale, scale), types.TNumeric(whole+scale, scale)
			b.Kernel, b.Total = addShort(subtract), true
			return nil
		}
		wide := types.TNumeric(max(whole+scale, types.MaxShortPrecision+1), scale)
		if whole+scale <= types.MaxShortPrecision {
			b.Args[0], b.Args[1] = types.TNumeric(whole+scale, scale), types.TNumeric(whole+scale, scale)
			b.Kernel = addShortToLong(subtract)
			return nil
		}
		b.Args[0], b.Args[1] = wide, wide
		b.Kernel = addLong(subtract, whole+scale+1 > types.MaxPrecision)
		return nil
	}
}

// addShort adds int64 that cannot overflow.
func addShort(subtract bool) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := args[0].I64, args[1].I64, out.I64
		ma, mb := step(args[0]), step(args[1])
		switch {
		case sel != nil && subtract:
			for _, i := range sel {
				r[i] = a[int(i)&ma] - b[int(i)&mb]
			}
		case sel != nil:
			for _, i := range sel {
				r[i] = a[int(i)&ma] + b[int(i)&mb]
			}
		case subtract:
			for i := range r[:n] {
				r[i] = a[i&ma] - b[i&mb]
			}
		default:
			for i := range r[:n] {
				r[i] = a[i&ma] + b[i&mb]
			}
		}
		return nil
	}
}

// addShortToLong adds int64 whose sum may need one digit more than 18.
func addShortToLong(subtract bool) Kernel {
	if subtract {
		return map2(func(a, b int64) types.Int128 {
			d, _ := types.Int128From(a).Sub(types.Int128From(b))
			return d
		})
	}
	return map2(func(a, b int64) types.Int128 {
		s, _ := types.Int128From(a).Add(types.Int128From(b))
		return s
	})
}

// addLong adds 128-bit numbers, looking for more than 38 digits if check is set.
func addLong(subtract, check bool) Kernel {
	return try2(func(a, b types.Int128) (v types.Int128, err error) {
		var ok bool
		if subtract {
			v, ok = a.Sub(b)
		} else {
			v, ok = a.Add(b)
		}
		if !ok || check && !v.FitsPrecision(types.MaxPrecision) {
			return v, numericOverflow()
		}
		return v, nil
	})
}

// bindNumericMul binds *: exact, the scales add up. Scales beyond 38 together are cut
// by taking decimals off the operands, which is the only rounding.
func bindNumericMul(b *binding) error {
	x, y := b.Args[0], b.Args[1]
	if int(x.Scale)+int(y.Scale) > types.MaxPrecision {
		return sqlstate.New(sqlstate.NumericValueOutOfRange, "numeric product of scales %d and %d has more than %d decimals", x.Scale, y.Scale, types.MaxPrecision).
			WithHint("Cast an operand to a NUMERIC of fewer decimals or to double precision.")
	}
	p := int(x.Precision) + int(y.Precision)
	b.Result = types.TNumeric(p, int(x.Scale)+int(y.Scale))
	shortX, shortY := x.Physical() == types.PhysInt64, y.Physical() == types.PhysInt64
	switch {
	case b.Result.Physical() == types.PhysInt64:
		b.Kernel, b.Total = mulShort, true
	case shortX && shortY:
		b.Kernel, b.Total = mulShortToLong, true
	case shortY:
		b.Kernel = mulLongShort(p > types.MaxPrecision, 0, 1)
	case shortX:
		b.Kernel = mulLongShort(p > types.MaxPrecision, 1, 0)
	default:
		b.Kernel = mulLong
	}
	return nil
}

// mulShort multiplies int64 that cannot overflow.
func mulShort(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	a, b, r := args[0].I64, args[1].I64, out.I64
	ma, mb := step(args[0]), step(args[1])
	if sel != nil {
		for _, i := range sel {
			r[i] = a[int(i)&ma] * b[int(i)&mb]
		}
		return nil
	}
	for i := range r[:n] {
		r[i] = a[i&ma] * b[i&mb]
	}
	return nil
}

// mulShortToLong multiplies int64 into 128 bits.
func mulShortToLong(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
	a, b, r := args[0].I64, args[1].I64, out.I128
	ma, mb := step(args[0]), step(args[1])
	if sel != nil {
		for _, i := range sel {
			r[i] = types.Mul64(a[int(i)&ma], b[int(i)&mb])
		}
		return nil
	}
	for i := range r[:n] {
		r[i] = types.Mul64(a[i&ma], b[i&mb])
	}
	return nil
}

// mulLongShort multiplies a 128-bit argument with a 64-bit one; check looks for more than 38 digits.
func mulLongShort(check bool, long, short int) Kernel {
	return func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		a, b, r := args[long].I128, args[short].I64, out.I128
		ma, mb := step(args[long]), step(args[short])
		return eachRow(sel, n, func(i int) error {
			x, y := a[i&ma], b[i&mb]
			if v, ok := x.Int64(); ok { // the common case: the value is small, the type wide
				r[i] = types.Mul64(v, y)
				if !check || r[i].FitsPrecision(types.MaxPrecision) {
					return nil
				}
				return numericOverflow()
			}
			p, ok := x.Mul(types.Int128From(y))
			if !ok || check && !p.FitsPrecision(types.MaxPrecision) {
				return numericOverflow()
			}
			r[i] = p
			return nil
		})
	}
}

// mulLong multiplies 128-bit numbers.
var mulLong = try2(func(a, b types.Int128) (types.Int128, error) {
	x, okX := a.Int64()
	y, okY := b.Int64()
	var p types.Int128
	ok := true
	if okX && okY {
		p = types.Mul64(x, y)
	} else {
		p, ok = a.Mul(b)
	}
	if !ok || !p.FitsPrecision(types.MaxPrecision) {
		return p, numericOverflow()
	}
	return p, nil
})

// bindNumericDiv divides as doubles.
func bindNumericDiv(b *binding) error {
	b.Args[0], b.Args[1] = types.TFloat8, types.TFloat8
	b.Kernel = floatArithmetic[float64]('/')
	return nil
}

func bindNumericPower(b *binding) error {
	b.Args[0], b.Args[1] = types.TFloat8, types.TFloat8
	b.Kernel = try2(power)
	return nil
}

func bindNumericMod(b *binding) error {
	unifyNumeric(b)
	x, y := b.Args[0], b.Args[1]
	if x.Scale != y.Scale || x.Physical() != y.Physical() {
		scale := int(max(x.Scale, y.Scale))
		x = types.TNumeric(types.MaxPrecision, scale)
		b.Args[0], b.Args[1] = x, x
	}
	b.Result = x
	if x.Physical() == types.PhysInt64 {
		b.Kernel = try2(func(a, b int64) (int64, error) {
			if b == 0 {
				return 0, divisionByZero()
			}
			return a % b, nil
		})
		return nil
	}
	b.Kernel = try2(func(a, b types.Int128) (types.Int128, error) {
		if b.Sign() == 0 {
			return b, divisionByZero()
		}
		_, r := a.QuoRem(b)
		return r, nil
	})
	return nil
}
