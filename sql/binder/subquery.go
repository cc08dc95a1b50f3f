package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// subquery binds a query inside an expression.
func (b *binder) subquery(s *parser.SelectStmt, sc *scope) (*query, error) {
	for o := sc; o != nil; o = o.parent {
		if o.noSubquery != "" {
			return nil, b.errorAt(s.Pos(), sqlstate.FeatureNotSupported, "cannot use subquery in %s", o.noSubquery)
		}
	}
	q, err := b.selectStmt(s, sc)
	if err != nil {
		return nil, err
	}
	b.closeQuery(q)
	return q, nil
}

// subqueryOrigin is where a subquery stands, and what it says: in one scope the same
// text means the same, so that GROUP BY and the select list can share it.
type subqueryOrigin struct {
	sc            *scope
	operand, text string
}

func (b *binder) exists(e *parser.ExistsExpr, sc *scope) (fn.Expr, error) {
	q, err := b.subquery(e.Query, sc)
	if err != nil {
		return nil, err
	}
	return &plan.Subquery{Kind: plan.ExistsSubquery, Plan: q.node, Typ: types.TBool, Origin: subqueryOrigin{sc, "", parser.Format(e)}}, nil
}

func (b *binder) scalarSubquery(e *parser.SubqueryExpr, sc *scope) (fn.Expr, error) {
	q, err := b.subquery(e.Query, sc)
	if err != nil {
		return nil, err
	}
	if len(q.cols) != 1 {
		return nil, b.errorAt(e.Pos(), sqlstate.SyntaxError, "subquery must return only one column")
	}
	return &plan.Subquery{Kind: plan.ScalarSubquery, Plan: q.node, Typ: q.cols[0].Type, Origin: subqueryOrigin{sc, "", parser.Format(e)}}, nil
}

// anySubquery binds left op ANY (query), left possibly a row.
func (b *binder) anySubquery(op string, left parser.Expr, s *parser.SelectStmt, sc *scope, pos int) (fn.Expr, error) {
	items := []parser.Expr{left}
	if row, ok := left.(*parser.RowExpr); ok {
		items = row.Items
	}
	ls, lpos, err := b.exprs(items, sc)
	if err != nil {
		return nil, err
	}
	q, err := b.subquery(s, sc)
	if err != nil {
		return nil, err
	}
	switch {
	case len(q.cols) < len(ls):
		return nil, b.errorAt(pos, sqlstate.SyntaxError, "subquery has too few columns")
	case len(q.cols) > len(ls):
		return nil, b.errorAt(pos, sqlstate.SyntaxError, "subquery has too many columns")
	}
	rs := make([]fn.Expr, len(q.cols))
	rpos := make([]int, len(q.cols))
	for i, c := range q.cols {
		rs[i], rpos[i] = plan.Ref(c.Column), pos
	}
	var cond fn.Expr
	if isComparison(op) && len(ls) > 0 {
		cond, err = b.compareRows(op, ls, rs, lpos, rpos, pos)
	} else if len(ls) == 1 {
		cond, err = b.call(op, []fn.Expr{ls[0], rs[0]}, pos, []int{lpos[0], pos})
	} else {
		err = b.unsupported(pos, "operator %s on rows is", op)
	}
	if err != nil {
		return nil, err
	}
	if cond.Type().Kind != types.Bool {
		return nil, b.errorAt(pos, sqlstate.WrongObjectType, "operator %s of ANY/ALL must yield boolean", op)
	}
	from := subqueryOrigin{sc, op + parser.Format(left), parser.Format(s)}
	return &plan.Subquery{Kind: plan.AnySubquery, Plan: q.node, Cond: cond, Typ: types.TBool, Origin: from}, nil
}
