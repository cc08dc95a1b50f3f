package opt

import (
	"math"
	"strings"

	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Guesses for conditions about which statistics say nothing.
const (
	guessEqual = 0.005
	guessRange = 1.0 / 3
	// guessBetween is for a range whose two ends are not known: parameters.
	guessBetween = 0.005
	guessLike    = 0.1
	guessAnyCond = 0.25
)

// Selectivity estimates the share of rows, 0 to 1, that meet all conditions.
// stats describes columns; a zero result means that nothing is known. Ranges of one column are
// combined, other conditions are taken as independent.
func Selectivity(conds []fn.Expr, stats func(plan.ColID) plan.ColumnStats) float64 {
	sel := 1.0
	ranges := map[plan.ColID]*interval{}
	open := map[plan.ColID]*unknownRange{}
	for _, c := range conds {
		if id, upper, ok := unknownBound(c); ok {
			if open[id] == nil {
				open[id] = &unknownRange{}
			}
			open[id].add(upper)
			continue
		}
		if r, ok := rangeOf(c); ok {
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
func unknownBound(e fn.Expr) (id plan.ColID, upper, ok bool) {
	op, col, value, isCmp := comparison(e)
	if _, known := value.(*fn.Literal); !isCmp || known {
		return 0, false, false
	}
	switch op {
	case "<", "<=":
		return col, true, true
	case ">", ">=":
		return col, false, true
	}
	return 0, false, false
}

// interval is a range of a column's values as numbers.
type interval struct {
	id     plan.ColID
	lo, hi float64
}

// rangeOf reads column < constant and its like for types that are numbers underneath.
func rangeOf(e fn.Expr) (interval, bool) {
	op, col, value, ok := comparison(e)
	if !ok {
		return interval{}, false
	}
	lit, isLit := value.(*fn.Literal)
	if !isLit {
		return interval{}, false
	}
	v, numeric := asFloat(lit.Value, lit.Typ)
	if !numeric {
		return interval{}, false
	}
	r := interval{col, math.Inf(-1), math.Inf(1)}
	switch op {
	case "<", "<=":
		r.hi = v
	case ">", ">=":
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
	least := 0.0001
	if s.Distinct > 0 {
		least = math.Min(1, 1/s.Distinct)
	}
	return (1 - s.NullFraction) * math.Min(1, math.Max(share, least))
}

// comparison reads column op constant, turned around if need be; casts of the
// column between string types do not count.
func comparison(e fn.Expr) (op string, col plan.ColID, value fn.Expr, ok bool) {
	c, isCall := e.(*fn.Call)
	if !isCall || len(c.Args) != 2 {
		return "", 0, nil, false
	}
	op = c.Func.Name
	if _, known := swapped[op]; !known {
		return "", 0, nil, false
	}
	if id, isCol := plan.RefID(stripCast(c.Args[0])); isCol && plan.IsConst(c.Args[1]) {
		return op, id, c.Args[1], true
	}
	if id, isCol := plan.RefID(stripCast(c.Args[1])); isCol && plan.IsConst(c.Args[0]) {
		return swapped[op], id, c.Args[0], true
	}
	return "", 0, nil, false
}

var swapped = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// stripCast looks through casts that keep the value: between string types without limits
// and, for estimates only, between numbers.
func stripCast(e fn.Expr) fn.Expr {
	c, ok := e.(*fn.Call)
	if ok && c.Func.Op == fn.OpCast && len(c.Args) == 1 && c.Args[0].Type().IsString() && c.Typ.IsString() {
		return c.Args[0]
	}
	return e
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
	if id, ok := plan.RefID(stripCast(n.Arg)); ok {
		if d := stats(id).Distinct; d > 0 {
			sel = math.Min(1, float64(len(n.List))/d)
		}
	}
	if n.Negated {
		return 1 - sel
	}
	return sel
}

func callSelectivity(n *fn.Call, stats func(plan.ColID) plan.ColumnStats) float64 {
	if op, id, _, ok := comparison(n); ok {
		s := stats(id)
		eq := guessEqual
		if s.Distinct > 0 {
			eq = (1 - s.NullFraction) / s.Distinct
		}
		switch op {
		case "=":
			return eq
		case "<>":
			return 1 - eq
		}
		return guessRange
	}
	switch n.Func.Name {
	case "not":
		return 1 - one(n.Args[0], stats)
	case "=":
		return equalColumns(n, stats)
	case "<>":
		return 1 - equalColumns(n, stats)
	case "<", "<=", ">", ">=":
		return guessRange
	case "~~", "~~*":
		return likeSelectivity(n)
	case "!~~", "!~~*":
		return 1 - likeSelectivity(n)
	case "is null", "is not null":
		null := 0.01
		if id, ok := plan.RefID(n.Args[0]); ok && stats(id).NullFraction > 0 {
			null = stats(id).NullFraction
		}
		if n.Func.Op == fn.OpIsNull {
			return null
		}
		return 1 - null
	}
	return guessAnyCond
}

// equalColumns estimates an equality of two expressions over one input.
func equalColumns(n *fn.Call, stats func(plan.ColID) plan.ColumnStats) float64 {
	d := 1 / guessEqual
	for _, a := range n.Args {
		if id, ok := plan.RefID(stripCast(a)); ok {
			d = math.Max(d, stats(id).Distinct)
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
