package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Values yields rows of expressions without columns (literals, parameters,
// functions of them). One row without expressions is SELECT without FROM.
type Values struct {
	// Rows are the rows; every row has as many expressions as Columns, of those types.
	Rows [][]fn.Expr
	// Columns are the types.
	Columns []types.Type
}

// Types returns Columns.
func (v *Values) Types() []types.Type { return v.Columns }

// Inputs returns nil.
func (v *Values) Inputs() []Node { return nil }

// Name returns "Values".
func (v *Values) Name() string { return "Values" }
