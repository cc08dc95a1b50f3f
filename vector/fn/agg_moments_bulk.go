package fn

import (
	"math/bits"

	"htapdb/vector"
)

// bulkRows is from how many rows on AddAll sorts values by exponent first:
// adding up the exponents then costs less than it saves (BenchmarkFloatAgg: 23 → 12
// ns a row for batches of 2048).
const bulkRows = 64

// bulk adds the values of many rows by their exponents: no number is shifted,
// and no carry goes further than its bucket, until all have been added.
type bulk struct {
	x, y axisBuckets
	xy   [2*axisReach + 1]wideBucket // only of pairs
}

// axisBuckets are the sums of one variable by exponent.
type axisBuckets struct {
	sum    [axisReach + 1][2]uint64 // two's complement, as is wideBucket
	square [axisReach + 1]wideBucket
}

// wideBucket takes 2⁸⁰ products of two mantissas.
type wideBucket [3]uint64

func (b *wideBucket) add(hi, lo, sign uint64) {
	var carry uint64
	b[0], carry = bits.Add64(b[0], lo^sign, sign&1)
	b[1], carry = bits.Add64(b[1], hi^sign, carry)
	b[2] += sign + carry
}

func (b *axisBuckets) add(d *nearDouble) {
	s := &b.sum[d.at]
	var carry uint64
	s[0], carry = bits.Add64(s[0], d.mantissa^d.sign, d.sign&1)
	s[1] += d.sign + carry
	hi, lo := bits.Mul64(d.mantissa, d.mantissa)
	b.square[d.at].add(hi, lo, 0)
}

// flush adds the buckets to the sums of group 0, and empties them.
func (b *axisBuckets) flush(a *axis) {
	for at := range b.sum {
		if b.square[at] == (wideBucket{}) {
			continue // no mantissa is 0
		}
		addFixedSum(a.sumOf(0), b.sum[at][:], uint(at))
		addFixedSum(a.squareOf(0), b.square[at][:], uint(2*at))
		b.sum[at], b.square[at] = [2]uint64{}, wideBucket{}
	}
}

// addBulk feeds the rows of sel, all n if nil, to group 0.
func (m *moments) addBulk(args []*vector.Vector, sel []int32, n int) {
	if m.bulk == nil {
		m.bulk = &bulk{}
	}
	b := m.bulk
	m.inX.set(args[len(args)-1])
	if m.pairs {
		m.inY.set(args[0])
	}
	if sel != nil {
		n = len(sel)
	}
	ax := m.inX.v.F64
	for k := range n {
		i := rowOf(sel, k)
		if m.inX.null(i) || m.pairs && m.inY.null(i) {
			continue
		}
		m.n[0]++
		x, ok := m.x.near(0, ax[i&m.inX.mask])
		if m.pairs {
			y, okY := m.y.near(0, m.inY.v.F64[i&m.inY.mask])
			if !ok || !okY {
				m.feedPair(0, i, 1)
				continue
			}
			b.y.add(&y)
			hi, lo := bits.Mul64(x.mantissa, y.mantissa)
			b.xy[x.at+y.at].add(hi, lo, x.sign^y.sign)
		} else if !ok {
			m.feedOne(0, i, 1)
			continue
		}
		b.x.add(&x)
	}
	b.x.flush(&m.x)
	if !m.pairs {
		return
	}
	b.y.flush(&m.y)
	for at := range b.xy {
		addFixedSum(wordsOf(m.xy, 0, squareWords), b.xy[at][:], uint(at))
		b.xy[at] = wideBucket{}
	}
}
