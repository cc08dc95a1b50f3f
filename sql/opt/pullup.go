package opt

import (
	"maps"

	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// pulled is a plan whose correlation was pulled out of it: for every
// combination of outer values, the original plan's rows are those of node for
// which preds hold, with defs computed on top.
type pulled struct {
	node plan.Node
	// preds are over the outer columns and node's.
	preds []fn.Expr
	// defs are columns of the original that need outer columns to compute.
	defs map[plan.ColID]fn.Expr
	// one means that the original has exactly one row, also when no row of
	// node meets preds: its columns then are those of empty, which are constant.
	one   bool
	empty map[plan.ColID]fn.Expr
}

// pullUp pulls the uses of the free columns out of a plan; ok is false where
// that is not possible, and the join with the domain has to do it.
func (o *optimizer) pullUp(n plan.Node, free plan.ColSet) (p *pulled, ok bool) {
	if !plan.Outer(n).Intersects(free) {
		return &pulled{node: n}, true
	}
	switch n := n.(type) {
	case *plan.Filter:
		return o.pullFilter(n, free)
	case *plan.Project:
		return o.pullProject(n, free)
	case *plan.Join:
		return o.pullJoin(n, free)
	case *plan.Aggregate:
		return o.pullAggregate(n, free)
	case *plan.Sort:
		return o.pullUp(n.Input, free)
	case *plan.Limit:
		p, ok := o.pullUp(n.Input, free)
		if lit, isLit := n.Count.(*fn.Literal); ok && p.one && n.Offset == nil && isLit && lit.Value.Int() >= 1 {
			return p, true
		}
	case *plan.With:
		if plan.Outer(n.Def).Intersects(free) {
			return o.pullUp(o.expandWith(n), free)
		}
		p, ok := o.pullUp(n.Body, free)
		if ok {
			c := *n
			c.Body = p.node
			p.node = &c
		}
		return p, ok
	}
	return nil, false
}

func (o *optimizer) pullFilter(n *plan.Filter, free plan.ColSet) (*pulled, bool) {
	p, ok := o.pullUp(n.Input, free)
	if !ok || p.one {
		return nil, false
	}
	var keep []fn.Expr
	for _, c := range n.Conds {
		c = plan.Substitute(c, p.defs)
		if plan.Used(c).Intersects(free) {
			p.preds = append(p.preds, c)
		} else {
			keep = append(keep, c)
		}
	}
	p.node = filter(p.node, keep)
	return p, true
}

// pullProject keeps below what can be computed there, and passes through what
// predicates and definitions above need.
func (o *optimizer) pullProject(n *plan.Project, free plan.ColSet) (*pulled, bool) {
	p, ok := o.pullUp(n.Input, free)
	if !ok {
		return nil, false
	}
	out := &plan.Project{Input: p.node}
	defs, empty := map[plan.ColID]fn.Expr{}, map[plan.ColID]fn.Expr{}
	needed := plan.Used(p.preds...)
	for i, item := range n.Items {
		if p.one {
			empty[n.Cols[i].ID] = plan.Substitute(item, p.empty)
		}
		item = plan.Substitute(item, p.defs)
		if plan.Used(item).Intersects(free) {
			defs[n.Cols[i].ID] = item
			needed.AddAll(plan.Used(item))
			continue
		}
		out.Items, out.Cols = append(out.Items, item), append(out.Cols, n.Cols[i])
	}
	have := plan.NewColSet(out.Cols)
	for _, c := range p.node.Columns() {
		if needed.Has(c.ID) && !have.Has(c.ID) {
			out.Items, out.Cols = append(out.Items, plan.Ref(c)), append(out.Cols, c)
		}
	}
	q := &pulled{node: out, preds: p.preds, defs: defs, one: p.one, empty: empty}
	if len(out.Items) == 0 && len(p.node.Columns()) == 0 {
		q.node = p.node
	}
	return q, true
}

func (o *optimizer) pullJoin(n *plan.Join, free plan.ColSet) (*pulled, bool) {
	if n.Kind == plan.RightJoin || n.Kind == plan.FullJoin || n.Kind == plan.SingleJoin {
		return nil, false
	}
	conds := joinConds(n)
	if n.Kind != plan.InnerJoin && (plan.Outer(n.Right).Intersects(free) || plan.Used(conds...).Intersects(free)) {
		return nil, false
	}
	l, ok := o.pullUp(n.Left, free)
	if !ok || l.one {
		return nil, false
	}
	r, ok := o.pullUp(n.Right, free)
	if !ok || r.one {
		return nil, false
	}
	c := *n
	c.Left, c.Right = l.node, r.node
	p := &pulled{node: &c, preds: append(l.preds, r.preds...), defs: map[plan.ColID]fn.Expr{}}
	maps.Copy(p.defs, l.defs)
	maps.Copy(p.defs, r.defs)
	if n.Kind != plan.InnerJoin {
		// The condition may use what is now computed above: not below an outer join.
		for id := range l.defs {
			if plan.Used(conds...).Has(id) {
				return nil, false
			}
		}
		return p, true
	}
	c.Keys, c.Residual = nil, nil
	for _, e := range conds {
		e = plan.Substitute(e, p.defs)
		if plan.Used(e).Intersects(free) {
			p.preds = append(p.preds, e)
		} else {
			c.Residual = append(c.Residual, e)
		}
	}
	return p, true
}

// joinConds returns the condition of a join, keys as comparisons.
func joinConds(j *plan.Join) []fn.Expr {
	var out []fn.Expr
	for _, k := range j.Keys {
		if k.NullSafe {
			out = append(out, notDistinct(k.Left, k.Right))
		} else {
			out = append(out, mustCall(fn.OpEq, k.Left, k.Right))
		}
	}
	return append(out, j.Residual...)
}

// notDistinct compares NULL-safely, by their text where a type has no equality (JSON).
func notDistinct(l, r fn.Expr) fn.Expr {
	const op = fn.OpNotDistinct
	if e, err := fn.NewOp(op, l, r); err == nil {
		return e
	}
	lt, err := fn.NewCast(l, types.TText, fn.ExplicitCast)
	if err != nil {
		return mustCall(op, l, r)
	}
	rt, err := fn.NewCast(r, types.TText, fn.ExplicitCast)
	if err != nil {
		return mustCall(op, l, r)
	}
	return mustCall(op, lt, rt)
}

// pullAggregate groups by the inner sides of correlated equalities in addition.
func (o *optimizer) pullAggregate(n *plan.Aggregate, free plan.ColSet) (*pulled, bool) {
	p, ok := o.pullUp(n.Input, free)
	if !ok || p.one {
		return nil, false
	}
	a := plan.MapOwnExprs(n, func(e fn.Expr) fn.Expr { return plan.Substitute(e, p.defs) }).(*plan.Aggregate)
	for _, e := range a.Exprs() {
		if plan.Used(e).Intersects(free) {
			return nil, false
		}
	}
	c := *a
	c.Input = p.node
	c.GroupBy = append([]plan.GroupKey(nil), a.GroupBy...)
	inner := plan.NewColSet(p.node.Columns())
	out := &pulled{node: &c, one: len(n.GroupBy) == 0}
	for _, e := range p.preds {
		outerSide, innerSide, ok := correlatedEquality(e, inner)
		if !ok {
			return nil, false
		}
		col := o.groupBy(&c, innerSide)
		out.preds = append(out.preds, mustCall(fn.OpEq, outerSide, plan.Ref(col)))
	}
	if out.one {
		out.empty = map[plan.ColID]fn.Expr{}
		for _, g := range c.Aggs {
			out.empty[g.Col.ID] = emptyValue(&g)
		}
	}
	return out, true
}

// groupBy adds a grouping key unless it is there.
func (o *optimizer) groupBy(a *plan.Aggregate, e fn.Expr) plan.Column {
	for _, k := range a.GroupBy {
		if plan.Equal(k.Expr, e) {
			return k.Col
		}
	}
	col := plan.Column{ID: o.ids.Next(), Name: "key", Type: e.Type()}
	if c, ok := e.(*fn.Column); ok {
		col.Name = c.Name
	}
	a.GroupBy = append(a.GroupBy, plan.GroupKey{Expr: e, Col: col})
	return col
}

// correlatedEquality splits outer = inner, where the one side uses only inner columns and the other none.
func correlatedEquality(e fn.Expr, inner plan.ColSet) (outerSide, innerSide fn.Expr, ok bool) {
	c, isCall := e.(*fn.Call)
	if !isCall || c.Func.Op != fn.OpEq || c.Args[0].Type() != c.Args[1].Type() {
		return nil, nil, false
	}
	a, b := c.Args[0], c.Args[1]
	ua, ub := plan.Used(a), plan.Used(b)
	switch {
	case ua.SubsetOf(inner) && !ua.Empty() && !ub.Intersects(inner):
		return b, a, true
	case ub.SubsetOf(inner) && !ub.Empty() && !ua.Intersects(inner):
		return a, b, true
	}
	return nil, nil, false
}

// emptyValue is what an aggregate yields over no rows.
func emptyValue(g *plan.Agg) fn.Expr {
	if g.Func.ZeroWhenEmpty {
		return &fn.Literal{Value: zero(g.Col.Type), Typ: g.Col.Type}
	}
	return plan.Null(g.Col.Type)
}

// expandWith puts copies of the definition in place of the references: for a
// definition that is correlated, which cannot be computed once.
func (o *optimizer) expandWith(w *plan.With) plan.Node {
	return plan.Rewrite(w.Body, func(n plan.Node) plan.Node {
		r, ok := n.(*plan.CTERef)
		if !ok || r.CTE != w.ID {
			return n
		}
		def, ids := plan.Renumber(w.Def, o.ids)
		p := &plan.Project{Input: def, Cols: r.Cols}
		for i, c := range r.Cols {
			c.ID = ids[r.Source[i]]
			p.Items = append(p.Items, plan.Ref(c))
		}
		return p
	})
}
