package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Filter keeps the rows for which Pred is true.
type Filter struct {
	Input Node
	// Pred is a boolean expression over Input's columns; NULL counts as false.
	Pred fn.Expr
}

// Types returns the input's.
func (f *Filter) Types() []types.Type { return f.Input.Types() }

// Inputs returns the input.
func (f *Filter) Inputs() []Node { return []Node{f.Input} }

// Name returns "Filter".
func (f *Filter) Name() string { return "Filter" }
