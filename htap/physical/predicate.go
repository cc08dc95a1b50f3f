package physical

import (
	"htapdb/colstore"
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// pushFilters splits conjuncts into those that the column scan applies and the
// rest. ordinal maps plan columns to ordinals of the column store's schema; pushed
// holds the plan's form of each filter, for EXPLAIN.
func (st *Statement) pushFilters(conds []fn.Expr, ordinal map[plan.ColID]int) (filters []colstore.Filter, pushed []plan.Predicate, rest []fn.Expr, err error) {
	predicates, rest := plan.Predicates(conds)
	for i := range predicates {
		p := &predicates[i]
		ord, ok := ordinal[plan.ColID(p.Col.Index)]
		if !ok {
			rest = append(rest, fn.Conjuncts(p.Cond)...)
			continue
		}
		bound, err := p.Bind(st.Eval)
		if err != nil {
			return nil, nil, nil, err
		}
		filters = append(filters, colstore.Filter{Column: ord, Predicate: bound})
		pushed = append(pushed, *p)
	}
	return filters, pushed, rest, nil
}
