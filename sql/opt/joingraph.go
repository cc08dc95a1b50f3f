package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// joinGraph is a block of inner joins: inputs, in the order of the text, and
// the conditions between them.
type joinGraph struct {
	o      *optimizer
	leaves []plan.Node
	cols   []plan.ColSet
	// leafOf has the input that produces a column, plus one, by the column's ID.
	leafOf []int32
	// classes are sets of columns that the block makes equal, all of one type, and
	// classLeaves the inputs that have one of them.
	classes     [][]plan.Column
	classLeaves []leafSet
	// conds are the other conditions with the inputs that they need.
	conds []graphCond
	// above are conditions over no input, or volatile ones.
	above []fn.Expr

	// leafStats, classDistinct[class][leaf] (0 where the input has no member)
	// and condSel are the estimates that rows works with; memo holds its results.
	leafStats     []*profile
	baseRows      []float64
	classDistinct [][]float64
	condSel       []float64
	memo          map[leafSet]float64
}

type graphCond struct {
	expr fn.Expr
	// needs is the set of inputs whose columns the condition reads.
	needs leafSet
	// left and right are those of the two sides of an equality, which makes a key
	// between sets that hold one side each; empty for other conditions.
	left, right leafSet
}

// flatten collects the inner joins at the top of n, as long as there are no more
// than room inputs.
func (o *optimizer) flatten(n plan.Node, g *joinGraph, conds *[]fn.Expr, room int) {
	switch n := n.(type) {
	case *plan.Join:
		if n.Kind != plan.InnerJoin || room < 2 {
			break
		}
		*conds = append(*conds, joinConds(n)...)
		right := min(countLeaves(n.Right), room-1)
		before := len(g.leaves)
		o.flatten(n.Left, g, conds, room-right)
		o.flatten(n.Right, g, conds, room-(len(g.leaves)-before))
		return
	case *plan.Filter:
		if _, ok := n.Input.(*plan.Join); ok && !anyVolatile(n.Conds) {
			*conds = append(*conds, n.Conds...)
			o.flatten(n.Input, g, conds, room)
			return
		}
	}
	g.leaves = append(g.leaves, n)
}

// countLeaves is the number of inputs of the block that begins at n, or maxLeaves
// where there are more.
func countLeaves(n plan.Node) int {
	switch n := n.(type) {
	case *plan.Join:
		if n.Kind == plan.InnerJoin {
			left := countLeaves(n.Left)
			if left >= maxLeaves {
				return maxLeaves
			}
			return min(left+countLeaves(n.Right), maxLeaves)
		}
	case *plan.Filter:
		if _, ok := n.Input.(*plan.Join); ok && !anyVolatile(n.Conds) {
			return countLeaves(n.Input)
		}
	}
	return 1
}

func anyVolatile(conds []fn.Expr) bool {
	for _, c := range conds {
		if isVolatile(c) {
			return true
		}
	}
	return false
}

// newGraph makes the graph of a block. Conditions over one input go into it,
// those that follow from equal columns included.
func (o *optimizer) newGraph(root plan.Node) *joinGraph {
	g := &joinGraph{o: o}
	var conds []fn.Expr
	o.flatten(root, g, &conds, maxLeaves)
	for i, l := range g.leaves {
		cols := l.Columns()
		g.cols = append(g.cols, plan.NewColSet(cols))
		for _, c := range cols {
			if int(c.ID) >= len(g.leafOf) {
				g.leafOf = append(g.leafOf, make([]int32, int(c.ID)+1-len(g.leafOf))...)
			}
			g.leafOf[c.ID] = int32(i + 1)
		}
	}
	eq := newEqualities(g.leaves)
	var rest []fn.Expr
	for _, c := range conds {
		if !isVolatile(c) && eq.add(c) {
			continue
		}
		rest = append(rest, c)
	}
	g.classes = eq.classes()
	for _, class := range g.classes {
		var s leafSet
		for _, c := range class {
			if i := g.leaf(c.ID); i >= 0 {
				s.add(i)
			}
		}
		g.classLeaves = append(g.classLeaves, s)
	}
	leafConds := make([][]fn.Expr, len(g.leaves))
	for i, l := range g.leaves {
		for _, c := range ownConds(l) {
			rest = append(rest, eq.copies(c)...)
		}
		leafConds[i] = eq.within(g.cols[i])
	}
	for _, c := range rest {
		for _, copied := range append([]fn.Expr{c}, eq.copies(c)...) {
			g.place(copied, leafConds)
		}
	}
	for i := range g.leaves {
		g.leaves[i] = o.pushInto(g.leaves[i], leafConds[i])
	}
	return g
}

// ownConds are conditions that hold for the rows of a leaf.
func ownConds(n plan.Node) []fn.Expr {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Filters
	case *plan.FileScan:
		return n.Filters
	case *plan.Filter:
		return append(append([]fn.Expr(nil), n.Conds...), ownConds(n.Input)...)
	}
	return nil
}

// place files a condition by the inputs that it reads.
func (g *joinGraph) place(c fn.Expr, leafConds [][]fn.Expr) {
	needs := g.inputsOf(c)
	switch {
	case needs.empty() || isVolatile(c):
		g.above = append(g.above, c)
	case needs.len() == 1:
		i := needs.first()
		leafConds[i] = appendNew(leafConds[i], c)
	default:
		for _, have := range g.conds {
			if plan.Equal(have.expr, c) {
				return
			}
		}
		cond := graphCond{expr: c, needs: needs}
		if call, ok := c.(*fn.Call); ok && isKey(call) {
			cond.left, cond.right = g.inputsOf(call.Args[0]), g.inputsOf(call.Args[1])
		}
		g.conds = append(g.conds, cond)
		for i, cols := range g.cols {
			if !needs.has(i) {
				continue
			}
			if e := g.o.implied(c, cols); e != nil {
				leafConds[i] = appendNew(leafConds[i], e)
			}
		}
	}
}

// inputsOf is the set of inputs whose columns e reads.
func (g *joinGraph) inputsOf(e fn.Expr) (set leafSet) {
	for _, id := range plan.Used(e).IDs() {
		if i := g.leaf(id); i >= 0 {
			set.add(i)
		}
	}
	return set
}

// keyed reports whether an equality links the two sets, so that their join is a
// hash join; other conditions make a nested loop.
func (g *joinGraph) keyed(a, b leafSet) bool {
	for _, class := range g.classes {
		if g.member(class, a) != nil && g.member(class, b) != nil {
			return true
		}
	}
	for _, c := range g.conds {
		if c.left.empty() || c.right.empty() {
			continue
		}
		if c.left.subsetOf(&a) && c.right.subsetOf(&b) || c.left.subsetOf(&b) && c.right.subsetOf(&a) {
			return true
		}
	}
	return false
}

// leaf returns the input that produces a column, −1 for none.
func (g *joinGraph) leaf(id plan.ColID) int {
	if int(id) >= len(g.leafOf) {
		return -1
	}
	return int(g.leafOf[id]) - 1
}

// connected reports whether a condition links the two sets of inputs.
func (g *joinGraph) connected(a, b leafSet) bool {
	for i := range g.classLeaves {
		if c := &g.classLeaves[i]; c.intersects(&a) && c.intersects(&b) {
			return true
		}
	}
	both := a.union(b)
	for i := range g.conds {
		if n := &g.conds[i].needs; n.intersects(&a) && n.intersects(&b) && n.subsetOf(&both) {
			return true
		}
	}
	return false
}

// member returns a column of the class that one of the inputs produces.
func (g *joinGraph) member(class []plan.Column, set leafSet) *plan.Column {
	for i := range class {
		if l := g.leaf(class[i].ID); l >= 0 && set.has(l) {
			return &class[i]
		}
	}
	return nil
}

// conditions returns what the join of two sets of inputs has to check: one
// equality for each class, and the conditions that become complete.
func (g *joinGraph) conditions(a, b leafSet) []fn.Expr {
	var out []fn.Expr
	for _, class := range g.classes {
		l, r := g.member(class, a), g.member(class, b)
		if l != nil && r != nil {
			out = append(out, mustCall(fn.OpEq, plan.Ref(*l), plan.Ref(*r)))
		}
	}
	both := a.union(b)
	for _, c := range g.conds {
		if c.needs.subsetOf(&both) && !c.needs.subsetOf(&a) && !c.needs.subsetOf(&b) {
			out = append(out, c.expr)
		}
	}
	return out
}
