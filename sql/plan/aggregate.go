package plan

import "htapdb/vector/fn"

// Aggregate groups its input. Without GroupBy it yields exactly one row (and
// with an empty grouping set among Sets one row for that set).
type Aggregate struct {
	Input   Node
	GroupBy []GroupKey
	Aggs    []Agg
	// Sets are grouping sets as positions in GroupBy, nil for a plain GROUP
	// BY. A key that is not in a row's set is NULL there. opt lowers this.
	Sets [][]int
	// SetID, with Sets, is a bigint column holding the position in Sets of
	// the set that a row belongs to; its ID is 0 without Sets.
	SetID Column
}

// GroupKey is one grouping expression and the column that carries its value.
type GroupKey struct {
	Expr fn.Expr
	// Col may have the ColID of the input column that Expr is.
	Col Column
}

// Agg is one aggregate function.
type Agg struct {
	Func *fn.Aggregate
	// Args are of the types Func.Args.
	Args []fn.Expr
	// Distinct feeds each distinct combination of arguments once per group.
	Distinct bool
	// Filter restricts the rows fed; nil for none.
	Filter fn.Expr
	// OrderBy is the order in which rows are fed, for functions that care.
	OrderBy []SortKey
	// Col is the result.
	Col Column
}

// Columns implements Node: the keys, the results, then SetID.
func (a *Aggregate) Columns() []Column {
	cols := make([]Column, 0, len(a.GroupBy)+len(a.Aggs)+1)
	for _, k := range a.GroupBy {
		cols = append(cols, k.Col)
	}
	for i := range a.Aggs {
		cols = append(cols, a.Aggs[i].Col)
	}
	if a.SetID.ID != 0 {
		cols = append(cols, a.SetID)
	}
	return cols
}

// Children implements Node.
func (a *Aggregate) Children() []Node { return []Node{a.Input} }

// WithChildren implements Node.
func (a *Aggregate) WithChildren(children []Node) Node {
	c := *a
	c.Input = children[0]
	return &c
}

// Exprs implements Node: the keys, then each function's arguments, filter and order.
func (a *Aggregate) Exprs() []fn.Expr {
	var out []fn.Expr
	for _, k := range a.GroupBy {
		out = append(out, k.Expr)
	}
	for i := range a.Aggs {
		g := &a.Aggs[i]
		out = exprList(out, g.Args, some(g.Filter), sortExprs(g.OrderBy))
	}
	return out
}

// WithExprs implements Node.
func (a *Aggregate) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *a
	c.GroupBy = append([]GroupKey(nil), a.GroupBy...)
	for i := range c.GroupBy {
		c.GroupBy[i].Expr = r.one()
	}
	c.Aggs = append([]Agg(nil), a.Aggs...)
	for i := range c.Aggs {
		g := &c.Aggs[i]
		g.Args = r.list(len(g.Args))
		g.Filter = r.opt(g.Filter)
		g.OrderBy = r.sortKeys(g.OrderBy)
	}
	return &c
}

// Distinct keeps one row of each group of equal rows; with On, the first row
// in input order of each group of equal On values.
//
// With On the input is sorted with the On expressions first, so that groups
// are adjacent. opt turns the form without On into an Aggregate.
type Distinct struct {
	Input Node
	On    []fn.Expr
}

// Columns implements Node.
func (d *Distinct) Columns() []Column { return d.Input.Columns() }

// Children implements Node.
func (d *Distinct) Children() []Node { return []Node{d.Input} }

// WithChildren implements Node.
func (d *Distinct) WithChildren(children []Node) Node {
	c := *d
	c.Input = children[0]
	return &c
}

// Exprs implements Node: On.
func (d *Distinct) Exprs() []fn.Expr { return d.On }

// WithExprs implements Node.
func (d *Distinct) WithExprs(exprs []fn.Expr) Node {
	c := *d
	c.On = exprs
	return &c
}
