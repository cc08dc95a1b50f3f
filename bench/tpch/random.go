package tpch

// The benchmark's random numbers: one multiplicative congruential stream for each column,
// x → 16807·x mod 2^31−1, started from a seed that the benchmark fixes.
const (
	modulus    = 1<<31 - 1
	multiplier = 16807

	// exactRange is the widest range for which scaling a draw in integers gives what the benchmark's
	// double arithmetic gives. A draw x scaled to n values is ⌊x·n/modulus⌋; modulus is prime, so the
	// quotient is at least 1/modulus = 4.6e-10 away from a whole number, and the two roundings of the
	// doubles move it by less than 2.3e-16·n.
	exactRange = 2_000_000

	// wideScale is the scale factor from which keys of customers and parts come from 64-bit streams.
	wideScale = 30000
)

// powers[n] is multiplier^n mod modulus: the step over n draws.
var powers = func() (p [1024]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = reduce(p[i-1] * multiplier)
	}
	return p
}()

// reduce returns x mod modulus, for x below 2^62: as 2^31 ≡ 1, the high part is added to the low one.
func reduce(x uint64) uint64 {
	x = x&modulus + x>>31
	x = x&modulus + x>>31
	if x >= modulus {
		x -= modulus
	}
	return x
}

// power returns multiplier^n mod modulus.
func power(n int64) uint64 {
	if n < int64(len(powers)) {
		return powers[n]
	}
	result, square := uint64(1), uint64(multiplier)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = reduce(result * square)
		}
		square = reduce(square * square)
	}
	return result
}

// stream is the random numbers of one column. Each row owns perRow draws; endRow steps over those that
// the row did not use, so the streams of all rows start where they would in any other part.
type stream struct {
	value  uint64 // the last draw, 1 … modulus−1
	used   int64  // draws since the row began
	perRow int64  // draws that a row owns
}

// newStream returns the stream of a seed, positioned before the given row (from zero).
func newStream(seed uint64, perRow, row int64) stream {
	return stream{value: reduce(seed * power(perRow*row)), perRow: perRow}
}

// next draws a number from 1 to modulus−1.
func (s *stream) next() uint64 {
	x := s.value * multiplier
	x = x&modulus + x>>31
	if x >= modulus {
		x -= modulus
	}
	s.value = x
	s.used++
	return x
}

// below draws a number from 0 to n−1; n is at most exactRange.
func (s *stream) below(n uint64) uint64 { return scale(s.next(), n) }

// scale maps a draw to 0 … n−1; n is at most exactRange.
func scale(draw, n uint64) uint64 {
	// ⌊x/(2^31−1)⌋ without a division: x = q·2^31 + r = q·(2^31−1) + (q+r).
	x := draw * n
	q, r := x>>31, x&modulus
	if q+r >= modulus {
		q++
	}
	return q
}

// between draws a number from low to high, both included.
func (s *stream) between(low, high int64) int64 {
	if n := high - low + 1; n > exactRange {
		return low + int64(float64(s.next())/modulus*float64(n))
	} else {
		return low + int64(s.below(uint64(n)))
	}
}

// endRow steps over the draws that the row did not use.
func (s *stream) endRow() {
	if n := s.perRow - s.used; n != 0 {
		s.value = reduce(s.value * power(n))
	}
	s.used = 0
}

// keyStream draws the keys of customers or parts. From wideScale on the keys exceed what the 31-bit
// generator can spread, and the benchmark switches to a 64-bit one for them: x → 6364136223846793005·x + 1
// mod 2^64. It still steps between rows with the 31-bit generator's multiplier and modulus, and signed.
type keyStream struct {
	narrow stream
	wide   int64
	isWide bool
	high   int64 // keys are 1 … high
}

func newKeyStream(seed uint64, perRow, row int64, sf float64, high int64) keyStream {
	k := keyStream{narrow: newStream(seed, perRow, row), isWide: sf >= wideScale, high: high}
	if k.isWide {
		k.wide = stepWide(int64(seed), perRow*row)
	}
	return k
}

// stepWide steps a 64-bit stream over n draws, the benchmark's way.
func stepWide(x, n int64) int64 {
	for m := int64(multiplier); n > 0; n >>= 1 {
		if n&1 != 0 {
			x = m * x % modulus
		}
		m = m * m % modulus
	}
	return x
}

func (k *keyStream) next() int64 {
	if !k.isWide {
		return k.narrow.between(1, k.high)
	}
	k.wide = k.wide*6364136223846793005 + 1
	k.narrow.used++
	x := k.wide
	if x < 0 {
		x = -x
	}
	// −2^63 has no positive counterpart; its remainder is made positive instead.
	if r := x % k.high; r < 0 {
		return 1 - r
	} else {
		return 1 + r
	}
}

func (k *keyStream) endRow() {
	if !k.isWide {
		k.narrow.endRow()
		return
	}
	k.wide = stepWide(k.wide, k.narrow.perRow-k.narrow.used)
	k.narrow.used = 0
}
