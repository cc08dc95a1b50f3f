package fn

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"

	"htapdb/sql/types"
)

// A fixed-point sum is a number in two's complement, lowest word first, counted
// in units of a power of two that its owner knows. Additions are exact and wrap,
// so that their order does not matter and each can be taken back.

// addFixed adds ±(hi·2⁶⁴ + lo)·2^offset, minus where sign is all ones and plus where it
// is 0. There are at least three words from the one on that the lowest bit falls into.
func addFixed(sum []uint64, offset uint, hi, lo, sign uint64) {
	sum = sum[offset>>6:]
	at := offset & 63
	_ = sum[2]
	// A number is subtracted by adding its complement and one.
	var carry uint64
	sum[0], carry = bits.Add64(sum[0], lo<<at^sign, sign&1)
	sum[1], carry = bits.Add64(sum[1], (hi<<at|lo>>1>>(^at&63))^sign, carry)
	sum[2], carry = bits.Add64(sum[2], hi>>1>>(^at&63)^sign, carry)
	for i := 3; carry != sign&1 && i < len(sum); i++ {
		sum[i], carry = bits.Add64(sum[i], sign, carry)
	}
}

// signOf is the sign that addFixed takes.
func signOf(negative bool) uint64 {
	if negative {
		return ^uint64(0)
	}
	return 0
}

// addFixedSum adds b·2^offset, b in two's complement.
func addFixedSum(sum, b []uint64, offset uint) {
	sum = sum[offset>>6:]
	at := offset & 63
	var carry, low uint64
	sign := uint64(int64(b[len(b)-1]) >> 63)
	for i := range sum {
		word := sign
		if i < len(b) {
			word = b[i]
		}
		sum[i], carry = bits.Add64(sum[i], word<<at|low, carry)
		low = word >> (64 - at)
	}
}

// fixedBits is how many bits the number has without its sign.
func fixedBits(sum []uint64) uint {
	sign := uint64(int64(sum[len(sum)-1]) >> 63)
	for i := len(sum) - 1; i >= 0; i-- {
		if w := sum[i] ^ sign; w != 0 {
			return uint(64*i + bits.Len64(w))
		}
	}
	return 0
}

// shiftFixed multiplies by 2^n; what leaves the words is lost.
func shiftFixed(sum []uint64, n uint) {
	words, at := int(n>>6), n&63
	for i := len(sum) - 1; i >= 0; i-- {
		var hi, lo uint64
		if k := i - words; k >= 0 {
			hi = sum[k]
			if k > 0 {
				lo = sum[k-1]
			}
		}
		sum[i] = hi<<at | lo>>(64-at)
	}
}

// fixedIsZero reports whether the number is 0.
func fixedIsZero(sum []uint64) bool {
	for _, w := range sum {
		if w != 0 {
			return false
		}
	}
	return true
}

// fixedZeros is how many of the lowest bits are 0; all of them if the number is.
func fixedZeros(sum []uint64) uint {
	for i, w := range sum {
		if w != 0 {
			return uint(64*i + bits.TrailingZeros64(w))
		}
	}
	return uint(64 * len(sum))
}

// moveFixed sets to to from·2^−n; from has no bits below n, nor any that to has no room for.
func moveFixed(to, from []uint64, n uint) {
	sign := uint64(int64(from[len(from)-1]) >> 63)
	word := func(i int) uint64 {
		if i < len(from) {
			return from[i]
		}
		return sign
	}
	words, at := int(n>>6), n&63
	for i := range to {
		to[i] = word(i+words)>>at | word(i+words+1)<<1<<(63-at)
	}
}

// bigFixed sets z to the number.
func bigFixed(z *big.Int, sum []uint64) *big.Int {
	negative := int64(sum[len(sum)-1]) < 0
	words := z.Bits()[:0]
	carry := uint64(1)
	for _, w := range sum {
		if negative {
			w, carry = bits.Add64(^w, 0, carry)
		}
		words = append(words, big.Word(w))
		if bits.UintSize == 32 {
			words = append(words, big.Word(w>>32))
		}
	}
	z.SetBits(words)
	if negative {
		z.Neg(z)
	}
	return z
}

// splitFloat returns a finite f as ±mantissa·2^exp; the mantissa of 0 is 0.
func splitFloat(f float64) (mantissa uint64, exp int, negative bool) {
	b := math.Float64bits(f)
	mantissa, exp = b&(1<<52-1), int(b>>52&0x7ff)
	if exp == 0 {
		return mantissa, minExp, b>>63 != 0
	}
	return mantissa | 1<<52, exp + minExp - 1, b>>63 != 0
}

// minExp is the exponent of the least positive double, 2^minExp.
const minExp = -1074

// exactFloat is the double nearest to n·2^exp, to even at ties; ±Inf beyond the range.
func exactFloat(n *big.Int, exp int) float64 {
	if n.Sign() == 0 {
		return 0
	}
	f := new(big.Float).SetInt(n) // of n's precision
	v, _ := f.SetMantExp(f, exp).Float64()
	return v
}

// ratios rounds quotients of integers once. Its numbers are kept between calls.
type ratios struct {
	num, q, rest big.Int
}

// quotientBits is how many bits a quotient has before it is rounded: more than a
// double's two, so that with one more for what is left it rounds as the exact one.
// A root has half of rootBits; both fit 127 bits.
const (
	quotientBits = 64
	rootBits     = 125
)

// quotient is the double nearest to num/den·2^exp, den > 0.
func (r *ratios) quotient(num, den *big.Int, exp int) float64 {
	shift := quotientBits + den.BitLen() - num.BitLen()
	exact := r.divide(num, den, shift)
	v := rounded(words128(&r.q), exact, exp-shift)
	if num.Sign() < 0 {
		return -v
	}
	return v
}

// root is the double nearest to √(num/den·2^exp), num ≥ 0, den > 0.
func (r *ratios) root(num, den *big.Int, exp int) float64 {
	shift := rootBits + den.BitLen() - num.BitLen()
	shift += (shift + exp) & 1
	exact := r.divide(num, den, shift)
	q := words128(&r.q)
	s := root128(q)
	hi, lo := bits.Mul64(s, s)
	exact = exact && hi == uint64(q.Hi) && lo == q.Lo
	return rounded(types.Int128{Lo: s}, exact, (exp-shift)/2)
}

// divide sets q to the quotient of |num|·2^shift by den, cut, and reports whether it is exact.
func (r *ratios) divide(num, den *big.Int, shift int) (exact bool) {
	r.num.Abs(num)
	exact = true
	if shift >= 0 {
		r.num.Lsh(&r.num, uint(shift))
	} else {
		exact = r.num.TrailingZeroBits() >= uint(-shift)
		r.num.Rsh(&r.num, uint(-shift))
	}
	r.q.QuoRem(&r.num, den, &r.rest)
	return exact && r.rest.Sign() == 0
}

// words128 is a number of at most 127 bits.
func words128(n *big.Int) types.Int128 {
	var b [16]byte
	n.FillBytes(b[:])
	return types.Int128{Hi: int64(binary.BigEndian.Uint64(b[:8])), Lo: binary.BigEndian.Uint64(b[8:])}
}

// root128 is the root of q ≥ 0, cut.
func root128(q types.Int128) uint64 {
	f := math.Sqrt(q.Float64())
	if f < 1 {
		return 0
	}
	s := uint64(f) // of 53 bits; a step of Newton's doubles them
	if hi := uint64(q.Hi); hi < s {
		t, _ := bits.Div64(hi, q.Lo, s)
		s = s/2 + t/2 + s&t&1
	}
	for above(s, q) {
		s--
	}
	for !above(s+1, q) {
		s++
	}
	return s
}

// above reports whether s² > q.
func above(s uint64, q types.Int128) bool {
	hi, lo := bits.Mul64(s, s)
	return hi > uint64(q.Hi) || hi == uint64(q.Hi) && lo > q.Lo
}

// rounded is the double nearest to q·2^exp; unless it is exact, to a number
// between that and (q+1)·2^exp. q has more bits than a double, or is exact.
func rounded(q types.Int128, exact bool, exp int) float64 {
	if !exact {
		q.Lo |= 1 // beyond the bit that decides
	}
	const room = 130 // bits of q
	if exp > minExp+room && exp < 1023-room {
		return math.Ldexp(q.Float64(), exp)
	}
	n := new(big.Int).Lsh(big.NewInt(q.Hi), 64)
	return exactFloat(n.Or(n, new(big.Int).SetUint64(q.Lo)), exp)
}
