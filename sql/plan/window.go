package plan

import "htapdb/vector/fn"

// Window computes window functions that share a partitioning, an order and a
// frame, and passes all input columns through.
type Window struct {
	Input     Node
	Partition []fn.Expr
	OrderBy   []SortKey
	Frame     Frame
	Funcs     []WindowFunc
}

// WindowFunc is one function of a Window.
type WindowFunc struct {
	// Name is row_number, rank, dense_rank, percent_rank, cume_dist, ntile,
	// lag, lead, first_value, last_value, nth_value, or the aggregate's name.
	Name string
	// Agg is set for an aggregate over the frame.
	Agg *fn.Aggregate
	// Args are the arguments; for lag and lead always three: value, offset (integer), default.
	Args   []fn.Expr
	Filter fn.Expr
	// IgnoreNulls is the null treatment of lag, lead and the …_value functions.
	IgnoreNulls bool
	Col         Column
}

// FrameMode is the unit in which a frame counts.
type FrameMode uint8

// The units of a frame.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// FrameBoundKind is the kind of a frame's end.
type FrameBoundKind uint8

// The kinds of frame ends, in the order in which they stand in a partition.
const (
	UnboundedPreceding FrameBoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// FrameBound is one end of a frame.
type FrameBound struct {
	Kind FrameBoundKind
	// Offset is set for Preceding and Following: a bigint in the modes Rows
	// and Groups; in Range a value to add to or subtract from the only order key.
	Offset fn.Expr
}

// FrameExclusion says which rows of a frame are left out.
type FrameExclusion uint8

// The exclusions.
const (
	ExcludeNoOthers FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is a window frame. SQL's default is the zero value with End.Kind
// CurrentRow: RANGE UNBOUNDED PRECEDING to the last peer of the current row.
type Frame struct {
	Mode       FrameMode
	Start, End FrameBound
	Exclude    FrameExclusion
}

// Columns implements Node: the input's, then the functions'.
func (w *Window) Columns() []Column {
	cols := append([]Column(nil), w.Input.Columns()...)
	for i := range w.Funcs {
		cols = append(cols, w.Funcs[i].Col)
	}
	return cols
}

// Children implements Node.
func (w *Window) Children() []Node { return []Node{w.Input} }

// WithChildren implements Node.
func (w *Window) WithChildren(children []Node) Node {
	c := *w
	c.Input = children[0]
	return &c
}

// Exprs implements Node: partition, order, frame offsets, then each function's
// arguments and filter.
func (w *Window) Exprs() []fn.Expr {
	out := exprList(w.Partition, sortExprs(w.OrderBy), some(w.Frame.Start.Offset), some(w.Frame.End.Offset))
	for i := range w.Funcs {
		out = exprList(out, w.Funcs[i].Args, some(w.Funcs[i].Filter))
	}
	return out
}

// WithExprs implements Node.
func (w *Window) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *w
	c.Partition = r.list(len(w.Partition))
	c.OrderBy = r.sortKeys(w.OrderBy)
	c.Frame.Start.Offset = r.opt(w.Frame.Start.Offset)
	c.Frame.End.Offset = r.opt(w.Frame.End.Offset)
	c.Funcs = append([]WindowFunc(nil), w.Funcs...)
	for i := range c.Funcs {
		f := &c.Funcs[i]
		f.Args = r.list(len(f.Args))
		f.Filter = r.opt(f.Filter)
	}
	return &c
}
