package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Project computes one output column from each expression.
type Project struct {
	Input Node
	// Exprs are over Input's columns. None at all makes rows without columns.
	Exprs []fn.Expr
}

// Types returns the expressions' types.
func (p *Project) Types() []types.Type { return typesOf(p.Exprs) }

// Inputs returns the input.
func (p *Project) Inputs() []Node { return []Node{p.Input} }

// Name returns "Project".
func (p *Project) Name() string { return "Project" }
