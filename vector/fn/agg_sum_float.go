package fn

import (
	"math"
	"math/big"

	"htapdb/sql/types"
	"htapdb/vector"
)

// floatSum sums floats exactly, and rounds once in the end: whatever the order of
// the rows and the number of workers, the bits of the result are the same.
//
// A group's sum is kept as two doubles, sum + err, the pair that compensated
// summation (Knuth's TwoSum, Neumaier) has; unlike there the addition to err is
// checked. It is exact as long as the values fit a window of about 106 bits
// together, as those of one column mostly do. A value that does not goes into the
// group's far sum instead, a fixed-point number as wide as the range of doubles.
type floatSum[T float] struct {
	avg    bool
	groups []nearSum
	far    map[uint32]*farSum
	in     input[T]
	chunk  [floatChunk]float64 // scratch, as is whole
	whole  farSum
}

// nearSum is the sum of a group's n values but those in its far sum.
type nearSum struct {
	sum, err float64
	n        int64
}

// farWords are enough for 2⁶⁴ doubles of any size.
const farWords = 36

// farSum is the rest of a group's sum.
type farSum struct {
	specials
	words [farWords]uint64 // fixed point in units of 2^minExp
}

// specials counts values that are no finite numbers.
type specials struct {
	positive, negative, nan int64
}

// count adds by if v is special, and reports whether it is.
func (s *specials) count(v float64, by int64) bool {
	switch {
	case v-v == 0:
		return false
	case v != v:
		s.nan += by
	case v > 0:
		s.positive += by
	default:
		s.negative += by
	}
	return true
}

func (s *specials) merge(o *specials) {
	s.positive += o.positive
	s.negative += o.negative
	s.nan += o.nan
}

// sum is the sum of the special values, 0 without one.
func (s *specials) sum() float64 {
	switch {
	case s.nan != 0, s.positive != 0 && s.negative != 0:
		return math.NaN()
	case s.positive != 0:
		return math.Inf(1)
	case s.negative != 0:
		return math.Inf(-1)
	}
	return 0
}

// add adds a finite v.
func (f *farSum) add(v float64) {
	if mantissa, exp, negative := splitFloat(v); mantissa != 0 {
		addFixed(f.words[:], uint(exp-minExp), 0, mantissa, signOf(negative))
	}
}

// parts rounds f·2^scale to a double and what is left of it to another.
func (f *farSum) parts(scale int) (sum, rest float64) {
	n := bigFixed(new(big.Int), f.words[:])
	if sum = exactFloat(n, minExp+scale); math.IsInf(sum, 0) || sum == 0 {
		return sum, 0
	}
	mantissa, exp, negative := splitFloat(sum)
	m := new(big.Int).SetUint64(mantissa)
	if negative {
		m.Neg(m)
	}
	if shift := exp - minExp - scale; shift >= 0 {
		n.Sub(n, m.Lsh(m, uint(shift)))
	}
	return sum, exactFloat(n, minExp+scale)
}

func (s *floatSum[T]) Grow(n int) {
	s.groups = extend(s.groups, n)
}

// farOf is group g's far sum.
func (s *floatSum[T]) farOf(g uint32) *farSum {
	f := s.far[g]
	if f == nil {
		if s.far == nil {
			s.far = map[uint32]*farSum{}
		}
		f = &farSum{}
		s.far[g] = f
	}
	return f
}

// add adds v to group g.
func (s *floatSum[T]) add(g uint32, v float64) {
	a := &s.groups[g]
	sum, err, lost := addExact(a.sum, a.err, v)
	if lost != 0 { // NaN if the sum left the range
		s.farOf(g).add(v)
		return
	}
	a.sum, a.err = sum, err
}

// addExact adds v to sum + err; lost is what the two doubles could not take, not
// 0 unless they are exact.
func addExact(sum, err, v float64) (newSum, newErr, lost float64) {
	t := sum + v
	b := t - sum
	r := (sum - (t - b)) + (v - b)
	u := err + r
	c := u - err
	return t, u, (err - (u - c)) + (r - c)
}

func (s *floatSum[T]) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.feed(groups, args, sel, 1)
	return nil
}

// Remove implements Inverse.
func (s *floatSum[T]) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.feed(groups, args, sel, -1)
	return nil
}

func (s *floatSum[T]) feed(groups []uint32, args []*vector.Vector, sel []int32, by int64) {
	in := &s.in
	in.set(args[0])
	sign := float64(by)
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid != nil && in.valid[i] == 0 {
			continue
		}
		v, a := sign*float64(in.a[i]), &s.groups[g]
		a.n += by
		sum, err, lost := addExact(a.sum, a.err, v)
		if lost != 0 { // NaN if v is special or the sum left the range
			s.lost(g, v, by)
			continue
		}
		a.sum, a.err = sum, err
	}
}

// lost takes by times a value v, its sign already by's, that the two doubles of g could not.
func (s *floatSum[T]) lost(g uint32, v float64, by int64) {
	if f := s.farOf(g); !f.count(v*float64(by), by) {
		f.add(v)
	}
}

func (s *floatSum[T]) AddAll(args []*vector.Vector, sel []int32, n int) error {
	in := &s.in
	in.set(args[0])
	if in.mask == 0 {
		return s.Add(groupZero(sel, n), args, sel, n)
	}
	var sum, err [sumChains]float64
	if sel != nil {
		n = len(sel)
	}
	count := 0
	for from := 0; from < n; from += floatChunk {
		values := s.values(sel, from, min(from+floatChunk, n))
		if !sumExact(&sum, &err, values) {
			return s.Add(groupZero(sel, n), args, sel, n)
		}
		count += len(values)
	}
	for k := range sum {
		s.add(0, sum[k])
		s.add(0, err[k])
	}
	s.groups[0].n += int64(count)
	return nil
}

// floatChunk is how many values AddAll gathers at a time.
const floatChunk = 256

// values are the values from the from-th to the to-th row that are not null, in
// chunk unless they lie side by side.
func (s *floatSum[T]) values(sel []int32, from, to int) []float64 {
	in := &s.in
	if a, ok := any(in.a).([]float64); ok && sel == nil && in.valid == nil {
		return a[from:to]
	}
	k := 0
	switch {
	case sel == nil && in.valid == nil:
		for _, v := range in.a[from:to] {
			s.chunk[k] = float64(v)
			k++
		}
	case in.valid == nil:
		for _, i := range sel[from:to] {
			s.chunk[k] = float64(in.a[i])
			k++
		}
	case sel == nil:
		for i, v := range in.a[from:to] {
			s.chunk[k] = float64(v)
			k += int(in.valid[from+i])
		}
	default:
		for _, i := range sel[from:to] {
			s.chunk[k] = float64(in.a[i])
			k += int(in.valid[i])
		}
	}
	return s.chunk[:k]
}

// sumChains is how many sums sumExact keeps side by side, so that one addition
// does not wait for the other.
const sumChains = 2

// sumExact adds the values to the sums, and reports whether that was exact.
func sumExact(sum, err *[sumChains]float64, values []float64) bool {
	s0, s1, e0, e1 := sum[0], sum[1], err[0], err[1]
	var lost uint64
	for ; len(values) >= sumChains; values = values[sumChains:] {
		var l0, l1 float64
		s0, e0, l0 = addExact(s0, e0, values[0])
		s1, e1, l1 = addExact(s1, e1, values[1])
		lost |= math.Float64bits(l0) | math.Float64bits(l1)
	}
	for _, v := range values {
		var l float64
		s0, e0, l = addExact(s0, e0, v)
		lost |= math.Float64bits(l)
	}
	sum[0], sum[1], err[0], err[1] = s0, s1, e0, e1
	return lost == 0
}

func (s *floatSum[T]) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*floatSum[T])
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		a := o.groups[g]
		s.groups[t].n += a.n
		s.add(t, a.sum)
		s.add(t, a.err)
		if far := o.far[uint32(g)]; far != nil {
			f := s.farOf(t)
			f.merge(&far.specials)
			addFixedSum(f.words[:], far.words[:], 0)
		}
		if s.far[t] != nil {
			s.fold(t)
		}
	}
	return nil
}

// fold drops the far sum of group t if two doubles hold all of the sum: once the one
// value that did not fit has left a window, the frames that follow are cheap again.
// It may be any part of the sum that is in the far one, not that value alone.
func (s *floatSum[T]) fold(t uint32) {
	f, near := s.far[t], &s.groups[t]
	if f.specials != (specials{}) {
		return
	}
	s.whole.words = f.words
	s.whole.add(near.sum)
	s.whole.add(near.err)
	sum, err, ok := s.whole.doubles()
	if !ok {
		return
	}
	near.sum, near.err = sum, err
	delete(s.far, t)
}

// doubles takes the sum apart into two doubles; it is not ok if they do not hold it.
func (f *farSum) doubles() (sum, err float64, ok bool) {
	if sum = f.takeHighest(); math.IsInf(sum, 0) {
		return 0, 0, false
	}
	err = f.takeHighest()
	return sum, err, fixedIsZero(f.words[:])
}

// takeHighest takes the 53 highest bits away from the sum and returns them, ±Inf
// if they are out of range.
func (f *farSum) takeHighest() float64 {
	n := int(fixedBits(f.words[:]))
	if n == 0 && fixedIsZero(f.words[:]) {
		return 0
	}
	low, negative := uint(max(n-53, 0)), int64(f.words[farWords-1]) < 0
	mantissa := f.words[low>>6] >> (low & 63)
	if high := low>>6 + 1; low&63 != 0 && high < farWords {
		mantissa |= f.words[high] << (64 - low&63)
	}
	v := int64(mantissa<<10) >> 10 // with its sign
	addFixed(f.words[:], low, 0, uint64(max(v, -v)), signOf(!negative))
	return math.Ldexp(float64(v), int(low)+minExp)
}

func (s *floatSum[T]) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		if s.groups[g].n == 0 {
			out.SetNull(g - from)
			continue
		}
		v, err := s.result(g, out.Type.Kind == types.Float4)
		if err != nil {
			return err
		}
		if out.Type.Kind == types.Float4 {
			out.F32[g-from] = float32(v)
		} else {
			out.F64[g-from] = v
		}
	}
	return nil
}

// result is the sum or the average of group g. What is out of range is an error,
// what was on the way is not.
func (s *floatSum[T]) result(g int, short bool) (float64, error) {
	near, far, scale := s.groups[g], s.far[uint32(g)], 0
	sum, rest, _ := addExact(near.sum, 0, near.err)
	if far != nil {
		if v := far.specials.sum(); v != 0 {
			return v, nil
		}
	}
	if far != nil || rest != rest || math.IsInf(sum, 0) {
		s.whole = farSum{}
		if far != nil {
			s.whole.words = far.words
		}
		s.whole.add(near.sum)
		s.whole.add(near.err)
		if sum, rest = s.whole.parts(0); s.avg && math.IsInf(sum, 0) {
			scale = -64
			sum, rest = s.whole.parts(scale)
		}
	}
	if short {
		sum = roundToOdd(sum, rest)
	}
	if s.avg {
		sum = math.Ldexp(divideParts(sum, rest, float64(near.n)), -scale)
	}
	if math.IsInf(sum, 0) || short && math.IsInf(float64(float32(sum)), 0) {
		return 0, overflow()
	}
	return sum, nil
}

// roundToOdd rounds sum + rest, |rest| at most half of sum's last digit, to the one
// of the two doubles around it whose last digit is odd; what is a double stays it. Rounded
// to a REAL, that is what the exact sum is, rounded once: no tie is made on the way.
func roundToOdd(sum, rest float64) float64 {
	if rest == 0 || math.IsInf(sum, 0) {
		return sum
	}
	b := math.Float64bits(sum)
	if (rest < 0) != (sum < 0) {
		b-- // towards 0, where the exact sum is
	}
	return math.Float64frombits(b | 1)
}

// divideParts divides sum + rest, |rest| at most half of sum's last digit, by n.
func divideParts(sum, rest, n float64) float64 {
	q := sum / n
	return q + (math.FMA(-q, n, sum)+rest)/n
}

func (s *floatSum[T]) Bytes() int64 {
	const far = 8*farWords + 24 + 32 // with its place in the map
	return sliceBytes(s.groups) + far*int64(len(s.far))
}
