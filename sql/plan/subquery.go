package plan

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// SubqueryKind is what a Subquery computes.
type SubqueryKind uint8

// The kinds of subquery expression.
const (
	// ScalarSubquery is the value of the plan's first column in its only row,
	// NULL without a row; more rows are an error (21000).
	ScalarSubquery SubqueryKind = iota
	// ExistsSubquery is whether the plan yields a row.
	ExistsSubquery
	// AnySubquery is TRUE if Cond is TRUE for some row, else NULL if it is
	// NULL for some row, else FALSE. IN, ANY and (negated twice) ALL are in this form.
	AnySubquery
)

// Subquery is a subquery as an expression. It may be correlated: Plan then
// uses columns that it does not produce. opt removes all of these.
type Subquery struct {
	Kind SubqueryKind
	Plan Node
	// Cond, for AnySubquery, is a condition over Plan's columns and the outer columns.
	Cond fn.Expr
	Typ  types.Type
	// Origin, if not nil, is where the subquery stands and how it is written: two
	// of the same origin are Equal though their plans have columns of their own.
	Origin any
}

// Type implements fn.Expr.
func (s *Subquery) Type() types.Type { return s.Typ }

// Children implements fn.Expr: Cond, if there is one.
func (s *Subquery) Children() []fn.Expr { return some(s.Cond) }

// WithChildren implements fn.Expr.
func (s *Subquery) WithChildren(children []fn.Expr) fn.Expr {
	c := *s
	if s.Cond != nil {
		c.Cond = children[0]
	}
	return &c
}

// String implements fn.Expr.
func (s *Subquery) String() string {
	switch s.Kind {
	case ExistsSubquery:
		return "EXISTS(subquery)"
	case AnySubquery:
		return "ANY(subquery: " + s.Cond.String() + ")"
	}
	return "(subquery)"
}
