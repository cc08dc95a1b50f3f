package opt

import (
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// lower replaces nodes that the executor does not have by others. Children are lowered already.
func (o *optimizer) lower(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Distinct:
		if len(n.On) == 0 {
			return distinct(n.Input, n.Input.Columns())
		}
	case *plan.SetOp:
		switch {
		case n.Kind == plan.Union && n.All:
			return n
		case n.Kind == plan.Union:
			all := *n
			all.All = true
			return distinct(&all, n.Cols)
		}
		return o.lowerSetOp(n)
	case *plan.Aggregate:
		if n.Sets != nil {
			return o.lowerSets(n)
		}
	}
	return n
}

// distinct groups by all columns.
func distinct(n plan.Node, cols []plan.Column) *plan.Aggregate {
	a := &plan.Aggregate{Input: n}
	for _, c := range cols {
		a.GroupBy = append(a.GroupBy, plan.GroupKey{Expr: plan.Ref(c), Col: c})
	}
	return a
}

// lowerSetOp turns INTERSECT and EXCEPT into semi and anti joins on all
// columns, NULL equal to NULL. With ALL, rows are numbered within their
// duplicates first, so that the k-th copy meets the k-th copy.
func (o *optimizer) lowerSetOp(s *plan.SetOp) plan.Node {
	left, right := s.Inputs[0], s.Inputs[1]
	lcols, rcols := pick(left, s.Maps[0]), pick(right, s.Maps[1])
	j := &plan.Join{Kind: plan.SemiJoin}
	if s.Kind == plan.Except {
		j.Kind = plan.AntiJoin
	}
	if s.All {
		var ln, rn plan.Column
		left, ln = o.numbered(left, lcols)
		right, rn = o.numbered(right, rcols)
		j.Keys = append(j.Keys, plan.EquiKey{Left: plan.Ref(ln), Right: plan.Ref(rn)})
	} else {
		left = distinct(left, lcols)
	}
	for i := range lcols {
		j.Keys = append(j.Keys, plan.EquiKey{Left: plan.Ref(lcols[i]), Right: plan.Ref(rcols[i]), NullSafe: true})
	}
	j.Left, j.Right = left, right
	p := &plan.Project{Input: j, Cols: s.Cols}
	for _, c := range lcols {
		p.Items = append(p.Items, plan.Ref(c))
	}
	return p
}

// numbered adds the number of each row among its duplicates.
func (o *optimizer) numbered(n plan.Node, cols []plan.Column) (plan.Node, plan.Column) {
	w := &plan.Window{Input: n, Frame: defaultFrame}
	for _, c := range cols {
		w.Partition = append(w.Partition, plan.Ref(c))
	}
	col := plan.Column{ID: o.ids.Next(), Name: "copy", Type: types.TInt8, NotNull: true}
	w.Funcs = []plan.WindowFunc{{Name: "row_number", Col: col}}
	return w, col
}

var defaultFrame = plan.Frame{End: plan.FrameBound{Kind: plan.CurrentRow}}

// pick returns n's columns with the given IDs.
func pick(n plan.Node, ids []plan.ColID) []plan.Column {
	byID := map[plan.ColID]plan.Column{}
	for _, c := range n.Columns() {
		byID[c.ID] = c
	}
	out := make([]plan.Column, len(ids))
	for i, id := range ids {
		out[i] = byID[id]
	}
	return out
}

// lowerSets computes the input of grouping sets once and aggregates it for each set.
func (o *optimizer) lowerSets(a *plan.Aggregate) plan.Node {
	w := &plan.With{ID: o.ids.NextCTE(), Name: "grouping_sets", Def: a.Input}
	union := &plan.SetOp{Kind: plan.Union, All: true, Cols: a.Columns()}
	for i := range union.Cols {
		union.Cols[i].NotNull = false
	}
	for i := range a.Sets {
		n, ids := o.oneSet(a, i, w)
		union.Inputs = append(union.Inputs, n)
		union.Maps = append(union.Maps, ids)
	}
	w.Body = union
	return w
}

// oneSet aggregates a reference to the input by one of the sets. It returns
// the columns that stand for those of a.
func (o *optimizer) oneSet(a *plan.Aggregate, set int, w *plan.With) (plan.Node, []plan.ColID) {
	ref := &plan.CTERef{CTE: w.ID, Name: w.Name}
	fresh := map[plan.ColID]fn.Expr{}
	for _, c := range w.Def.Columns() {
		copied := o.newColumn(c)
		ref.Cols, ref.Source = append(ref.Cols, copied), append(ref.Source, c.ID)
		fresh[c.ID] = plan.Ref(copied)
	}
	moved := plan.MapOwnExprs(a, func(e fn.Expr) fn.Expr { return plan.Substitute(e, fresh) }).(*plan.Aggregate)
	in := map[int]bool{}
	one := &plan.Aggregate{Input: ref}
	p := &plan.Project{}
	put := func(e fn.Expr, c plan.Column) {
		p.Items, p.Cols = append(p.Items, e), append(p.Cols, o.newColumn(c))
	}
	for _, k := range a.Sets[set] {
		in[k] = true
	}
	for k, key := range moved.GroupBy {
		if !in[k] {
			put(plan.Null(key.Col.Type), key.Col)
			continue
		}
		key.Col = o.newColumn(key.Col)
		one.GroupBy = append(one.GroupBy, key)
		put(plan.Ref(key.Col), key.Col)
	}
	for _, g := range moved.Aggs {
		g.Col = o.newColumn(g.Col)
		one.Aggs = append(one.Aggs, g)
		put(plan.Ref(g.Col), g.Col)
	}
	put(plan.Bigint(int64(set)), a.SetID)
	p.Input = one
	ids := make([]plan.ColID, len(p.Cols))
	for i, c := range p.Cols {
		ids[i] = c.ID
	}
	return p, ids
}
