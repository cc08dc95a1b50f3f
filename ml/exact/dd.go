package exact

import "math"

// DD is a double-double: the unevaluated sum Hi + Lo of two doubles with
// |Lo| ≤ ulp(Hi)/2, about 106 bits of significand in the range of float64.
//
// Sources: T. J. Dekker, A floating-point technique for extending the available
// precision, 1971; D. Knuth, The Art of Computer Programming 2, 4.2.2 (TwoSum);
// M. Joldes, J.-M. Muller, V. Popescu, Tight and rigorous error bounds for basic
// building blocks of double-word arithmetic, 2017 (Add is their algorithm 6, Mul
// 11, with relative errors below 3·2⁻¹⁰⁶ and 6·2⁻¹⁰⁶).
type DD struct{ Hi, Lo float64 }

// FromFloat returns x exactly.
func FromFloat(x float64) DD { return DD{Hi: x} }

// twoSum returns a+b exactly as a sum of two doubles.
func twoSum(a, b float64) (s, e float64) {
	s = a + b
	bb := s - a
	return s, (a - (s - bb)) + (b - bb)
}

// TwoProduct returns a·b exactly as a sum of two doubles, if the product
// neither overflows nor is less than 2⁻⁹⁶⁹ (its error would be lost).
func TwoProduct(a, b float64) DD {
	p := float64(a * b)
	return DD{p, math.FMA(a, b, -p)}
}

// quick renormalizes hi + lo where |hi| ≥ |lo| or hi is 0.
func quick(hi, lo float64) DD {
	s := hi + lo
	return DD{Hi: s, Lo: lo - (s - hi)}
}

// Add returns a + b.
func (a DD) Add(b DD) DD {
	s, e := twoSum(a.Hi, b.Hi)
	t, f := twoSum(a.Lo, b.Lo)
	r := quick(s, e+t)
	return quick(r.Hi, r.Lo+f)
}

// Neg returns −a exactly.
func (a DD) Neg() DD { return DD{Hi: -a.Hi, Lo: -a.Lo} }

// Sub returns a − b.
func (a DD) Sub(b DD) DD { return a.Add(b.Neg()) }

// Mul returns a · b.
func (a DD) Mul(b DD) DD {
	p := TwoProduct(a.Hi, b.Hi)
	return quick(p.Hi, p.Lo+math.FMA(a.Hi, b.Lo, float64(a.Lo*b.Hi)))
}

// Div returns a / b, for b other than 0.
func (a DD) Div(b DD) DD {
	q1 := a.Hi / b.Hi
	r := a.Sub(b.Mul(FromFloat(q1)))
	q2 := r.Hi / b.Hi
	r = r.Sub(b.Mul(FromFloat(q2)))
	return quick(q1, q2).Add(FromFloat(r.Hi / b.Hi))
}

// Sqrt returns the square root, 0 for negative numbers.
func (a DD) Sqrt() DD {
	if a.Hi <= 0 {
		return DD{}
	}
	x := math.Sqrt(a.Hi)
	// One Newton step on the exact residual doubles the correct digits.
	r := a.Sub(TwoProduct(x, x))
	return quick(x, r.Hi/(2*x))
}

// Ldexp returns a·2^e, exactly unless it leaves the range of float64.
func (a DD) Ldexp(e int) DD { return DD{math.Ldexp(a.Hi, e), math.Ldexp(a.Lo, e)} }

// Pow returns a to the power n ≥ 0 by repeated squaring, with a relative error of about n·2⁻¹⁰³.
func (a DD) Pow(n int) DD {
	r := FromFloat(1)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			r = r.Mul(a)
		}
		a = a.Mul(a)
	}
	return r
}

// Float returns the nearest double.
func (a DD) Float() float64 { return a.Hi + a.Lo }

// dot returns Σ a·b over the shorter length. Its error is that of a sum in
// twice the precision (Ogita, Rump, Oishi, Accurate sum and dot product, 2005):
// about n·2⁻¹⁰⁴·Σ|a·b|. It normalizes once at its end, which makes it three times
// as fast as a loop of Mul and Add.
func dot(a, b []DD) DD {
	b = b[:len(a)]
	var hi, lo float64
	for i, x := range a {
		y := b[i]
		p := float64(x.Hi * y.Hi)
		e := math.FMA(x.Hi, y.Hi, -p)
		s := hi + p
		bb := s - hi
		lo += (hi - (s - bb)) + (p - bb) + (e + math.FMA(x.Hi, y.Lo, float64(x.Lo*y.Hi)))
		hi = s
	}
	return quick(hi, lo)
}
