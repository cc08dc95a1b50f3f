package fn

import (
	"cmp"
	"strings"

	"htapdb/sql/types"
	"htapdb/vector"
)

// minMaxAggregates are min, max and any_value.
func minMaxAggregates() []aggregateOverload {
	var out []aggregateOverload
	for _, k := range comparableKinds {
		if k == types.Bool || k == types.JSONB {
			continue
		}
		for _, name := range []string{"min", "max"} {
			out = append(out, aggregateOverload{name: name, args: []types.Kind{k}, result: k, algebra: Merges, bind: func(a *Aggregate) {
				a.Result = a.Args[0]
				a.NewState = minMaxState(a.Args[0], name == "max")
			}})
		}
	}
	for _, name := range []string{"any_value", "first"} {
		out = append(out, aggregateOverload{name: name, args: []types.Kind{anyKind}, result: types.Text, ordered: name == "first", algebra: Merges, bind: func(a *Aggregate) {
			a.Result = a.Args[0]
			a.NewState = firstState(a.Args[0])
		}})
	}
	return out
}

// minMaxState chooses the state for a type.
func minMaxState(t types.Type, largest bool) func(*Context) AggState {
	switch t.Physical() {
	case types.PhysInt16:
		return func(*Context) AggState { return &extremum[int16]{largest: largest} }
	case types.PhysInt32:
		return func(*Context) AggState { return &extremum[int32]{largest: largest} }
	case types.PhysInt64:
		return func(*Context) AggState { return &extremum[int64]{largest: largest} }
	case types.PhysString:
		return func(*Context) AggState { return &extremum[string]{largest: largest} }
	case types.PhysFloat32:
		return extremumBy(largest, func(a, b float32) bool { return floatLess(a, b) == 1 })
	case types.PhysFloat64:
		return extremumBy(largest, func(a, b float64) bool { return floatLess(a, b) == 1 })
	case types.PhysInt128:
		return extremumBy(largest, func(a, b types.Int128) bool { return a.Cmp(b) < 0 })
	}
	return extremumBy(largest, func(a, b types.IntervalValue) bool { return CompareIntervals(a, b) < 0 })
}

// firstState keeps the first value that is not null.
func firstState(t types.Type) func(*Context) AggState {
	switch t.Physical() {
	case types.PhysBool:
		return keepFirst[uint8]()
	case types.PhysInt16:
		return keepFirst[int16]()
	case types.PhysInt32:
		return keepFirst[int32]()
	case types.PhysInt64:
		return keepFirst[int64]()
	case types.PhysString:
		return keepFirst[string]()
	case types.PhysFloat32:
		return keepFirst[float32]()
	case types.PhysFloat64:
		return keepFirst[float64]()
	case types.PhysInt128:
		return keepFirst[types.Int128]()
	}
	return keepFirst[types.IntervalValue]()
}

func keepFirst[T element]() func(*Context) AggState {
	return extremumBy(false, func(T, T) bool { return false })
}

// values holds one value a group, and which groups have one.
type values[T element] struct {
	best []T
	seen []uint8
	in   input[T]
	text int64 // bytes of the texts among best
}

// Growth implements TextKeeper.
func (s *values[T]) Growth(groups []uint32, args []*vector.Vector, sel []int32, n int) int64 {
	var zero T
	if _, ok := any(zero).(string); !ok || groups == nil {
		return 0
	}
	return sumBound.total(args[:1], sel, n)
}

// keep makes v group g's value. A text is copied: it may be a small part of one
// that would be kept with it.
func (s *values[T]) keep(g uint32, v T) {
	if new, ok := any(&v).(*string); ok {
		s.text += int64(len(*new)) - int64(len(*any(&s.best[g]).(*string)))
		*new = strings.Clone(*new)
	}
	s.best[g], s.seen[g] = v, 1
}

func (s *values[T]) Grow(n int) { s.best, s.seen = extend(s.best, n), extend(s.seen, n) }

func (s *values[T]) Finish(out *vector.Vector, from, to int) error {
	out.Resize(to - from)
	copy(vals[T](out), s.best[from:to])
	for g := from; g < to; g++ {
		if s.seen[g] == 0 {
			out.SetNull(g - from)
		}
	}
	return nil
}

func (s *values[T]) Bytes() int64 { return sliceBytes(s.best) + sliceBytes(s.seen) + s.text }

// extremum is min or max of elements that Go orders as SQL does.
type extremum[T interface {
	element
	cmp.Ordered
}] struct {
	values[T]
	largest bool
}

func (s *extremum[T]) add(g uint32, v T) {
	if s.seen[g] == 0 || (v > s.best[g]) == s.largest && v != s.best[g] {
		s.keep(g, v)
	}
}

func (s *extremum[T]) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
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

func (s *extremum[T]) AddAll(args []*vector.Vector, sel []int32, n int) error {
	v := args[0]
	if v.Enc != vector.Flat {
		return s.Add(groupZero(sel, n), args, sel, n)
	}
	switch a := any(s).(type) {
	case *extremum[int16]:
		addExtremum(a, v.I16[:n], v.Valid, sel)
	case *extremum[int32]:
		addExtremum(a, v.I32[:n], v.Valid, sel)
	case *extremum[int64]:
		addExtremum(a, v.I64[:n], v.Valid, sel)
	default:
		return s.Add(groupZero(sel, n), args, sel, n)
	}
	return nil
}

// addExtremum takes the least or greatest of a batch by the vector kernels.
func addExtremum[T int16 | int32 | int64](s *extremum[T], a []T, valid []uint8, sel []int32) {
	least, most, count := vector.MinMaxInt(a, valid, sel)
	switch {
	case count == 0:
	case s.largest:
		s.add(0, most)
	default:
		s.add(0, least)
	}
}

func (s *extremum[T]) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*extremum[T])
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

// extremumFunc is extremum for elements with an order of their own.
type extremumFunc[T element] struct {
	values[T]
	largest bool
	less    func(a, b T) bool
}

func extremumBy[T element](largest bool, less func(a, b T) bool) func(*Context) AggState {
	return func(*Context) AggState { return &extremumFunc[T]{largest: largest, less: less} }
}

func (s *extremumFunc[T]) add(g uint32, v T) {
	switch {
	case s.seen[g] == 0:
	case s.largest && !s.less(s.best[g], v), !s.largest && !s.less(v, s.best[g]):
		return
	}
	s.keep(g, v)
}

func (s *extremumFunc[T]) Add(groups []uint32, args []*vector.Vector, sel []int32, _ int) error {
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

func (s *extremumFunc[T]) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(groupZero(sel, n), args, sel, n)
}

func (s *extremumFunc[T]) Merge(other AggState, from []int32, to []uint32) error {
	o, ok := other.(*extremumFunc[T])
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
