package binder

import (
	"strings"

	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

func isUnknown(e fn.Expr) bool { return e.Type().Kind == types.Unknown }

// param binds $n: of the type that it has got so far.
func (b *binder) param(e *parser.Param) fn.Expr {
	for len(b.params) < e.Number {
		b.params = append(b.params, types.TUnknown)
	}
	return &fn.Param{Index: e.Number - 1, Typ: b.params[e.Number-1]}
}

// paramTypes returns the final types; a parameter that no context gave a type is 42P18.
func (b *binder) paramTypes() ([]types.Type, error) {
	for i, t := range b.params {
		if t.Kind == types.Unknown {
			return nil, sqlstate.New(sqlstate.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	return b.params, nil
}

// coerce converts e to the type, giving untyped literals and parameters
// theirs. Errors point at pos.
func (b *binder) coerce(e fn.Expr, to types.Type, ctx fn.CastContext, pos int) (fn.Expr, error) {
	if p, ok := e.(*fn.Param); ok && isUnknown(e) {
		// An earlier use in the same statement may have decided meanwhile.
		if known := b.params[p.Index]; known.Kind != types.Unknown {
			e = &fn.Param{Index: p.Index, Typ: known}
		} else {
			b.params[p.Index] = paramType(to)
			e = &fn.Param{Index: p.Index, Typ: b.params[p.Index]}
		}
	}
	out, err := fn.NewCast(e, to, ctx)
	if err != nil {
		return nil, b.locate(err, pos)
	}
	return out, nil
}

// paramType is the type that a parameter gets where t is wanted: without
// modifiers that would change the value, which the cast to t applies.
func paramType(t types.Type) types.Type {
	if t.Kind == types.Varchar || t.Kind == types.Char || t.Kind >= types.Time && t.Kind <= types.Interval {
		return types.Type{Kind: t.Kind}
	}
	if t.Kind == types.Numeric {
		return types.Base(types.Numeric)
	}
	return t
}

// known gives what is still untyped the type text.
func (b *binder) known(e fn.Expr) fn.Expr {
	if !isUnknown(e) {
		return e
	}
	out, err := b.coerce(e, types.TText, fn.ImplicitCast, 0)
	if err != nil {
		return e
	}
	return out
}

// assign converts a value to a column's type by an assignment cast.
func (b *binder) assign(e fn.Expr, to types.Type, column string, pos int) (fn.Expr, error) {
	from := e.Type()
	out, err := b.coerce(e, to, fn.AssignmentCast, pos)
	if sqlstate.Is(err, sqlstate.DatatypeMismatch) || sqlstate.Is(err, sqlstate.CannotCoerce) {
		what := "expression"
		if column != "" {
			what = "column \"" + column + "\""
			return nil, b.errorAt(pos, sqlstate.DatatypeMismatch, "%s is of type %s but expression is of type %s", what, to.BaseName(), from.BaseName()).
				WithHint("You will need to rewrite or cast the expression.")
		}
	}
	return out, err
}

// boolean converts a condition; what names its place, as in "argument of WHERE".
func (b *binder) boolean(e fn.Expr, what string, pos int) (fn.Expr, error) {
	if t := e.Type(); t.Kind != types.Bool && t.Kind != types.Unknown {
		return nil, b.errorAt(pos, sqlstate.DatatypeMismatch, "%s must be type boolean, not type %s", what, t.BaseName())
	}
	return b.coerce(e, types.TBool, fn.ImplicitCast, pos)
}

// bigint converts the operand of LIMIT and its like.
func (b *binder) bigint(e fn.Expr, what string, pos int) (fn.Expr, error) {
	out, err := b.coerce(e, types.TInt8, fn.AssignmentCast, pos)
	if sqlstate.Is(err, sqlstate.DatatypeMismatch) || sqlstate.Is(err, sqlstate.CannotCoerce) {
		return nil, b.errorAt(pos, sqlstate.DatatypeMismatch, "argument of %s must be type bigint, not type %s", what, e.Type().BaseName())
	}
	return out, err
}

// unify brings expressions to their common type; what names the construct for
// errors: "CASE", "UNION". pos gives the place of each.
func (b *binder) unify(exprs []fn.Expr, what string, pos []int) ([]fn.Expr, types.Type, error) {
	ts := make([]types.Type, len(exprs))
	for i, e := range exprs {
		ts[i] = b.currentType(e)
	}
	t, err := fn.CommonType(ts)
	if err != nil {
		return nil, t, b.mismatch(ts, what, pos)
	}
	if t.Kind == types.Unknown {
		t = types.TText
	}
	t = widenFor(t, exprs)
	out := make([]fn.Expr, len(exprs))
	for i, e := range exprs {
		if out[i], err = b.coerce(e, t, fn.ImplicitCast, pos[i]); err != nil {
			return nil, t, err
		}
	}
	return out, t, nil
}

// widenFor returns a NUMERIC that also holds the digits of the literals of
// unknown type among exprs; other types stay as they are.
func widenFor(t types.Type, exprs []fn.Expr) types.Type {
	if t.Kind != types.Numeric {
		return t
	}
	for _, e := range exprs {
		lit, ok := e.(*fn.Literal)
		if !ok || !isUnknown(e) || lit.Value.IsNull() {
			continue
		}
		number, err := fn.NumberLiteral(strings.TrimSpace(lit.Value.Str()))
		if err != nil {
			continue // its cast will say so
		}
		if wider, err := fn.CommonType([]types.Type{t, number.Typ}); err == nil && wider.Kind == types.Numeric {
			t = wider
		}
	}
	return t
}

// currentType is e's type, for a parameter the one that it has got meanwhile.
func (b *binder) currentType(e fn.Expr) types.Type {
	if p, ok := e.(*fn.Param); ok {
		return b.params[p.Index]
	}
	return e.Type()
}

// mismatch is the 42804 error for types without a common one.
func (b *binder) mismatch(ts []types.Type, what string, pos []int) error {
	at, first := 0, ts[0]
	for i, t := range ts {
		if _, err := fn.CommonType(ts[:i+1]); err != nil {
			at = i
			return b.errorAt(pos[at], sqlstate.DatatypeMismatch, "%s types %s and %s cannot be matched", what, first.BaseName(), t.BaseName())
		}
		if first.Kind == types.Unknown {
			first = t
		}
	}
	return b.errorAt(pos[at], sqlstate.DatatypeMismatch, "%s types cannot be matched", what)
}

// call resolves a function or operator for bound arguments. pos is its place,
// argPos those of the arguments.
func (b *binder) call(name string, args []fn.Expr, pos int, argPos []int) (fn.Expr, error) {
	args, err := b.typeParams(name, args, pos, argPos)
	if err != nil {
		return nil, err
	}
	out, err := fn.NewCall(name, args...)
	if err == nil {
		return out, nil
	}
	code := sqlstate.CodeOf(err)
	if code != sqlstate.UndefinedFunction && code != sqlstate.AmbiguousFunction {
		// A literal that its type cannot read: point at the literal.
		for i, a := range args {
			if _, lit := a.(*fn.Literal); lit && isUnknown(a) && i < len(argPos) {
				return nil, b.locate(err, argPos[i])
			}
		}
	}
	return nil, b.locate(err, pos)
}

// typeParams gives untyped parameters among args the types that resolution wants.
func (b *binder) typeParams(name string, args []fn.Expr, pos int, argPos []int) ([]fn.Expr, error) {
	untyped := false
	ts := make([]types.Type, len(args))
	out := make([]fn.Expr, len(args))
	for i, a := range args {
		out[i] = a
		if p, ok := a.(*fn.Param); ok {
			out[i] = &fn.Param{Index: p.Index, Typ: b.params[p.Index]}
			untyped = untyped || isUnknown(out[i])
		}
		ts[i] = out[i].Type()
	}
	if !untyped {
		return out, nil
	}
	s, err := fn.ResolveScalar(name, ts)
	if err != nil {
		return nil, b.locate(err, pos)
	}
	for i, a := range out {
		if _, ok := a.(*fn.Param); ok && isUnknown(a) {
			if out[i], err = b.coerce(a, paramType(s.Args[i]), fn.ImplicitCast, argPos[i]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// comparable refuses types that have no equality, for DISTINCT, GROUP BY and
// set operations, or no order, for ORDER BY.
func (b *binder) comparable(t types.Type, what string, pos int) error {
	if t.Kind != types.JSON {
		return nil
	}
	return b.errorAt(pos, sqlstate.UndefinedFunction, "could not identify an %s operator for type %s", what, t.BaseName())
}
