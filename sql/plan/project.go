package plan

import "htapdb/vector/fn"

// Filter keeps the rows for which all conjuncts are TRUE.
type Filter struct {
	Input Node
	Conds []fn.Expr
}

// Columns implements Node.
func (f *Filter) Columns() []Column { return f.Input.Columns() }

// Children implements Node.
func (f *Filter) Children() []Node { return []Node{f.Input} }

// WithChildren implements Node.
func (f *Filter) WithChildren(children []Node) Node {
	c := *f
	c.Input = children[0]
	return &c
}

// Exprs implements Node: the conjuncts.
func (f *Filter) Exprs() []fn.Expr { return f.Conds }

// WithExprs implements Node.
func (f *Filter) WithExprs(exprs []fn.Expr) Node {
	c := *f
	c.Conds = exprs
	return &c
}

// Project computes Cols[i] = Items[i]. A column that is passed through keeps
// its ColID; what is not listed is dropped.
type Project struct {
	Input Node
	Items []fn.Expr
	Cols  []Column
}

// Columns implements Node.
func (p *Project) Columns() []Column { return p.Cols }

// Children implements Node.
func (p *Project) Children() []Node { return []Node{p.Input} }

// WithChildren implements Node.
func (p *Project) WithChildren(children []Node) Node {
	c := *p
	c.Input = children[0]
	return &c
}

// Exprs implements Node: the items.
func (p *Project) Exprs() []fn.Expr { return p.Items }

// WithExprs implements Node.
func (p *Project) WithExprs(exprs []fn.Expr) Node {
	c := *p
	c.Items = exprs
	return &c
}
