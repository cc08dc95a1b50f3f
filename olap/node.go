package olap

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Node is one operator of a physical plan: a specification without state, that
// must not change once it is part of a plan. Nodes are pointers, so that they
// identify themselves in a Profile. Expressions in a node have fn.Column
// indexes that are positions in the node's input batch.
//
// The implementations are the node types of this package.
type Node interface {
	// Types returns the types of the output columns. The caller must not change it.
	Types() []types.Type
	// Inputs returns the nodes below, the probe side of a join first.
	Inputs() []Node
	// Name is the operator's name for EXPLAIN: "Hash Join", "Sort".
	Name() string
	// compile appends the operator to the pipeline that produces its input, or
	// starts a pipeline after a blocking operator.
	compile(r *run) (*stream, error)
}

// SortKey is one key of an ordering. The order of values is that of the
// comparison functions: NaN after all numbers, −0 equal to 0, strings by bytes.
type SortKey struct {
	Expr fn.Expr
	// Desc reverses the order of values, not the place of nulls.
	Desc bool
	// NullsFirst puts nulls before all values, else they come after.
	NullsFirst bool
}

// typesOf returns the types of exprs.
func typesOf(exprs []fn.Expr) []types.Type {
	ts := make([]types.Type, len(exprs))
	for i, e := range exprs {
		ts[i] = e.Type()
	}
	return ts
}

// pick returns the elements of ts at the positions cols, all for nil.
func pick(ts []types.Type, cols []int) []types.Type {
	if cols == nil {
		return ts
	}
	out := make([]types.Type, len(cols))
	for i, c := range cols {
		out[i] = ts[c]
	}
	return out
}

// allColumns returns cols, or 0 … n−1 for nil.
func allColumns(cols []int, n int) []int {
	if cols != nil {
		return cols
	}
	cols = make([]int, n)
	for i := range cols {
		cols[i] = i
	}
	return cols
}

// estimator is implemented by nodes whose work is not the sum of their inputs'.
// of estimates an input.
type estimator interface {
	estimate(of func(Node) float64) float64
}

// estimate guesses how many rows have to be touched to compute n. A plan is a
// graph: what a Materialize shares is looked at once, or the time would double
// with each level of sharing.
func estimate(n Node) float64 {
	shared := map[*Materialize]float64{}
	var of func(Node) float64
	of = func(n Node) float64 {
		m, isShared := n.(*Materialize)
		if isShared {
			if known, ok := shared[m]; ok {
				return known
			}
		}
		var sum float64
		if e, ok := n.(estimator); ok {
			sum = e.estimate(of)
		} else {
			for _, in := range n.Inputs() {
				sum += of(in)
			}
		}
		if isShared {
			shared[m] = sum
		}
		return sum
	}
	return of(n)
}
