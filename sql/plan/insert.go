package plan

import "htapdb/vector/fn"

// Insert adds the rows of Source to a table. It yields one row of Returned for
// each row inserted or updated if there is a RETURNING, else nothing.
//
// The executor checks NOT NULL, the keys and Checks, in this order, on the final row.
type Insert struct {
	Table  *Table
	Source Node
	// Values has one expression over Source's columns for each table column,
	// of the column's type; nil takes the next value of the column's sequence. Defaults and assignment casts
	// are in them; they are evaluated once per row.
	Values []fn.Expr
	// NewCols has one column for each table column: the row as stored.
	NewCols []Column
	// Checks are over NewCols.
	Checks []BoundCheck
	// OnConflict is nil without the clause.
	OnConflict *OnConflict
	// Returning are over NewCols and, as Set is, columns of Source; Returned[i] is
	// Returning[i].
	Returning []fn.Expr
	Returned  []Column
}

// BoundCheck is a CHECK constraint: a row for which Cond is FALSE is refused (23514).
type BoundCheck struct {
	Name string
	Cond fn.Expr
}

// Assignment sets the table column at Ordinal; nil takes the column's next sequence value.
type Assignment struct {
	Ordinal int
	Expr    fn.Expr
}

// OnConflict is what an Insert does about a row whose key exists.
type OnConflict struct {
	// Arbiters are the keys that count, as lists of ordinals: one for a
	// target that was inferred, none for DO NOTHING on any unique key.
	Arbiters [][]int
	// DoNothing skips the row; else Set and Where describe the update.
	DoNothing bool
	// Existing and Excluded have one column for each table column: the row
	// that is there, in its newest version, and the row that was to be inserted.
	Existing, Excluded []Column
	// Set are assignments over Existing, Excluded and the columns of Source that opt
	// adds for subqueries.
	Set []Assignment
	// Where, if not nil, must be TRUE for the update to happen.
	Where fn.Expr
}

// Columns implements Node: the columns of RETURNING.
func (n *Insert) Columns() []Column { return n.Returned }

// Children implements Node.
func (n *Insert) Children() []Node { return []Node{n.Source} }

// WithChildren implements Node.
func (n *Insert) WithChildren(children []Node) Node {
	c := *n
	c.Source = children[0]
	return &c
}

// Exprs implements Node: Values without the nils, Checks, ON CONFLICT's
// assignments and condition, Returning.
func (n *Insert) Exprs() []fn.Expr {
	out := exprList(nonNil(n.Values), checkExprs(n.Checks))
	if n.OnConflict != nil {
		out = exprList(out, assignExprs(n.OnConflict.Set), some(n.OnConflict.Where))
	}
	return exprList(out, n.Returning)
}

// WithExprs implements Node.
func (n *Insert) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *n
	c.Values = make([]fn.Expr, len(n.Values))
	for i, v := range n.Values {
		c.Values[i] = r.opt(v)
	}
	c.Checks = r.checks(n.Checks)
	if n.OnConflict != nil {
		oc := *n.OnConflict
		oc.Set = r.assignments(oc.Set)
		oc.Where = r.opt(oc.Where)
		c.OnConflict = &oc
	}
	c.Returning = r.list(len(n.Returning))
	return &c
}

func nonNil(exprs []fn.Expr) []fn.Expr {
	var out []fn.Expr
	for _, e := range exprs {
		out = append(out, some(e)...)
	}
	return out
}

func checkExprs(checks []BoundCheck) []fn.Expr {
	var out []fn.Expr
	for _, c := range checks {
		out = append(out, c.Cond)
	}
	return out
}

func (r *exprReader) checks(old []BoundCheck) []BoundCheck {
	out := append([]BoundCheck(nil), old...)
	for i := range out {
		out[i].Cond = r.one()
	}
	return out
}

func assignExprs(set []Assignment) []fn.Expr {
	var out []fn.Expr
	for _, a := range set {
		out = append(out, some(a.Expr)...)
	}
	return out
}

func (r *exprReader) assignments(old []Assignment) []Assignment {
	out := append([]Assignment(nil), old...)
	for i := range out {
		out[i].Expr = r.opt(out[i].Expr)
	}
	return out
}
