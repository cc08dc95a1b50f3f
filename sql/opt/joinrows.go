package opt

import (
	"math"

	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// estimateInputs gathers what rows needs.
func (g *joinGraph) estimateInputs() {
	g.memo = map[leafSet]float64{}
	for _, l := range g.leaves {
		p := g.o.est.of(l)
		g.leafStats = append(g.leafStats, p)
		g.baseRows = append(g.baseRows, baseRows(l, p.rows))
	}
	stats := func(id plan.ColID) (c plan.ColumnStats) {
		if l := g.leaf(id); l >= 0 {
			p := g.leafStats[l]
			if c = p.cols[id]; c.Distinct <= 0 {
				c.Distinct = p.distinct(id)
			}
		}
		return c
	}
	for _, class := range g.classes {
		d := make([]float64, len(g.leaves))
		for _, c := range class {
			if i := g.leaf(c.ID); i >= 0 {
				d[i] = math.Max(d[i], g.leafStats[i].distinct(c.ID))
			}
		}
		g.classDistinct = append(g.classDistinct, d)
	}
	for _, c := range g.conds {
		g.condSel = append(g.condSel, g.conditional(c, stats))
	}
}

// conditional is the share of the joined rows that meet a condition between
// inputs. What it implies about single inputs has been pushed into them and counts
// there: the rows that are left meet an OR of ANDs with a better chance.
func (g *joinGraph) conditional(c graphCond, stats func(plan.ColID) plan.ColumnStats) float64 {
	sel := one(c.expr, stats)
	for i, cols := range g.cols {
		if !c.needs.has(i) {
			continue
		}
		if e := g.o.implied(c.expr, cols); e != nil {
			sel /= math.Max(Selectivity(fn.Conjuncts(e), stats), sel)
		}
	}
	return math.Min(sel, 1)
}

// baseRows is the number of rows of a leaf before its filters.
func baseRows(n plan.Node, rows float64) float64 {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Table.RowCount()
	case *plan.Filter:
		return baseRows(n.Input, rows)
	case *plan.Project:
		return baseRows(n.Input, rows)
	}
	return rows
}

// rows estimates the join of a set of inputs. It depends on the set only, not
// on the order: the input with the highest number is joined last.
func (g *joinGraph) rows(set leafSet) float64 {
	last := set.last()
	rest := set
	if rest.remove(last); rest.empty() {
		return g.leafStats[last].rows
	}
	if r, ok := g.memo[set]; ok {
		return r
	}
	r := g.rows(rest) * g.leafStats[last].rows * g.linkSelectivity(last, rest)
	for i, c := range g.conds {
		if c.needs.has(last) && c.needs.subsetOf(&set) {
			r *= g.condSel[i]
		}
	}
	r = math.Max(r, 1)
	g.memo[set] = r
	return r
}

// linkSelectivity is the chance that a row of the input agrees with a row of
// the join of the others on all classes that they share. Several equalities with one input are a
// composite key: they have no more combinations than the smaller side has rows.
func (g *joinGraph) linkSelectivity(leaf int, rest leafSet) float64 {
	sel, most := 1.0, 1.0
	links := 0
	var partners leafSet
	mine, theirs := 1.0, 1.0
	for k, d := range g.classDistinct {
		if d[leaf] == 0 {
			continue
		}
		least := math.Inf(1)
		holders := g.classLeaves[k].intersect(rest)
		for s := holders; !s.empty(); {
			i := s.first()
			s.remove(i)
			if d[i] > 0 {
				least = math.Min(least, d[i])
			} else {
				holders.remove(i)
			}
		}
		if holders.empty() {
			continue
		}
		links++
		if partners.empty() {
			partners = holders
		}
		partners = partners.intersect(holders)
		sel /= math.Max(least, d[leaf])
		most = math.Max(most, math.Max(least, d[leaf]))
		mine, theirs = mine*d[leaf], theirs*least
	}
	if links < 2 || partners.empty() {
		return sel
	}
	partner := partners.first()
	combos := math.Min(math.Min(mine, g.baseRows[leaf]), math.Min(theirs, g.baseRows[partner]))
	return 1 / math.Max(combos, most)
}

// maxSetRows is the number of inputs up to which rows estimates a join by its set
// of inputs. Above, an estimate is made of those of both sides: the sets that greedy
// looks at have few subsets in common, and each would be taken apart again.
const maxSetRows = 24

// joinedRows estimates the join of two plans.
func (g *joinGraph) joinedRows(a, b *subplan) float64 {
	both := a.set.union(b.set)
	if len(g.leaves) <= maxSetRows {
		return g.rows(both)
	}
	r := a.rows * b.rows
	for i := range g.classLeaves {
		if da, db := a.distinct[i], b.distinct[i]; da > 0 && db > 0 {
			r /= math.Max(da, db)
		}
	}
	for i := range g.conds {
		if n := &g.conds[i].needs; n.subsetOf(&both) && !n.subsetOf(&a.set) && !n.subsetOf(&b.set) {
			r *= g.condSel[i]
		}
	}
	return math.Max(r, 1)
}

// distinctOf has the numbers of values of each class in an input.
func (g *joinGraph) distinctOf(leaf int) []float64 {
	d := make([]float64, len(g.classDistinct))
	for i := range g.classDistinct {
		d[i] = g.classDistinct[i][leaf]
	}
	return d
}

// joinedDistinct is distinct for the join of two plans: a class has the values that
// both have.
func joinedDistinct(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range d {
		switch {
		case a[i] == 0:
			d[i] = b[i]
		case b[i] == 0:
			d[i] = a[i]
		default:
			d[i] = math.Min(a[i], b[i])
		}
	}
	return d
}
