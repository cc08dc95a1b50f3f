package fn

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
	if from.IsString() || from == cast.Typ || !Widens(from, cast.Typ) {
		return n
	}
	floor, place, ok := PlaceOf(constant.Value, constant.Typ, from)
	if !ok || place == Below || place == Above {
		return n // stays, for its NULLs
	}
	if place == Between {
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
