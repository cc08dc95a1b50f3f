package router

import (
	"unicode/utf8"

	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
	"htapdb/vector/predicate"
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
		if c.Ordinal != plan.KeyOrdinal {
			ordinals[c.ID] = c
		}
	}
	out := map[int]*constraint{}
	for _, f := range s.Filters {
		p, ok := plan.PredicateOf(f)
		if !ok {
			continue
		}
		col, mine := ordinals[plan.ColID(p.Col.Index)]
		if !mine {
			continue
		}
		if values, ok := equalities(&p); ok {
			c := ensure(out, col.Ordinal)
			// Of two lists the shorter one; the other stays a filter.
			if c.values == nil || len(values) < len(c.values) {
				c.values = values
			}
			c.conds = append(c.conds, f)
			continue
		}
		lo, hi := bounds(&p)
		if lo == nil && hi == nil {
			continue
		}
		c := ensure(out, col.Ordinal)
		if lo != nil && c.lo != nil || hi != nil && c.hi != nil {
			continue
		}
		if lo != nil {
			c.lo = lo
		}
		if hi != nil {
			c.hi = hi
		}
		c.conds = append(c.conds, f)
	}
	return out
}

func ensure(m map[int]*constraint, ordinal int) *constraint {
	if m[ordinal] == nil {
		m[ordinal] = &constraint{}
	}
	return m[ordinal]
}

// equalities are the values that a predicate leaves to its column; none for one
// that is never true.
func equalities(p *plan.Predicate) ([]fn.Expr, bool) {
	t := p.Col.Typ
	switch {
	case p.Kind == predicate.Never:
		return []fn.Expr{}, true
	case p.Kind == predicate.In:
		values := make([]fn.Expr, 0, len(p.List)+len(p.Values))
		for _, d := range p.List {
			values = append(values, &fn.Literal{Value: d, Typ: t})
		}
		for _, e := range p.Values {
			v, _, ok := converted(e, t)
			if !ok {
				return nil, false
			}
			values = append(values, v)
		}
		return values, true
	case p.Kind == predicate.Compare && p.Op == fn.OpEq:
		v, _, ok := converted(p.Value, t)
		return []fn.Expr{v}, ok
	}
	return nil, false
}

// bounds are the ends that a predicate sets to its column, nil for none.
func bounds(p *plan.Predicate) (lo, hi *plan.Bound) {
	switch {
	case p.Kind == predicate.Compare && p.Op.IsLower():
		return bound(p, p.Op == fn.OpGe), nil
	case p.Kind == predicate.Compare && p.Op.IsUpper():
		return nil, bound(p, p.Op == fn.OpLe)
	case (p.Kind == predicate.Range || p.Kind == predicate.Match) && fits(p.Lo, p.Col.Typ) && fits(p.Hi, p.Col.Typ):
		return p.Lo, p.Hi
	}
	return nil, nil
}

// bound is the end that a comparison sets, nil if its value does not convert.
func bound(p *plan.Predicate, inclusive bool) *plan.Bound {
	t := p.Col.Typ
	if p.Value.Type() != t && !t.IsString() {
		return nil // a number that was cut or is out of range would bound wrongly
	}
	v, lossy, ok := converted(p.Value, t)
	if !ok {
		return nil
	}
	return &plan.Bound{Expr: v, Inclusive: inclusive || lossy}
}

// fits reports that a bound of a text column is a value that the column could have.
func fits(b *plan.Bound, t types.Type) bool {
	if b == nil || t.Length == 0 {
		return true
	}
	lit, ok := b.Expr.(*fn.Literal)
	return ok && utf8.RuneCountInString(lit.Value.Str()) <= int(t.Length)
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
	above, err := fn.NewOp(fn.OpGe, e, lo)
	if err != nil {
		return nil, err
	}
	below, err := fn.NewOp(fn.OpLe, e, hi)
	if err != nil {
		return nil, err
	}
	narrow, err := fn.NewCast(e, t, fn.ExplicitCast)
	if err != nil {
		return nil, err
	}
	return &fn.Case{Whens: []fn.When{{Cond: fn.NewAnd(above, below), Then: narrow}}, Typ: t}, nil
}
