package parser

// WindowDef is one definition of a WINDOW clause.
type WindowDef struct {
	Loc
	Name string
	Spec *WindowSpec
}

// WindowSpec is a window in OVER or in a WINDOW clause.
type WindowSpec struct {
	Loc
	// Ref is the name of another window: OVER w when it stands alone
	// (RefOnly), or (w ORDER BY …), which extends w.
	Ref     string
	RefOnly bool

	PartitionBy []Expr
	OrderBy     []*OrderItem
	// Frame is nil for the default: RANGE from UNBOUNDED PRECEDING to the
	// last peer of the CURRENT ROW.
	Frame *Frame
}

// Frame is the frame clause of a window. Without BETWEEN the end is the
// current row.
type Frame struct {
	Loc
	Mode    FrameMode
	Start   FrameBound
	End     FrameBound
	Exclude FrameExclusion
}

// FrameMode is the unit in which a frame counts.
type FrameMode uint8

// The units of a frame.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// FrameBound is one end of a frame.
type FrameBound struct {
	Loc
	Kind FrameBoundKind
	// Offset is set for Preceding and Following only.
	Offset Expr
}

// FrameBoundKind is the kind of a frame's end, in the order in which they
// stand in a partition.
type FrameBoundKind uint8

// The kinds of frame ends.
const (
	UnboundedPreceding FrameBoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// FrameExclusion says which rows of a frame are left out.
type FrameExclusion uint8

// The frame exclusions; ExcludeNoOthers is the default.
const (
	ExcludeNoOthers FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)
