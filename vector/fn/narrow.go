package fn

import (
	"math"

	"htapdb/sql/types"
)

// narrowComparison rewrites a comparison of a widened operand with a constant
// into one in the operand's own type: shipdate::timestamp < '1995-01-01 00:00' becomes shipdate
// < '1995-01-01', and quantity::numeric < 24.5 becomes quantity <= 24. Zone maps, encoded
// filters and indexes know the narrow type only. Anything else is returned as it is.
func narrowComparison(n *Call) Expr {
	op, ok := comparisonOf(n)
	if !ok {
		return n
	}
	wide, lit := n.Args[0], n.Args[1]
	if _, constant := wide.(*Literal); constant {
		wide, lit, op = lit, wide, op.swap()
	}
	constant, ok := lit.(*Literal)
	cast, isCall := wide.(*Call)
	if !ok || !isCall || constant.Value.IsNull() || cast.Func.Op != OpCast || cast.Func.identity == "" || cast.Func.Volatility != Immutable {
		return n
	}
	from := cast.Args[0].Type()
	floor, exact, ok := floorIn(constant.Value, cast.Typ, from)
	if !ok {
		return n
	}
	if !exact {
		switch op {
		case less, less | equal:
			op = less | equal
		case greater, greater | equal:
			op = greater
		default:
			return n // = and <> of a value that the type does not have stay, for their NULLs
		}
	}
	for _, c := range comparisonOps {
		if c.outcomes == op {
			if e, err := NewOp(c.op, cast.Args[0], &Literal{Value: floor, Typ: from}); err == nil {
				return e
			}
		}
	}
	return n
}

// comparisonOf returns the operator of a registered comparison.
func comparisonOf(n *Call) (comparison, bool) {
	if len(n.Args) != 2 || n.Func.identity == "" {
		return 0, false
	}
	for _, c := range comparisonOps {
		if c.op == n.Func.Op {
			return c.outcomes, true
		}
	}
	return 0, false
}

// floorIn finds the greatest value of type from that, widened to type to, is not
// above d, and whether it is d. ok is false unless widening keeps the order and every
// value, or if from has no such value.
func floorIn(d types.Datum, to, from types.Type) (floor types.Datum, exact, ok bool) {
	switch {
	case from.Kind == types.Date && to.Kind == types.Timestamp:
		days, of := types.SplitMicros(d.Int())
		return types.NewInt32(int32(days)), of == 0, true
	case from.IsInteger() && to.IsInteger() && from.Kind < to.Kind:
		return integerIn(types.Int128From(d.Int()), from, true)
	case from.IsInteger() && to.Kind == types.Numeric:
		v, exact := floorScale(d.Int128(), int(to.Scale), 0)
		return integerIn(v, from, exact)
	case from.Kind <= types.Int4 && from.IsInteger() && to.Kind == types.Float8:
		f := math.Floor(d.Float())
		if !(math.Abs(f) < 1<<31) {
			return d, false, false
		}
		return integerIn(types.Int128From(int64(f)), from, f == d.Float())
	case from.Kind == types.Numeric && to.Kind == types.Numeric && to.Scale >= from.Scale && to.Precision-to.Scale >= from.Precision-from.Scale:
		v, exact := floorScale(d.Int128(), int(to.Scale), int(from.Scale))
		if !v.FitsPrecision(int(from.Precision)) {
			return d, false, false
		}
		return types.NumericDatum(v, from), exact, true
	}
	return d, false, false
}

// integerIn is v as a value of an integer type, ok false if it is out of range.
func integerIn(v types.Int128, t types.Type, exact bool) (types.Datum, bool, bool) {
	i, fits := v.Int64()
	if lo, hi := types.IntRange(t.Kind); !fits || i < lo || i > hi {
		return types.NullDatum, false, false
	}
	return types.NewInt(t.Physical(), i), exact, true
}

// floorScale is v·10^−from at the smaller scale to, rounded down.
func floorScale(v types.Int128, from, to int) (floor types.Int128, exact bool) {
	q, r := v.QuoRem(types.Pow10(from - to))
	if r.Sign() < 0 {
		q, _ = q.Add(types.Int128From(-1))
	}
	return q, r.Sign() == 0
}
