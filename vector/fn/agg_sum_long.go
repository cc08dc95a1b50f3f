package fn

import (
	"math/big"

	"htapdb/sql/types"
	"htapdb/vector"
)

// longSum sums NUMERICs of 128 bits. What leaves 128 bits on the way is kept, so
// that the sum, and whether it is out of range, do not depend on the order.
type longSum struct {
	finishKind
	sum []types.Int128
	// over is how often 2¹²⁸ has to be added to sum; sums in range have 0.
	over []int32
	n    []int64
	in   input[types.Int128]
}

func (s *longSum) Grow(n int) {
	s.sum, s.over, s.n = extend(s.sum, n), extend(s.over, n), extend(s.n, n)
}

// wrapped notes that sum[g] has just left 128 bits: upwards if it is negative now.
func (s *longSum) wrapped(g uint32) {
	if s.sum[g].Hi < 0 {
		s.over[g]++
	} else {
		s.over[g]--
	}
}

func (s *longSum) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	in := &s.in
	in.set(args[0])
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid != nil && in.valid[i] == 0 {
			continue
		}
		sum, ok := s.sum[g].Add(in.a[i])
		s.sum[g] = sum
		if !ok {
			s.wrapped(g)
		}
		s.n[g]++
	}
	return nil
}

// Remove implements Inverse.
func (s *longSum) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	in := &s.in
	in.set(args[0])
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid != nil && in.valid[i] == 0 {
			continue
		}
		sum, ok := s.sum[g].Sub(in.a[i])
		s.sum[g] = sum
		if !ok {
			s.wrapped(g)
		}
		s.n[g]--
	}
	return nil
}

func (s *longSum) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *longSum) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*longSum)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		sum, ok := s.sum[t].Add(o.sum[g])
		s.sum[t] = sum
		if !ok {
			s.wrapped(t)
		}
		s.over[t] += o.over[g]
		s.n[t] += o.n[g]
	}
	return nil
}

func (s *longSum) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		switch {
		case s.over[g] == 0:
			if err := s.result(out, g-from, s.sum[g], s.n[g]); err != nil {
				return err
			}
		case s.avg:
			out.F64[g-from] = s.wideAverage(g)
		default:
			return numericOverflow()
		}
	}
	return nil
}

// wideAverage is the average of a group whose sum has more than 128 bits.
func (s *longSum) wideAverage(g int) float64 {
	sum := new(big.Int).Lsh(big.NewInt(int64(s.over[g])), 64)
	sum.Add(sum, big.NewInt(s.sum[g].Hi)).Lsh(sum, 64)
	sum.Add(sum, new(big.Int).SetUint64(s.sum[g].Lo))
	return bigAverage(sum, s.scale, s.n[g])
}

func (s *longSum) Bytes() int64 { return sliceBytes(s.sum) + sliceBytes(s.over) + sliceBytes(s.n) }
