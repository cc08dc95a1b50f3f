package plan

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Ref returns an expression that reads the column.
func Ref(c Column) *fn.Column {
	return &fn.Column{Index: int(c.ID), Typ: c.Type, Name: c.Name}
}

// RefID returns the column that e is, if it is nothing but a column.
func RefID(e fn.Expr) (id ColID, ok bool) {
	if c, isCol := e.(*fn.Column); isCol {
		return ColID(c.Index), true
	}
	return 0, false
}

// True returns the constant TRUE or FALSE.
func True(v bool) *fn.Literal { return &fn.Literal{Value: types.NewBool(v), Typ: types.TBool} }

// Null returns NULL of the type.
func Null(t types.Type) *fn.Literal { return &fn.Literal{Value: types.NullDatum, Typ: t} }

// Bigint returns a BIGINT constant.
func Bigint(v int64) *fn.Literal {
	return &fn.Literal{Value: types.NewInt64(v), Typ: types.TInt8}
}

// IsConst reports an expression without columns and subqueries. It may hold
// parameters and calls of any volatility.
func IsConst(e fn.Expr) bool {
	ok := true
	fn.Walk(e, func(n fn.Expr) bool {
		switch n.(type) {
		case *fn.Column, *Subquery:
			ok = false
		}
		return ok
	})
	return ok
}

// IsTrue and IsFalseOrNull report constants that keep, or drop, every row as a condition.
func IsTrue(e fn.Expr) bool {
	l, ok := e.(*fn.Literal)
	return ok && !l.Value.IsNull() && l.Value.Bool()
}

// IsFalseOrNull reports a constant condition that no row meets.
func IsFalseOrNull(e fn.Expr) bool {
	l, ok := e.(*fn.Literal)
	return ok && (l.Value.IsNull() || !l.Value.Bool())
}

// AddUsed adds to s the columns that e reads, including those that plans of
// its subqueries read and do not produce.
func AddUsed(s *ColSet, e fn.Expr) {
	switch e := e.(type) {
	case *fn.Column:
		s.Add(ColID(e.Index))
		return
	case *Subquery:
		s.AddAll(Outer(e.Plan))
		var inner ColSet
		if e.Cond != nil {
			AddUsed(&inner, e.Cond)
		}
		s.AddAll(inner.Minus(NewColSet(e.Plan.Columns())))
		return
	}
	for _, c := range e.Children() {
		AddUsed(s, c)
	}
}

// Used returns the columns that the expressions read, as AddUsed defines.
func Used(exprs ...fn.Expr) ColSet {
	var s ColSet
	for _, e := range exprs {
		AddUsed(&s, e)
	}
	return s
}

// Outer returns the columns that the plan uses and does not produce: the
// columns of enclosing queries that it is correlated with.
func Outer(n Node) ColSet {
	var used, produced ColSet
	addOuter(n, &used, &produced)
	return used.Minus(produced)
}

func addOuter(n Node, used, produced *ColSet) {
	for _, e := range n.Exprs() {
		AddUsed(used, e)
	}
	produced.AddAll(NewColSet(n.Columns()))
	produced.AddAll(NewColSet(ownColumns(n)))
	for _, c := range n.Children() {
		addOuter(c, used, produced)
	}
}

// HasSubquery reports whether e holds a Subquery.
func HasSubquery(e fn.Expr) bool {
	found := false
	fn.Walk(e, func(n fn.Expr) bool {
		_, is := n.(*Subquery)
		found = found || is
		return !found
	})
	return found
}

// Substitute replaces columns by expressions, in plans of subqueries too.
func Substitute(e fn.Expr, with map[ColID]fn.Expr) fn.Expr {
	if e == nil || len(with) == 0 {
		return e
	}
	out, _ := fn.Transform(e, func(n fn.Expr) (fn.Expr, error) {
		switch n := n.(type) {
		case *fn.Column:
			if r, ok := with[ColID(n.Index)]; ok {
				return r, nil
			}
		case *Subquery:
			c := *n
			c.Plan = SubstituteOuter(n.Plan, with)
			return &c, nil
		}
		return n, nil
	})
	return out
}

// SubstituteOuter replaces references to outer columns in all expressions of a plan.
func SubstituteOuter(n Node, with map[ColID]fn.Expr) Node {
	return MapExprs(n, func(e fn.Expr) fn.Expr { return Substitute(e, with) })
}

// MapExprs rewrites every expression of the plan's nodes; change gets whole
// expressions and has to descend into subqueries by itself.
func MapExprs(n Node, change func(fn.Expr) fn.Expr) Node {
	return Rewrite(n, func(n Node) Node { return MapOwnExprs(n, change) })
}

// MapOwnExprs rewrites the expressions of one node.
func MapOwnExprs(n Node, change func(fn.Expr) fn.Expr) Node {
	old := n.Exprs()
	var fresh []fn.Expr
	for i, e := range old {
		c := change(e)
		if c != e && fresh == nil {
			fresh = append(make([]fn.Expr, 0, len(old)), old[:i]...)
		}
		if fresh != nil {
			fresh = append(fresh, c)
		}
	}
	if fresh == nil {
		return n
	}
	return n.WithExprs(fresh)
}

// Rewrite rebuilds a plan from the bottom up: change gets each node with its
// inputs already rewritten. It does not descend into subqueries.
func Rewrite(n Node, change func(Node) Node) Node {
	old := n.Children()
	var fresh []Node
	for i, c := range old {
		r := Rewrite(c, change)
		if r != c && fresh == nil {
			fresh = append(make([]Node, 0, len(old)), old[:i]...)
		}
		if fresh != nil {
			fresh = append(fresh, r)
		}
	}
	if fresh != nil {
		n = n.WithChildren(fresh)
	}
	return change(n)
}

// Equal reports whether two expressions are the same: equal trees over equal
// columns. Calls of volatile functions and subqueries equal only themselves.
func Equal(a, b fn.Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Type() != b.Type() || !sameNode(a, b) {
		return false
	}
	if _, ok := a.(*Subquery); ok {
		return true // by their origin
	}
	ca, cb := a.Children(), b.Children()
	if len(ca) != len(cb) {
		return false
	}
	for i := range ca {
		if !Equal(ca[i], cb[i]) {
			return false
		}
	}
	return true
}

// sameNode compares two expression nodes without their operands.
func sameNode(a, b fn.Expr) bool {
	switch a := a.(type) {
	case *fn.Column:
		b, ok := b.(*fn.Column)
		return ok && a.Index == b.Index
	case *fn.Literal:
		b, ok := b.(*fn.Literal)
		return ok && a.Value == b.Value
	case *fn.Param:
		b, ok := b.(*fn.Param)
		return ok && a.Index == b.Index
	case *fn.Call:
		b, ok := b.(*fn.Call)
		return ok && a.Func.Same(b.Func) && a.Func.Volatility != fn.Volatile
	case *Subquery:
		b, ok := b.(*Subquery)
		return ok && a.Origin != nil && a.Origin == b.Origin
	case *fn.And:
		_, ok := b.(*fn.And)
		return ok
	case *fn.Or:
		_, ok := b.(*fn.Or)
		return ok
	case *fn.Case:
		b, ok := b.(*fn.Case)
		return ok && len(a.Whens) == len(b.Whens)
	case *fn.Coalesce:
		_, ok := b.(*fn.Coalesce)
		return ok
	case *fn.In:
		b, ok := b.(*fn.In)
		return ok && a.Negated == b.Negated && a.HasNull == b.HasNull && equalData(a.List, b.List)
	}
	return false
}

func equalData(a, b []types.Datum) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
