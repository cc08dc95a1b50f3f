package opt

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"

	"htapdb/sql/plan"
)

// unwrap compares a column with a constant of its own type instead of casting
// the column up to the constant's: CAST(day AS timestamp) < timestamp
// '1995-01-01' becomes day < date '1995-01-01'. Column scans, zone maps and indexes then serve it.
func unwrap(e fn.Expr) fn.Expr {
	switch n := e.(type) {
	case *fn.Call:
		if !n.Func.Op.IsComparison() {
			return e
		}
		for i := range 2 {
			lit, isLit := n.Args[1-i].(*fn.Literal)
			inner, isCast := widenedColumn(n.Args[i])
			if !isLit || !isCast {
				continue
			}
			value, ok := exactLiteral(lit, inner.Type())
			if !ok {
				continue
			}
			args := []fn.Expr{inner, value}
			if i == 1 {
				args[0], args[1] = args[1], args[0]
			}
			if out, err := fn.NewOp(n.Func.Op, args...); err == nil {
				return out
			}
		}
	case *fn.In:
		return unwrapIn(n)
	}
	return e
}

// unwrapIn does the same for a list; values that the column's type cannot hold match nothing.
func unwrapIn(n *fn.In) fn.Expr {
	inner, ok := widenedColumn(n.Arg)
	if !ok {
		return n
	}
	in := &fn.In{Arg: inner, HasNull: n.HasNull, Negated: n.Negated}
	for _, d := range n.List {
		if lit, ok := exactLiteral(&fn.Literal{Value: d, Typ: n.Arg.Type()}, inner.Type()); ok {
			in.List = append(in.List, lit.Value)
		}
	}
	if len(in.List) == 0 {
		return n
	}
	return in
}

// widenedColumn returns the column under a cast that keeps order and
// distinctness, and changes the representation (casts between strings do not).
func widenedColumn(e fn.Expr) (fn.Expr, bool) {
	c, ok := e.(*fn.Call)
	if !ok || c.Func.Op != fn.OpCast || len(c.Args) != 1 || !fn.Widens(c.Args[0].Type(), c.Typ) || c.Typ.IsString() {
		return nil, false
	}
	_, isCol := plan.RefID(c.Args[0])
	return c.Args[0], isCol
}

// exactLiteral converts a constant to another type; ok is false if that changes
// the value, and for NULL.
func exactLiteral(lit *fn.Literal, t types.Type) (out *fn.Literal, ok bool) {
	if lit.Value.IsNull() {
		return nil, false
	}
	if lit.Typ == t {
		return lit, true
	}
	if out, ok = castLiteral(lit, t); !ok {
		return nil, false
	}
	back, ok := castLiteral(out, lit.Typ)
	if !ok || back.Value != lit.Value {
		return nil, false
	}
	return out, true
}

func castLiteral(lit *fn.Literal, t types.Type) (*fn.Literal, bool) {
	e, err := fn.NewCast(lit, t, fn.ExplicitCast)
	if err != nil {
		return nil, false
	}
	if e, err = fn.Fold(e, evalContext); err != nil {
		return nil, false
	}
	out, ok := e.(*fn.Literal)
	return out, ok && !out.Value.IsNull()
}
