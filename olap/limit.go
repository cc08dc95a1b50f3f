package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Limit yields Count rows of its input after skipping Offset.
type Limit struct {
	Input Node
	// Count and Offset are BIGINT expressions without columns, evaluated once per
	// execution; nil or NULL means all rows, or none skipped. Negative values are
	// InvalidRowCountInLimit and InvalidRowCountInOffset.
	Count, Offset fn.Expr
}

// Types returns the input's.
func (l *Limit) Types() []types.Type { return l.Input.Types() }

// Inputs returns the input.
func (l *Limit) Inputs() []Node { return []Node{l.Input} }

// Name returns "Limit".
func (l *Limit) Name() string { return "Limit" }

// TopN is a Limit over a Sort that keeps only the rows it may yield.
type TopN struct {
	Input Node
	// Keys are over Input's columns, as in Sort.
	Keys []SortKey
	// Count and Offset are as in Limit; a nil or NULL Count makes it a Sort.
	Count, Offset fn.Expr
}

// Types returns the input's.
func (t *TopN) Types() []types.Type { return t.Input.Types() }

// Inputs returns the input.
func (t *TopN) Inputs() []Node { return []Node{t.Input} }

// Name returns "Top-N Sort".
func (t *TopN) Name() string { return "Top-N Sort" }
