package opt

import (
	"math/bits"

	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// joinGraph is a block of inner joins: inputs, in the order of the text, and
// the conditions between them.
type joinGraph struct {
	o      *optimizer
	leaves []plan.Node
	cols   []plan.ColSet
	// classes are sets of columns that the block makes equal, all of one type.
	classes [][]plan.Column
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
	memo          map[uint64]float64
}

type graphCond struct {
	expr fn.Expr
	// needs is the set of inputs whose columns the condition reads.
	needs uint64
	// left and right are those of the two sides of an equality, which makes a key
	// between sets that hold one side each; 0 for other conditions.
	left, right uint64
}

// maxLeaves is how many inputs a block may have; beyond, the text's order stays for the rest.
const maxLeaves = 60

// flatten collects the inner joins at the top of n.
func (o *optimizer) flatten(n plan.Node, g *joinGraph, conds *[]fn.Expr) {
	switch n := n.(type) {
	case *plan.Join:
		if n.Kind == plan.InnerJoin && len(g.leaves) < maxLeaves {
			*conds = append(*conds, joinConds(n)...)
			o.flatten(n.Left, g, conds)
			o.flatten(n.Right, g, conds)
			return
		}
	case *plan.Filter:
		if _, ok := n.Input.(*plan.Join); ok && !anyVolatile(n.Conds) {
			*conds = append(*conds, n.Conds...)
			o.flatten(n.Input, g, conds)
			return
		}
	}
	g.leaves = append(g.leaves, n)
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
	o.flatten(root, g, &conds)
	for _, l := range g.leaves {
		g.cols = append(g.cols, plan.NewColSet(l.Columns()))
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
	case needs == 0 || isVolatile(c):
		g.above = append(g.above, c)
	case bits.OnesCount64(needs) == 1:
		i := bits.TrailingZeros64(needs)
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
			if e := implied(c, cols); e != nil && needs>>i&1 != 0 {
				leafConds[i] = appendNew(leafConds[i], e)
			}
		}
	}
}

// inputsOf is the set of inputs whose columns e reads.
func (g *joinGraph) inputsOf(e fn.Expr) (set uint64) {
	used := plan.Used(e)
	for i, cols := range g.cols {
		if used.Intersects(cols) {
			set |= 1 << i
		}
	}
	return set
}

// keyed reports whether an equality links the two sets, so that their join is a
// hash join; other conditions make a nested loop.
func (g *joinGraph) keyed(a, b uint64) bool {
	for _, class := range g.classes {
		if g.member(class, a) != nil && g.member(class, b) != nil {
			return true
		}
	}
	for _, c := range g.conds {
		if c.left == 0 || c.right == 0 {
			continue
		}
		if c.left&^a == 0 && c.right&^b == 0 || c.left&^b == 0 && c.right&^a == 0 {
			return true
		}
	}
	return false
}

// connected reports whether a condition links the two sets of inputs.
func (g *joinGraph) connected(a, b uint64) bool {
	for _, class := range g.classes {
		if g.member(class, a) != nil && g.member(class, b) != nil {
			return true
		}
	}
	for _, c := range g.conds {
		if c.needs&a != 0 && c.needs&b != 0 && c.needs&^(a|b) == 0 {
			return true
		}
	}
	return false
}

// member returns a column of the class that one of the inputs produces.
func (g *joinGraph) member(class []plan.Column, set uint64) *plan.Column {
	for i := range class {
		for rest := set; rest != 0; rest &= rest - 1 {
			if g.cols[bits.TrailingZeros64(rest)].Has(class[i].ID) {
				return &class[i]
			}
		}
	}
	return nil
}

// conditions returns what the join of two sets of inputs has to check: one
// equality for each class, and the conditions that become complete.
func (g *joinGraph) conditions(a, b uint64) []fn.Expr {
	var out []fn.Expr
	for _, class := range g.classes {
		l, r := g.member(class, a), g.member(class, b)
		if l != nil && r != nil {
			out = append(out, mustCall(fn.OpEq, plan.Ref(*l), plan.Ref(*r)))
		}
	}
	for _, c := range g.conds {
		if c.needs&^(a|b) == 0 && c.needs&^a != 0 && c.needs&^b != 0 {
			out = append(out, c.expr)
		}
	}
	return out
}
