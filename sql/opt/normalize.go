package opt

import (
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// normalize brings a condition into a form that pushdown and the router read
// well: NOT at the leaves, conjuncts common to all branches of an OR in front of it,
// ORs of equalities on one operand as IN, columns compared in their own type.
// The whole of it, as of what it calls, stays as it is once the statement was canceled.
func (o *optimizer) normalize(e fn.Expr) fn.Expr {
	if o.stopped() {
		return e
	}
	switch n := e.(type) {
	case *fn.And:
		args := make([]fn.Expr, 0, len(n.Args))
		for _, a := range n.Args {
			args = append(args, fn.Conjuncts(o.normalize(a))...)
		}
		return fn.NewAnd(args...)
	case *fn.Or:
		var args []fn.Expr
		for _, a := range n.Args {
			args = append(args, disjuncts(o.normalize(a))...)
		}
		return o.factorOr(o.orToIn(args))
	case *fn.Call:
		if n.Func.Op == fn.OpNot {
			return o.negate(n.Args[0], e)
		}
		return unwrap(e)
	case *fn.In:
		return unwrap(e)
	}
	return e
}

// disjuncts splits an OR.
func disjuncts(e fn.Expr) []fn.Expr {
	or, ok := e.(*fn.Or)
	if !ok {
		return []fn.Expr{e}
	}
	var out []fn.Expr
	for _, a := range or.Args {
		out = append(out, disjuncts(a)...)
	}
	return out
}

// negate returns NOT x without the NOT where there is a form for it; whole is NOT x as it was.
func (o *optimizer) negate(x, whole fn.Expr) fn.Expr {
	switch n := x.(type) {
	case *fn.And:
		args := make([]fn.Expr, len(n.Args))
		for i, a := range n.Args {
			args[i] = o.normalize(mustCall(fn.OpNot, a))
		}
		return o.normalize(fn.NewOr(args...))
	case *fn.Or:
		var args []fn.Expr
		for _, a := range n.Args {
			args = append(args, fn.Conjuncts(o.normalize(mustCall(fn.OpNot, a)))...)
		}
		return fn.NewAnd(args...)
	case *fn.In:
		c := *n
		c.Negated = !c.Negated
		return &c
	case *fn.Call:
		if n.Func.Op == fn.OpNot {
			return o.normalize(n.Args[0])
		}
		if op, ok := n.Func.Op.Negation(); ok {
			if e, err := fn.NewOp(op, n.Args...); err == nil {
				return e
			}
		}
	}
	return whole
}

// factorOr moves the conjuncts that all branches share in front of the OR.
func (o *optimizer) factorOr(branches []fn.Expr) fn.Expr {
	if len(branches) == 1 {
		return branches[0]
	}
	parts := make([][]fn.Expr, len(branches))
	for i, b := range branches {
		parts[i] = fn.Conjuncts(b)
	}
	var common []fn.Expr
	for _, c := range parts[0] {
		everywhere := true
		for i := 1; everywhere && i < len(parts) && !o.stopped(); i++ {
			everywhere = hasExpr(parts[i], c)
		}
		if everywhere {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return fn.NewOr(branches...)
	}
	var rest []fn.Expr
	for _, p := range parts {
		if o.stopped() {
			break
		}
		var left []fn.Expr
		for _, c := range p {
			if !hasExpr(common, c) {
				left = append(left, c)
			}
		}
		if len(left) == 0 {
			// One branch is just the common part: the others add nothing.
			return fn.NewAnd(common...)
		}
		rest = append(rest, fn.NewAnd(left...))
	}
	return fn.NewAnd(append(common, fn.NewOr(rest...))...)
}

func hasExpr(list []fn.Expr, e fn.Expr) bool {
	for _, x := range list {
		if plan.Equal(x, e) {
			return true
		}
	}
	return false
}

// orToIn merges x = c1 OR x = c2 OR x IN (…) over one operand into one IN.
func (o *optimizer) orToIn(branches []fn.Expr) []fn.Expr {
	var out []fn.Expr
	type list struct {
		at   int
		in   *fn.In
		seen map[types.Datum]bool
	}
	lists := map[uint64][]*list{}
	for _, b := range branches {
		if o.stopped() {
			return branches
		}
		arg, values, ok := membership(b)
		if !ok {
			out = append(out, b)
			continue
		}
		h := plan.Hash(arg)
		var l *list
		for _, have := range lists[h] {
			if plan.Equal(have.in.Arg, arg) {
				l = have
			}
		}
		if l == nil {
			l = &list{at: len(out), in: &fn.In{Arg: arg}, seen: map[types.Datum]bool{}}
			lists[h] = append(lists[h], l)
			out = append(out, b)
		} else {
			out[l.at] = l.in
		}
		for _, d := range values {
			if !l.seen[d] {
				l.seen[d] = true
				l.in.List = append(l.in.List, d)
			}
		}
	}
	return out
}

// membership reads x = constant and x IN (constants) as a list test without NULL.
func membership(e fn.Expr) (arg fn.Expr, values []types.Datum, ok bool) {
	switch n := e.(type) {
	case *fn.In:
		return n.Arg, n.List, !n.Negated && !n.HasNull
	case *fn.Call:
		if n.Func.Op != fn.OpEq {
			return nil, nil, false
		}
		for i := range 2 {
			lit, isLit := n.Args[1-i].(*fn.Literal)
			if isLit && !lit.Value.IsNull() && lit.Typ == n.Args[i].Type() && !plan.IsConst(n.Args[i]) && fn.VolatilityOf(n.Args[i]) < fn.Volatile {
				return n.Args[i], []types.Datum{lit.Value}, true
			}
		}
	}
	return nil, nil, false
}
