package binder

import (
	"slices"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// specialCalls are the functions that are more than a call of the registry.
var specialCalls map[string]func(*binder, *parser.FuncCall, *scope) (fn.Expr, error)

func init() {
	// Filled here because the functions refer to the map through expr.
	specialCalls = map[string]func(*binder, *parser.FuncCall, *scope) (fn.Expr, error){
		"coalesce": (*binder).coalesce,
		"nullif":   (*binder).nullif,
		"greatest": (*binder).extreme,
		"least":    (*binder).extreme,
		"grouping": (*binder).groupingFunc,
	}
}

// funcCall binds a call of a function, aggregate, window function or model.
func (b *binder) funcCall(e *parser.FuncCall, sc *scope) (fn.Expr, error) {
	name := e.Name.Name
	if s := e.Name.Schema; s != "" && s != "pg_catalog" && s != "public" {
		return nil, b.errorAt(e.Pos(), sqlstate.UndefinedFunction, "function %s does not exist", e.Name.String())
	}
	if e.Over != nil {
		return b.windowFunc(e, sc)
	}
	if fn.IsAggregate(name) {
		return b.aggregate(e, sc)
	}
	if _, isWindow := windowFunctions[name]; isWindow {
		return nil, b.errorAt(e.Pos(), sqlstate.WrongObjectType, "window function %s requires an OVER clause", name)
	}
	if err := b.plainCallOnly(e); err != nil {
		return nil, err
	}
	if special, ok := specialCalls[name]; ok {
		return special(b, e, sc)
	}
	if isPredict(e) && !fn.IsScalar(name) {
		return b.predict(e, sc)
	}
	if name == "generate_series" || name == "unnest" {
		return nil, b.unsupported(e.Pos(), "set-returning function %s in this place is", name)
	}
	args, pos, err := b.exprs(sequenceCall(e).Args, sc)
	if err != nil {
		return nil, err
	}
	if f := b.cat.Function(name, len(args)); f != nil {
		if err := b.relationArg(name, args, pos); err != nil {
			return nil, err
		}
		return b.callOf(f, args, pos)
	}
	for i, a := range args {
		if n, ok := a.(*fn.Literal); ok && isUnknown(a) && n.Value.IsNull() && !fn.IsScalar(name) {
			args[i] = b.known(a)
		}
	}
	return b.call(name, args, e.Pos(), pos)
}

// plainCallOnly refuses the clauses that only aggregates have.
func (b *binder) plainCallOnly(e *parser.FuncCall) error {
	name := e.Name.Name
	what := ""
	switch {
	case e.Star:
		return b.errorAt(e.Pos(), sqlstate.UndefinedFunction, "function %s(*) does not exist", name)
	case e.Distinct:
		what = "DISTINCT specified"
	case len(e.OrderBy) > 0:
		what = "ORDER BY specified"
	case len(e.WithinGroup) > 0:
		what = "WITHIN GROUP specified"
	case e.Filter != nil:
		what = "FILTER specified"
	case e.Variadic:
		return b.unsupported(e.Pos(), "VARIADIC is")
	default:
		return nil
	}
	return b.errorAt(e.Pos(), sqlstate.WrongObjectType, "%s, but %s is not an aggregate function", what, name)
}

// undefinedFunction is the 42883 error for bound arguments.
func (b *binder) undefinedFunction(e *parser.FuncCall, args []fn.Expr) error {
	text := e.Name.Name + "("
	for i, a := range args {
		if i > 0 {
			text += ", "
		}
		text += b.currentType(a).BaseName()
	}
	return b.errorAt(e.Pos(), sqlstate.UndefinedFunction, "function %s) does not exist", text).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

func (b *binder) coalesce(e *parser.FuncCall, sc *scope) (fn.Expr, error) {
	args, pos, err := b.exprs(e.Args, sc)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, b.errorAt(e.Pos(), sqlstate.SyntaxError, "COALESCE needs an argument")
	}
	args, t, err := b.unify(args, "COALESCE", pos)
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return args[0], nil
	}
	return &fn.Coalesce{Args: args, Typ: t}, nil
}

// nullif is CASE WHEN a = b THEN NULL ELSE a END.
func (b *binder) nullif(e *parser.FuncCall, sc *scope) (fn.Expr, error) {
	args, pos, err := b.exprs(e.Args, sc)
	if err != nil {
		return nil, err
	}
	if len(args) != 2 {
		return nil, b.undefinedFunction(e, args)
	}
	eq, err := b.call(fn.OpEq.String(), args, e.Pos(), pos)
	if err != nil {
		return nil, err
	}
	value := b.known(args[0])
	return &fn.Case{Whens: []fn.When{{Cond: eq, Then: plan.Null(value.Type())}}, Else: value, Typ: value.Type()}, nil
}

// extreme is GREATEST and LEAST: the largest argument that is not NULL. The
// registry has them, or else they are a chain of CASE.
func (b *binder) extreme(e *parser.FuncCall, sc *scope) (fn.Expr, error) {
	args, pos, err := b.exprs(e.Args, sc)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, b.undefinedFunction(e, args)
	}
	name := e.Name.Name
	args, t, err := b.unify(args, map[string]string{"greatest": "GREATEST", "least": "LEAST"}[name], pos)
	if err != nil {
		return nil, err
	}
	if fn.IsScalar(name) {
		return b.call(name, args, e.Pos(), pos)
	}
	op := map[string]string{"greatest": ">=", "least": "<="}[name]
	out := args[0]
	for i, a := range args[1:] {
		better, err := b.call(op, []fn.Expr{out, a}, e.Pos(), []int{pos[0], pos[i+1]})
		if err != nil {
			return nil, err
		}
		missing, err := b.call(fn.OpIsNull.String(), []fn.Expr{a}, e.Pos(), []int{pos[i+1]})
		if err != nil {
			return nil, err
		}
		out = &fn.Case{
			Whens: []fn.When{{Cond: fn.NewOr(better, missing), Then: out}},
			Else:  &fn.Coalesce{Args: []fn.Expr{a, out}, Typ: t}, Typ: t,
		}
	}
	return out, nil
}

// aggregate binds a call of an aggregate and registers it with the query
// level that it belongs to: that of its innermost column.
func (b *binder) aggregate(e *parser.FuncCall, sc *scope) (fn.Expr, error) {
	name := e.Name.Name
	if len(e.WithinGroup) > 0 {
		return nil, b.unsupported(e.Pos(), "WITHIN GROUP is")
	}
	if sc.inAgg {
		return nil, b.errorAt(e.Pos(), sqlstate.GroupingError, "aggregate function calls cannot be nested")
	}
	sc.inAgg = true
	agg, err := b.aggArgs(e, sc)
	sc.inAgg = false
	if err != nil {
		return nil, err
	}
	used := append(append([]fn.Expr(nil), agg.Args...), sortKeyExprs(agg.OrderBy)...)
	if agg.Filter != nil {
		used = append(used, agg.Filter)
	}
	owner := sc.owner(used)
	if !owner.allowAggs {
		return nil, b.errorAt(e.Pos(), sqlstate.GroupingError, "aggregate functions are not allowed in %s", owner.clause)
	}
	if owner != sc && owner.inAgg {
		return nil, b.errorAt(e.Pos(), sqlstate.GroupingError, "aggregate function calls cannot be nested")
	}
	for _, used := range owner.aggs {
		if sameAgg(&used, agg) {
			return plan.Ref(used.Col), nil
		}
	}
	agg.Col = b.newColumn(name, agg.Func.Result)
	agg.Col.NotNull = name == "count"
	owner.aggs = append(owner.aggs, *agg)
	return plan.Ref(agg.Col), nil
}

func sortKeyExprs(keys []plan.SortKey) []fn.Expr {
	var out []fn.Expr
	for _, k := range keys {
		out = append(out, k.Expr)
	}
	return out
}

// aggArgs binds the arguments, FILTER and ORDER BY of an aggregate.
func (b *binder) aggArgs(e *parser.FuncCall, sc *scope) (*plan.Agg, error) {
	name := e.Name.Name
	if e.Star && name != "count" {
		return nil, b.errorAt(e.Pos(), sqlstate.UndefinedFunction, "function %s(*) does not exist", name)
	}
	if e.Variadic {
		return nil, b.unsupported(e.Pos(), "VARIADIC is")
	}
	if err := b.countStar(e); err != nil {
		return nil, err
	}
	args, pos, err := b.exprs(e.Args, sc)
	if err != nil {
		return nil, err
	}
	agg := &plan.Agg{Distinct: e.Distinct}
	if name == "any_value" && len(e.OrderBy) > 0 {
		name = "first" // any value would do; who gives an order means the first one
	}
	if agg.Func, agg.Args, err = b.resolveAggregate(name, args, e.Pos(), pos); err != nil {
		return nil, err
	}
	if e.Distinct && len(agg.Args) == 0 {
		return nil, b.errorAt(e.Pos(), sqlstate.WrongObjectType, "DISTINCT is not allowed for %s(*)", name)
	}
	if e.Filter != nil {
		if agg.Filter, err = b.condition(e.Filter, sc, "argument of FILTER"); err != nil {
			return nil, err
		}
	}
	for _, o := range e.OrderBy {
		x, err := b.expr(o.Expr, sc)
		if err != nil {
			return nil, err
		}
		if e.Distinct && !slices.ContainsFunc(args, func(a fn.Expr) bool { return plan.Equal(a, x) }) {
			return nil, b.errorAt(o.Expr.Pos(), sqlstate.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
		}
		agg.OrderBy = append(agg.OrderBy, sortKey(b.known(x), o.Desc, o.Nulls))
	}
	if agg.Func.IgnoresOrder {
		agg.OrderBy = nil
	}
	return agg, nil
}

// countStar refuses count(), which is written count(*).
func (b *binder) countStar(e *parser.FuncCall) error {
	if e.Star || len(e.Args) > 0 || e.Name.Name != "count" {
		return nil
	}
	return b.errorAt(e.Pos(), sqlstate.WrongObjectType, "count(*) must be used to call a parameterless aggregate function")
}

// resolveAggregate finds the overload and converts the arguments.
func (b *binder) resolveAggregate(name string, args []fn.Expr, pos int, argPos []int) (*fn.Aggregate, []fn.Expr, error) {
	ts := make([]types.Type, len(args))
	for i, a := range args {
		ts[i] = b.currentType(a)
	}
	f, err := fn.ResolveAggregate(name, ts)
	if err != nil {
		return nil, nil, b.locate(err, pos)
	}
	out := make([]fn.Expr, len(args))
	for i, a := range args {
		if out[i], err = b.coerce(a, f.Args[i], fn.ImplicitCast, argPos[i]); err != nil {
			return nil, nil, err
		}
	}
	return f, out, nil
}

// sameAgg reports whether two calls compute the same.
func sameAgg(a, b *plan.Agg) bool {
	if !a.Func.Same(b.Func) || a.Distinct != b.Distinct || len(a.Args) != len(b.Args) ||
		len(a.OrderBy) != len(b.OrderBy) || !plan.Equal(a.Filter, b.Filter) {
		return false
	}
	for i := range a.Args {
		if !plan.Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	for i := range a.OrderBy {
		x, y := a.OrderBy[i], b.OrderBy[i]
		if x.Desc != y.Desc || x.NullsFirst != y.NullsFirst || !plan.Equal(x.Expr, y.Expr) {
			return false
		}
	}
	return true
}
