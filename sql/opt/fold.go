package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// fold evaluates constant expressions, normalises conditions, and replaces
// what a constant condition empties.
func (o *optimizer) fold(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		n = plan.MapOwnExprs(n, o.foldExpr)
		switch n := n.(type) {
		case *plan.Filter:
			conds, never := o.normalizeConds(n.Conds)
			if never {
				return &plan.Values{Cols: n.Columns()}
			}
			return filter(n.Input, conds)
		case *plan.Join:
			c := *n
			c.Residual, _ = o.normalizeConds(n.Residual)
			return foldJoin(&c)
		}
		return n
	})
}

// foldExpr folds one expression, unless the statement was canceled meanwhile.
func (o *optimizer) foldExpr(e fn.Expr) fn.Expr {
	ctx := *evalContext
	ctx.Interrupted = o.stopped
	out, err := fn.Fold(e, &ctx)
	if err != nil {
		return e
	}
	return out
}

// normalizeConds flattens and normalises conjuncts; never reports that one is constant FALSE or NULL.
func (o *optimizer) normalizeConds(conds []fn.Expr) (out []fn.Expr, never bool) {
	var set plan.ExprSet
	for _, c := range conds {
		for _, part := range fn.Conjuncts(o.foldExpr(o.normalize(c))) {
			switch {
			case plan.IsTrue(part):
			default:
				never = never || plan.IsFalseOrNull(part)
				set.Add(part)
			}
		}
	}
	return set.List, never
}

// appendNew appends a condition that is not there yet.
func appendNew(conds []fn.Expr, c fn.Expr) []fn.Expr {
	for _, have := range conds {
		if plan.Equal(have, c) {
			return conds
		}
	}
	return append(conds, c)
}

// foldJoin replaces a join with an empty side where that decides it.
func foldJoin(j *plan.Join) plan.Node {
	if isEmpty(j.Left) && j.Kind != plan.RightJoin && j.Kind != plan.FullJoin {
		return &plan.Values{Cols: j.Columns()}
	}
	if isEmpty(j.Right) {
		switch j.Kind {
		case plan.InnerJoin, plan.SemiJoin:
			return &plan.Values{Cols: j.Columns()}
		case plan.AntiJoin:
			return j.Left
		}
	}
	return j
}

func isEmpty(n plan.Node) bool {
	v, ok := n.(*plan.Values)
	return ok && len(v.Rows) == 0
}
