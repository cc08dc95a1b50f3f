package fn

import (
	"htapdb/sql/types"
	"htapdb/vector"
)

// boolAggregates are bool_and (every), bool_or and the bit aggregates.
func boolAggregates() []aggregateOverload {
	counts := func(name string, any bool) aggregateOverload {
		return aggregateOverload{name: name, args: []types.Kind{types.Bool}, result: types.Bool, algebra: Inverts, bind: func(a *Aggregate) {
			a.NewState = func(*Context) AggState { return &boolCounts{any: any} }
		}}
	}
	reduce := func(name string, k types.Kind, make func(t types.Type) func(*Context) AggState) aggregateOverload {
		return aggregateOverload{name: name, args: []types.Kind{k}, result: k, algebra: Merges, bind: func(a *Aggregate) {
			a.NewState = make(a.Args[0])
		}}
	}
	out := []aggregateOverload{counts("bool_and", false), counts("every", false), counts("bool_or", true)}
	for name, op := range map[string]byte{"bit_and": '&', "bit_or": '|', "bit_xor": '#'} {
		out = append(out,
			reduce(name, types.Int2, func(types.Type) func(*Context) AggState { return reduction(bitOp[int16](op)) }),
			reduce(name, types.Int4, func(types.Type) func(*Context) AggState { return reduction(bitOp[int32](op)) }),
			reduce(name, types.Int8, func(types.Type) func(*Context) AggState { return reduction(bitOp[int64](op)) }))
	}
	return out
}

func bitOp[T integer](op byte) func(a, b T) T {
	switch op {
	case '&':
		return func(a, b T) T { return a & b }
	case '|':
		return func(a, b T) T { return a | b }
	}
	return func(a, b T) T { return a ^ b }
}

// reduced combines the values of a group by an associative and commutative operation.
type reduced[T element] struct {
	values[T]
	op func(a, b T) T
}

func reduction[T element](op func(a, b T) T) func(*Context) AggState {
	return func(*Context) AggState { return &reduced[T]{op: op} }
}

func (s *reduced[T]) add(g uint32, v T) {
	if s.seen[g] == 0 {
		s.best[g], s.seen[g] = v, 1
		return
	}
	s.best[g] = s.op(s.best[g], v)
}

func (s *reduced[T]) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	in := &s.in
	in.set(args[0])
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid == nil || in.valid[i] != 0 {
			s.add(g, in.a[i])
		}
	}
	return nil
}

func (s *reduced[T]) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *reduced[T]) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*reduced[T])
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		if o.seen[g] != 0 {
			s.add(t, o.best[g])
		}
	}
	return nil
}

// boolCounts are bool_and and bool_or by numbers of values, which can be taken back.
type boolCounts struct {
	any     bool // bool_or
	n, true []int64
	in      input[uint8]
}

func (s *boolCounts) Grow(n int) { s.n, s.true = extend(s.n, n), extend(s.true, n) }

func (s *boolCounts) count(groups []uint32, args []*vector.Vector, sel []int32, by int64) {
	in := &s.in
	in.set(args[0])
	for k, g := range groups {
		i := rowOf(sel, k) & in.mask
		if in.valid == nil || in.valid[i] != 0 {
			s.n[g] += by
			s.true[g] += by * int64(in.a[i])
		}
	}
}

func (s *boolCounts) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.count(groups, args, sel, 1)
	return nil
}

// Remove implements Inverse.
func (s *boolCounts) Remove(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
	s.count(groups, args, sel, -1)
	return nil
}

func (s *boolCounts) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *boolCounts) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*boolCounts)
	if !ok {
		return errMerge
	}
	for k, t := range to {
		g := MergedGroup(from, k)
		s.n[t] += o.n[g]
		s.true[t] += o.true[g]
	}
	return nil
}

func (s *boolCounts) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	for g := from; g < to; g++ {
		if s.n[g] == 0 {
			out.SetNull(g - from)
		}
		out.Bool[g-from] = 0
		if s.true[g] == s.n[g] || s.any && s.true[g] > 0 {
			out.Bool[g-from] = 1
		}
	}
	return nil
}

func (s *boolCounts) Bytes() int64 { return sliceBytes(s.n) + sliceBytes(s.true) }
