package fn

import (
	"math"

	"htapdb/sql/types"
	"htapdb/vector"
)

// floatSum sums floats with the rounding error of every addition collected
// (Neumaier's compensated summation in the branch-free form of Knuth's TwoSum).
type floatSum[T float] struct {
	avg      bool
	sum, err []float64
	n        []int64
	// special marks the groups with an infinite or NaN input: only without one is
	// an infinite sum an overflow. It is nil until there is such an input.
	special []uint8
	in      input[T]
}

func (s *floatSum[T]) Grow(n int) {
	s.sum, s.err, s.n = extend(s.sum, n), extend(s.err, n), extend(s.n, n)
	if s.special != nil {
		s.special = extend(s.special, n)
	}
}

// mark notes a special input of group g.
func (s *floatSum[T]) mark(g uint32) {
	if s.special == nil {
		s.special = make([]uint8, len(s.sum))
	}
	s.special[g] = 1
}

// isSpecial reports whether group g had a special input.
func (s *floatSum[T]) isSpecial(g int) bool { return s.special != nil && s.special[g] != 0 }

func (s *floatSum[T]) add(g uint32, v float64) {
	a := s.sum[g]
	t := a + v
	b := t - a
	s.err[g] += (a - (t - b)) + (v - b)
	s.sum[g] = t
}

func (s *floatSum[T]) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	in := &s.in
	in.set(args[0])
	special := 0.0 // NaN once a value is infinite or NaN
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid != nil && in.valid[i] == 0 {
			continue
		}
		v := float64(in.a[i])
		s.add(g, v)
		special += v - v
		s.n[g]++
	}
	if special == 0 {
		return nil
	}
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if v := float64(in.a[i]); v-v != 0 && (in.valid == nil || in.valid[i] != 0) {
			s.mark(g)
		}
	}
	return nil
}

func (s *floatSum[T]) AddAll(args []*vector.Vector, sel []int32, n int) error {
	in := &s.in
	in.set(args[0])
	if sel != nil || in.valid != nil {
		return s.Add(groupZero(sel, n), args, sel, n)
	}
	// Two chains of additions, so that one does not wait for the other.
	var sum, err [2]float64
	special := 0.0
	for i := 0; i < n; i++ {
		v, k := float64(in.a[i&in.mask]), i&1
		t := sum[k] + v
		b := t - sum[k]
		err[k] += (sum[k] - (t - b)) + (v - b)
		sum[k] = t
		special += v - v
	}
	s.add(0, sum[0])
	s.add(0, sum[1])
	s.err[0] += err[0] + err[1]
	s.n[0] += int64(n)
	if special != 0 {
		s.mark(0)
	}
	return nil
}

func (s *floatSum[T]) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*floatSum[T])
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		if o.n[g] == 0 {
			continue
		}
		s.add(t, o.sum[g])
		s.err[t] += o.err[g]
		s.n[t] += o.n[g]
		if o.isSpecial(g) {
			s.mark(t)
		}
	}
	return nil
}

func (s *floatSum[T]) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		sum := s.sum[g]
		switch {
		case s.n[g] == 0:
			out.SetNull(g - from)
			continue
		case math.IsInf(sum, 0) && !s.isSpecial(g):
			return overflow()
		case !math.IsInf(sum, 0) && sum == sum:
			sum += s.err[g]
		}
		if s.avg {
			sum /= float64(s.n[g])
		}
		if out.Type.Kind != types.Float4 {
			out.F64[g-from] = sum
			continue
		}
		if out.F32[g-from] = float32(sum); math.IsInf(float64(out.F32[g-from]), 0) && !s.isSpecial(g) {
			return overflow()
		}
	}
	return nil
}

func (s *floatSum[T]) Bytes() int64 {
	return sliceBytes(s.sum) + sliceBytes(s.err) + sliceBytes(s.special) + sliceBytes(s.n)
}
