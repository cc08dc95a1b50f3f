package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// SetOpKind is INTERSECT or EXCEPT.
type SetOpKind uint8

// The kinds.
const (
	Intersect SetOpKind = iota
	Except
)

// SetOp is Left INTERSECT Right or Left EXCEPT Right, of equal types; NULLs are
// equal. UNION is NewDistinct over a UnionAll.
type SetOp struct {
	Kind        SetOpKind
	Left, Right Node
	// All keeps duplicates: min(l, r) rows of each value for INTERSECT ALL,
	// max(l − r, 0) for EXCEPT ALL.
	All bool
}

// Types returns the left input's.
func (s *SetOp) Types() []types.Type { return s.Left.Types() }

// Inputs returns both inputs.
func (s *SetOp) Inputs() []Node { return []Node{s.Left, s.Right} }

// Name returns "Intersect" or "Except", with "All" where it applies.
func (s *SetOp) Name() string {
	name := "Hash Intersect"
	if s.Kind == Except {
		name = "Hash Except"
	}
	if s.All {
		name += " All"
	}
	return name
}

// compile counts, for each distinct row, how often it stands on either side, and
// then yields it as often as the operation says.
func (s *SetOp) compile(r *run) (*stream, error) {
	group := NewDistinct(&UnionAll{List: []Node{withSide(s.Left, false), withSide(s.Right, true)}})
	side := len(s.Types())
	group.GroupBy = group.GroupBy[:side]
	arg := []fn.Expr{&fn.Column{Index: side, Typ: types.TBool}}
	group.Aggs = []AggSpec{{Agg: countSide(false), Args: arg}, {Agg: countSide(true), Args: arg}}
	in, err := group.compile(r)
	if err != nil {
		return nil, err
	}
	return in.then(s, &setOpSpec{s}), nil
}

// withSide appends a constant boolean to the rows of n.
func withSide(n Node, right bool) Node {
	p := &Project{Input: n}
	for i, t := range n.Types() {
		p.Exprs = append(p.Exprs, &fn.Column{Index: i, Typ: t})
	}
	p.Exprs = append(p.Exprs, &fn.Literal{Value: types.NewBool(right), Typ: types.TBool})
	return p
}

// countSide is the aggregate that counts the rows whose argument is side.
func countSide(side bool) *fn.Aggregate {
	want := uint8(0)
	if side {
		want = 1
	}
	return &fn.Aggregate{
		Name: "count_side", Args: []types.Type{types.TBool}, Result: types.TInt8, IgnoresOrder: true,
		NewState: func(*fn.Context) fn.AggState { return &sideCounts{want: want} },
	}
}

// sideCounts are the states of countSide.
type sideCounts struct {
	want   uint8
	counts []int64
}

func (s *sideCounts) Grow(n int) {
	old := len(s.counts)
	s.counts = growBytes(s.counts, max(n, old))
	clear(s.counts[old:])
}

func (s *sideCounts) Add(groups []uint32, args []*vector.Vector, sel []int32, n int) error {
	for k, g := range groups {
		r := rowOf(sel, k)
		if args[0].Enc == vector.Const {
			r = 0
		}
		if args[0].Bool[r] == s.want {
			s.counts[g]++
		}
	}
	return nil
}

func (s *sideCounts) AddAll(args []*vector.Vector, sel []int32, n int) error {
	return s.Add(make([]uint32, n), args, sel, n)
}

func (s *sideCounts) Merge(other fn.AggState, from []int32, to []uint32) error {
	o := other.(*sideCounts)
	for k, t := range to {
		s.counts[t] += o.counts[fn.MergedGroup(from, k)]
	}
	return nil
}

func (s *sideCounts) Finish(out *vector.Vector, from, to int) error {
	out.Type = types.TInt8
	out.Resize(to - from)
	copy(out.I64, s.counts[from:to])
	return nil
}

func (s *sideCounts) Bytes() int64 { return int64(cap(s.counts)) * 8 }

type setOpSpec struct{ node *SetOp }

func (s *setOpSpec) prepare(*run) error                 { return nil }
func (s *setOpSpec) operator(*worker) (operator, error) { return &setOpOperator{node: s.node}, nil }

// setOpOperator yields each group as often as its counts say: the rows that are
// due at least once, then those due at least twice …
type setOpOperator struct {
	node *SetOp
	pass int64
	sel  []int32
	out  vector.Batch
}

func (s *setOpOperator) process(in *vector.Batch) (*vector.Batch, bool, error) {
	n := len(in.Cols) - 2
	left, right := in.Cols[n].I64, in.Cols[n+1].I64
	s.sel = growBytes(s.sel, in.Rows())[:0]
	more := false
	for k := range in.Rows() {
		i := in.Row(k)
		due := s.node.times(left[i], right[i])
		if due > s.pass {
			s.sel = append(s.sel, int32(i))
			more = more || due > s.pass+1
		}
	}
	s.pass++
	if !more {
		s.pass = 0
	}
	s.out = vector.Batch{Cols: in.Cols[:n], Len: in.Len, Sel: s.sel}
	return &s.out, more, nil
}

// times returns how many rows are due for a value that stands l times on the
// left and r times on the right.
func (s *SetOp) times(l, r int64) int64 {
	var n int64
	switch {
	case s.Kind == Intersect:
		n = min(l, r)
	case s.All:
		n = max(l-r, 0)
	case r == 0:
		n = l
	}
	if !s.All {
		n = min(n, 1)
	}
	return n
}
