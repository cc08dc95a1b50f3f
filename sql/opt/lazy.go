package opt

import (
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// use says how the value of an expression is used.
type use struct {
	// nullIsFalse says that it is a condition, or a part of one under AND and OR
	// only, for which NULL and FALSE mean the same.
	nullIsFalse bool
	// need is true for the rows in which CASE, COALESCE, AND or OR come to the
	// expression at all; nil is all rows. In the others a subquery must not fail.
	need fn.Expr
}

// replace rewrites e so that its subqueries are columns of joins put on top of
// input.
func (o *optimizer) replace(e fn.Expr, input plan.Node, u use) (fn.Expr, plan.Node, error) {
	if !plan.HasSubquery(e) {
		return e, input, nil
	}
	if s, ok := e.(*plan.Subquery); ok {
		if s.Cond != nil {
			var err error
			var cond fn.Expr
			if cond, input, err = o.replace(s.Cond, input, use{need: u.need}); err != nil {
				return nil, nil, err
			}
			c := *s
			c.Cond, s = cond, &c
		}
		if s.Kind == plan.ScalarSubquery {
			return o.scalar(s, input, u.need)
		}
		return o.mark(s, input, u.nullIsFalse)
	}
	switch e.(type) {
	case *fn.And, *fn.Or:
	default:
		u.nullIsFalse = false
	}
	children := e.Children()
	fresh := make([]fn.Expr, len(children))
	for i, c := range children {
		inner := u
		if plan.HasSubquery(c) {
			inner.need = bothNeeded(u.need, needOf(e, fresh[:i]))
		}
		var err error
		if fresh[i], input, err = o.replace(c, input, inner); err != nil {
			return nil, nil, err
		}
	}
	return e.WithChildren(fresh), input, nil
}

// needOf returns when e comes to the child after those in before, nil for always.
func needOf(e fn.Expr, before []fn.Expr) fn.Expr {
	if len(before) == 0 {
		return nil
	}
	switch e := e.(type) {
	case *fn.Case:
		return caseNeed(e, before)
	case *fn.Coalesce:
		return mustCall(fn.OpIsNull, &fn.Coalesce{Args: before, Typ: e.Typ})
	case *fn.And:
		return mustCall(fn.OpIsNotFalse, fn.NewAnd(before...))
	case *fn.Or:
		return mustCall(fn.OpIsNotTrue, fn.NewOr(before...))
	}
	return nil
}

// caseNeed is needOf for CASE, whose children are conditions and results in turns.
func caseNeed(e *fn.Case, before []fn.Expr) fn.Expr {
	c := &fn.Case{Else: plan.True(true), Typ: types.TBool}
	conds := len(before)/2 + len(before)%2
	for i := range conds {
		isResult := i == conds-1 && len(before)%2 == 1 && i < len(e.Whens)
		c.Whens = append(c.Whens, fn.When{Cond: before[2*i], Then: plan.True(isResult)})
		if isResult {
			c.Else = plan.True(false)
		}
	}
	return c
}

// bothNeeded is outer and then inner, which is not evaluated where outer is
// not true. A condition that could change when it is evaluated again is none.
func bothNeeded(outer, inner fn.Expr) fn.Expr {
	if inner == nil || isVolatile(inner) {
		return outer
	}
	if outer == nil {
		return inner
	}
	return &fn.Case{Whens: []fn.When{{Cond: outer, Then: inner}}, Else: plan.True(false), Typ: types.TBool}
}

// risky reports whether e may well fail.
func risky(e fn.Expr) bool {
	found := false
	fn.Walk(e, func(e fn.Expr) bool {
		if c, ok := e.(*fn.Call); ok {
			found = found || c.Func.Risky
		}
		return !found
	})
	return found
}

// riskyBelow reports whether a scalar subquery may well fail on rows that
// belong to no outer row: before its value, which hoist takes care of, is computed.
func riskyBelow(sub plan.Node) bool {
	found := false
	plan.Walk(sub, func(n plan.Node) bool {
		if j, ok := n.(*plan.Join); ok && j.Kind == plan.SingleJoin {
			found = true
		}
		if _, ok := n.(*plan.Project); n != sub || !ok {
			for _, e := range n.Exprs() {
				found = found || risky(e)
			}
		}
		return !found
	})
	return found
}

// hoist moves the computation of a scalar subquery's value above its join,
// where it is done for the rows that need it only.
func hoist(p *pulled, value plan.ColID) {
	proj, ok := p.node.(*plan.Project)
	if !ok {
		return
	}
	for i, c := range proj.Cols {
		if c.ID != value || !risky(proj.Items[i]) {
			continue
		}
		item := proj.Items[i]
		below := &plan.Project{Input: proj.Input}
		below.Items = append(append(below.Items, proj.Items[:i]...), proj.Items[i+1:]...)
		below.Cols = append(append(below.Cols, proj.Cols[:i]...), proj.Cols[i+1:]...)
		have := plan.NewColSet(below.Cols)
		used := plan.Used(item)
		for _, in := range proj.Input.Columns() {
			if used.Has(in.ID) && !have.Has(in.ID) {
				below.Items, below.Cols = append(below.Items, plan.Ref(in)), append(below.Cols, in)
			}
		}
		defs := map[plan.ColID]fn.Expr{value: item}
		for id, def := range p.defs {
			defs[id] = def
		}
		p.node, p.defs = below, defs
		return
	}
}
