package opt

import (
	"math"
	"math/bits"

	"htapdb/sql/plan"
)

// orderJoins chooses the order of each block of inner joins, from the bottom up.
func (o *optimizer) orderJoins(root plan.Node) plan.Node {
	return o.orderBelow(root, false)
}

// orderBelow walks down; inBlock says that n continues a block whose order is chosen above.
func (o *optimizer) orderBelow(n plan.Node, inBlock bool) plan.Node {
	starts := isInner(n) && !inBlock
	children := n.Children()
	if w, ok := n.(*plan.With); ok {
		def := o.orderBelow(w.Def, false)
		o.est.ctes[w.ID] = def
		return w.WithChildren([]plan.Node{def, o.orderBelow(w.Body, false)})
	}
	if len(children) > 0 {
		inside := isInner(n)
		if f, ok := n.(*plan.Filter); ok && isInner(f.Input) && !anyVolatile(f.Conds) {
			starts, inside = !inBlock, true
		}
		fresh := make([]plan.Node, len(children))
		for i, c := range children {
			fresh[i] = o.orderBelow(c, inside)
		}
		n = n.WithChildren(fresh)
	}
	if starts {
		return o.orderBlock(n)
	}
	return n
}

func isInner(n plan.Node) bool {
	j, ok := n.(*plan.Join)
	return ok && j.Kind == plan.InnerJoin
}

// orderBlock orders one block of inner joins whose inputs are done.
func (o *optimizer) orderBlock(n plan.Node) plan.Node {
	g := o.newGraph(n)
	if len(g.leaves) == 1 {
		return filter(g.leaves[0], g.above)
	}
	g.reduceAggregates()
	return filter(g.search(), g.above)
}

// subplan is the best order found for a set of inputs: a split of the set, or a single input.
type subplan struct {
	set         leafSet
	rows, cost  float64
	left, right *subplan
	// distinct has the numbers of values of each class, 0 without a member, in the
	// plans that greedy keeps of a block of more than maxSetRows inputs.
	distinct []float64
}

// maxExact is the number of inputs up to which all orders are tried.
const maxExact = 12

// search finds the order: dynamic programming over connected subsets, or the
// greedy way where there are too many inputs.
func (g *joinGraph) search() plan.Node {
	g.estimateInputs()
	singles := make([]*subplan, len(g.leaves))
	for i := range g.leaves {
		singles[i] = &subplan{set: oneLeaf(i), rows: g.rows(oneLeaf(i))}
	}
	var best *subplan
	if len(singles) <= maxExact {
		best = g.dynamic(singles)
	}
	if best == nil {
		best = g.greedy(singles)
	}
	return g.build(best)
}

// dynamic tries every split of every connected subset (DPsub). It returns nil if the graph is not connected.
func (g *joinGraph) dynamic(singles []*subplan) *subplan {
	n := len(singles)
	best := make([]*subplan, 1<<n)
	for i, s := range singles {
		best[1<<i] = s
	}
	for set := uint64(1); set < 1<<n; set++ {
		if bits.OnesCount64(set) < 2 {
			continue
		}
		if g.o.stopped() {
			return nil
		}
		low := set & -set
		// The part with the lowest input goes over all subsets; the other is the rest.
		for sub := (set - 1) & set; sub != 0; sub = (sub - 1) & set {
			if sub&low == 0 {
				continue
			}
			a, b := best[sub], best[set&^sub]
			if a == nil || b == nil || !g.connected(a.set, b.set) {
				continue
			}
			if p := g.join(a, b, true); best[set] == nil || p.cost < best[set].cost {
				best[set] = p
			}
		}
	}
	return best[1<<n-1]
}

// pair is a join that greedy may choose.
type pair struct {
	plan   *subplan
	linked bool
}

// before reports whether the pair is the better one.
func (p *pair) before(o *pair) bool {
	if p.linked != o.linked {
		return p.linked
	}
	return p.plan.cost < o.plan.cost
}

// greedy joins the cheapest pair until one plan is left; pairs without a
// condition between them come last. Each pair is looked at once: after a join only
// those of the new plan are new.
func (g *joinGraph) greedy(plans []*subplan) *subplan {
	plans = append([]*subplan(nil), plans...)
	n := len(plans)
	for i, p := range plans {
		p.distinct = g.distinctOf(i)
	}
	pairs := make([][]pair, n) // pairs[i][j] for i < j
	look := func(i, j int) {
		linked := g.connected(plans[i].set, plans[j].set)
		pairs[i][j] = pair{g.join(plans[i], plans[j], linked), linked}
	}
	for i := range plans {
		pairs[i] = make([]pair, n)
		for j := i + 1; j < n && !g.o.stopped(); j++ {
			look(i, j)
		}
	}
	for left := n; left > 1; left-- {
		if g.o.stopped() {
			return g.inOrder(plans)
		}
		bi, bj := -1, -1
		for i := range plans {
			if plans[i] == nil {
				continue
			}
			for j := i + 1; j < n; j++ {
				if plans[j] != nil && (bi < 0 || pairs[i][j].before(&pairs[bi][bj])) {
					bi, bj = i, j
				}
			}
		}
		best := pairs[bi][bj].plan
		best.distinct = joinedDistinct(plans[bi].distinct, plans[bj].distinct)
		plans[bi], plans[bj] = best, nil
		for k := range plans {
			if plans[k] != nil && k != bi {
				look(min(k, bi), max(k, bi))
			}
		}
	}
	for _, p := range plans {
		if p != nil {
			return p
		}
	}
	return nil
}

// inOrder joins what there is from the left: the statement was canceled, and a
// plan has to come back all the same.
func (g *joinGraph) inOrder(plans []*subplan) *subplan {
	var out *subplan
	for _, p := range plans {
		switch {
		case p == nil:
		case out == nil:
			out = p
		default:
			out = &subplan{set: out.set.union(p.set), left: out, right: p}
		}
	}
	return out
}

// Relative costs of a row: to build a hash table with, to probe, to produce.
const (
	buildCost = 3.0
	probeCost = 1.0
	emitCost  = 0.5
)

// join combines two plans, the smaller one as the right side, which is built.
func (g *joinGraph) join(a, b *subplan, linked bool) *subplan {
	if a.rows < b.rows || a.rows == b.rows && a.set.after(&b.set) {
		a, b = b, a
	}
	rows := g.joinedRows(a, b)
	cost := a.cost + b.cost + b.rows*buildCost + a.rows*probeCost + rows*emitCost
	if !linked || !g.keyed(a.set, b.set) {
		// Each pair is looked at, whatever condition tests it.
		cost += a.rows * math.Max(b.rows, 1)
	}
	return &subplan{set: a.set.union(b.set), rows: rows, cost: cost, left: a, right: b}
}

// build makes the nodes of the order chosen.
func (g *joinGraph) build(p *subplan) plan.Node {
	if p.left == nil {
		return g.leaves[p.set.first()]
	}
	return extractKeys(&plan.Join{
		Kind: plan.InnerJoin, Left: g.build(p.left), Right: g.build(p.right),
		Residual: g.conditions(p.left.set, p.right.set), EstRows: p.rows,
	})
}

// buildSides turns the remaining joins so that the smaller side is built: outer
// joins are exchanged, the others get BuildLeft. It also notes the estimates.
func (o *optimizer) buildSides(root plan.Node) plan.Node {
	o.noteCTEs(root)
	return plan.Rewrite(root, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.CTERef:
			c := *n
			c.EstRows = o.est.rows(n)
			return &c
		case *plan.Join:
			return o.buildSide(n)
		}
		return n
	})
}

func (o *optimizer) noteCTEs(root plan.Node) {
	plan.Walk(root, func(n plan.Node) bool {
		if w, ok := n.(*plan.With); ok {
			o.est.ctes[w.ID] = w.Def
		}
		return true
	})
}

// muchSmaller is the ratio at which building on the left pays for the marks it needs.
const muchSmaller = 2

func (o *optimizer) buildSide(j *plan.Join) plan.Node {
	c := *j
	l, r := o.est.rows(j.Left), o.est.rows(j.Right)
	c.EstRows = o.est.rows(j)
	if l >= r {
		return &c
	}
	switch j.Kind {
	case plan.InnerJoin:
		swapSides(&c)
	case plan.LeftJoin:
		if l*muchSmaller < r {
			swapSides(&c)
			c.Kind = plan.RightJoin
		}
	case plan.SemiJoin, plan.AntiJoin, plan.MarkJoin, plan.SingleJoin:
		c.BuildLeft = l*muchSmaller < r && !j.NullAware && len(j.Keys) > 0
	}
	return &c
}

func swapSides(j *plan.Join) {
	j.Left, j.Right = j.Right, j.Left
	j.Keys = append([]plan.EquiKey(nil), j.Keys...)
	for i, k := range j.Keys {
		k.Left, k.Right = k.Right, k.Left
		j.Keys[i] = k
	}
}
