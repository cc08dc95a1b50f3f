package olap

import "htapdb/sql/types"

// UnionAll yields the rows of all inputs, which have equal types. Their order is
// that of the inputs only with one worker.
type UnionAll struct {
	List []Node
}

// Types returns the first input's.
func (u *UnionAll) Types() []types.Type { return u.List[0].Types() }

// Inputs returns the inputs.
func (u *UnionAll) Inputs() []Node { return u.List }

// Name returns "Append".
func (u *UnionAll) Name() string { return "Append" }
