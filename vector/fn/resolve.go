package fn

import (
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// ResolveScalar finds the overload of a function or operator for arguments of
// the given types, by PostgreSQL's rules: exact match, implicit casts, preferred types,
// Unknown (quoted literals) taking what fits. The arguments must then be cast
// to Scalar.Args. NewCall does both and knows literals' values as well, which
// gives tighter result types (round(x, 2), extract(year …), 1 - numeric).
//
// Errors: 42883 no such function or operator, 42725 ambiguous.
func ResolveScalar(name string, args []types.Type) (*Scalar, error) {
	return resolve(name, args, nil)
}

// NewCall resolves name for args, casts the arguments and returns the call.
func NewCall(name string, args ...Expr) (Expr, error) {
	ts := make([]types.Type, len(args))
	lits := make([]*Literal, len(args))
	for i, a := range args {
		ts[i] = a.Type()
		lits[i], _ = a.(*Literal)
	}
	s, err := resolve(name, ts, lits)
	if err != nil {
		return nil, err
	}
	cast := make([]Expr, len(args))
	for i, a := range args {
		if cast[i], err = NewCast(a, s.Args[i], ImplicitCast); err != nil {
			return nil, err
		}
	}
	return &Call{Func: s, Args: cast, Typ: s.Result}, nil
}

// IsScalar reports whether a scalar function or operator of that name exists.
func IsScalar(name string) bool { return len(overloads()[name]) > 0 }

func resolve(name string, args []types.Type, lits []*Literal) (*Scalar, error) {
	var fit []*overload
	for _, o := range overloads()[name] {
		if o.accepts(args) {
			fit = append(fit, o)
		}
	}
	if len(fit) == 0 {
		return nil, undefined(name, args)
	}
	if len(fit) > 1 {
		fit = narrow(fit, args)
	}
	if len(fit) > 1 {
		return nil, ambiguous(name, args)
	}
	return fit[0].instantiate(args, lits)
}

// param returns the declared kind of parameter i of n.
func (o *overload) param(i int) types.Kind {
	if i >= len(o.args) {
		return o.args[len(o.args)-1]
	}
	return o.args[i]
}

// accepts reports whether args can be passed with implicit casts.
func (o *overload) accepts(args []types.Type) bool {
	if len(args) != len(o.args) && !(o.variadic && len(args) >= len(o.args)-1) {
		return false
	}
	var same []types.Type
	for i, t := range args {
		p := o.param(i)
		switch {
		case p == anyKind, t.Kind == p, t.Kind == types.Unknown:
		case p == sameKind:
		case !implicit(t.Kind, p):
			return false
		}
		if p == sameKind {
			same = append(same, t)
		}
	}
	if len(same) > 0 {
		if _, err := CommonType(same); err != nil {
			return false
		}
	}
	return true
}

// narrow applies the rules of func_select_candidate in order, each only if it
// leaves a candidate.
func narrow(fit []*overload, args []types.Type) []*overload {
	if sole := assumeSame(fit, args); sole != nil {
		return sole
	}
	fit = keepBest(fit, func(o *overload) int { return o.exactMatches(args) })
	if len(fit) > 1 {
		fit = keepBest(fit, func(o *overload) int { return o.preferredMatches(args) })
	}
	if len(fit) > 1 {
		fit = narrowUnknown(fit, args)
	}
	if len(fit) > 1 {
		if one := knownEverywhere(fit, args); one != nil {
			return []*overload{one}
		}
	}
	return fit
}

// assumeSame treats one Unknown operand of two as of the other's type, which
// wins if that is an exact match.
func assumeSame(fit []*overload, args []types.Type) []*overload {
	if len(args) != 2 || (args[0].Kind == types.Unknown) == (args[1].Kind == types.Unknown) {
		return nil
	}
	k := args[0].Kind
	if k == types.Unknown {
		k = args[1].Kind
	}
	for _, o := range fit {
		if o.param(0) == k && o.param(1) == k {
			return []*overload{o}
		}
	}
	return nil
}

// keepBest keeps the candidates with the highest score.
func keepBest(fit []*overload, score func(*overload) int) []*overload {
	best, kept := -1, fit[:0:0]
	for _, o := range fit {
		s := score(o)
		if s > best {
			best, kept = s, kept[:0]
		}
		if s == best {
			kept = append(kept, o)
		}
	}
	return kept
}

func (o *overload) exactMatches(args []types.Type) int {
	n := 0
	for i, t := range args {
		if t.Kind == o.param(i) && t.Kind != types.Unknown {
			n++
		}
	}
	return n
}

// preferredMatches counts arguments that match or would become the preferred type of their category.
func (o *overload) preferredMatches(args []types.Type) int {
	n := 0
	for i, t := range args {
		if t.Kind == types.Unknown {
			continue
		}
		p := o.param(i)
		if p == t.Kind || p < anyKind && isPreferred(p) && category(p) == category(t.Kind) {
			n++
		}
	}
	return n
}

// narrowUnknown gives each Unknown argument a category: that of strings if a
// candidate takes one there, else the one all candidates agree on.
func narrowUnknown(fit []*overload, args []types.Type) []*overload {
	for i, t := range args {
		if t.Kind != types.Unknown {
			continue
		}
		cat, agree := byte(0), true
		for _, o := range fit {
			c := category(o.param(i))
			if c == 'S' || o.param(i) >= anyKind {
				cat, agree = 'S', true
				break
			}
			if cat != 0 && cat != c {
				agree = false
			}
			cat = c
		}
		if !agree {
			return fit
		}
		fit = keepBest(fit, func(o *overload) int {
			p := o.param(i)
			switch {
			case p >= anyKind && cat == 'S':
				return 1
			case category(p) != cat:
				return 0
			case isPreferred(p):
				return 2
			}
			return 1
		})
	}
	return fit
}

// knownEverywhere assumes that Unknown arguments have the type that all known
// ones share, and returns the one candidate that accepts that.
func knownEverywhere(fit []*overload, args []types.Type) *overload {
	var known types.Type
	unknowns := false
	for _, t := range args {
		switch {
		case t.Kind == types.Unknown:
			unknowns = true
		case known.Kind == types.Invalid:
			known = t
		case known.Kind != t.Kind:
			return nil
		}
	}
	if !unknowns || known.Kind == types.Invalid {
		return nil
	}
	all := make([]types.Type, len(args))
	for i := range all {
		all[i] = known
	}
	var one *overload
	for _, o := range fit {
		if o.accepts(all) {
			if one != nil {
				return nil
			}
			one = o
		}
	}
	return one
}

// instantiate makes the Scalar of o for actual argument types.
func (o *overload) instantiate(args []types.Type, lits []*Literal) (*Scalar, error) {
	s := &Scalar{
		Name: o.name, Op: opsByName[o.name], Risky: risky[o.name], Args: make([]types.Type, len(args)), Strict: !o.nullable,
		Volatility: o.vol, Kernel: o.kernel, Prepare: o.prepare, Total: o.total, identity: "f",
	}
	var common types.Type
	for i, t := range args {
		var lit *Literal
		if lits != nil {
			lit = lits[i]
		}
		switch p := o.param(i); p {
		case anyKind:
			s.Args[i] = t
			if t.Kind == types.Unknown {
				s.Args[i] = types.TText
			}
		case sameKind:
			if common.Kind == types.Invalid {
				var err error
				if common, err = CommonType(o.sameArgs(args)); err != nil {
					return nil, err
				}
			}
			s.Args[i] = common
		default:
			s.Args[i] = paramType(t, p, lit)
		}
	}
	s.Result = types.Type{Kind: o.result}
	switch o.result {
	case sameKind:
		s.Result = common
	case types.Numeric:
		s.Result = types.Base(types.Numeric)
	}
	if o.bind != nil {
		if lits == nil {
			lits = make([]*Literal, len(args))
		}
		if err := o.bind(&binding{Scalar: s, lits: lits}); err != nil {
			return nil, err
		}
	}
	if s.bound = o.bound; s.bound == nil {
		s.bound = defaultBound(s)
	}
	return s, nil
}

func (o *overload) sameArgs(args []types.Type) []types.Type {
	var same []types.Type
	for i, t := range args {
		if o.param(i) == sameKind {
			same = append(same, t)
		}
	}
	return same
}

// paramType is the type that an argument of type t gets for a parameter of kind p.
func paramType(t types.Type, p types.Kind, lit *Literal) types.Type {
	if p != types.Numeric {
		if t.Kind == p && p != types.Varchar {
			return t
		}
		return types.Type{Kind: p}
	}
	if t.Kind == types.Numeric {
		return t
	}
	if lit != nil && !lit.Value.IsNull() {
		switch {
		case t.IsInteger():
			return types.TNumeric(digits(lit.Value.Int()), 0)
		case t.Kind == types.Unknown:
			if d, _, ok := types.ParseDecimal(lit.Value.Str()); ok && d.Scale <= types.MaxPrecision {
				return decimalType(d)
			}
		}
	}
	return numericOf(t)
}

// digits counts the decimal digits of v, at least 1.
func digits(v int64) int {
	n := 1
	for v /= 10; v != 0; v /= 10 {
		n++
	}
	return n
}

// decimalType is the smallest NUMERIC that holds d.
func decimalType(d types.Decimal) types.Type {
	p := 1
	for p < types.MaxPrecision && !d.Value.FitsPrecision(p) {
		p++
	}
	return types.TNumeric(max(p, d.Scale), d.Scale)
}

// numericOf is the NUMERIC that holds every value of an integer type, the default NUMERIC for others.
func numericOf(t types.Type) types.Type {
	switch t.Kind {
	case types.Numeric:
		return t
	case types.Int2:
		return types.TNumeric(5, 0)
	case types.Int4:
		return types.TNumeric(10, 0)
	case types.Int8:
		return types.TNumeric(19, 0)
	}
	return types.Base(types.Numeric)
}

// signature writes name(types) or the operator with its operand types.
func signature(name string, args []types.Type) (text string, operator bool) {
	names := make([]string, len(args))
	for i, t := range args {
		names[i] = t.BaseName()
	}
	if !isOperatorName(name) || len(args) > 2 || len(args) == 0 {
		return name + "(" + strings.Join(names, ", ") + ")", false
	}
	if len(args) == 1 {
		return name + " " + names[0], true
	}
	return names[0] + " " + name + " " + names[1], true
}

func undefined(name string, args []types.Type) error {
	text, op := signature(name, args)
	if op {
		return sqlstate.New(sqlstate.UndefinedFunction, "operator does not exist: %s", text).
			WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	return sqlstate.New(sqlstate.UndefinedFunction, "function %s does not exist", text).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

func ambiguous(name string, args []types.Type) error {
	text, op := signature(name, args)
	if op {
		return sqlstate.New(sqlstate.AmbiguousFunction, "operator is not unique: %s", text).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	return sqlstate.New(sqlstate.AmbiguousFunction, "function %s is not unique", text).
		WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
}
