package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// expr binds an expression. The result may be of type unknown: an untyped
// literal or parameter that the caller gives its type.
func (b *binder) expr(e parser.Expr, sc *scope) (fn.Expr, error) {
	if err := b.tick(); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *parser.ColumnRef:
		return b.columnRef(e, sc)
	case *parser.Param:
		return b.param(e), nil
	case *parser.UnaryExpr:
		return b.unary(e, sc)
	case *parser.BinaryExpr:
		return b.binary(e, sc)
	case *parser.BoolExpr:
		return b.boolExpr(e, sc)
	case *parser.CastExpr:
		return b.cast(e, sc)
	case *parser.CaseExpr:
		return b.caseExpr(e, sc)
	case *parser.FuncCall:
		return b.funcCall(e, sc)
	case *parser.CollateExpr:
		return b.collate(e, sc)
	case *parser.ArrayExpr:
		if e.Query != nil {
			return b.arrayQuery(e, sc)
		}
	case *parser.IndexExpr:
		return b.subscript(e, sc)
	}
	if x, ok, err := b.literal(e); ok {
		return x, err
	}
	if x, ok, err := b.predicate(e, sc); ok {
		return x, err
	}
	return nil, b.unsupportedExpr(e)
}

// unsupportedExpr names what parses and does not run.
func (b *binder) unsupportedExpr(e parser.Expr) error {
	switch e := e.(type) {
	case *parser.ArrayExpr, *parser.IndexExpr:
		return b.unsupported(e.Pos(), "arrays are")
	case *parser.RowExpr:
		return b.unsupported(e.Pos(), "row values are")
	case *parser.FieldExpr:
		return b.unsupported(e.Pos(), "composite values are")
	case *parser.Star:
		return b.errorAt(e.Pos(), sqlstate.SyntaxError, "* is not allowed here")
	case *parser.DefaultExpr:
		return b.errorAt(e.Pos(), sqlstate.SyntaxError, "DEFAULT is not allowed in this context")
	case *parser.NamedArg:
		return b.unsupported(e.Pos(), "named arguments of this function are")
	case *parser.BitStringLit:
		return b.unsupported(e.Pos(), "bit strings are")
	}
	return b.unsupported(e.Pos(), "expressions of kind %T are", e)
}

// exprs binds a list of expressions.
func (b *binder) exprs(list []parser.Expr, sc *scope) (out []fn.Expr, pos []int, err error) {
	for _, e := range list {
		x, err := b.expr(e, sc)
		if err != nil {
			return nil, nil, err
		}
		out, pos = append(out, x), append(pos, e.Pos())
	}
	return out, pos, nil
}

// condition binds a boolean expression; what is as for boolean.
func (b *binder) condition(e parser.Expr, sc *scope, what string) (fn.Expr, error) {
	x, err := b.expr(e, sc)
	if err != nil {
		return nil, err
	}
	return b.boolean(x, what, e.Pos())
}

func (b *binder) unary(e *parser.UnaryExpr, sc *scope) (fn.Expr, error) {
	if e.Op == "not" {
		x, err := b.condition(e.Operand, sc, "argument of NOT")
		if err != nil {
			return nil, err
		}
		return b.not(x, e.Pos())
	}
	x, err := b.expr(e.Operand, sc)
	if err != nil {
		return nil, err
	}
	if n, ok := e.Operand.(*parser.NumberLit); ok && e.Op == "-" {
		// -9223372036854775808 is one constant, not the negation of a number that does not fit.
		return b.number("-"+n.Text, e.Pos())
	}
	return b.call(e.Op, []fn.Expr{x}, e.Pos(), []int{e.Operand.Pos()})
}

// not negates a condition.
func (b *binder) not(x fn.Expr, pos int) (fn.Expr, error) {
	if in, ok := x.(*fn.In); ok {
		c := *in
		c.Negated = !c.Negated
		return &c, nil
	}
	return b.call(fn.OpNot.String(), []fn.Expr{x}, pos, []int{pos})
}

func (b *binder) binary(e *parser.BinaryExpr, sc *scope) (fn.Expr, error) {
	if err := b.operatorSchema(e.OpSchema, e.Op, e.OpPos); err != nil {
		return nil, err
	}
	if isComparison(e.Op) {
		if x, ok, err := b.rowComparison(e, sc); ok {
			return x, err
		}
	}
	args, pos, err := b.exprs([]parser.Expr{e.Left, e.Right}, sc)
	if err != nil {
		return nil, err
	}
	if err := b.alignElements(e, args, pos); err != nil {
		return nil, err
	}
	return b.call(operatorName(e.Op), args, e.OpPos, pos)
}

// operatorSchema refuses OPERATOR(schema.op) of a schema that has none.
func (b *binder) operatorSchema(schema, op string, pos int) error {
	if schema == "" || schema == "pg_catalog" {
		return nil
	}
	return b.errorAt(pos, sqlstate.UndefinedFunction, "operator does not exist: %s.%s", schema, op)
}

// operatorName maps second spellings of operators to the registry's names.
func operatorName(op string) string {
	if op == "!=" {
		return "<>"
	}
	return op
}

func isComparison(op string) bool {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		return true
	}
	return false
}

func (b *binder) boolExpr(e *parser.BoolExpr, sc *scope) (fn.Expr, error) {
	what := "argument of AND"
	if e.Op == parser.Or {
		what = "argument of OR"
	}
	args := make([]fn.Expr, len(e.Args))
	for i, a := range e.Args {
		var err error
		if args[i], err = b.condition(a, sc, what); err != nil {
			return nil, err
		}
	}
	if e.Op == parser.Or {
		return &fn.Or{Args: args}, nil
	}
	return &fn.And{Args: args}, nil
}

func (b *binder) cast(e *parser.CastExpr, sc *scope) (fn.Expr, error) {
	if x, ok, err := b.regCast(e, sc); ok {
		return x, err
	}
	if x, ok, err := b.arrayCast(e, sc); ok {
		return x, err
	}
	t, err := b.typeName(e.Type)
	if err != nil {
		return nil, err
	}
	x, err := b.expr(e.Operand, sc)
	if err != nil {
		return nil, err
	}
	pos := e.Pos()
	if isUnknown(x) {
		pos = e.Operand.Pos()
	}
	return b.coerce(x, t, fn.ExplicitCast, pos)
}

// collate accepts the collations that mean byte order, which is the only one.
func (b *binder) collate(e *parser.CollateExpr, sc *scope) (fn.Expr, error) {
	switch e.Collation.Name {
	case "C", "POSIX", "default", "ucs_basic":
	default:
		return nil, b.unsupported(e.Collation.Pos(), "collation %q is", e.Collation.Name)
	}
	x, err := b.expr(e.Operand, sc)
	if err != nil {
		return nil, err
	}
	if t := b.currentType(x); !isUnknown(x) && t.Kind != types.Text && t.Kind != types.Varchar && t.Kind != types.Char {
		return nil, b.errorAt(e.Collation.Pos(), sqlstate.DatatypeMismatch, "collations are not supported by type %s", t.BaseName())
	}
	return x, nil
}

func (b *binder) caseExpr(e *parser.CaseExpr, sc *scope) (fn.Expr, error) {
	var operand fn.Expr
	var err error
	if e.Operand != nil {
		if operand, err = b.expr(e.Operand, sc); err != nil {
			return nil, err
		}
		operand = b.known(operand)
	}
	c := &fn.Case{}
	var results []fn.Expr
	var pos []int
	for _, w := range e.Whens {
		cond, err := b.whenCond(w, operand, e, sc)
		if err != nil {
			return nil, err
		}
		c.Whens = append(c.Whens, fn.When{Cond: cond})
		r, err := b.expr(w.Result, sc)
		if err != nil {
			return nil, err
		}
		results, pos = append(results, r), append(pos, w.Result.Pos())
	}
	if e.Else != nil {
		r, err := b.expr(e.Else, sc)
		if err != nil {
			return nil, err
		}
		results, pos = append(results, r), append(pos, e.Else.Pos())
	}
	results, c.Typ, err = b.unify(results, "CASE", pos)
	if err != nil {
		return nil, err
	}
	for i := range c.Whens {
		c.Whens[i].Then = results[i]
	}
	if e.Else != nil {
		c.Else = results[len(results)-1]
	}
	return c, nil
}

// whenCond binds the condition of a branch; in the simple form, operand = value.
func (b *binder) whenCond(w *parser.When, operand fn.Expr, e *parser.CaseExpr, sc *scope) (fn.Expr, error) {
	if operand == nil {
		return b.condition(w.Cond, sc, "argument of CASE/WHEN")
	}
	value, err := b.expr(w.Cond, sc)
	if err != nil {
		return nil, err
	}
	return b.call(fn.OpEq.String(), []fn.Expr{operand, value}, w.Cond.Pos(), []int{e.Operand.Pos(), w.Cond.Pos()})
}

// fold evaluates e if it is constant whatever the session; else it returns e.
// An error stays for the execution to find, which may never get there.
func fold(e fn.Expr) fn.Expr {
	if _, lit := e.(*fn.Literal); lit || !plan.IsConst(e) || fn.VolatilityOf(e) != fn.Immutable {
		return e
	}
	if out, err := fn.Fold(e, &fn.Context{ZoneName: "UTC"}); err == nil {
		return out
	}
	return e
}
