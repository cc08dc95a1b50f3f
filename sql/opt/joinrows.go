package opt

import (
	"math"
	"math/bits"

	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// estimateInputs gathers what rows needs.
func (g *joinGraph) estimateInputs() {
	g.memo = map[uint64]float64{}
	all := map[plan.ColID]plan.ColumnStats{}
	for _, l := range g.leaves {
		p := g.o.est.of(l)
		g.leafStats = append(g.leafStats, p)
		g.baseRows = append(g.baseRows, baseRows(l, p.rows))
		for id, c := range p.cols {
			if c.Distinct <= 0 {
				c.Distinct = p.distinct(id)
			}
			all[id] = c
		}
	}
	for _, class := range g.classes {
		d := make([]float64, len(g.leaves))
		for i, cols := range g.cols {
			for _, c := range class {
				if cols.Has(c.ID) {
					d[i] = math.Max(d[i], g.leafStats[i].distinct(c.ID))
				}
			}
		}
		g.classDistinct = append(g.classDistinct, d)
	}
	for _, c := range g.conds {
		g.condSel = append(g.condSel, g.conditional(c, func(id plan.ColID) plan.ColumnStats { return all[id] }))
	}
}

// conditional is the share of the joined rows that meet a condition between
// inputs. What it implies about single inputs has been pushed into them and counts
// there: the rows that are left meet an OR of ANDs with a better chance.
func (g *joinGraph) conditional(c graphCond, stats func(plan.ColID) plan.ColumnStats) float64 {
	sel := one(c.expr, stats)
	for i, cols := range g.cols {
		if c.needs>>i&1 == 0 {
			continue
		}
		if e := implied(c.expr, cols); e != nil {
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
func (g *joinGraph) rows(set uint64) float64 {
	if bits.OnesCount64(set) == 1 {
		return g.leafStats[bits.TrailingZeros64(set)].rows
	}
	if r, ok := g.memo[set]; ok {
		return r
	}
	last := bits.Len64(set) - 1
	rest := set &^ (1 << last)
	r := g.rows(rest) * g.leafStats[last].rows * g.linkSelectivity(last, rest)
	for i, c := range g.conds {
		if c.needs&^set == 0 && c.needs>>last&1 != 0 {
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
func (g *joinGraph) linkSelectivity(leaf int, rest uint64) float64 {
	sel, most := 1.0, 1.0
	links := 0
	partners := uint64(0)
	mine, theirs := 1.0, 1.0
	for _, d := range g.classDistinct {
		if d[leaf] == 0 {
			continue
		}
		least, holders := math.Inf(1), uint64(0)
		for s := rest; s != 0; s &= s - 1 {
			if i := bits.TrailingZeros64(s); d[i] > 0 {
				least = math.Min(least, d[i])
				holders |= 1 << i
			}
		}
		if holders == 0 {
			continue
		}
		links++
		if partners == 0 {
			partners = holders
		}
		partners &= holders
		sel /= math.Max(least, d[leaf])
		most = math.Max(most, math.Max(least, d[leaf]))
		mine, theirs = mine*d[leaf], theirs*least
	}
	if links < 2 || partners == 0 {
		return sel
	}
	partner := bits.TrailingZeros64(partners)
	combos := math.Min(math.Min(mine, g.baseRows[leaf]), math.Min(theirs, g.baseRows[partner]))
	return 1 / math.Max(combos, most)
}
