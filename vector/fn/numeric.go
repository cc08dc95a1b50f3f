package fn

import (
	"math"
	"math/big"

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

// maxProductScale is how many decimals a product keeps at least when all its
// digits could be more than 38. More would leave too few whole digits: the
// third power of a default NUMERIC, of ten decimals, could not hold 10⁸.
const maxProductScale = 20

// bindNumericMul binds *: exact, the scales add up. Only a product that could
// have more than 38 digits is rounded, to maxProductScale decimals or the larger operand's.
func bindNumericMul(b *binding) error {
	x, y := b.Args[0], b.Args[1]
	p, scale := int(x.Precision)+int(y.Precision), int(x.Scale)+int(y.Scale)
	if p > types.MaxPrecision && scale > maxProductScale {
		kept := max(int(x.Scale), int(y.Scale), maxProductScale)
		b.Args[0], b.Args[1] = longNumeric(x), longNumeric(y)
		b.Result = types.TNumeric(types.MaxPrecision, kept)
		b.Kernel = mulRounded(scale - kept)
		return nil
	}
	b.Result = types.TNumeric(p, scale)
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

// longNumeric is t in 128 bits.
func longNumeric(t types.Type) types.Type {
	return types.TNumeric(max(int(t.Precision), types.MaxShortPrecision+1), int(t.Scale))
}

// mulRounded multiplies and drops the last decimals, rounded half away from zero.
func mulRounded(drop int) Kernel {
	return try2(func(a, b types.Int128) (types.Int128, error) {
		p, ok := a.Mul(b)
		if ok {
			p = p.DivRound(types.Pow10(drop))
		} else {
			p, ok = mulWide(a, b, drop)
		}
		if !ok || !p.FitsPrecision(types.MaxPrecision) {
			return p, numericOverflow()
		}
		return p, nil
	})
}

// mulWide is mulRounded for products beyond 128 bits.
func mulWide(a, b types.Int128, drop int) (types.Int128, bool) {
	wide := func(v types.Int128) *big.Int {
		w := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
		return w.Add(w, new(big.Int).SetUint64(v.Lo))
	}
	p, half := wide(a), wide(types.Pow10(drop))
	p.Mul(p, wide(b))
	neg := p.Sign() < 0
	p.Abs(p).Add(p, new(big.Int).Rsh(half, 1)).Quo(p, half) // a power of ten is even
	if p.BitLen() > 127 {
		return types.Int128{}, false
	}
	word := new(big.Int).Rsh(p, 64)
	low := new(big.Int).And(p, new(big.Int).SetUint64(math.MaxUint64))
	v := types.Int128{Hi: word.Int64(), Lo: low.Uint64()}
	if neg {
		v = v.Neg()
	}
	return v, true
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
