package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// predicate binds the predicates and subquery forms; ok is false for another
// kind of expression.
func (b *binder) predicate(e parser.Expr, sc *scope) (x fn.Expr, ok bool, err error) {
	switch e := e.(type) {
	case *parser.IsExpr:
		x, err = b.isExpr(e, sc)
	case *parser.IsDistinctExpr:
		x, err = b.isDistinct(e, sc)
	case *parser.BetweenExpr:
		x, err = b.between(e, sc)
	case *parser.InExpr:
		x, err = b.inExpr(e, sc)
	case *parser.LikeExpr:
		x, err = b.like(e, sc)
	case *parser.QuantifiedExpr:
		x, err = b.quantified(e, sc)
	case *parser.ExistsExpr:
		x, err = b.exists(e, sc)
	case *parser.SubqueryExpr:
		x, err = b.scalarSubquery(e, sc)
	default:
		return nil, false, nil
	}
	return x, true, err
}

var isTestNames = map[parser.IsTest][2]string{
	parser.IsNull:    {"is null", "is not null"},
	parser.IsTrue:    {"is true", "is not true"},
	parser.IsFalse:   {"is false", "is not false"},
	parser.IsUnknown: {"is null", "is not null"},
}

func (b *binder) isExpr(e *parser.IsExpr, sc *scope) (fn.Expr, error) {
	not := 0
	if e.Not {
		not = 1
	}
	name := isTestNames[e.Test][not]
	if row, ok := e.Operand.(*parser.RowExpr); ok && e.Test == parser.IsNull {
		// A row IS NULL when all fields are, IS NOT NULL when none is.
		return b.eachField(row, name, sc)
	}
	x, err := b.expr(e.Operand, sc)
	if err != nil {
		return nil, err
	}
	if e.Test != parser.IsNull {
		if x, err = b.boolean(x, "argument of IS", e.Operand.Pos()); err != nil {
			return nil, err
		}
	}
	return b.call(name, []fn.Expr{b.known(x)}, e.Pos(), []int{e.Operand.Pos()})
}

func (b *binder) eachField(row *parser.RowExpr, name string, sc *scope) (fn.Expr, error) {
	var args []fn.Expr
	for _, item := range row.Items {
		x, err := b.expr(item, sc)
		if err != nil {
			return nil, err
		}
		test, err := b.call(name, []fn.Expr{b.known(x)}, item.Pos(), []int{item.Pos()})
		if err != nil {
			return nil, err
		}
		args = append(args, test)
	}
	if len(args) == 0 {
		return &fn.Literal{Value: types.NewBool(true), Typ: types.TBool}, nil
	}
	return fn.NewAnd(args...), nil
}

func (b *binder) isDistinct(e *parser.IsDistinctExpr, sc *scope) (fn.Expr, error) {
	name := "is distinct from"
	if e.Not {
		name = "is not distinct from"
	}
	if p, err := b.rowPair(e.Left, e.Right, e.Pos(), sc); p != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return b.rowDistinct(name, p, e.Pos())
	}
	args, pos, err := b.exprs([]parser.Expr{e.Left, e.Right}, sc)
	if err != nil {
		return nil, err
	}
	return b.call(name, args, e.Pos(), pos)
}

func (b *binder) between(e *parser.BetweenExpr, sc *scope) (fn.Expr, error) {
	if x, err := b.rowBetween(e, sc); x != nil || err != nil {
		return x, err
	}
	args, pos, err := b.exprs([]parser.Expr{e.Operand, e.Low, e.High}, sc)
	if err != nil {
		return nil, err
	}
	inside, err := b.inRange(args, pos, e.Pos())
	if err != nil {
		return nil, err
	}
	if e.Symmetric {
		swapped, err := b.inRange([]fn.Expr{args[0], args[2], args[1]}, []int{pos[0], pos[2], pos[1]}, e.Pos())
		if err != nil {
			return nil, err
		}
		inside = fn.NewOr(inside, swapped)
	}
	if e.Not {
		return b.not(inside, e.Pos())
	}
	return inside, nil
}

// inRange is args[0] >= args[1] AND args[0] <= args[2].
func (b *binder) inRange(args []fn.Expr, pos []int, at int) (fn.Expr, error) {
	lo, err := b.call(fn.OpGe.String(), args[:2], at, pos[:2])
	if err != nil {
		return nil, err
	}
	hi, err := b.call(fn.OpLe.String(), []fn.Expr{args[0], args[2]}, at, []int{pos[0], pos[2]})
	if err != nil {
		return nil, err
	}
	return fn.NewAnd(lo, hi), nil
}

var likeNames = map[parser.LikeKind][2]string{
	parser.Like:  {"~~", "!~~"},
	parser.ILike: {"~~*", "!~~*"},
	// SIMILAR TO is a match with the regular expression that its pattern stands for.
	parser.SimilarTo: {"~", "!~"},
}

func (b *binder) like(e *parser.LikeExpr, sc *scope) (fn.Expr, error) {
	name := likeNames[e.Kind][0]
	if e.Not {
		name = likeNames[e.Kind][1]
	}
	list := []parser.Expr{e.Operand, e.Pattern}
	if e.Escape != nil {
		list = append(list, e.Escape)
	}
	args, pos, err := b.exprs(list, sc)
	if err != nil {
		return nil, err
	}
	if e.Kind == parser.SimilarTo {
		pattern, err := b.call("similar_to_escape", args[1:], e.Pos(), pos[1:])
		if err != nil {
			return nil, err
		}
		args, pos = []fn.Expr{args[0], pattern}, pos[:2]
	}
	return b.call(name, args, e.Pos(), pos)
}

// inExpr binds x IN (list) and hands x IN (query) on.
func (b *binder) inExpr(e *parser.InExpr, sc *scope) (fn.Expr, error) {
	if e.Query != nil {
		x, err := b.anySubquery("=", e.Operand, e.Query, sc, e.Pos())
		if err != nil || !e.Not {
			return x, err
		}
		return b.not(x, e.Pos())
	}
	var x fn.Expr
	var err error
	if row, ok := e.Operand.(*parser.RowExpr); ok {
		x, err = b.rowInList(row, e, sc)
	} else {
		x, err = b.inList(e, sc)
	}
	if err != nil || !e.Not {
		return x, err
	}
	return b.not(x, e.Pos())
}

// inList is a set lookup when the list is constant, else a disjunction.
func (b *binder) inList(e *parser.InExpr, sc *scope) (fn.Expr, error) {
	operand, err := b.expr(e.Operand, sc)
	if err != nil {
		return nil, err
	}
	items, pos, err := b.exprs(e.List, sc)
	if err != nil {
		return nil, err
	}
	if in := b.constantList(operand, items, e, pos); in != nil {
		return in, nil
	}
	var ors []fn.Expr
	for i, item := range items {
		eq, err := b.call(fn.OpEq.String(), []fn.Expr{operand, item}, e.Pos(), []int{e.Operand.Pos(), pos[i]})
		if err != nil {
			return nil, err
		}
		ors = append(ors, eq)
	}
	return fn.NewOr(ors...), nil
}

// constantList builds an fn.In if all items are constants that convert to one
// type with the operand; nil otherwise.
func (b *binder) constantList(operand fn.Expr, items []fn.Expr, e *parser.InExpr, pos []int) fn.Expr {
	if len(items) < 2 {
		return nil
	}
	ts := []types.Type{b.currentType(operand)}
	for i, item := range items {
		items[i] = fold(item)
		if _, ok := items[i].(*fn.Literal); !ok {
			return nil
		}
		ts = append(ts, item.Type())
	}
	t, err := fn.CommonType(ts)
	if err != nil || t.Kind == types.Unknown {
		return nil
	}
	arg, err := b.coerce(operand, comparisonType(t), fn.ImplicitCast, e.Operand.Pos())
	if err != nil {
		return nil
	}
	in := &fn.In{Arg: arg}
	for i, item := range items {
		c, err := b.coerce(item, arg.Type(), fn.ImplicitCast, pos[i])
		lit, ok := c.(*fn.Literal)
		if err != nil || !ok {
			return nil
		}
		if lit.Value.IsNull() {
			in.HasNull = true
			continue
		}
		in.List = append(in.List, lit.Value)
	}
	return in
}

// comparisonType drops the length limits that do not matter to a comparison.
func comparisonType(t types.Type) types.Type {
	if t.Kind == types.Varchar {
		return types.Type{Kind: types.Varchar}
	}
	return t
}

// quantified binds x op ANY|ALL (query | ARRAY[…]).
func (b *binder) quantified(e *parser.QuantifiedExpr, sc *scope) (fn.Expr, error) {
	if err := b.operatorSchema(e.OpSchema, e.Op, e.OpPos); err != nil {
		return nil, err
	}
	op := operatorName(e.Op)
	if e.Array != nil {
		return b.quantifiedArray(e, op, sc)
	}
	if !e.All {
		return b.anySubquery(op, e.Left, e.Query, sc, e.OpPos)
	}
	// x op ALL (q) is NOT (x negated-op ANY (q)), nulls included.
	inverse, ok := negatedOps[op]
	if !ok {
		return nil, b.unsupported(e.OpPos, "operator %s with ALL is", op)
	}
	x, err := b.anySubquery(inverse, e.Left, e.Query, sc, e.OpPos)
	if err != nil {
		return nil, err
	}
	return b.not(x, e.OpPos)
}

var negatedOps = map[string]string{
	"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
	"~~": "!~~", "!~~": "~~", "~~*": "!~~*", "!~~*": "~~*",
}

// quantifiedArray expands x op ANY (ARRAY[…]) into a disjunction, ALL into a conjunction.
func (b *binder) quantifiedArray(e *parser.QuantifiedExpr, op string, sc *scope) (fn.Expr, error) {
	array, ok := e.Array.(*parser.ArrayExpr)
	if cast, isCast := e.Array.(*parser.CastExpr); isCast {
		array, ok = cast.Operand.(*parser.ArrayExpr)
	}
	if !ok || array.Query != nil {
		return b.anyElement(e, op, sc)
	}
	if op == "=" && !e.All && len(array.Items) > 1 {
		return b.inList(&parser.InExpr{Loc: e.Loc, Operand: e.Left, List: array.Items}, sc)
	}
	left, err := b.expr(e.Left, sc)
	if err != nil {
		return nil, err
	}
	var parts []fn.Expr
	for _, item := range array.Items {
		x, err := b.expr(item, sc)
		if err != nil {
			return nil, err
		}
		part, err := b.call(op, []fn.Expr{left, x}, e.OpPos, []int{e.Left.Pos(), item.Pos()})
		if err != nil {
			return nil, err
		}
		if part.Type().Kind != types.Bool {
			return nil, b.errorAt(e.OpPos, sqlstate.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
		}
		parts = append(parts, part)
	}
	switch {
	case len(parts) == 0:
		return &fn.Literal{Value: types.NewBool(e.All), Typ: types.TBool}, nil
	case e.All:
		return fn.NewAnd(parts...), nil
	}
	return fn.NewOr(parts...), nil
}
