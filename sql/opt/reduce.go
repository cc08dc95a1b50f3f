package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// Bounds for reducing the input of an aggregate: the share of groups that the
// join will keep, the number of input rows that makes it worth while, and how
// many rows the copy may scan for each of them (scanning is cheaper than grouping).
const (
	reduceShare = 0.2
	reduceRows  = 5000
	reduceScan  = 2
)

// reduceAggregates looks for inputs of the block that are aggregates grouped
// by a column which the block makes equal to one of a selective input: only the groups
// that meet it there will survive. The rows of other groups are kept out of the aggregate
// by a semi join with a copy of that input ('magic sets'). This is how
// a correlated aggregate comes to look only at the few outer values.
func (g *joinGraph) reduceAggregates() {
	for i := range g.leaves {
		for _, class := range g.classes {
			key := g.member(class, oneLeaf(i))
			if key == nil {
				continue
			}
			if by := g.reducer(class, i, key.ID); by >= 0 {
				if leaf, ok := g.o.reduced(g.leaves[i], key.ID, g.leaves[by], *g.member(class, oneLeaf(by))); ok {
					g.leaves[i] = leaf
					break
				}
			}
		}
	}
}

// reducer returns the most selective input that shares the class, −1 if none is selective enough.
func (g *joinGraph) reducer(class []plan.Column, leaf int, key plan.ColID) int {
	a := groupedBy(g.leaves[leaf], key)
	if a == nil {
		return -1
	}
	input := g.o.est.rows(a.Input)
	best, bestRows := -1, reduceShare*g.o.est.of(g.leaves[leaf]).distinct(key)
	for i, l := range g.leaves {
		if i == leaf || g.member(class, oneLeaf(i)) == nil || g.o.est.rows(l) > bestRows {
			continue
		}
		if input >= reduceRows && scannedRows(l) <= reduceScan*input && !hasVolatile(l) {
			best, bestRows = i, g.o.est.rows(l)
		}
	}
	return best
}

// groupedBy returns the aggregate at the top of n that groups by the column.
func groupedBy(n plan.Node, key plan.ColID) *plan.Aggregate {
	switch n := n.(type) {
	case *plan.Project:
		return groupedBy(n.Input, key)
	case *plan.Filter:
		return groupedBy(n.Input, key)
	case *plan.Aggregate:
		for _, k := range n.GroupBy {
			if k.Col.ID == key && n.Sets == nil && !isVolatile(k.Expr) {
				return n
			}
		}
	}
	return nil
}

// reduced puts the semi join below the aggregate.
func (o *optimizer) reduced(n plan.Node, key plan.ColID, by plan.Node, byKey plan.Column) (plan.Node, bool) {
	a, ok := n.(*plan.Aggregate)
	if !ok {
		children := n.Children()
		in, ok := o.reduced(children[0], key, by, byKey)
		return n.WithChildren([]plan.Node{in}), ok
	}
	copied, ids := plan.Renumber(projectTo(by, []plan.Column{byKey}), o.ids)
	var expr fn.Expr
	for _, k := range a.GroupBy {
		if k.Col.ID == key {
			expr = k.Expr
		}
	}
	right := &fn.Column{Index: int(ids[byKey.ID]), Typ: byKey.Type, Name: byKey.Name}
	semi := &plan.Join{Kind: plan.SemiJoin, Right: copied, Residual: []fn.Expr{mustCall(fn.OpEq, expr, right)}}
	c := *a
	c.Input = sinkSemi(semi, a.Input)
	return &c, true
}

// scannedRows is the number of rows that the scans of a plan read.
func scannedRows(n plan.Node) float64 {
	rows := 0.0
	plan.Walk(n, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Scan:
			rows += n.Table.RowCount()
		case *plan.FileScan, *plan.CTERef, *plan.Recursive:
			rows += fileRows
		}
		return true
	})
	return rows
}

func hasVolatile(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		found = found || anyVolatile(n.Exprs())
		return !found
	})
	return found
}
