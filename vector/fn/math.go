package fn

import (
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// mathFunctions are the functions of DOUBLE PRECISION.
func mathFunctions() []overload {
	const f8 = types.Float8
	one, two := []types.Kind{f8}, []types.Kind{f8, f8}
	var out []overload
	total := func(name string, f func(float64) float64) {
		out = append(out, overload{name: name, args: one, result: f8, total: true, kernel: map1(f)})
	}
	partial := func(name string, f func(float64) (float64, error)) {
		out = append(out, overload{name: name, args: one, result: f8, kernel: try1(f)})
	}
	total("cbrt", math.Cbrt)
	total("||/", math.Cbrt)
	total("ceil", math.Ceil)
	total("ceiling", math.Ceil)
	total("floor", math.Floor)
	total("round", math.RoundToEven)
	total("trunc", math.Trunc)
	total("sign", func(x float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return 0 // also of −0 and NaN
	})
	total("atan", math.Atan)
	total("atand", func(x float64) float64 { return atanDegrees(math.Atan(x)) })
	total("sinh", math.Sinh)
	total("cosh", math.Cosh)
	total("tanh", math.Tanh)
	total("asinh", math.Asinh)
	total("radians", radians)
	partial("sqrt", squareRoot)
	partial("|/", squareRoot)
	partial("exp", exponential)
	partial("degrees", func(x float64) (float64, error) {
		v := degrees(x)
		if math.IsInf(v, 0) && !math.IsInf(x, 0) {
			return 0, overflow()
		}
		return v, nil
	})
	partial("ln", logarithm(math.Log))
	partial("log", logarithm(log10))
	partial("log10", logarithm(log10))
	for name, f := range map[string]func(float64) float64{
		"sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "cot": func(x float64) float64 { return 1 / math.Tan(x) },
		"sind": sinDegrees, "cosd": cosDegrees, "tand": tanDegrees, "cotd": cotDegrees,
	} {
		partial(name, finite(f))
	}
	for name, f := range map[string]func(float64) float64{"asin": math.Asin, "acos": math.Acos, "atanh": math.Atanh} {
		partial(name, within(f, -1, 1))
	}
	partial("acosh", within(math.Acosh, 1, math.Inf(1)))
	partial("asind", within(asinDegrees, -1, 1))
	partial("acosd", within(acosDegrees, -1, 1))
	return append(out,
		overload{name: "atan2", args: two, result: f8, total: true, kernel: map2(math.Atan2)},
		overload{name: "atan2d", args: two, result: f8, total: true, kernel: map2(func(y, x float64) float64 { return atanDegrees(math.Atan2(y, x)) })},
		overload{name: "log", args: two, result: f8, kernel: try2(logBase)},
		overload{name: "pi", result: f8, kernel: map0(math.Pi)},
		overload{name: "mod", args: two, result: f8, kernel: try2(floatMod)},
		overload{name: "width_bucket", args: []types.Kind{f8, f8, f8, types.Int4}, result: types.Int4, kernel: try4(widthBucket)},
		overload{name: "factorial", args: []types.Kind{types.Int8}, result: types.Numeric, bind: bindFactorial})
}

func degrees(x float64) float64 { return x * (180 / math.Pi) }
func radians(x float64) float64 { return x * (math.Pi / 180) }

func outOfDomain() error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "input is out of range")
}

// finite refuses infinities.
func finite(f func(float64) float64) func(float64) (float64, error) {
	return func(x float64) (float64, error) {
		if math.IsInf(x, 0) {
			return 0, outOfDomain()
		}
		return f(x), nil
	}
}

// within refuses numbers outside [lo, hi].
func within(f func(float64) float64, lo, hi float64) func(float64) (float64, error) {
	return func(x float64) (float64, error) {
		if x < lo || x > hi {
			return 0, outOfDomain()
		}
		return f(x), nil
	}
}

func squareRoot(x float64) (float64, error) {
	if x < 0 {
		return 0, sqlstate.New(sqlstate.InvalidArgumentForPower, "cannot take square root of a negative number")
	}
	return math.Sqrt(x), nil
}

func exponential(x float64) (float64, error) {
	v := math.Exp(x)
	if math.IsInf(v, 0) && !math.IsInf(x, 0) {
		return 0, overflow()
	}
	if v == 0 && !math.IsInf(x, 0) {
		return 0, underflow()
	}
	return v, nil
}

// log10 is exact for the powers of ten, which math.Log10 misses: 1000 is one.
func log10(x float64) float64 {
	v := math.Log10(x)
	if n := math.Round(v); math.Abs(v-n) < 1e-9 && math.Pow10(int(n)) == x {
		return n
	}
	return v
}

func logarithm(f func(float64) float64) func(float64) (float64, error) {
	return func(x float64) (float64, error) {
		switch {
		case x == 0:
			return 0, sqlstate.New(sqlstate.InvalidArgumentForLog, "cannot take logarithm of zero")
		case x < 0:
			return 0, sqlstate.New(sqlstate.InvalidArgumentForLog, "cannot take logarithm of a negative number")
		}
		return f(x), nil
	}
}

func logBase(base, x float64) (float64, error) {
	ln := logarithm(math.Log)
	b, err := ln(base)
	if err != nil {
		return 0, err
	}
	v, err := ln(x)
	if err != nil {
		return 0, err
	}
	if b == 0 {
		return 0, divisionByZero()
	}
	if base == 10 {
		return log10(x), nil
	}
	if base == 2 {
		return math.Log2(x), nil
	}
	return v / b, nil
}

func floatMod(a, b float64) (float64, error) {
	if b == 0 {
		return 0, divisionByZero()
	}
	return math.Mod(a, b), nil
}

// widthBucket is the number of x's bucket of count equal ones between lo and hi; 0 below, count+1 above.
func widthBucket(x, lo, hi float64, count int32) (int32, error) {
	bad := func(format string) (int32, error) {
		return 0, sqlstate.New(sqlstate.InvalidArgumentForBucket, "%s", format)
	}
	switch {
	case count <= 0:
		return bad("count must be greater than zero")
	case x != x || lo != lo || hi != hi:
		return bad("operand, lower bound, and upper bound cannot be NaN")
	case math.IsInf(lo, 0) || math.IsInf(hi, 0):
		return bad("lower and upper bounds must be finite")
	case lo == hi:
		return bad("lower bound cannot equal upper bound")
	}
	if lo > hi { // a descending range: mirror it
		x, lo, hi = -x, -lo, -hi
	}
	switch {
	case x < lo:
		return 0, nil
	case x >= hi:
		if count == math.MaxInt32 {
			return 0, outOfRange(types.Int4)
		}
		return count + 1, nil
	}
	// Halves: hi − lo may overflow.
	return min(int32(float64(count)*((x/2-lo/2)/(hi/2-lo/2))), count-1) + 1, nil
}

func bindFactorial(b *binding) error {
	b.Result = types.TNumeric(types.MaxPrecision, 0)
	b.Kernel = try1(func(n int64) (types.Int128, error) {
		v := types.Int128From(1)
		if n < 0 {
			return v, sqlstate.New(sqlstate.NumericValueOutOfRange, "factorial of a negative number is undefined")
		}
		for i := int64(2); i <= n; i++ {
			var ok bool
			if v, ok = v.Mul(types.Int128From(i)); !ok || !v.FitsPrecision(types.MaxPrecision) {
				return v, numericOverflow()
			}
		}
		return v, nil
	})
	return nil
}
