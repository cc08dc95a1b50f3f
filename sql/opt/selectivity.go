package opt

import (
	"math"
	"strings"

	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
	"htapdb/vector/predicate"
)

// Guesses for conditions about which statistics say nothing.
const (
	guessEqual = 0.005
	guessRange = 1.0 / 3
	// guessBetween is for a range whose two ends are not known: parameters.
	guessBetween = 0.005
	guessLike    = 0.1
	guessAnyCond = 0.25
	// leastShare stands for nothing at all.
	leastShare = 0.0001
)

// Selectivity estimates the share of rows, 0 to 1, that meet all conditions.
// stats describes columns; a zero result means that nothing is known. Ranges of one column are
// combined, other conditions are taken as independent.
func Selectivity(conds []fn.Expr, stats func(plan.ColID) plan.ColumnStats) float64 {
	sel := 1.0
	ranges := map[plan.ColID]*interval{}
	open := map[plan.ColID]*unknownRange{}
	for _, c := range conds {
		p, ok := plan.PredicateOf(c)
		if id, upper, unknown := unknownBound(&p); ok && unknown {
			if open[id] == nil {
				open[id] = &unknownRange{}
			}
			open[id].add(upper)
			continue
		}
		if r, known := rangeOf(&p); ok && known {
			in := ranges[r.id]
			if in == nil {
				in = &interval{id: r.id, lo: math.Inf(-1), hi: math.Inf(1)}
				ranges[r.id] = in
			}
			in.lo, in.hi = math.Max(in.lo, r.lo), math.Min(in.hi, r.hi)
			continue
		}
		sel *= one(c, stats)
	}
	for id, r := range ranges {
		sel *= r.selectivity(stats(id))
	}
	for _, r := range open {
		sel *= r.selectivity()
	}
	return sel
}

// unknownRange are the bounds of a column whose values are not known before the
// statement runs.
type unknownRange struct{ lower, upper bool }

func (r *unknownRange) add(upper bool) {
	r.lower, r.upper = r.lower || !upper, r.upper || upper
}

func (r *unknownRange) selectivity() float64 {
	if r.lower && r.upper {
		return guessBetween
	}
	return guessRange
}

// unknownBound reads column < parameter and its like.
func unknownBound(p *plan.Predicate) (id plan.ColID, upper, ok bool) {
	if p.Kind != predicate.Compare || !p.Op.IsUpper() && !p.Op.IsLower() {
		return 0, false, false
	}
	_, known := p.Value.(*fn.Literal)
	return plan.ColID(p.Col.Index), p.Op.IsUpper(), !known
}

// interval is a range of a column's values as numbers.
type interval struct {
	id     plan.ColID
	lo, hi float64
}

// rangeOf reads column < constant and its like for types that are numbers underneath.
func rangeOf(p *plan.Predicate) (interval, bool) {
	if p.Kind != predicate.Compare {
		return interval{}, false
	}
	lit, isLit := p.Value.(*fn.Literal)
	if !isLit {
		return interval{}, false
	}
	v, numeric := asFloat(lit.Value, lit.Typ)
	if !numeric {
		return interval{}, false
	}
	r := interval{plan.ColID(p.Col.Index), math.Inf(-1), math.Inf(1)}
	switch {
	case p.Op.IsUpper():
		r.hi = v
	case p.Op.IsLower():
		r.lo = v
	default:
		return r, false
	}
	return r, true
}

func (r *interval) selectivity(s plan.ColumnStats) float64 {
	lo, ok1 := statFloat(s.Min)
	hi, ok2 := statFloat(s.Max)
	if !ok1 || !ok2 {
		if !math.IsInf(r.lo, 0) && !math.IsInf(r.hi, 0) {
			return guessRange * guessRange
		}
		return guessRange
	}
	width := hi - lo
	if width <= 0 {
		if r.lo <= lo && lo <= r.hi {
			return 1
		}
		return 0.001
	}
	share := (math.Min(r.hi, hi) - math.Max(r.lo, lo)) / width
	least := leastShare
	if s.Distinct > 0 {
		least = math.Min(1, 1/s.Distinct)
	}
	return (1 - s.NullFraction) * math.Min(1, math.Max(share, least))
}

// one estimates a single condition.
func one(e fn.Expr, stats func(plan.ColID) plan.ColumnStats) float64 {
	switch n := e.(type) {
	case *fn.Literal:
		if plan.IsTrue(n) {
			return 1
		}
		return 0
	case *fn.And:
		return Selectivity(n.Args, stats)
	case *fn.Or:
		miss := 1.0
		for _, a := range n.Args {
			miss *= 1 - Selectivity(fn.Conjuncts(a), stats)
		}
		return 1 - miss
	case *fn.In:
		return inSelectivity(n, stats)
	case *fn.Call:
		return callSelectivity(n, stats)
	}
	return guessAnyCond
}

func inSelectivity(n *fn.In, stats func(plan.ColID) plan.ColumnStats) float64 {
	sel := math.Min(0.5, guessEqual*float64(len(n.List)))
	if c, ok := plan.Underlying(n.Arg); ok {
		if d := stats(plan.ColID(c.Index)).Distinct; d > 0 {
			sel = math.Min(1, float64(len(n.List))/d)
		}
	}
	if n.Negated {
		return 1 - sel
	}
	return sel
}

func callSelectivity(n *fn.Call, stats func(plan.ColID) plan.ColumnStats) float64 {
	if p, ok := plan.PredicateOf(n); ok {
		if sel, known := predicateSelectivity(&p, stats(plan.ColID(p.Col.Index))); known {
			return sel
		}
	}
	switch op := n.Func.Op; {
	case op == fn.OpNot:
		return 1 - one(n.Args[0], stats)
	case op == fn.OpEq:
		return equalColumns(n, stats)
	case op == fn.OpNe:
		return 1 - equalColumns(n, stats)
	case op.IsComparison():
		return guessRange
	case op == fn.OpLike, op == fn.OpILike:
		return likeSelectivity(n)
	case op == fn.OpNotLike, op == fn.OpNotILike:
		return 1 - likeSelectivity(n)
	}
	return guessAnyCond
}

// predicateSelectivity estimates what is known by the statistics of one column.
func predicateSelectivity(p *plan.Predicate, s plan.ColumnStats) (sel float64, known bool) {
	null := 0.01
	if s.NullFraction > 0 {
		null = s.NullFraction
	}
	switch p.Kind {
	case predicate.Never:
		return leastShare, true
	case predicate.IsNull:
		return null, true
	case predicate.IsNotNull:
		return 1 - null, true
	case predicate.Compare:
		eq := guessEqual
		if s.Distinct > 0 {
			eq = (1 - s.NullFraction) / s.Distinct
		}
		switch p.Op {
		case fn.OpEq:
			return eq, true
		case fn.OpNe:
			return 1 - eq, true
		}
		return guessRange, true
	}
	return 0, false
}

// equalColumns estimates an equality of two expressions over one input.
func equalColumns(n *fn.Call, stats func(plan.ColID) plan.ColumnStats) float64 {
	d := 1 / guessEqual
	for _, a := range n.Args {
		if c, ok := plan.Underlying(a); ok {
			d = math.Max(d, stats(plan.ColID(c.Index)).Distinct)
		}
	}
	return 1 / d
}

// likeSelectivity guesses from the pattern: the more fixed text, the fewer rows.
func likeSelectivity(n *fn.Call) float64 {
	lit, ok := n.Args[1].(*fn.Literal)
	if !ok || lit.Value.IsNull() || lit.Value.Physical() != types.PhysString {
		return guessLike
	}
	fixed := len(strings.Trim(lit.Value.Str(), "%_"))
	sel := math.Pow(0.6, math.Min(float64(fixed), 8))
	if !strings.HasPrefix(lit.Value.Str(), "%") {
		sel /= 2
	}
	return math.Max(sel, 0.002)
}

// asFloat is a value as a number in the order of its type: for numerics the
// scaled integer, as column statistics have it at the same scale.
func asFloat(d types.Datum, t types.Type) (float64, bool) {
	if t.IsString() || t.Kind == types.Unknown {
		return 0, false
	}
	return statFloat(d)
}

// statFloat is a datum's number, if it is one underneath.
func statFloat(d types.Datum) (float64, bool) {
	switch d.Physical() {
	case types.PhysInt16, types.PhysInt32, types.PhysInt64, types.PhysBool:
		return float64(d.Int()), true
	case types.PhysFloat32, types.PhysFloat64:
		return d.Float(), true
	case types.PhysInt128:
		v := d.Int128()
		return float64(v.Hi)*math.Exp2(64) + float64(v.Lo), true
	}
	return 0, false
}
