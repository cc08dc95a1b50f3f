package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// DistinctOn yields, in the order of OrderBy, the first row of each group of
// rows with equal On values (NULLs equal): SELECT DISTINCT ON (On) … ORDER BY OrderBy.
type DistinctOn struct {
	Input Node
	// On are over Input's columns.
	On []fn.Expr
	// OrderBy are over Input's columns; without any, one arbitrary row per group
	// is yielded, in arbitrary order.
	OrderBy []SortKey
}

// Types returns the input's.
func (d *DistinctOn) Types() []types.Type { return d.Input.Types() }

// Inputs returns the input.
func (d *DistinctOn) Inputs() []Node { return []Node{d.Input} }

// Name returns "Distinct On".
func (d *DistinctOn) Name() string { return "Distinct On" }
