package linear

import "math"

// dd is a double-double: an unevaluated sum hi + lo with |lo| ≤ ulp(hi)/2,
// about 106 bits of significand (Dekker 1971; the error-free transformations
// are Knuth's TwoSum and the product by fused multiply-add).
type dd struct{ hi, lo float64 }

// ddFrom returns x exactly.
func ddFrom(x float64) dd { return dd{hi: x} }

// twoSum returns a+b exactly as a sum of two doubles.
func twoSum(a, b float64) (s, e float64) {
	s = a + b
	bb := s - a
	return s, (a - (s - bb)) + (b - bb)
}

// twoProd returns a·b exactly as a sum of two doubles.
func twoProd(a, b float64) (p, e float64) {
	p = a * b
	return p, math.FMA(a, b, -p)
}

// quick renormalizes hi + lo where |hi| ≥ |lo|.
func quick(hi, lo float64) dd {
	s := hi + lo
	return dd{hi: s, lo: lo - (s - hi)}
}

func (a dd) add(b dd) dd {
	s, e := twoSum(a.hi, b.hi)
	t, f := twoSum(a.lo, b.lo)
	r := quick(s, e+t)
	return quick(r.hi, r.lo+f)
}

func (a dd) neg() dd     { return dd{hi: -a.hi, lo: -a.lo} }
func (a dd) sub(b dd) dd { return a.add(b.neg()) }

func (a dd) mul(b dd) dd {
	p, e := twoProd(a.hi, b.hi)
	return quick(p, e+(a.hi*b.lo+a.lo*b.hi))
}

func (a dd) div(b dd) dd {
	q1 := a.hi / b.hi
	r := a.sub(b.mul(ddFrom(q1)))
	q2 := r.hi / b.hi
	r = r.sub(b.mul(ddFrom(q2)))
	return quick(q1, q2).add(ddFrom(r.hi / b.hi))
}

func (a dd) sqrt() dd {
	if a.hi <= 0 {
		return dd{}
	}
	x := math.Sqrt(a.hi)
	// One Newton step on the exact residual doubles the correct digits.
	p, e := twoProd(x, x)
	r := a.sub(dd{hi: p, lo: e})
	return quick(x, r.hi/(2*x))
}

// addProd adds the exact product x·y to a.
func (a *dd) addProd(x, y float64) {
	p, e := twoProd(x, y)
	s, f := twoSum(a.hi, p)
	*a = quick(s, f+a.lo+e)
}

func (a dd) float() float64 { return a.hi + a.lo }
