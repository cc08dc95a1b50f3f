package tree

import "math/bits"

// mix is the finalizer of splitmix64: every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// golden is the step of splitmix64, 2^64 over the golden ratio.
const golden = 0x9e3779b97f4a7c15

// draw is a sequence of random numbers that depends on nothing but its key.
type draw uint64

// newDraw returns the sequence of a key.
func newDraw(seed uint64, key ...uint64) draw {
	x := mix(seed + golden)
	for _, k := range key {
		x = mix(x + golden + k)
	}
	return draw(x)
}

// at is the number with an index.
func (d draw) at(i uint64) uint64 { return mix(uint64(d) + (i+1)*golden) }

// unit is the number with an index in [0, 1).
func (d draw) unit(i uint64) float64 { return float64(d.at(i)>>11) * 0x1p-53 }

// below is the number with an index as one below n. All 64 bits take part: of 32 a row
// of a billion would be drawn up to a quarter more often than its neighbour.
func (d draw) below(i uint64, n int) int {
	high, _ := bits.Mul64(d.at(i), uint64(n))
	return int(high)
}

// shuffled returns 0 to n−1 in the order that d draws.
func (d draw) shuffled(out []int32) {
	for i := range out {
		out[i] = int32(i)
	}
	for i := len(out) - 1; i > 0; i-- {
		j := d.below(uint64(i), i+1)
		out[i], out[j] = out[j], out[i]
	}
}
