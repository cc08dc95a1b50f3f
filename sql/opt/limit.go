package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// limits fuses Sort and Limit into TopN, moves limits below projections and
// into the inputs of UNION ALL, and drops sorts whose order nobody sees.
func (o *optimizer) limits(root plan.Node) plan.Node {
	return dropSorts(plan.Rewrite(root, func(n plan.Node) plan.Node {
		l, ok := n.(*plan.Limit)
		if !ok {
			return n
		}
		return pushLimit(l)
	}), true)
}

func pushLimit(l *plan.Limit) plan.Node {
	if l.WithTies {
		return l
	}
	if lit, ok := l.Count.(*fn.Literal); ok && !lit.Value.IsNull() && lit.Value.Int() == 0 {
		return &plan.Values{Cols: l.Columns()}
	}
	switch in := l.Input.(type) {
	case *plan.Project:
		c := *in
		below := *l
		below.Input = in.Input
		if l.Offset == nil || !anyVolatile(in.Items) {
			c.Input = pushLimit(&below)
			return &c
		}
		// The projection runs for the rows that are skipped, too.
		above := *l
		switch in.Input.(type) {
		case *plan.Limit, *plan.TopN:
			return l // the binder has limited them
		}
		c.Input = below.Unskipped()
		if inner, ok := c.Input.(*plan.Limit); ok {
			c.Input = pushLimit(inner)
		}
		above.Input = &c
		return &above
	case *plan.Sort:
		if isBounded(l.Count) {
			return &plan.TopN{Input: in.Input, Keys: in.Keys, Count: l.Count, Offset: l.Offset}
		}
	case *plan.SetOp:
		return limitUnion(l, in)
	}
	return l
}

// isBounded is false for no limit and for a NULL one, which is none.
func isBounded(count fn.Expr) bool {
	lit, ok := count.(*fn.Literal)
	return count != nil && (!ok || !lit.Value.IsNull())
}

// limitUnion limits each input of a UNION ALL to what the whole may need.
func limitUnion(l *plan.Limit, s *plan.SetOp) plan.Node {
	count, ok := l.Count.(*fn.Literal)
	if !ok || count.Value.IsNull() || s.Kind != plan.Union || !s.All {
		return l
	}
	need := count.Value.Int()
	if l.Offset != nil {
		off, ok := l.Offset.(*fn.Literal)
		if !ok || off.Value.IsNull() || off.Value.Int() < 0 {
			return l
		}
		need += off.Value.Int()
	}
	if need < 0 {
		return l
	}
	u := *s
	u.Inputs = make([]plan.Node, len(s.Inputs))
	for i, in := range s.Inputs {
		u.Inputs[i] = pushLimit(&plan.Limit{Input: in, Count: plan.Bigint(need)})
	}
	c := *l
	c.Input = &u
	return &c
}

// dropSorts removes sorts below nodes that do not keep or use the order.
// ordered says that the order of n's rows matters above.
func dropSorts(n plan.Node, ordered bool) plan.Node {
	if s, ok := n.(*plan.Sort); ok && !ordered {
		return dropSorts(s.Input, false)
	}
	children := n.Children()
	if len(children) == 0 {
		return n
	}
	fresh := make([]plan.Node, len(children))
	for i, c := range children {
		fresh[i] = dropSorts(c, keepsOrder(n, i, ordered))
	}
	return n.WithChildren(fresh)
}

// keepsOrder reports whether the order of child i matters to n or above it.
func keepsOrder(n plan.Node, i int, ordered bool) bool {
	switch n := n.(type) {
	case *plan.Project, *plan.ProjectSet, *plan.Filter, *plan.Lock:
		return ordered
	case *plan.Limit, *plan.Distinct:
		return true
	case *plan.With:
		return i == 1 && ordered
	case *plan.Insert:
		// INSERT … SELECT … ORDER BY assigns sequence values in that order.
		return true
	case *plan.Aggregate:
		for k := range n.Aggs {
			if !n.Aggs[k].Func.IgnoresOrder {
				return true
			}
		}
	}
	return false
}
