package opt

import (
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// pushJoin distributes the conditions above a join and its own.
func (o *optimizer) pushJoin(j *plan.Join, conds []fn.Expr) plan.Node {
	if !o.off {
		j = simplifyOuter(j, conds)
	}
	switch j.Kind {
	case plan.InnerJoin:
		return o.pushInner(j, conds)
	case plan.FullJoin:
		return o.stay(j, conds)
	case plan.RightJoin:
		return o.pushOuter(j, conds, plan.NewColSet(j.Right.Columns()), false)
	}
	if j.Kind == plan.MarkJoin && !o.off {
		if k, value, rest, ok := markToSemi(j, conds); ok {
			n := o.pushJoin(k, rest)
			if o.marksUsed.Has(j.MarkCol.ID) {
				return withMark(n, j.MarkCol, value)
			}
			return n
		}
	}
	return o.pushOuter(j, conds, plan.NewColSet(j.Left.Columns()), true)
}

// pushInner treats the conditions above and the join's own alike: those over
// one side go there, the others stay with the join.
func (o *optimizer) pushInner(j *plan.Join, conds []fn.Expr) plan.Node {
	l, r := plan.NewColSet(j.Left.Columns()), plan.NewColSet(j.Right.Columns())
	var toLeft, toRight, both, above []fn.Expr
	for _, c := range append(joinConds(j), conds...) {
		used := plan.Used(c)
		switch {
		case isVolatile(c):
			above = append(above, c)
		case used.SubsetOf(l):
			toLeft = append(toLeft, c)
		case used.SubsetOf(r):
			toRight = append(toRight, c)
		default:
			both = appendNew(both, c)
			if !o.off {
				if e := o.implied(c, l); e != nil {
					toLeft = append(toLeft, e)
				}
				if e := o.implied(c, r); e != nil {
					toRight = append(toRight, e)
				}
			}
		}
	}
	c := *j
	c.Left, c.Right = o.pushInto(j.Left, toLeft), o.pushInto(j.Right, toRight)
	c.Keys, c.Residual = nil, both
	return filter(&c, above)
}

// implied weakens an OR over several inputs to one over the columns of a
// single input: from (a = 1 AND b = 2) OR (a = 3 AND b = 4) follows a = 1 OR a = 3.
func (o *optimizer) implied(c fn.Expr, side plan.ColSet) fn.Expr {
	or, ok := c.(*fn.Or)
	if !ok {
		return nil
	}
	var branches []fn.Expr
	for _, b := range or.Args {
		var mine []fn.Expr
		for _, part := range fn.Conjuncts(b) {
			if used := plan.Used(part); !used.Empty() && used.SubsetOf(side) {
				mine = append(mine, part)
			}
		}
		if len(mine) == 0 {
			return nil
		}
		branches = append(branches, fn.NewAnd(mine...))
	}
	return o.normalize(fn.NewOr(branches...))
}

// pushOuter handles the joins that preserve one side (the left if left is
// true): conditions above over that side go into it; the join's own over the other
// side go into that. A semi join's conditions over its left side do too.
func (o *optimizer) pushOuter(j *plan.Join, conds []fn.Expr, preserved plan.ColSet, left bool) plan.Node {
	var toPreserved, above []fn.Expr
	for _, c := range conds {
		if isVolatile(c) || !plan.Used(c).SubsetOf(preserved) {
			above = append(above, c)
		} else {
			toPreserved = append(toPreserved, c)
		}
	}
	c := *j
	var toOther []fn.Expr
	if !j.NullAware {
		c.Keys, c.Residual = nil, nil
		other := plan.NewColSet(j.Right.Columns())
		if !left {
			other = plan.NewColSet(j.Left.Columns())
		}
		for _, e := range joinConds(j) {
			used := plan.Used(e)
			switch {
			case isVolatile(e):
				c.Residual = append(c.Residual, e)
			case used.SubsetOf(other) && !used.Empty():
				toOther = append(toOther, e)
			case used.SubsetOf(preserved) && j.Kind == plan.SemiJoin:
				toPreserved = append(toPreserved, e)
			default:
				c.Residual = append(c.Residual, e)
				if e := o.implied(e, other); e != nil && !o.off {
					toOther = append(toOther, e)
				}
			}
		}
		if !o.off {
			toOther = append(toOther, transferred(j, toPreserved, other)...)
		}
	}
	if left {
		c.Left, c.Right = o.pushInto(j.Left, toPreserved), o.pushInto(j.Right, toOther)
	} else {
		c.Left, c.Right = o.pushInto(j.Left, toOther), o.pushInto(j.Right, toPreserved)
	}
	return filter(&c, above)
}

// transferred returns what conditions over the preserved side say of the other:
// from l.k = r.k and l.k = 5 follows that rows with another r.k meet none. They are
// left out before they are grouped or hashed; that they are not there changes no
// row of the join, whether it preserves, marks or counts its matches.
func transferred(j *plan.Join, conds []fn.Expr, other plan.ColSet) []fn.Expr {
	eq := newEqualities([]plan.Node{j.Left, j.Right})
	for _, e := range joinConds(j) {
		eq.add(e)
	}
	var out []fn.Expr
	for _, c := range conds {
		for _, e := range eq.copies(c) {
			if plan.Used(e).SubsetOf(other) {
				out = append(out, e)
			}
		}
	}
	return out
}

// markToSemi turns a mark join whose mark is a condition into a semi or anti
// join; value is the mark of the rows that are left.
func markToSemi(j *plan.Join, conds []fn.Expr) (semi *plan.Join, value bool, rest []fn.Expr, ok bool) {
	for i, c := range conds {
		id, negated, ok := markCondition(c)
		if !ok || id != j.MarkCol.ID {
			continue
		}
		rest := append(append([]fn.Expr(nil), conds[:i]...), conds[i+1:]...)
		if plan.Used(rest...).Has(id) {
			return nil, false, nil, false
		}
		s := *j
		s.MarkCol = plan.Column{}
		s.Kind = plan.SemiJoin
		if negated {
			s.Kind = plan.AntiJoin
		} else {
			s.NullAware = false
		}
		return &s, !negated, rest, true
	}
	return nil, false, nil, false
}

// markCondition recognises a column as a condition, or its negation.
func markCondition(c fn.Expr) (id plan.ColID, negated, ok bool) {
	if call, isCall := c.(*fn.Call); isCall && call.Func.Op == fn.OpNot {
		c, negated = call.Args[0], true
	}
	id, ok = plan.RefID(c)
	return id, negated, ok
}

// withMark adds the mark of a join that has become a semi or anti join: it is
// the same for all rows.
func withMark(n plan.Node, mark plan.Column, value bool) plan.Node {
	p := projectTo(n, n.Columns())
	p.Items = append(p.Items, &fn.Literal{Value: types.NewBool(value), Typ: types.TBool})
	p.Cols = append(append([]plan.Column(nil), p.Cols...), mark)
	return p
}

// usedMarks are the marks that something else reads than one condition of a filter.
func usedMarks(root plan.Node) plan.ColSet {
	var used, conditions plan.ColSet
	plan.Walk(root, func(n plan.Node) bool {
		f, isFilter := n.(*plan.Filter)
		if !isFilter {
			used.AddAll(plan.Used(n.Exprs()...))
			return true
		}
		for _, c := range f.Conds {
			id, _, ok := markCondition(c)
			if ok && !conditions.Has(id) {
				conditions.Add(id)
				continue
			}
			used.AddAll(plan.Used(c))
		}
		return true
	})
	return used
}

// finishJoins turns equalities in join conditions into keys, everywhere.
// Single joins that cannot fail become left joins.
func (o *optimizer) finishJoins(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok {
			return n
		}
		j = extractKeys(j)
		if j.Kind == plan.SingleJoin && !o.off && uniqueOn(j.Right, rightKeys(j)) {
			// No second match is possible: there is nothing to watch for.
			j.Kind = plan.LeftJoin
		}
		return j
	})
}

func extractKeys(j *plan.Join) *plan.Join {
	l, r := plan.NewColSet(j.Left.Columns()), plan.NewColSet(j.Right.Columns())
	c := *j
	c.Keys = append([]plan.EquiKey(nil), j.Keys...)
	c.Residual = nil
	for _, e := range j.Residual {
		if key, ok := equiKey(e, l, r); ok {
			c.Keys = append(c.Keys, key)
		} else {
			c.Residual = append(c.Residual, e)
		}
	}
	return &c
}

// isKey reports an equality of one type, such as makes a key of a hash join.
func isKey(c *fn.Call) bool {
	return (c.Func.Op == fn.OpEq || c.Func.Op == fn.OpNotDistinct) && c.Args[0].Type() == c.Args[1].Type()
}

// equiKey recognises an equality between the two sides.
func equiKey(e fn.Expr, l, r plan.ColSet) (plan.EquiKey, bool) {
	c, ok := e.(*fn.Call)
	if !ok || len(c.Args) != 2 || isVolatile(e) {
		return plan.EquiKey{}, false
	}
	if !isKey(c) {
		return plan.EquiKey{}, false
	}
	nullSafe := c.Func.Op == fn.OpNotDistinct
	a, b := c.Args[0], c.Args[1]
	ua, ub := plan.Used(a), plan.Used(b)
	switch {
	case ua.Empty() || ub.Empty():
	case ua.SubsetOf(l) && ub.SubsetOf(r):
		return plan.EquiKey{Left: a, Right: b, NullSafe: nullSafe}, true
	case ua.SubsetOf(r) && ub.SubsetOf(l):
		return plan.EquiKey{Left: b, Right: a, NullSafe: nullSafe}, true
	}
	return plan.EquiKey{}, false
}
