package opt

import (
	"htapdb/sql/plan"
)

// semiSelective is the estimated share of rows below which a semi or anti join
// is worth doing before the joins under it.
const semiSelective = 0.5

// pushSemiJoins moves selective semi and anti joins below the inner joins of
// their left side, to the input that their conditions are about.
func (o *optimizer) pushSemiJoins(root plan.Node) plan.Node {
	o.noteCTEs(root)
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || j.Kind != plan.SemiJoin && j.Kind != plan.AntiJoin {
			return n
		}
		x := extractKeys(j)
		if o.est.rows(x) > semiSelective*o.est.rows(x.Left) {
			return n
		}
		return sinkSemi(j, j.Left)
	})
}

// sinkSemi returns the semi join of left, as deep in left as it goes.
func sinkSemi(j *plan.Join, left plan.Node) plan.Node {
	used := plan.Used(j.Exprs()...)
	used = used.Intersect(plan.NewColSet(left.Columns()))
	switch n := left.(type) {
	case *plan.Join:
		if n.Kind == plan.InnerJoin && used.SubsetOf(plan.NewColSet(n.Left.Columns())) {
			return n.WithChildren([]plan.Node{sinkSemi(j, n.Left), n.Right})
		}
		if n.Kind == plan.InnerJoin && used.SubsetOf(plan.NewColSet(n.Right.Columns())) {
			return n.WithChildren([]plan.Node{n.Left, sinkSemi(j, n.Right)})
		}
	case *plan.Filter:
		if !anyVolatile(n.Conds) {
			return n.WithChildren([]plan.Node{sinkSemi(j, n.Input)})
		}
	}
	c := *j
	c.Left = left
	return &c
}
