package types

import (
	"math"
	"math/bits"
)

// Int128 is a two's complement 128-bit integer; Lo holds the low 64 bits.
// It is what long NUMERICs are stored and summed in.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Int128From widens v.
func Int128From(v int64) Int128 { return Int128{Hi: v >> 63, Lo: uint64(v)} }

// Cmp returns −1, 0 or +1 as a is below, equal to or above b.
func (a Int128) Cmp(b Int128) int {
	switch {
	case a.Hi != b.Hi:
		if a.Hi < b.Hi {
			return -1
		}
		return 1
	case a.Lo < b.Lo:
		return -1
	case a.Lo > b.Lo:
		return 1
	}
	return 0
}

// Sign returns −1, 0 or +1.
func (a Int128) Sign() int {
	switch {
	case a.Hi < 0:
		return -1
	case a.Hi == 0 && a.Lo == 0:
		return 0
	}
	return 1
}

// Add returns a+b and whether it stayed within 128 bits.
func (a Int128) Add(b Int128) (sum Int128, ok bool) {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi := a.Hi + b.Hi + int64(carry)
	overflow := (a.Hi < 0) == (b.Hi < 0) && (hi < 0) != (a.Hi < 0)
	return Int128{Hi: hi, Lo: lo}, !overflow
}

// Neg returns −a; the least value is its own negation.
func (a Int128) Neg() Int128 {
	lo, carry := bits.Add64(^a.Lo, 1, 0)
	return Int128{Hi: ^a.Hi + int64(carry), Lo: lo}
}

// Sub returns a−b and whether it stayed within 128 bits.
func (a Int128) Sub(b Int128) (diff Int128, ok bool) {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	hi := a.Hi - b.Hi - int64(borrow)
	overflow := (a.Hi < 0) != (b.Hi < 0) && (hi < 0) != (a.Hi < 0)
	return Int128{Hi: hi, Lo: lo}, !overflow
}

// abs returns the magnitude as two words.
func (a Int128) abs() (hi, lo uint64) {
	if a.Hi < 0 {
		a = a.Neg()
	}
	return uint64(a.Hi), a.Lo
}

// Mul64 returns the exact product of two int64.
func Mul64(a, b int64) Int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	h := int64(hi)
	if a < 0 {
		h -= b
	}
	if b < 0 {
		h -= a
	}
	return Int128{Hi: h, Lo: lo}
}

// Mul returns a·b and whether it stayed within 128 bits.
func (a Int128) Mul(b Int128) (product Int128, ok bool) {
	ah, al := a.abs()
	bh, bl := b.abs()
	if ah != 0 && bh != 0 {
		return Int128{}, false
	}
	hi, lo := bits.Mul64(al, bl)
	o1, c1 := bits.Mul64(ah, bl)
	o2, c2 := bits.Mul64(al, bh)
	hi, carry1 := bits.Add64(hi, c1, 0)
	hi, carry2 := bits.Add64(hi, c2, 0)
	if o1|o2|carry1|carry2 != 0 || hi>>63 != 0 {
		return Int128{}, false
	}
	p := Int128{Hi: int64(hi), Lo: lo}
	if (a.Hi < 0) != (b.Hi < 0) {
		p = p.Neg()
	}
	return p, true
}

// QuoRem returns the quotient truncated toward zero and the remainder, which
// has a's sign. b must not be zero.
func (a Int128) QuoRem(b Int128) (q, r Int128) {
	ah, al := a.abs()
	bh, bl := b.abs()
	qh, ql, rh, rl := divide128(ah, al, bh, bl)
	q, r = Int128{Hi: int64(qh), Lo: ql}, Int128{Hi: int64(rh), Lo: rl}
	if (a.Hi < 0) != (b.Hi < 0) {
		q = q.Neg()
	}
	if a.Hi < 0 {
		r = r.Neg()
	}
	return q, r
}

// divide128 divides unsigned 128-bit numbers.
func divide128(ah, al, bh, bl uint64) (qh, ql, rh, rl uint64) {
	if bh == 0 {
		qh, rl = ah/bl, ah%bl
		ql, rl = bits.Div64(rl, al, bl)
		return qh, ql, 0, rl
	}
	// The quotient fits 64 bits: normalize, estimate with the top word, correct
	// (Knuth's algorithm D for one digit).
	shift := uint(bits.LeadingZeros64(bh))
	dh := bh<<shift | bl>>(64-shift)
	nh := ah >> 1
	nl := ah<<63 | al>>1
	q, _ := bits.Div64(nh, nl, dh)
	q >>= 63 - shift
	if q > 0 {
		q--
	}
	ph, pl := bits.Mul64(q, bl)
	ph += q * bh
	rl, borrow := bits.Sub64(al, pl, 0)
	rh, _ = bits.Sub64(ah, ph, borrow)
	for rh > bh || rh == bh && rl >= bl {
		rl, borrow = bits.Sub64(rl, bl, 0)
		rh, _ = bits.Sub64(rh, bh, borrow)
		q++
	}
	return 0, q, rh, rl
}

// Int64 returns the value and whether it fits an int64.
func (a Int128) Int64() (v int64, ok bool) {
	v = int64(a.Lo)
	return v, a.Hi == v>>63
}

// Float64 returns the nearest double.
func (a Int128) Float64() float64 {
	hi, lo := a.abs()
	f := math.Ldexp(float64(hi), 64) + float64(lo)
	if hi != 0 {
		// Two roundings could differ from one: fold the low word into a sticky bit first.
		shift := uint(64 - bits.LeadingZeros64(hi))
		top := hi<<(64-shift) | lo>>shift
		if lo<<(64-shift) != 0 {
			top |= 1
		}
		f = math.Ldexp(float64(top), int(shift))
	}
	if a.Hi < 0 {
		return -f
	}
	return f
}

// pow10 holds the powers of ten that fit 128 bits.
var pow10 = func() (p [39]Int128) {
	p[0] = Int128{Lo: 1}
	for i := 1; i < len(p); i++ {
		p[i], _ = p[i-1].Mul(Int128{Lo: 10})
	}
	return p
}()

// Pow10 returns 10ⁿ for 0 ≤ n ≤ 38.
func Pow10(n int) Int128 { return pow10[n] }

// FitsPrecision reports |a| < 10ⁿ, that is whether a has at most n digits.
func (a Int128) FitsPrecision(n int) bool {
	if n >= len(pow10) {
		return true
	}
	hi, lo := a.abs()
	m := pow10[n]
	return hi < uint64(m.Hi) || hi == uint64(m.Hi) && lo < m.Lo
}

// DivRound returns a/b rounded half away from zero, as PostgreSQL rounds NUMERIC.
func (a Int128) DivRound(b Int128) Int128 {
	q, r := a.QuoRem(b)
	rh, rl := r.abs()
	bh, bl := b.abs()
	// 2r ≥ b without overflow: r ≥ b − r.
	dl, borrow := bits.Sub64(bl, rl, 0)
	dh, _ := bits.Sub64(bh, rh, borrow)
	if rh > dh || rh == dh && rl >= dl {
		one := Int128From(1)
		if (a.Hi < 0) != (b.Hi < 0) {
			q, _ = q.Sub(one)
		} else {
			q, _ = q.Add(one)
		}
	}
	return q
}

// Rescale changes a scaled integer from one decimal scale to another, rounding
// half away from zero; ok is false when it leaves 128 bits.
func (a Int128) Rescale(from, to int) (v Int128, ok bool) {
	switch {
	case to > from:
		return a.Mul(pow10[to-from])
	case to < from:
		return a.DivRound(pow10[from-to]), true
	}
	return a, true
}
