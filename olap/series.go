package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// GenerateSeries yields one column: Start, Start + Step … up to and including
// Stop. A NULL argument makes no rows, a Step of zero is InvalidParameterValue.
type GenerateSeries struct {
	// Start and Stop, without columns, have the column's type.
	Start, Stop fn.Expr
	// Step, without columns, has the column's type for numbers (nil: 1), INTERVAL for timestamps.
	Step fn.Expr
	// Next computes the value after column 0 by the step in column 1. It is
	// needed for types other than SMALLINT, INTEGER and BIGINT.
	Next fn.Expr
}

// Types returns Start's type.
func (g *GenerateSeries) Types() []types.Type { return []types.Type{g.Start.Type()} }

// Inputs returns nil.
func (g *GenerateSeries) Inputs() []Node { return nil }

// Name returns "Generate Series".
func (g *GenerateSeries) Name() string { return "Generate Series" }
