package fn

import (
	"math/big"

	"htapdb/vector"
)

// confusion counts pairs of classes: the first letter says whether the
// prediction was right, the second what it was.
type confusion struct {
	tp, fp, fn, tn int64
}

// of counts one pair.
func (c *confusion) of(observed, predicted bool) *int64 {
	switch {
	case observed && predicted:
		return &c.tp
	case predicted:
		return &c.fp
	case observed:
		return &c.fn
	}
	return &c.tn
}

// share is a/b, not ok if b is 0.
func share(a, b int64) (float64, bool) { return float64(a) / float64(b), b != 0 }

func (c *confusion) precision() (float64, bool) { return share(c.tp, c.tp+c.fp) }
func (c *confusion) recall() (float64, bool)    { return share(c.tp, c.tp+c.fn) }
func (c *confusion) f1() (float64, bool)        { return share(2*c.tp, 2*c.tp+c.fp+c.fn) }

// mcc is Matthews's correlation coefficient: corr of the classes as 0 and 1.
func (c *confusion) mcc() (float64, bool) {
	product := func(a ...int64) *big.Int {
		p := big.NewInt(1)
		for _, x := range a {
			p.Mul(p, big.NewInt(x))
		}
		return p
	}
	num, den := product(c.tp, c.tn), product(c.tp+c.fp, c.tp+c.fn, c.tn+c.fp, c.tn+c.fn)
	if den.Sign() == 0 {
		return 0, false
	}
	num.Sub(num, product(c.fp, c.fn))
	var r ratios
	v := r.root(new(big.Int).Mul(num, num), den, 0)
	if num.Sign() < 0 {
		return -v, true
	}
	return v, true
}

// confusions is what is computed of each group's confusion.
type confusions struct {
	y, p   labels
	result func(c *confusion) (float64, bool)
	groups []confusion
}

func (s *confusions) Grow(n int) { s.groups = extend(s.groups, n) }

func (s *confusions) count(groups []uint32, args []*vector.Vector, sel []int32, by int64) error {
	s.y.set(args[0])
	s.p.set(args[1])
	for k, g := range groups {
		i := rowOf(sel, k)
		if s.y.null(i) || s.p.null(i) {
			continue
		}
		observed, err := s.y.at(i)
		if err != nil {
			return err
		}
		predicted, err := s.p.at(i)
		if err != nil {
			return err
		}
		*s.groups[g].of(observed, predicted) += by
	}
	return nil
}

func (s *confusions) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	return s.count(groups, args, sel, 1)
}

// Remove implements Inverse.
func (s *confusions) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	return s.count(groups, args, sel, -1)
}

func (s *confusions) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *confusions) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*confusions)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		a, b := &s.groups[t], &o.groups[MergedGroup(from, k)]
		a.tp, a.fp, a.fn, a.tn = a.tp+b.tp, a.fp+b.fp, a.fn+b.fn, a.tn+b.tn
	}
	return nil
}

func (s *confusions) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		v, ok := s.result(&s.groups[g])
		if !ok {
			out.SetNull(g - from)
			continue
		}
		out.F64[g-from] = v
	}
	return nil
}

func (s *confusions) Bytes() int64 { return sliceBytes(s.groups) }

// agreement is how many of the pairs are two of the same value, of any type: accuracy.
type agreement struct {
	same, n []int64
}

func (s *agreement) Grow(n int) { s.same, s.n = extend(s.same, n), extend(s.n, n) }

func (s *agreement) count(groups []uint32, args []*vector.Vector, sel []int32, by int64) {
	y, p := args[0], args[1]
	for k, g := range groups {
		i := rowOf(sel, k)
		if y.IsNull(i) || p.IsNull(i) {
			continue
		}
		s.n[g] += by
		if vector.CompareDatum(y.Datum(i), p.Datum(i)) == 0 {
			s.same[g] += by
		}
	}
}

func (s *agreement) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.count(groups, args, sel, 1)
	return nil
}

// Remove implements Inverse.
func (s *agreement) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.count(groups, args, sel, -1)
	return nil
}

func (s *agreement) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *agreement) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*agreement)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		s.same[t] += o.same[g]
		s.n[t] += o.n[g]
	}
	return nil
}

func (s *agreement) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		v, ok := share(s.same[g], s.n[g])
		if !ok {
			out.SetNull(g - from)
			continue
		}
		out.F64[g-from] = v
	}
	return nil
}

func (s *agreement) Bytes() int64 { return sliceBytes(s.same) + sliceBytes(s.n) }
