package physical

import (
	"sync"

	"htapdb/colstore"
	"htapdb/colstore/segment"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// comparisons are the operators that a segment evaluates on encoded values.
var comparisons = map[string]vector.CmpOp{
	"=": vector.Eq, "<>": vector.Ne, "<": vector.Lt, "<=": vector.Le, ">": vector.Gt, ">=": vector.Ge,
}

// pushFilters splits conjuncts into those that the column scan applies and the
// rest. ordinal maps plan columns to ordinals of the column store's schema.
func (st *Statement) pushFilters(conds []fn.Expr, ordinal map[plan.ColID]int) (pushed []colstore.Filter, rest []fn.Expr, err error) {
	for _, cond := range conds {
		cols := fn.Columns(cond)
		ord, ok := 0, false
		if len(cols) == 1 && fn.VolatilityOf(cond) != fn.Volatile {
			ord, ok = ordinal[plan.ColID(cols[0])]
		}
		if !ok {
			rest = append(rest, cond)
			continue
		}
		p, err := st.predicate(cond)
		if err != nil {
			return nil, nil, err
		}
		pushed = append(pushed, colstore.Filter{Column: ord, Predicate: p})
	}
	return pushed, rest, nil
}

// predicate translates a condition on one column.
func (st *Statement) predicate(cond fn.Expr) (segment.Predicate, error) {
	switch e := cond.(type) {
	case *fn.Call:
		if p, ok, err := st.comparison(e); ok || err != nil {
			return p, err
		}
		if len(e.Args) == 1 && isColumn(e.Args[0]) {
			switch e.Func.Name {
			case "is_null":
				return segment.Predicate{Kind: segment.IsNull}, nil
			case "is_not_null":
				return segment.Predicate{Kind: segment.IsNotNull}, nil
			}
		}
	case *fn.In:
		if _, ok := asColumn(e.Arg); ok && !e.Negated {
			return segment.Predicate{Kind: segment.In, List: e.List}, nil
		}
	}
	return st.generic(cond), nil
}

// comparison translates column op constant, either way round.
func (st *Statement) comparison(e *fn.Call) (p segment.Predicate, ok bool, err error) {
	op, known := comparisons[e.Func.Name]
	if !known || len(e.Args) != 2 {
		return p, false, nil
	}
	left, right := e.Args[0], e.Args[1]
	if len(fn.Columns(left)) == 0 {
		left, right, op = right, left, op.Flip()
	}
	col, isCol := asColumn(left)
	if !isCol || len(fn.Columns(right)) != 0 || col.Typ.Kind == types.Char {
		return p, false, nil
	}
	d, err := st.constant(right)
	if err != nil {
		return p, false, err
	}
	return segment.Predicate{Kind: segment.Compare, Op: op, Value: d}, true, nil
}

func isColumn(e fn.Expr) bool { _, ok := e.(*fn.Column); return ok }

// asColumn returns the column that e is, looking through casts that only widen
// an integer: comparing narrow codes gives the same answer.
func asColumn(e fn.Expr) (*fn.Column, bool) {
	switch e := e.(type) {
	case *fn.Column:
		return e, true
	case *fn.Call:
		if e.Func.Name == "cast" && len(e.Args) == 1 {
			from, to := e.Args[0].Type(), e.Typ
			widens := from.IsInteger() && to.IsInteger() && from.Kind <= to.Kind
			sameText := from.Kind == types.Varchar && to.Kind == types.Text
			if widens || sameText {
				return asColumn(e.Args[0])
			}
		}
	}
	return nil, false
}

// generic evaluates the condition with the function registry: once per
// dictionary entry where there is a dictionary.
func (st *Statement) generic(cond fn.Expr) segment.Predicate {
	expr := fn.MapColumns(cond, func(c *fn.Column) fn.Expr {
		return &fn.Column{Index: 0, Typ: c.Typ, Name: c.Name}
	})
	pool := sync.Pool{New: func() any { return fn.NewEvaluator(st.Eval, expr) }}
	return segment.Predicate{Kind: segment.Generic,
		Select: func(v *vector.Vector, sel []int32, n int, out []int32) ([]int32, error) {
			ev := pool.Get().(*fn.Evaluator)
			defer pool.Put(ev)
			return ev.Filter(&vector.Batch{Cols: []*vector.Vector{v}, Len: n, Sel: sel}, out[:0])
		}}
}
