package olap

import "htapdb/sql/types"

// Sort yields its input ordered by Keys. It is not stable.
type Sort struct {
	Input Node
	// Keys are over Input's columns, the most significant first.
	Keys []SortKey
}

// Types returns the input's.
func (s *Sort) Types() []types.Type { return s.Input.Types() }

// Inputs returns the input.
func (s *Sort) Inputs() []Node { return []Node{s.Input} }

// Name returns "Sort".
func (s *Sort) Name() string { return "Sort" }
