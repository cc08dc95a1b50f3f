package fn

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// countAggregates are count(*) and count(x).
func countAggregates() []aggregateOverload {
	return []aggregateOverload{
		{name: "count", result: types.Int8, algebra: Inverts, bind: func(a *Aggregate) {
			a.NewState = func(*Context) AggState { return &countState{} }
		}},
		{name: "count", args: []types.Kind{anyKind}, result: types.Int8, algebra: Inverts, bind: func(a *Aggregate) {
			a.NewState = func(*Context) AggState { return &countState{} }
		}},
	}
}

// countState counts rows, or rows with a non-null argument.
type countState struct{ n []int64 }

func (s *countState) Grow(n int) { s.n = extend(s.n, n) }

func (s *countState) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.count(groups, args, sel, 1)
	return nil
}

// Remove implements Inverse.
func (s *countState) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.count(groups, args, sel, -1)
	return nil
}

func (s *countState) count(groups []uint32, args []*vector.Vector, sel []int32, by int64) {
	if len(args) == 0 || args[0].Valid == nil {
		for _, g := range groups {
			s.n[g] += by
		}
		return
	}
	valid, m := args[0].Valid, step(args[0])
	for k, g := range groups {
		if valid[rowOf(sel, k)&m] != 0 {
			s.n[g] += by
		}
	}
}

func (s *countState) AddAll(args []*vector.Vector, sel []int32, n int) error {
	switch {
	case len(args) == 0 || args[0].Valid == nil:
		if sel != nil {
			n = len(sel)
		}
		s.n[0] += int64(n)
	case args[0].Enc != vector.Const && sel == nil:
		s.n[0] += int64(vector.CountValid(args[0].Valid[:n]))
	default:
		return s.Add(groupZero(sel, n), args, sel, n)
	}
	return nil
}

func (s *countState) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*countState)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		s.n[t] += o.n[g]
	}
	return nil
}

func (s *countState) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	copy(out.I64, s.n[from:to])
	return nil
}

func (s *countState) Bytes() int64 { return sliceBytes(s.n) }

// errMerge is a programmer's error: states of different aggregates were merged.
var errMerge = sqlstate.New(sqlstate.InternalError, "states of different aggregates cannot be merged")

// pairCount counts pairs without a null.
type pairCount struct{ countState }

// pairs looks at the rows of sel alone: in a window the arguments are all rows of
// a task, and each call brings a few of them.
func (s *pairCount) pairs(groups []uint32, args []*vector.Vector, sel []int32, by int64) {
	x, y := args[0], args[1]
	for k, g := range groups {
		if i := rowOf(sel, k); !x.IsNull(i) && !y.IsNull(i) {
			s.n[g] += by
		}
	}
}

func (s *pairCount) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.pairs(groups, args, sel, 1)
	return nil
}

// Remove implements Inverse.
func (s *pairCount) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.pairs(groups, args, sel, -1)
	return nil
}

func (s *pairCount) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *pairCount) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*pairCount)
	if !ok {
		return errMerge
	}
	return s.countState.Merge(&o.countState, from, to)
}
