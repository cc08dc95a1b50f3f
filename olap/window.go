package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// WindowKind is a window function.
type WindowKind uint8

// The window functions; WindowAggregate is any aggregate over the frame.
const (
	WindowAggregate WindowKind = iota
	RowNumber                  // () BIGINT
	Rank                       // () BIGINT
	DenseRank                  // () BIGINT
	PercentRank                // () DOUBLE PRECISION
	CumeDist                   // () DOUBLE PRECISION
	Ntile                      // (buckets INTEGER) INTEGER
	Lag                        // (value [, offset INTEGER [, default]])
	Lead                       // (value [, offset INTEGER [, default]])
	FirstValue                 // (value), of the frame
	LastValue                  // (value), of the frame
	NthValue                   // (value, n INTEGER), of the frame
)

// FrameMode says what the bounds of a frame count.
type FrameMode uint8

// The modes.
const (
	FrameRange  FrameMode = iota // rows by peers (equal order keys)
	FrameRows                    // rows by position
	FrameGroups                  // groups of peers
)

// FrameBound is one end of a frame.
type FrameBound uint8

// The ends, from first to last.
const (
	UnboundedPreceding FrameBound = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// FrameExclusion says which rows of a frame are left out.
type FrameExclusion uint8

// The exclusions.
const (
	ExcludeNoOthers FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup // the current row and its peers
	ExcludeTies  // its peers
)

// Frame is the frame clause of a window function. The zero value is SQL's
// default: RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW. Offsets with
// FrameRange are not supported.
type Frame struct {
	Mode  FrameMode
	Start FrameBound
	// End UnboundedPreceding, which no frame can have, means CurrentRow.
	End FrameBound
	// StartOffset and EndOffset are for Preceding and Following: BIGINT
	// expressions without columns.
	StartOffset, EndOffset fn.Expr
	Exclude                FrameExclusion
}

// WindowFunc is one output column of a Window.
type WindowFunc struct {
	Kind WindowKind
	// Args are over the input's columns (for WindowAggregate those in Agg count).
	Args []fn.Expr
	// Agg is the aggregate of WindowAggregate; its Distinct and OrderBy are 0A000.
	Agg   AggSpec
	Frame Frame
	// Result is the type of the column.
	Result types.Type
}

// Window appends to each input row the values of window functions that share
// one PARTITION BY and ORDER BY. The output is ordered by both.
type Window struct {
	Input Node
	// PartitionBy and OrderBy are over Input's columns.
	PartitionBy []fn.Expr
	OrderBy     []SortKey
	Funcs       []WindowFunc
}

// Types returns the input's types, then the functions'.
func (w *Window) Types() []types.Type {
	in := w.Input.Types()
	ts := append(make([]types.Type, 0, len(in)+len(w.Funcs)), in...)
	for _, f := range w.Funcs {
		ts = append(ts, f.Result)
	}
	return ts
}

// Inputs returns the input.
func (w *Window) Inputs() []Node { return []Node{w.Input} }

// Name returns "Window".
func (w *Window) Name() string { return "Window" }
