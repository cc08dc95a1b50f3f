package plan

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// ColID identifies a column of a statement's plan; IDs start at 1.
type ColID int

// Column describes a column that a node produces.
type Column struct {
	ID   ColID
	Name string
	Type types.Type
	// NotNull is true when the column cannot be NULL at the node that says so:
	// the same ColID may be nullable above an outer join.
	NotNull bool
}

// Node is an operator of the logical plan: a pointer to one of this package's
// structs.
type Node interface {
	// Columns returns what the node produces. The slice must not be changed.
	Columns() []Column
	// Children returns the inputs in order. The slice must not be changed.
	Children() []Node
	// WithChildren returns a copy with other inputs, as many as Children returned.
	WithChildren(children []Node) Node
	// Exprs returns all expressions of the node itself in a fixed order.
	Exprs() []fn.Expr
	// WithExprs returns a copy with other expressions, as many as Exprs returned.
	WithExprs(exprs []fn.Expr) Node
}

// IDs hands out fresh ColIDs, and numbers of With and Recursive nodes, for one
// statement. Not safe for concurrent use.
type IDs struct {
	last    ColID
	lastCTE int
}

// Next returns an unused ColID.
func (g *IDs) Next() ColID {
	g.last++
	return g.last
}

// NextCTE returns an unused number for a With or Recursive.
func (g *IDs) NextCTE() int {
	g.lastCTE++
	return g.lastCTE
}

// NewIDs returns a generator whose IDs do not occur in the plan.
func NewIDs(root Node) *IDs {
	g := &IDs{}
	Walk(root, func(n Node) bool {
		var cols []Column
		switch n := n.(type) {
		case *Filter, *Sort, *Limit, *Distinct, *Lock:
			// Their columns are those of their input.
		case *Join:
			cols = []Column{n.MarkCol} // and those of the sides
		case *With:
			g.lastCTE = max(g.lastCTE, n.ID)
			cols = n.Columns()
		case *Recursive:
			g.lastCTE = max(g.lastCTE, n.ID)
			cols = n.Columns()
		default:
			cols = n.Columns()
		}
		for _, c := range cols {
			g.last = max(g.last, c.ID)
		}
		for _, c := range ownColumns(n) {
			g.last = max(g.last, c.ID)
		}
		return true
	})
	return g
}

// Walk calls visit for the node and, while it returns true, for everything
// below, including the plans of Subquery expressions.
func Walk(n Node, visit func(Node) bool) {
	if !visit(n) {
		return
	}
	for _, e := range n.Exprs() {
		walkSubqueries(e, visit)
	}
	for _, c := range n.Children() {
		Walk(c, visit)
	}
}

func walkSubqueries(e fn.Expr, visit func(Node) bool) {
	if s, ok := e.(*Subquery); ok {
		Walk(s.Plan, visit)
	}
	for _, c := range e.Children() {
		walkSubqueries(c, visit)
	}
}

// ownColumns are the columns that a node's own expressions may use although no
// child produces them.
func ownColumns(n Node) []Column {
	switch n := n.(type) {
	case *Scan:
		return n.Columns()
	case *FileScan:
		return n.Columns()
	case *Insert:
		cols := append([]Column{}, n.NewCols...)
		if n.OnConflict != nil {
			cols = append(cols, n.OnConflict.Existing...)
			cols = append(cols, n.OnConflict.Excluded...)
		}
		return cols
	case *Update:
		return n.NewCols
	}
	return nil
}

// exprList concatenates expression lists for an Exprs method.
func exprList(lists ...[]fn.Expr) []fn.Expr {
	n := 0
	for _, l := range lists {
		n += len(l)
	}
	out := make([]fn.Expr, 0, n)
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// exprReader gives the expressions back in the order of exprList.
type exprReader struct{ rest []fn.Expr }

func (r *exprReader) one() fn.Expr {
	e := r.rest[0]
	r.rest = r.rest[1:]
	return e
}

// opt reads an expression if old was not nil.
func (r *exprReader) opt(old fn.Expr) fn.Expr {
	if old == nil {
		return nil
	}
	return r.one()
}

func (r *exprReader) list(n int) []fn.Expr {
	if n == 0 {
		return nil
	}
	l := r.rest[:n:n]
	r.rest = r.rest[n:]
	return l
}

// some returns the expression as a list, empty for nil.
func some(e fn.Expr) []fn.Expr {
	if e == nil {
		return nil
	}
	return []fn.Expr{e}
}
