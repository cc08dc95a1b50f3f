package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// AggSpec is one aggregate call of a HashAggregate or Window.
type AggSpec struct {
	Agg *fn.Aggregate
	// Args are over the input's columns, as many as Agg.Args.
	Args []fn.Expr
	// Distinct feeds each distinct combination of arguments once per group.
	Distinct bool
	// Filter, if not nil, is FILTER (WHERE …): only rows where it is true are fed.
	Filter fn.Expr
	// OrderBy is the order in which rows are fed, over the input's columns. For
	// an aggregate that IgnoresOrder it has no effect.
	OrderBy []SortKey
}

// HashAggregate groups its input. The output is the GroupBy columns, then one
// column per aggregate, then, only with GroupingSets, one BIGINT: the grouping ID.
//
// Without GroupBy (and without GroupingSets) there is exactly one group, even
// of no rows. Without Aggs it is DISTINCT. NULLs form one group.
type HashAggregate struct {
	Input   Node
	GroupBy []fn.Expr
	Aggs    []AggSpec
	// GroupingSets lists, for each set, the positions in GroupBy that it groups
	// by; the other GroupBy columns are NULL in its rows. An empty set has one
	// row even of no input. nil is the one set of all.
	//
	// The grouping ID has bit len(GroupBy)−1−i set when GroupBy[i] is not in the
	// row's set, as SQL's GROUPING(all of GroupBy) does. Hence there are at most 63.
	GroupingSets [][]int
}

// Types returns the group columns', the aggregates' and perhaps the grouping ID's.
func (a *HashAggregate) Types() []types.Type {
	ts := typesOf(a.GroupBy)
	for _, s := range a.Aggs {
		ts = append(ts, s.Agg.Result)
	}
	if a.GroupingSets != nil {
		ts = append(ts, types.TInt8)
	}
	return ts
}

// Inputs returns the input.
func (a *HashAggregate) Inputs() []Node { return []Node{a.Input} }

// Name returns "Aggregate" without groups, else "Hash Aggregate".
func (a *HashAggregate) Name() string {
	if len(a.GroupBy) == 0 {
		return "Aggregate"
	}
	return "Hash Aggregate"
}
