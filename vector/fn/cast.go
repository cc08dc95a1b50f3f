package fn

import (
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// castPath returns the weakest context in which PostgreSQL converts from one
// kind to another, ok false if it does not.
func castPath(from, to types.Kind) (ctx CastContext, ok bool) {
	if from == to || from == types.Unknown {
		return ImplicitCast, true
	}
	if c, ok := castRules[[2]types.Kind{from, to}]; ok {
		return c, true
	}
	isText := func(k types.Kind) bool { return k >= types.Text && k <= types.Char }
	switch {
	case to == types.Unknown:
		return 0, false
	case isText(from) && isText(to):
		return ImplicitCast, true
	case isText(to):
		return AssignmentCast, true // every type has a text form
	case isText(from):
		return ExplicitCast, true // by the type's input function
	}
	return 0, false
}

// castRules is pg_cast for the types here, without the text forms.
var castRules = func() map[[2]types.Kind]CastContext {
	m := map[[2]types.Kind]CastContext{}
	// Numbers widen implicitly in this order (floats last) and narrow on assignment.
	order := []types.Kind{types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8}
	for i, a := range order {
		for j, b := range order {
			if i < j {
				m[[2]types.Kind{a, b}] = ImplicitCast
			} else if i > j {
				m[[2]types.Kind{a, b}] = AssignmentCast
			}
		}
	}
	for _, r := range []struct {
		from, to types.Kind
		ctx      CastContext
	}{
		{types.Bool, types.Int4, ExplicitCast}, {types.Int4, types.Bool, ExplicitCast},
		{types.Date, types.Timestamp, ImplicitCast}, {types.Date, types.TimestampTZ, ImplicitCast},
		{types.Timestamp, types.TimestampTZ, ImplicitCast}, {types.Timestamp, types.Date, AssignmentCast},
		{types.Timestamp, types.Time, AssignmentCast}, {types.TimestampTZ, types.Date, AssignmentCast},
		{types.TimestampTZ, types.Timestamp, AssignmentCast}, {types.TimestampTZ, types.Time, AssignmentCast},
		{types.Time, types.Interval, ImplicitCast}, {types.Interval, types.Time, AssignmentCast},
		{types.JSON, types.JSONB, AssignmentCast}, {types.JSONB, types.JSON, AssignmentCast},
		{types.JSONB, types.Bool, ExplicitCast}, {types.JSONB, types.Numeric, ExplicitCast},
		{types.JSONB, types.Int2, ExplicitCast}, {types.JSONB, types.Int4, ExplicitCast}, {types.JSONB, types.Int8, ExplicitCast},
		{types.JSONB, types.Float4, ExplicitCast}, {types.JSONB, types.Float8, ExplicitCast},
	} {
		m[[2]types.Kind{r.from, r.to}] = r.ctx
	}
	return m
}()

// implicit reports whether from converts to to without being asked.
func implicit(from, to types.Kind) bool {
	ctx, ok := castPath(from, to)
	return ok && ctx == ImplicitCast
}

// ResolveCast finds the conversion between two types in a context.
//
// Errors: 42846 there is none, 42804 it needs a stronger context.
func ResolveCast(from, to types.Type, ctx CastContext) (*Scalar, error) {
	need, ok := castPath(from.Kind, to.Kind)
	if !ok {
		return nil, sqlstate.New(sqlstate.CannotCoerce, "cannot cast type %s to %s", from.BaseName(), to.BaseName())
	}
	if need > ctx {
		return nil, sqlstate.New(sqlstate.DatatypeMismatch, "expression is of type %s where type %s is needed", from.BaseName(), to.BaseName()).
			WithHint("You will need to rewrite or cast the expression.")
	}
	s := &Scalar{Name: castName, Op: OpCast, Risky: from.IsString() && !to.IsString(), Args: []types.Type{from}, Result: to, Strict: true, identity: "f"}
	if from == to || asText(from, to) {
		s.relabel, s.Total = true, true
		return s, nil
	}
	if (to.Kind == types.Varchar || to.Kind == types.Char) && ctx == ExplicitCast {
		s.identity = "truncating"
	}
	castKernel(s, from, to, ctx == ExplicitCast)
	s.bound = castBound(from, to)
	if s.Kernel == nil && !s.relabel {
		return nil, sqlstate.New(sqlstate.CannotCoerce, "cannot cast type %s to %s", from.BaseName(), to.BaseName())
	}
	return s, nil
}

// NewCast returns e converted to type to: e itself if it has the type, a
// constant for literals (an Unknown literal is read by the type's input function in any
// context), a Param of the type for an untyped one, else a call of the cast.
//
// Errors: those of ResolveCast, and of reading a literal (22P02 and others).
func NewCast(e Expr, to types.Type, ctx CastContext) (Expr, error) {
	from := e.Type()
	if from == to {
		return e, nil
	}
	switch n := e.(type) {
	case *Literal:
		return castLiteral(n, to, ctx)
	case *Param:
		if from.Kind == types.Unknown {
			return &Param{Index: n.Index, Typ: to}, nil
		}
	}
	s, err := ResolveCast(from, to, ctx)
	if err != nil {
		return nil, err
	}
	return &Call{Func: s, Args: []Expr{e}, Typ: to}, nil
}

func castLiteral(n *Literal, to types.Type, ctx CastContext) (Expr, error) {
	if n.Typ.Kind == types.Unknown && !n.Value.IsNull() && !types.DependsOnSession(n.Value.Str(), to) {
		d, err := parseLiteral(n.Value.Str(), to, ctx == ExplicitCast)
		if err != nil {
			return nil, err
		}
		return &Literal{Value: d, Typ: to}, nil
	}
	s, err := ResolveCast(n.Typ, to, ctx)
	if err != nil {
		return nil, err
	}
	if n.Value.IsNull() {
		return &Literal{Typ: to}, nil
	}
	call := &Call{Func: s, Args: []Expr{n}, Typ: to}
	if s.Volatility != Immutable {
		return call, nil
	}
	d, err := EvalScalar(&Context{Memory: foldRoom{}}, call)
	if err != nil {
		return call, nil // raised when it is run
	}
	return &Literal{Value: d, Typ: to}, nil
}

func parseLiteral(text string, t types.Type, truncate bool) (types.Datum, error) {
	if truncate && (t.Kind == types.Varchar || t.Kind == types.Char) {
		s, err := types.FitLength(text, t, true)
		return types.NewString(s), err
	}
	d, err := types.Parse(text, t, nil)
	if err != nil {
		return types.NullDatum, err
	}
	return d, nil
}

// NumberLiteral is the constant that a number in SQL text stands for: INTEGER or
// BIGINT if it is whole and fits, else NUMERIC of exactly its digits, else (an
// exponent beyond 38 digits) DOUBLE PRECISION.
func NumberLiteral(text string) (*Literal, error) {
	if !strings.ContainsAny(text, ".eE") || strings.HasPrefix(strings.ToLower(text), "0x") {
		if d, err := types.Parse(text, types.TInt4, nil); err == nil {
			return &Literal{Value: d, Typ: types.TInt4}, nil
		}
		if d, err := types.Parse(text, types.TInt8, nil); err == nil {
			return &Literal{Value: d, Typ: types.TInt8}, nil
		}
	}
	if d, _, ok := types.ParseDecimal(text); ok && d.Scale <= types.MaxPrecision && d.Value.FitsPrecision(types.MaxPrecision) {
		t := decimalType(d)
		return &Literal{Value: types.NumericDatum(d.Value, t), Typ: t}, nil
	}
	d, err := types.Parse(text, types.TFloat8, nil)
	if err != nil {
		return nil, err
	}
	return &Literal{Value: d, Typ: types.TFloat8}, nil
}

// CommonType returns the type that values of all of ts can be brought to
// implicitly: for CASE, COALESCE, UNION, VALUES, IN and array elements. Unknowns take
// the others' type, TEXT if there is no other. NUMERICs widen to hold all of them, as far
// as 38 digits go.
//
// Errors: 42804 the types cannot be matched.
func CommonType(ts []types.Type) (types.Type, error) {
	var c types.Type
	unknown := false
	for _, t := range ts {
		switch {
		case t.Kind == types.Unknown:
			unknown = true
			continue
		case t == c:
			continue
		case c.Kind == types.Invalid:
			c = t
			continue
		case category(t.Kind) != category(c.Kind), !implicit(t.Kind, c.Kind) && !implicit(c.Kind, t.Kind):
			return c, sqlstate.New(sqlstate.DatatypeMismatch, "types %s and %s cannot be matched", c.BaseName(), t.BaseName())
		}
		c = mergeTypes(c, t)
	}
	if c.Kind == types.Invalid {
		return types.TText, nil
	}
	if unknown && c.IsString() {
		return types.Base(c.Kind), nil // a literal may be longer than the others
	}
	return c, nil
}

// mergeTypes is CommonType of two types of one category.
func mergeTypes(a, b types.Type) types.Type {
	switch {
	case a.Kind == types.Numeric && (b.IsInteger() || b.Kind == types.Numeric),
		b.Kind == types.Numeric && a.IsInteger():
		return widerNumeric(numericOf(a), numericOf(b))
	case a.Kind == b.Kind: // lengths differ
		return types.Base(a.Kind)
	case !isPreferred(a.Kind) && implicit(a.Kind, b.Kind) && (!implicit(b.Kind, a.Kind) || isPreferred(b.Kind)):
		return b
	}
	if a.IsString() {
		return types.Base(a.Kind)
	}
	return a
}

// widerNumeric holds the integer digits and the decimals of both, capped at 38.
func widerNumeric(a, b types.Type) types.Type {
	scale := max(a.Scale, b.Scale)
	whole := max(a.Precision-a.Scale, b.Precision-b.Scale)
	return types.TNumeric(int(whole)+int(scale), int(scale))
}
