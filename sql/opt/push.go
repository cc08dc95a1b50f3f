package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// push moves every condition to the place where it filters first.
func (o *optimizer) push(root plan.Node) plan.Node {
	o.marksUsed = usedMarks(root)
	return o.pushInto(root, nil)
}

// pushInto returns n filtered by conds, each as deep as it goes.
func (o *optimizer) pushInto(n plan.Node, conds []fn.Expr) plan.Node {
	switch n := n.(type) {
	case *plan.Filter:
		return o.pushFilter(n, conds)
	case *plan.Project:
		return o.pushProject(n, conds)
	case *plan.Join:
		return o.pushJoin(n, conds)
	case *plan.Aggregate:
		return o.pushAggregate(n, conds)
	case *plan.Window:
		return o.pushWindow(n, conds)
	case *plan.SetOp:
		return o.pushSetOp(n, conds)
	case *plan.Sort:
		c := *n
		c.Input = o.pushInto(n.Input, conds)
		return &c
	case *plan.With:
		return n.WithChildren([]plan.Node{o.pushInto(n.Def, nil), o.pushInto(n.Body, conds)})
	case *plan.Scan:
		return pushScan(n, conds)
	case *plan.FileScan:
		return pushFileScan(n, conds)
	}
	return o.stay(n, conds)
}

// stay leaves the conditions above n and works on its inputs.
func (o *optimizer) stay(n plan.Node, conds []fn.Expr) plan.Node {
	children := n.Children()
	if len(children) > 0 {
		fresh := make([]plan.Node, len(children))
		for i, c := range children {
			fresh[i] = o.pushInto(c, nil)
		}
		n = n.WithChildren(fresh)
	}
	return filter(n, conds)
}

// pushFilter passes its conditions on with the others. Volatile ones stay, as
// do those above them: they see the rows that they would have seen.
func (o *optimizer) pushFilter(f *plan.Filter, conds []fn.Expr) plan.Node {
	var move, keep []fn.Expr
	for _, c := range f.Conds {
		if isVolatile(c) {
			keep = append(keep, c)
		} else {
			move = append(move, c)
		}
	}
	if len(keep) > 0 {
		return filter(o.pushInto(f.Input, move), append(keep, conds...))
	}
	return o.pushInto(f.Input, append(move, conds...))
}

func isVolatile(e fn.Expr) bool { return fn.VolatilityOf(e) == fn.Volatile }

// pushProject replaces columns by what they are computed from.
func (o *optimizer) pushProject(p *plan.Project, conds []fn.Expr) plan.Node {
	items := map[plan.ColID]fn.Expr{}
	var volatile plan.ColSet
	for i, c := range p.Cols {
		items[c.ID] = p.Items[i]
		if isVolatile(p.Items[i]) {
			volatile.Add(c.ID)
		}
	}
	var move, keep []fn.Expr
	for _, c := range conds {
		if isVolatile(c) || plan.Used(c).Intersects(volatile) {
			keep = append(keep, c)
		} else {
			move = append(move, plan.Substitute(c, items))
		}
	}
	c := *p
	c.Input = o.pushInto(p.Input, move)
	return filter(&c, keep)
}

// pushAggregate moves conditions over grouping keys below the grouping.
func (o *optimizer) pushAggregate(a *plan.Aggregate, conds []fn.Expr) plan.Node {
	keys := map[plan.ColID]fn.Expr{}
	var set plan.ColSet
	if a.Sets == nil {
		for _, k := range a.GroupBy {
			if !isVolatile(k.Expr) {
				keys[k.Col.ID] = k.Expr
				set.Add(k.Col.ID)
			}
		}
	}
	var move, keep []fn.Expr
	for _, c := range conds {
		// A constant condition must not move: an ungrouped aggregate has a row over no rows.
		if used := plan.Used(c); !used.Empty() && used.SubsetOf(set) && !isVolatile(c) {
			move = append(move, plan.Substitute(c, keys))
		} else {
			keep = append(keep, c)
		}
	}
	c := *a
	c.Input = o.pushInto(a.Input, move)
	return filter(&c, keep)
}

// pushWindow moves conditions over partition columns below: they drop whole partitions.
func (o *optimizer) pushWindow(w *plan.Window, conds []fn.Expr) plan.Node {
	var set plan.ColSet
	for _, e := range w.Partition {
		if id, ok := plan.RefID(e); ok {
			set.Add(id)
		}
	}
	var move, keep []fn.Expr
	for _, c := range conds {
		if used := plan.Used(c); !used.Empty() && used.SubsetOf(set) && !isVolatile(c) {
			move = append(move, c)
		} else {
			keep = append(keep, c)
		}
	}
	c := *w
	c.Input = o.pushInto(w.Input, move)
	return filter(&c, keep)
}

// pushSetOp filters every input of a UNION ALL.
func (o *optimizer) pushSetOp(s *plan.SetOp, conds []fn.Expr) plan.Node {
	if s.Kind != plan.Union || !s.All {
		return o.stay(s, conds)
	}
	var move, keep []fn.Expr
	for _, c := range conds {
		if isVolatile(c) {
			keep = append(keep, c)
		} else {
			move = append(move, c)
		}
	}
	c := *s
	c.Inputs = make([]plan.Node, len(s.Inputs))
	for i, in := range s.Inputs {
		to := map[plan.ColID]fn.Expr{}
		for j, col := range s.Cols {
			to[col.ID] = &fn.Column{Index: int(s.Maps[i][j]), Typ: col.Type, Name: col.Name}
		}
		mine := make([]fn.Expr, len(move))
		for k, cond := range move {
			mine[k] = plan.Substitute(cond, to)
		}
		c.Inputs[i] = o.pushInto(in, mine)
	}
	return filter(&c, keep)
}

func pushScan(s *plan.Scan, conds []fn.Expr) plan.Node {
	if len(conds) == 0 {
		return s
	}
	c := *s
	var keep []fn.Expr
	c.Filters, keep = addFilters(s.Filters, conds)
	return filter(&c, keep)
}

func pushFileScan(s *plan.FileScan, conds []fn.Expr) plan.Node {
	if len(conds) == 0 {
		return s
	}
	c := *s
	var keep []fn.Expr
	c.Filters, keep = addFilters(s.Filters, conds)
	return filter(&c, keep)
}

// addFilters adds conditions to those of a scan; volatile ones stay above it.
func addFilters(have, conds []fn.Expr) (filters, keep []fn.Expr) {
	set := plan.ExprSet{List: append([]fn.Expr(nil), have...)}
	for _, cond := range conds {
		if isVolatile(cond) {
			keep = append(keep, cond)
		} else {
			set.Add(cond)
		}
	}
	return set.List, keep
}
