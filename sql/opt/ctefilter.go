package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// filterCTEs restricts the definitions of WITH to the rows that some reference
// wants: where all references are filtered, to those that pass one of the
// filters. The filters stay where they are. A query that compares the quarters of one
// year by four references computes one year and not all. MATERIALIZED forbids it.
func (o *optimizer) filterCTEs(root plan.Node) plan.Node {
	o.marksUsed = usedMarks(root)
	// From the inner to the outer: a definition that has been restricted may filter
	// the references in it.
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		w, ok := n.(*plan.With)
		if !ok {
			return n
		}
		cond := o.wanted(w)
		if cond == nil || w.Materialized {
			return n
		}
		return w.WithChildren([]plan.Node{o.restrict(w.Def, cond), w.Body})
	})
}

// wanted returns the condition over the columns of w.Def of which every reference
// wants a part only, nil if there is none.
func (o *optimizer) wanted(w *plan.With) fn.Expr {
	references := 0
	var filters []fn.Expr
	plan.Walk(w.Body, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.CTERef:
			if n.CTE == w.ID {
				references++
			}
		case *plan.Filter:
			if r, ok := n.Input.(*plan.CTERef); ok && r.CTE == w.ID {
				if c := overDefinition(r, n.Conds); c != nil {
					filters = append(filters, c)
				}
			}
		}
		return true
	})
	if references == 0 || len(filters) < references {
		return nil
	}
	return o.foldExpr(o.normalize(fn.NewOr(filters...)))
}

// overDefinition returns the conditions on a reference over the columns of the
// definition, nil if there are none.
func overDefinition(r *plan.CTERef, conds []fn.Expr) fn.Expr {
	to := map[plan.ColID]fn.Expr{}
	var own plan.ColSet
	for i, c := range r.Cols {
		own.Add(c.ID)
		to[c.ID] = &fn.Column{Index: int(r.Source[i]), Typ: c.Type, Name: c.Name}
	}
	var parts []fn.Expr
	for _, c := range conds {
		if used := plan.Used(c); !used.Empty() && used.SubsetOf(own) && !isVolatile(c) {
			parts = append(parts, plan.Substitute(c, to))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return fn.NewAnd(parts...)
}

// restrict takes rows out of n that do not pass cond, where that saves work: it
// puts what cond says of one input, of grouping keys, of partitions there, and
// drops the rest.
func (o *optimizer) restrict(n plan.Node, cond fn.Expr) plan.Node {
	if plan.IsTrue(cond) {
		return n
	}
	switch n := n.(type) {
	case *plan.Project:
		items := map[plan.ColID]fn.Expr{}
		var usable plan.ColSet
		for i, c := range n.Cols {
			items[c.ID] = n.Items[i]
			if !isVolatile(n.Items[i]) {
				usable.Add(c.ID)
			}
		}
		if c := o.weakened(cond, usable); c != nil {
			return n.WithChildren([]plan.Node{o.restrict(n.Input, o.simplified(c, items))})
		}
	case *plan.Aggregate:
		return o.restrictGroups(n, cond)
	case *plan.Window:
		var keys plan.ColSet
		for _, e := range n.Partition {
			if id, ok := plan.RefID(e); ok {
				keys.Add(id)
			}
		}
		if c := o.weakened(cond, keys); c != nil {
			return n.WithChildren([]plan.Node{o.restrict(n.Input, c)})
		}
	case *plan.SetOp:
		return o.restrictInputs(n, cond)
	case *plan.Filter:
		for _, c := range n.Conds {
			if isVolatile(c) {
				return n
			}
		}
		return n.WithChildren([]plan.Node{o.restrict(n.Input, cond)})
	case *plan.Sort:
		return n.WithChildren([]plan.Node{o.restrict(n.Input, cond)})
	case *plan.With:
		return n.WithChildren([]plan.Node{n.Def, o.restrict(n.Body, cond)})
	case *plan.Join, *plan.Scan, *plan.FileScan:
		return o.pushInto(n, fn.Conjuncts(cond))
	}
	return n
}

// restrictGroups is restrict for a grouping.
func (o *optimizer) restrictGroups(a *plan.Aggregate, cond fn.Expr) plan.Node {
	if a.Sets != nil {
		return a
	}
	keys := map[plan.ColID]fn.Expr{}
	var set plan.ColSet
	for _, k := range a.GroupBy {
		if !isVolatile(k.Expr) {
			keys[k.Col.ID] = k.Expr
			set.Add(k.Col.ID)
		}
	}
	c := o.weakened(cond, set)
	if c == nil {
		return a
	}
	return a.WithChildren([]plan.Node{o.restrict(a.Input, o.simplified(c, keys))})
}

// restrictInputs is restrict for the inputs of a UNION ALL.
func (o *optimizer) restrictInputs(s *plan.SetOp, cond fn.Expr) plan.Node {
	if s.Kind != plan.Union || !s.All {
		return s
	}
	inputs := make([]plan.Node, len(s.Inputs))
	for i, in := range s.Inputs {
		to := map[plan.ColID]fn.Expr{}
		for j, col := range s.Cols {
			to[col.ID] = &fn.Column{Index: int(s.Maps[i][j]), Typ: col.Type, Name: col.Name}
		}
		inputs[i] = o.restrict(in, plan.Substitute(cond, to))
	}
	return s.WithChildren(inputs)
}

// simplified replaces columns in a condition; constants may decide parts of it then.
func (o *optimizer) simplified(cond fn.Expr, with map[plan.ColID]fn.Expr) fn.Expr {
	return o.foldExpr(o.normalize(o.foldExpr(plan.Substitute(cond, with))))
}

// weakened returns a condition over the columns of set that is true wherever cond,
// which is not volatile, is; nil if cond says nothing of them. A constant is not
// among it: an ungrouped aggregate has a row over no rows.
func (o *optimizer) weakened(cond fn.Expr, set plan.ColSet) fn.Expr {
	var parts []fn.Expr
	for _, c := range fn.Conjuncts(cond) {
		if used := plan.Used(c); !used.Empty() && used.SubsetOf(set) {
			parts = append(parts, c)
		} else if e := o.implied(c, set); e != nil {
			parts = append(parts, e)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return fn.NewAnd(parts...)
}
