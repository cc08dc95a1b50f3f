package router

import (
	"strings"
	"unicode/utf8"

	"htapdb/sql/opt"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// constraint is what the filters say about one column: values that it has to
// be among, and bounds. All expressions are of the column's type.
type constraint struct {
	// values is nil without an equality.
	values []fn.Expr
	lo, hi *plan.Bound
	// conds are the filters that made it, for selectivity.
	conds []fn.Expr
}

// constraints derives the constraints of a scan, by table ordinal.
func constraints(s *plan.Scan) map[int]*constraint {
	ordinals := map[plan.ColID]plan.ScanColumn{}
	for _, c := range s.Cols {
		ordinals[c.ID] = c
	}
	out := map[int]*constraint{}
	for _, f := range s.Filters {
		id, values, ok := equalities(f, ordinals)
		if ok {
			c := ensure(out, ordinals[id].Ordinal)
			// Of two lists the shorter one; the other stays a filter.
			if c.values == nil || len(values) < len(c.values) {
				c.values = values
			}
			c.conds = append(c.conds, f)
			continue
		}
		if id, lo, hi, ok := prefixRange(f, ordinals); ok {
			c := ensure(out, ordinals[id].Ordinal)
			if c.lo == nil && c.hi == nil {
				c.lo, c.hi = lo, hi
				c.conds = append(c.conds, f)
			}
			continue
		}
		if id, op, bound, ok := rangeBound(f, ordinals); ok {
			c := ensure(out, ordinals[id].Ordinal)
			if op[0] == '>' && c.lo == nil {
				c.lo = bound
				c.conds = append(c.conds, f)
			} else if op[0] == '<' && c.hi == nil {
				c.hi = bound
				c.conds = append(c.conds, f)
			}
		}
	}
	return out
}

func ensure(m map[int]*constraint, ordinal int) *constraint {
	if m[ordinal] == nil {
		m[ordinal] = &constraint{}
	}
	return m[ordinal]
}

// equalities reads column = constant, column IN (constants) and ORs of
// equalities over one column. Values that the column's type cannot hold match nothing and are left out.
func equalities(e fn.Expr, cols map[plan.ColID]plan.ScanColumn) (plan.ColID, []fn.Expr, bool) {
	switch n := e.(type) {
	case *fn.In:
		id, ok := columnOf(n.Arg, cols)
		if !ok || n.Negated {
			return 0, nil, false
		}
		values := []fn.Expr{}
		for _, d := range n.List {
			if v, ok := opt.ExactLiteral(&fn.Literal{Value: d, Typ: n.Arg.Type()}, cols[id].Type); ok {
				values = append(values, v)
			}
		}
		return id, values, true
	case *fn.Or:
		var id plan.ColID
		var values []fn.Expr
		for i, a := range n.Args {
			one, v, ok := equalities(a, cols)
			if !ok || i > 0 && one != id {
				return 0, nil, false
			}
			id, values = one, append(values, v...)
		}
		return id, values, true
	}
	op, id, value, ok := comparison(e, cols)
	if !ok || op != "=" {
		return 0, nil, false
	}
	if lit, isLit := value.(*fn.Literal); isLit {
		if v, ok := opt.ExactLiteral(lit, cols[id].Type); ok {
			return id, []fn.Expr{v}, true
		}
		return id, []fn.Expr{}, true
	}
	v, _, ok := converted(value, cols[id].Type)
	return id, []fn.Expr{v}, ok
}

// rangeBound reads column < constant and its like.
func rangeBound(e fn.Expr, cols map[plan.ColID]plan.ScanColumn) (plan.ColID, string, *plan.Bound, bool) {
	op, id, value, ok := comparison(e, cols)
	if !ok || op == "=" || op == "<>" {
		return 0, "", nil, false
	}
	t := cols[id].Type
	inclusive := len(op) == 2
	if lit, isLit := value.(*fn.Literal); isLit {
		v, ok := opt.ExactLiteral(lit, t)
		if !ok {
			return 0, "", nil, false
		}
		return id, op, &plan.Bound{Expr: v, Inclusive: inclusive}, true
	}
	if value.Type() != t && !t.IsString() {
		return 0, "", nil, false
	}
	v, lossy, ok := converted(value, t)
	return id, op, &plan.Bound{Expr: v, Inclusive: inclusive || lossy}, ok
}

// prefixRange reads column LIKE 'prefix%' as the range of the strings that
// begin with the prefix; byte order is the order of keys.
func prefixRange(e fn.Expr, cols map[plan.ColID]plan.ScanColumn) (id plan.ColID, lo, hi *plan.Bound, ok bool) {
	c, isCall := e.(*fn.Call)
	if !isCall || c.Func.Name != "~~" || len(c.Args) != 2 {
		return 0, nil, nil, false
	}
	id, ok = columnOf(c.Args[0], cols)
	lit, isLit := c.Args[1].(*fn.Literal)
	if !ok || !isLit || lit.Value.IsNull() || cols[id].Type.Kind == types.Char {
		return 0, nil, nil, false
	}
	prefix := lit.Value.Str()
	if i := strings.IndexAny(prefix, `%_\\`); i >= 0 {
		prefix = prefix[:i]
	}
	next := successor(prefix)
	if prefix == "" || next == "" {
		return 0, nil, nil, false
	}
	t := cols[id].Type
	if t.Length > 0 && utf8.RuneCountInString(prefix) > int(t.Length) {
		return 0, nil, nil, false
	}
	bound := func(s string, inclusive bool) *plan.Bound {
		return &plan.Bound{Expr: &fn.Literal{Value: types.NewString(s), Typ: t}, Inclusive: inclusive}
	}
	return id, bound(prefix, true), bound(next, false), true
}

// successor is the first string after all that begin with prefix and whose
// last character is ASCII, which has a next one; "" for others.
func successor(prefix string) string {
	if prefix == "" || prefix[len(prefix)-1] >= utf8.RuneSelf-1 {
		return ""
	}
	return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
}

// comparison reads column op constant, turned around if need be. The constant
// is of the type of the comparison, which the column may have been cast to.
func comparison(e fn.Expr, cols map[plan.ColID]plan.ScanColumn) (op string, id plan.ColID, value fn.Expr, ok bool) {
	c, isCall := e.(*fn.Call)
	if !isCall || len(c.Args) != 2 {
		return "", 0, nil, false
	}
	op = c.Func.Name
	turned, known := swapped[op]
	if !known {
		return "", 0, nil, false
	}
	if id, ok := columnOf(c.Args[0], cols); ok && isKeyValue(c.Args[1]) {
		return op, id, c.Args[1], true
	}
	if id, ok := columnOf(c.Args[1], cols); ok && isKeyValue(c.Args[0]) {
		return turned, id, c.Args[0], true
	}
	return "", 0, nil, false
}

var swapped = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// isKeyValue accepts what is constant within a statement.
func isKeyValue(e fn.Expr) bool {
	return plan.IsConst(e) && fn.VolatilityOf(e) < fn.Volatile
}

// columnOf finds the column under casts that keep order and distinctness.
func columnOf(e fn.Expr, cols map[plan.ColID]plan.ScanColumn) (plan.ColID, bool) {
	for {
		if id, ok := plan.RefID(e); ok {
			c, mine := cols[id]
			return id, mine && c.Ordinal != plan.KeyOrdinal
		}
		c, ok := e.(*fn.Call)
		if !ok || c.Func.Name != "cast" || len(c.Args) != 1 || !opt.Widens(c.Args[0].Type(), c.Typ) {
			return 0, false
		}
		e = c.Args[0]
	}
}

// converted brings a value that is known only at execution to the column's
// type. lossy reports that it may have been cut. An integer out of range becomes NULL, which matches nothing.
func converted(e fn.Expr, t types.Type) (out fn.Expr, lossy, ok bool) {
	from := e.Type()
	switch {
	case from == t:
		return e, false, true
	case from.IsString() && t.IsString():
		out, err := fn.NewCast(e, t, fn.ExplicitCast)
		return out, true, err == nil
	case from.IsInteger() && t.IsInteger() && t.Kind < from.Kind:
		out, err := guarded(e, t)
		return out, false, err == nil
	}
	return nil, false, false
}

// guarded is CASE WHEN e fits t THEN e::t END.
func guarded(e fn.Expr, t types.Type) (fn.Expr, error) {
	bits := map[types.Kind]uint{types.Int2: 15, types.Int4: 31}[t.Kind]
	bound := func(v int64) (fn.Expr, error) { return fn.NewCast(plan.Bigint(v), e.Type(), fn.ExplicitCast) }
	lo, err := bound(-1 << bits)
	if err != nil {
		return nil, err
	}
	hi, err := bound(1<<bits - 1)
	if err != nil {
		return nil, err
	}
	above, err := fn.NewCall(">=", e, lo)
	if err != nil {
		return nil, err
	}
	below, err := fn.NewCall("<=", e, hi)
	if err != nil {
		return nil, err
	}
	narrow, err := fn.NewCast(e, t, fn.ExplicitCast)
	if err != nil {
		return nil, err
	}
	return &fn.Case{Whens: []fn.When{{Cond: fn.NewAnd(above, below), Then: narrow}}, Typ: t}, nil
}
