package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// dedupAggregates computes equal aggregates once, and drops grouping keys that
// others determine: a table's columns beside its primary key become
// aggregates that take any value of the group.
func (o *optimizer) dedupAggregates(root plan.Node) plan.Node {
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		a, ok := n.(*plan.Aggregate)
		if !ok {
			return n
		}
		return o.dedup(a)
	})
}

// dedup keeps the first of equal aggregates; the others become copies of its column.
func (o *optimizer) dedup(a *plan.Aggregate) plan.Node {
	same := map[plan.ColID]plan.Column{}
	var kept []plan.Agg
	for _, g := range a.Aggs {
		twin := -1
		for i := range kept {
			if equalAggs(&kept[i], &g) {
				twin = i
				break
			}
		}
		if twin < 0 {
			kept = append(kept, g)
			continue
		}
		same[g.Col.ID] = kept[twin].Col
	}
	if len(same) == 0 {
		return a
	}
	c := *a
	c.Aggs = kept
	p := &plan.Project{Input: &c, Cols: a.Columns()}
	for _, col := range p.Cols {
		if twin, ok := same[col.ID]; ok {
			p.Items = append(p.Items, plan.Ref(twin))
		} else {
			p.Items = append(p.Items, plan.Ref(col))
		}
	}
	return p
}

func equalAggs(a, b *plan.Agg) bool {
	if !a.Func.Same(b.Func) || a.Func.Result != b.Func.Result || a.Distinct != b.Distinct ||
		len(a.Args) != len(b.Args) || len(a.OrderBy) > 0 || len(b.OrderBy) > 0 || !plan.Equal(a.Filter, b.Filter) {
		return false
	}
	for i := range a.Args {
		if !plan.Equal(a.Args[i], b.Args[i]) || fn.VolatilityOf(a.Args[i]) == fn.Volatile {
			return false
		}
	}
	return true
}
