package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// rowPair is two bound rows of the same length.
type rowPair struct {
	left, right       []fn.Expr
	leftPos, rightPos []int
}

// rowPair binds two rows at pos; it is nil when the sides are no rows.
func (b *binder) rowPair(left, right parser.Expr, pos int, sc *scope) (*rowPair, error) {
	l, isRow := left.(*parser.RowExpr)
	r, isRow2 := right.(*parser.RowExpr)
	if !isRow || !isRow2 {
		return nil, nil
	}
	if len(l.Items) != len(r.Items) {
		return nil, b.errorAt(pos, sqlstate.SyntaxError, "unequal number of entries in row expressions")
	}
	if len(l.Items) == 0 {
		return nil, b.unsupported(pos, "comparison of empty rows is")
	}
	p := &rowPair{}
	var err error
	if p.left, p.leftPos, err = b.exprs(l.Items, sc); err != nil {
		return nil, err
	}
	p.right, p.rightPos, err = b.exprs(r.Items, sc)
	return p, err
}

// rowComparison binds (a, b) op (c, d); ok is false when the sides are no rows.
func (b *binder) rowComparison(e *parser.BinaryExpr, sc *scope) (x fn.Expr, ok bool, err error) {
	p, err := b.rowPair(e.Left, e.Right, e.OpPos, sc)
	if p == nil || err != nil {
		return nil, err != nil, err
	}
	x, err = b.compareRows(e.Op, p.left, p.right, p.leftPos, p.rightPos, e.OpPos)
	return x, true, err
}

// rowDistinct is name, "is distinct from" or "is not distinct from", of two rows:
// of any of their fields, or of all.
func (b *binder) rowDistinct(name string, p *rowPair, pos int) (fn.Expr, error) {
	var parts []fn.Expr
	for i := range p.left {
		x, err := b.call(name, []fn.Expr{p.left[i], p.right[i]}, pos, []int{p.leftPos[i], p.rightPos[i]})
		if err != nil {
			return nil, err
		}
		parts = append(parts, x)
	}
	if name == "is distinct from" {
		return fn.NewOr(parts...), nil
	}
	return fn.NewAnd(parts...), nil
}

// rowBetween binds (a, b) BETWEEN (c, d) AND (e, f); it is nil when these are no rows.
func (b *binder) rowBetween(e *parser.BetweenExpr, sc *scope) (fn.Expr, error) {
	low, err := b.rowPair(e.Operand, e.Low, e.Pos(), sc)
	if low == nil || err != nil {
		return nil, err
	}
	high, err := b.rowPair(e.Operand, e.High, e.Pos(), sc)
	if high == nil || err != nil {
		return nil, err
	}
	within := func(low, high *rowPair) (fn.Expr, error) {
		lo, err := b.compareRows(">=", low.left, low.right, low.leftPos, low.rightPos, e.Pos())
		if err != nil {
			return nil, err
		}
		hi, err := b.compareRows("<=", high.left, high.right, high.leftPos, high.rightPos, e.Pos())
		return fn.NewAnd(lo, hi), err
	}
	inside, err := within(low, high)
	if err == nil && e.Symmetric {
		var swapped fn.Expr
		swapped, err = within(high, low)
		inside = fn.NewOr(inside, swapped)
	}
	if err != nil {
		return nil, err
	}
	if e.Not {
		return b.not(inside, e.Pos())
	}
	return inside, nil
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
