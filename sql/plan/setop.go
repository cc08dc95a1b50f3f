package plan

import "htapdb/vector/fn"

// SetOpKind is the kind of a SetOp.
type SetOpKind uint8

// The set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

var setOpNames = [...]string{Union: "Union", Intersect: "Intersect", Except: "Except"}

// String returns the kind's name.
func (k SetOpKind) String() string { return setOpNames[k] }

// SetOp combines inputs by position. Rows are equal when their columns are
// pairwise not distinct (NULL equals NULL).
//
// After opt only All is left: UNION ALL appends; INTERSECT ALL and EXCEPT ALL
// keep min(l, r) and max(l−r, 0) copies of a row.
type SetOp struct {
	Kind SetOpKind
	All  bool
	// Inputs are two, or for Union two or more.
	Inputs []Node
	// Maps[i][j] is the column of Inputs[i] that feeds Cols[j]; types are equal.
	Maps [][]ColID
	// Cols have fresh IDs.
	Cols []Column
}

// Columns implements Node.
func (s *SetOp) Columns() []Column { return s.Cols }

// Children implements Node.
func (s *SetOp) Children() []Node { return s.Inputs }

// WithChildren implements Node.
func (s *SetOp) WithChildren(children []Node) Node {
	c := *s
	c.Inputs = append([]Node(nil), children...)
	return &c
}

// Exprs implements Node: none.
func (s *SetOp) Exprs() []fn.Expr { return nil }

// WithExprs implements Node.
func (s *SetOp) WithExprs([]fn.Expr) Node { return s }

// With computes Def once and makes it available to the CTERefs in Body (and
// to those in the Defs of With nodes inside Body).
type With struct {
	// ID is unique in the statement.
	ID   int
	Name string
	Def  Node
	Body Node
	// Materialized forbids moving parts of Body into Def: the query said MATERIALIZED.
	Materialized bool
}

// Columns implements Node: the body's.
func (w *With) Columns() []Column { return w.Body.Columns() }

// Children implements Node: Def, Body.
func (w *With) Children() []Node { return []Node{w.Def, w.Body} }

// WithChildren implements Node.
func (w *With) WithChildren(children []Node) Node {
	c := *w
	c.Def, c.Body = children[0], children[1]
	return &c
}

// Exprs implements Node: none.
func (w *With) Exprs() []fn.Expr { return nil }

// WithExprs implements Node.
func (w *With) WithExprs([]fn.Expr) Node { return w }

// CTERef reads the result of the enclosing With whose ID is CTE.
type CTERef struct {
	CTE  int
	Name string
	// Cols have fresh IDs; Cols[i] carries the column Source[i] of the definition.
	Cols   []Column
	Source []ColID
	// EstRows is the optimizer's estimate of the definition's rows, 0 if it made none.
	EstRows float64
}

// Columns implements Node.
func (r *CTERef) Columns() []Column { return r.Cols }

// Children implements Node.
func (r *CTERef) Children() []Node { return nil }

// WithChildren implements Node.
func (r *CTERef) WithChildren([]Node) Node { return r }

// Exprs implements Node: none.
func (r *CTERef) Exprs() []fn.Expr { return nil }

// WithExprs implements Node.
func (r *CTERef) WithExprs([]fn.Expr) Node { return r }
