package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// simplifyOuter turns an outer join into a stricter one when a condition above
// refuses the rows that it would fill up with NULLs.
func simplifyOuter(j *plan.Join, conds []fn.Expr) *plan.Join {
	l, r := plan.NewColSet(j.Left.Columns()), plan.NewColSet(j.Right.Columns())
	noLeft, noRight := refusesNulls(conds, l), refusesNulls(conds, r)
	kind := j.Kind
	switch {
	case kind == plan.LeftJoin && noRight, kind == plan.RightJoin && noLeft, kind == plan.FullJoin && noLeft && noRight:
		kind = plan.InnerJoin
	case kind == plan.FullJoin && noRight:
		// Rows without a right side are refused: what is left has one.
		kind = plan.RightJoin
	case kind == plan.FullJoin && noLeft:
		kind = plan.LeftJoin
	default:
		return j
	}
	c := *j
	c.Kind = kind
	return &c
}

// refusesNulls reports whether some condition is never TRUE when all columns of the set are NULL.
func refusesNulls(conds []fn.Expr, cols plan.ColSet) bool {
	for _, c := range conds {
		if plan.Used(c).Intersects(cols) && neverTrue(c, cols) {
			return true
		}
	}
	return false
}

// neverTrue reports that e is FALSE or NULL when the columns are NULL.
func neverTrue(e fn.Expr, cols plan.ColSet) bool {
	switch n := e.(type) {
	case *fn.And:
		for _, a := range n.Args {
			if neverTrue(a, cols) {
				return true
			}
		}
		return false
	case *fn.Or:
		for _, a := range n.Args {
			if !neverTrue(a, cols) {
				return false
			}
		}
		return true
	case *fn.Literal:
		return plan.IsFalseOrNull(n)
	case *fn.Call:
		switch n.Func.Op {
		case fn.OpIsNotNull, fn.OpIsTrue, fn.OpIsFalse:
			return isNull(n.Args[0], cols)
		}
	}
	return isNull(e, cols)
}

// isNull reports that e is NULL when the columns are NULL.
func isNull(e fn.Expr, cols plan.ColSet) bool {
	switch n := e.(type) {
	case *fn.Column:
		return cols.Has(plan.ColID(n.Index))
	case *fn.Literal:
		return n.Value.IsNull()
	case *fn.Call:
		if !n.Func.Strict {
			return false
		}
		for _, a := range n.Args {
			if isNull(a, cols) {
				return true
			}
		}
		return false
	case *fn.In:
		return isNull(n.Arg, cols) && (len(n.List) > 0 || n.HasNull)
	case *fn.Coalesce:
		for _, a := range n.Args {
			if !isNull(a, cols) {
				return false
			}
		}
		return true
	case *fn.And, *fn.Or:
		for _, a := range e.Children() {
			if !isNull(a, cols) {
				return false
			}
		}
		return true
	}
	return false
}
