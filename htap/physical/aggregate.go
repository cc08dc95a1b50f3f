package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

func (b *builder) aggregate(n *plan.Aggregate) (output, error) {
	if n.Sets != nil {
		return unsupported("GROUPING SETS that the optimizer did not lower")
	}
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	a := &olap.HashAggregate{Input: in.node}
	for _, k := range n.GroupBy {
		e, err := lower(k.Expr, in.pos)
		if err != nil {
			return output{}, err
		}
		a.GroupBy = append(a.GroupBy, e)
	}
	for i := range n.Aggs {
		spec, err := lowerAgg(&n.Aggs[i], in.pos)
		if err != nil {
			return output{}, err
		}
		a.Aggs = append(a.Aggs, spec)
	}
	pos := positions(n.Columns())
	if m := b.metadata(n, in, a); m != nil {
		return output{m, pos}, nil
	}
	return output{a, pos}, nil
}

// lowerAgg lowers one aggregate call.
func lowerAgg(g *plan.Agg, pos map[plan.ColID]int) (olap.AggSpec, error) {
	args, err := lowerAll(g.Args, pos)
	if err != nil {
		return olap.AggSpec{}, err
	}
	filter, err := lower(g.Filter, pos)
	if err != nil {
		return olap.AggSpec{}, err
	}
	order, err := lowerKeys(g.OrderBy, pos)
	if err != nil {
		return olap.AggSpec{}, err
	}
	for i := range order {
		order[i].Expr = guarded(order[i].Expr, filter)
	}
	return olap.AggSpec{Agg: g.Func, Args: guardedAll(args, filter), Distinct: g.Distinct, Filter: filter, OrderBy: order}, nil
}

// guarded returns e so that it is evaluated only where the filter of its
// aggregate is true: elsewhere it may fail. Without a filter it stays as it is.
func guarded(e, filter fn.Expr) fn.Expr {
	if filter == nil || len(e.Children()) == 0 {
		return e
	}
	return &fn.Case{Whens: []fn.When{{Cond: filter, Then: e}}, Typ: e.Type()}
}

func guardedAll(es []fn.Expr, filter fn.Expr) []fn.Expr {
	if filter == nil {
		return es
	}
	out := make([]fn.Expr, len(es))
	for i, e := range es {
		out[i] = guarded(e, filter)
	}
	return out
}

func (b *builder) distinct(n *plan.Distinct) (output, error) {
	// The order that decides which row of a group comes first is the sort's below.
	order, input := []plan.SortKey(nil), n.Input
	if s, ok := n.Input.(*plan.Sort); ok && len(n.On) > 0 {
		order, input = s.Keys, s.Input
	}
	in, err := b.build(input)
	if err != nil {
		return output{}, err
	}
	if len(n.On) == 0 {
		return output{olap.NewDistinct(in.node), in.pos}, nil
	}
	on, err := lowerAll(n.On, in.pos)
	if err != nil {
		return output{}, err
	}
	keys, err := lowerKeys(order, in.pos)
	if err != nil {
		return output{}, err
	}
	return output{&olap.DistinctOn{Input: in.node, On: on, OrderBy: keys}, in.pos}, nil
}
