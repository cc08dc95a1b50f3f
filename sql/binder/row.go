package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// rowComparison binds (a, b) op (c, d); ok is false when the sides are no rows.
func (b *binder) rowComparison(e *parser.BinaryExpr, sc *scope) (x fn.Expr, ok bool, err error) {
	left, isRow := e.Left.(*parser.RowExpr)
	right, isRow2 := e.Right.(*parser.RowExpr)
	if !isRow || !isRow2 {
		return nil, false, nil
	}
	if len(left.Items) != len(right.Items) {
		return nil, true, b.errorAt(e.OpPos, sqlstate.SyntaxError, "unequal number of entries in row expressions")
	}
	if len(left.Items) == 0 {
		return nil, true, b.unsupported(e.OpPos, "comparison of empty rows is")
	}
	ls, lpos, err := b.exprs(left.Items, sc)
	if err != nil {
		return nil, true, err
	}
	rs, rpos, err := b.exprs(right.Items, sc)
	if err != nil {
		return nil, true, err
	}
	x, err = b.compareRows(e.Op, ls, rs, lpos, rpos, e.OpPos)
	return x, true, err
}

// compareRows compares field by field; the orders are lexicographic.
func (b *binder) compareRows(op string, ls, rs []fn.Expr, lpos, rpos []int, pos int) (fn.Expr, error) {
	field := func(op string, i int) (fn.Expr, error) {
		return b.call(op, []fn.Expr{ls[i], rs[i]}, pos, []int{lpos[i], rpos[i]})
	}
	if op == "=" || op == "<>" {
		var parts []fn.Expr
		for i := range ls {
			p, err := field(op, i)
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
		if op == "=" {
			return fn.NewAnd(parts...), nil
		}
		return fn.NewOr(parts...), nil
	}
	// a < c OR a = c AND (b < d OR …); the last field keeps the equality of <= and >=.
	out, err := field(op, len(ls)-1)
	for i := len(ls) - 2; i >= 0 && err == nil; i-- {
		var strict, eq fn.Expr
		if strict, err = field(op[:1], i); err != nil {
			break
		}
		if eq, err = field("=", i); err != nil {
			break
		}
		out = fn.NewOr(strict, fn.NewAnd(eq, out))
	}
	return out, err
}

// rowInList binds (a, b) IN ((c, d), …).
func (b *binder) rowInList(row *parser.RowExpr, e *parser.InExpr, sc *scope) (fn.Expr, error) {
	ls, lpos, err := b.exprs(row.Items, sc)
	if err != nil {
		return nil, err
	}
	var ors []fn.Expr
	for _, item := range e.List {
		other, ok := item.(*parser.RowExpr)
		if !ok || len(other.Items) != len(row.Items) {
			return nil, b.errorAt(item.Pos(), sqlstate.SyntaxError, "unequal number of entries in row expressions")
		}
		rs, rpos, err := b.exprs(other.Items, sc)
		if err != nil {
			return nil, err
		}
		eq, err := b.compareRows("=", ls, rs, lpos, rpos, item.Pos())
		if err != nil {
			return nil, err
		}
		ors = append(ors, eq)
	}
	return fn.NewOr(ors...), nil
}
