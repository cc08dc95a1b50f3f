package olap

import "htapdb/sql/types"

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
