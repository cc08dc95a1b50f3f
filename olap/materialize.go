package olap

import "htapdb/sql/types"

// Materialize computes its input once per execution and keeps the rows. A plan
// that refers to a common table expression several times holds the same
// *Materialize several times.
type Materialize struct {
	Input Node
	// Label names the common table expression for EXPLAIN.
	Label string
}

// Types returns the input's.
func (m *Materialize) Types() []types.Type { return m.Input.Types() }

// Inputs returns the input.
func (m *Materialize) Inputs() []Node { return []Node{m.Input} }

// Name returns "Materialize".
func (m *Materialize) Name() string { return "Materialize" }
