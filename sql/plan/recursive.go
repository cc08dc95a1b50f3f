package plan

import "htapdb/vector/fn"

// Recursive is the query of a WITH RECURSIVE item: the rows of Initial, then
// those of Step over the rows that the round before added, until a round adds none.
type Recursive struct {
	// ID is unique in the statement; the WorkTable in Step has it too.
	ID   int
	Name string
	// Initial and Step feed Cols as the inputs of a SetOp do: Maps[0] are
	// columns of Initial, Maps[1] of Step.
	Initial, Step Node
	Maps          [2][]ColID
	// All keeps duplicates (UNION ALL); otherwise a row that has come before
	// is dropped and takes no part in the next round.
	All  bool
	Cols []Column
}

// Columns implements Node.
func (r *Recursive) Columns() []Column { return r.Cols }

// Children implements Node: Initial, Step.
func (r *Recursive) Children() []Node { return []Node{r.Initial, r.Step} }

// WithChildren implements Node.
func (r *Recursive) WithChildren(children []Node) Node {
	c := *r
	c.Initial, c.Step = children[0], children[1]
	return &c
}

// Exprs implements Node: none.
func (r *Recursive) Exprs() []fn.Expr { return nil }

// WithExprs implements Node.
func (r *Recursive) WithExprs([]fn.Expr) Node { return r }

// WorkTable stands, once in the Step of a Recursive, for the rows that the
// round before added. Cols[i] carries Recursive.Cols[i].
type WorkTable struct {
	// Recursive is the ID of the Recursive node.
	Recursive int
	Name      string
	Cols      []Column
}

// Columns implements Node.
func (w *WorkTable) Columns() []Column { return w.Cols }

// Children implements Node.
func (w *WorkTable) Children() []Node { return nil }

// WithChildren implements Node.
func (w *WorkTable) WithChildren([]Node) Node { return w }

// Exprs implements Node: none.
func (w *WorkTable) Exprs() []fn.Expr { return nil }

// WithExprs implements Node.
func (w *WorkTable) WithExprs([]fn.Expr) Node { return w }
