package opt

import (
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// scalar replaces a scalar subquery by a column of a join on top of input. need
// is when the value is looked at, nil for always.
func (o *optimizer) scalar(s *plan.Subquery, input plan.Node, need fn.Expr) (fn.Expr, plan.Node, error) {
	sub, err := o.unnest(s.Plan)
	if err != nil {
		return nil, nil, err
	}
	sub = dropSort(sub)
	value := sub.Columns()[0]
	j := &plan.Join{Kind: plan.SingleJoin, Left: input, Right: sub}
	if atMostOne(sub) {
		j.Kind = plan.LeftJoin
	}
	free := freeColumns(j)
	if j.Kind == plan.SingleJoin && need != nil {
		// Rows that do not look at the value may have several matches.
		j.Residual = append(j.Residual, need)
	}
	if free.Empty() {
		return o.attachFree(j, value)
	}
	if p, ok := o.pullUp(sub, free); ok && !riskyBelow(sub) {
		hoist(p, value.ID)
		return o.attachScalar(j, p, value)
	}
	n, err := o.domain(j, free, need)
	return plan.Ref(value), n, err
}

// attachFree joins a scalar subquery that is not correlated.
func (o *optimizer) attachFree(j *plan.Join, value plan.Column) (fn.Expr, plan.Node, error) {
	p := &pulled{node: j.Right}
	hoist(p, value.ID)
	switch def := p.defs[value.ID]; {
	case alwaysOne(j.Right):
		j.Kind, j.Right = plan.InnerJoin, p.node
		if def != nil {
			return def, j, nil
		}
	case def != nil:
		return o.attachScalar(j, p, value)
	}
	return plan.Ref(value), j, nil
}

// attachScalar joins a scalar subquery whose correlated predicates were pulled
// up. What a missing row means is made explicit: NULL, or for an ungrouped aggregate the value over no rows.
func (o *optimizer) attachScalar(j *plan.Join, p *pulled, value plan.Column) (fn.Expr, plan.Node, error) {
	var x fn.Expr = plan.Ref(value)
	def, computed := p.defs[value.ID]
	if computed {
		x = def
	}
	if v, isValues := p.node.(*plan.Values); isValues && len(v.Rows) == 1 && len(v.Cols) == 0 && len(p.preds) == 0 {
		return x, j.Left, nil
	}
	j.Right = p.node
	j.Residual = append(j.Residual, p.preds...)
	var none fn.Expr = plan.Null(x.Type())
	if p.one {
		j.Kind = plan.LeftJoin
		none = plan.Substitute(x, p.empty)
		if !computed {
			none = p.empty[value.ID]
		}
		if folded, err := fn.Fold(none, evalContext); err == nil {
			none = folded
		}
	}
	lit, isLit := none.(*fn.Literal)
	if isLit && lit.Value.IsNull() && !computed {
		return x, j, nil
	}
	marker := plan.Column{ID: o.ids.Next(), Name: "matched", Type: types.TBool, NotNull: true}
	right := projectTo(j.Right, j.Right.Columns())
	right.Items = append(right.Items, plan.True(true))
	right.Cols = append(append([]plan.Column(nil), right.Cols...), marker)
	j.Right = right
	return &fn.Case{
		Whens: []fn.When{{Cond: mustCall(fn.OpIsNull, plan.Ref(marker)), Then: none}},
		Else:  x, Typ: x.Type(),
	}, j, nil
}

// freeColumns are the columns of the left side that the right side depends on.
func freeColumns(j *plan.Join) plan.ColSet {
	return plan.Outer(j.Right).Intersect(plan.NewColSet(j.Left.Columns()))
}

// decorrelate makes the right side of a join independent of the left.
func (o *optimizer) decorrelate(j *plan.Join) (plan.Node, error) {
	free := freeColumns(j)
	if free.Empty() {
		return j, nil
	}
	p, ok := o.pullUp(j.Right, free)
	switch {
	case !ok || p.one:
	case j.Kind == plan.InnerJoin, j.Kind.LeftOnly():
		c := *j
		c.Right = p.node
		c.Residual = nil
		for _, e := range j.Residual {
			c.Residual = append(c.Residual, plan.Substitute(e, p.defs))
		}
		c.Residual = append(c.Residual, p.preds...)
		if j.Kind == plan.InnerJoin && len(p.defs) > 0 {
			return defineAbove(&c, p.defs, j.Right.Columns()), nil
		}
		return &c, nil
	case len(p.defs) == 0:
		c := *j
		c.Right = p.node
		c.Residual = append(append([]fn.Expr(nil), j.Residual...), p.preds...)
		return &c, nil
	}
	return o.domain(j, free, nil)
}

// defineAbove computes the columns that could not be computed below the join.
func defineAbove(n plan.Node, defs map[plan.ColID]fn.Expr, cols []plan.Column) plan.Node {
	p := projectTo(n, append([]plan.Column(nil), n.Columns()...))
	for _, c := range cols {
		if def, ok := defs[c.ID]; ok {
			p.Items, p.Cols = append(p.Items, def), append(p.Cols, c)
		}
	}
	return p
}

// dropSort removes an order that nothing depends on.
func dropSort(n plan.Node) plan.Node {
	switch x := n.(type) {
	case *plan.Sort:
		return dropSort(x.Input)
	case *plan.Project:
		if in := dropSort(x.Input); in != x.Input {
			return x.WithChildren([]plan.Node{in})
		}
	}
	return n
}

// atMostOne reports that a plan yields one row or none, whatever its outer columns are.
func atMostOne(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Aggregate:
		return len(n.GroupBy) == 0
	case *plan.Project:
		return atMostOne(n.Input)
	case *plan.Filter:
		return atMostOne(n.Input)
	case *plan.Sort:
		return atMostOne(n.Input)
	case *plan.Limit:
		if lit, ok := n.Count.(*fn.Literal); ok && !lit.Value.IsNull() && lit.Value.Int() <= 1 && !n.WithTies {
			return true
		}
		return atMostOne(n.Input)
	case *plan.Values:
		return len(n.Rows) <= 1
	case *plan.With:
		return atMostOne(n.Body)
	case *plan.Join:
		return n.Kind != plan.RightJoin && n.Kind != plan.FullJoin &&
			atMostOne(n.Left) && (n.Kind.LeftOnly() || n.Kind == plan.SingleJoin || atMostOne(n.Right))
	}
	return false
}

// alwaysOne reports that a plan yields exactly one row.
func alwaysOne(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Aggregate:
		return len(n.GroupBy) == 0 && n.Sets == nil
	case *plan.Project:
		return alwaysOne(n.Input)
	case *plan.Sort:
		return alwaysOne(n.Input)
	case *plan.Values:
		return len(n.Rows) == 1
	case *plan.With:
		return alwaysOne(n.Body)
	case *plan.Join:
		switch n.Kind {
		case plan.MarkJoin, plan.SingleJoin:
			return alwaysOne(n.Left)
		case plan.InnerJoin:
			return len(n.Keys) == 0 && len(n.Residual) == 0 && alwaysOne(n.Left) && alwaysOne(n.Right)
		case plan.LeftJoin:
			return alwaysOne(n.Left) && atMostOne(n.Right)
		}
	}
	return false
}
