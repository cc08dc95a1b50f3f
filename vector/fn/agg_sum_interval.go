package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// intervalSum sums the parts of intervals.
type intervalSum struct {
	avg          bool
	months, days []int64
	micros       []types.Int128 // intermediate sums may exceed what the result can hold
	n            []int64
	in           input[types.IntervalValue]
}

func (s *intervalSum) Grow(n int) {
	s.months, s.days, s.micros, s.n = extend(s.months, n), extend(s.days, n), extend(s.micros, n), extend(s.n, n)
}

func (s *intervalSum) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	in := &s.in
	in.set(args[0])
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid != nil && in.valid[i] == 0 {
			continue
		}
		s.addParts(g, int64(in.a[i].Months), int64(in.a[i].Days), types.Int128From(in.a[i].Micros), 1)
	}
	return nil
}

func (s *intervalSum) addParts(g uint32, months, days int64, micros types.Int128, n int64) {
	s.months[g] += months
	s.days[g] += days
	s.micros[g], _ = s.micros[g].Add(micros) // 2⁶⁴ intervals fit 128 bits
	s.n[g] += n
}

// Remove implements Inverse.
func (s *intervalSum) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	in := &s.in
	in.set(args[0])
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid != nil && in.valid[i] == 0 {
			continue
		}
		s.addParts(g, -int64(in.a[i].Months), -int64(in.a[i].Days), types.Int128From(in.a[i].Micros).Neg(), -1)
	}
	return nil
}

func (s *intervalSum) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *intervalSum) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*intervalSum)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		s.addParts(t, o.months[g], o.days[g], o.micros[g], o.n[g])
	}
	return nil
}

func (s *intervalSum) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		if s.n[g] == 0 {
			out.SetNull(g - from)
			continue
		}
		micros, ok := s.micros[g].Int64()
		if !ok {
			return intervalRange()
		}
		v, err := checkInterval(s.months[g], s.days[g], micros)
		if err != nil {
			return err
		}
		if s.avg {
			if v, err = divInterval(v, float64(s.n[g])); err != nil {
				return err
			}
		}
		out.Iv[g-from] = v
	}
	return nil
}

func (s *intervalSum) Bytes() int64 {
	return sliceBytes(s.months) + sliceBytes(s.days) + sliceBytes(s.micros) + sliceBytes(s.n)
}
