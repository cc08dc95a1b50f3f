package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// literal binds a constant; ok is false for another kind of expression.
func (b *binder) literal(e parser.Expr) (x fn.Expr, ok bool, err error) {
	switch e := e.(type) {
	case *parser.NullLit:
		return &fn.Literal{Typ: types.TUnknown}, true, nil
	case *parser.BoolLit:
		return &fn.Literal{Value: types.NewBool(e.Value), Typ: types.TBool}, true, nil
	case *parser.StringLit:
		return &fn.Literal{Value: types.NewString(e.Value), Typ: types.TUnknown}, true, nil
	case *parser.NumberLit:
		x, err = b.number(e.Text, e.Pos())
		return x, true, err
	case *parser.TypedLit:
		x, err = b.typedLiteral(e)
		return x, true, err
	}
	return nil, false, nil
}

// number binds a number with an optional sign: integer, bigint or numeric,
// the first that holds it.
func (b *binder) number(text string, pos int) (fn.Expr, error) {
	x, err := fn.NumberLiteral(text)
	if err != nil {
		return nil, b.locate(err, pos)
	}
	return x, nil
}

func (b *binder) typedLiteral(e *parser.TypedLit) (fn.Expr, error) {
	t, err := b.typeName(e.Type)
	if err != nil {
		return nil, err
	}
	lit := &fn.Literal{Value: types.NewString(e.Value), Typ: types.TUnknown}
	return b.coerce(lit, t, fn.ExplicitCast, e.Pos())
}
