package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// outColumn is a column of a query's result.
type outColumn struct {
	plan.Column
	// pos is where the item stands in the text.
	pos int
}

// query is a bound query: node produces exactly cols, in their order.
type query struct {
	node plan.Node
	cols []outColumn
	// open means that node is a *plan.Project on top which may still have items of type
	// unknown: the caller gives them a type (setType) or closes the query.
	open bool
}

// closeQuery makes what is untyped text.
func (b *binder) closeQuery(q *query) {
	for i, c := range q.cols {
		if c.Type.Kind == types.Unknown {
			// Text takes every literal: no error is possible.
			_ = b.setType(q, i, types.TText, fn.ImplicitCast)
		}
	}
	q.open = false
}

// setType converts column i of the result.
func (b *binder) setType(q *query, i int, t types.Type, ctx fn.CastContext) error {
	if q.cols[i].Type == t {
		return nil
	}
	p, isProject := q.node.(*plan.Project)
	var item fn.Expr
	if q.open && isProject {
		item = p.Items[i]
	} else {
		p, item = b.projectAll(q), plan.Ref(q.cols[i].Column)
	}
	x, err := b.coerce(item, t, ctx, q.cols[i].pos)
	if err != nil {
		return err
	}
	c := *p
	c.Items = append([]fn.Expr(nil), p.Items...)
	c.Cols = append([]plan.Column(nil), p.Cols...)
	c.Items[i] = x
	col := b.newColumn(q.cols[i].Name, t)
	col.NotNull = q.cols[i].NotNull
	c.Cols[i] = col
	q.node, q.cols[i].Column = &c, col
	return nil
}

// projectAll puts a projection of all columns on top of a query.
func (b *binder) projectAll(q *query) *plan.Project {
	p := &plan.Project{Input: q.node}
	for _, c := range q.cols {
		p.Items = append(p.Items, plan.Ref(c.Column))
		p.Cols = append(p.Cols, c.Column)
	}
	return p
}

// selectStmt binds a query inside the scope outer.
func (b *binder) selectStmt(s *parser.SelectStmt, outer *scope) (*query, error) {
	sc := outer
	var defs []*cte
	if s.With != nil {
		sc = outer.child()
		var err error
		if defs, err = b.with(s.With, sc); err != nil {
			return nil, err
		}
	}
	q, err := b.queryWithClauses(s, sc)
	if err != nil {
		return nil, err
	}
	if len(defs) > 0 {
		b.closeQuery(q)
		q.node = b.placeCTEs(q.node, defs)
	}
	return q, nil
}

// queryWithClauses binds the body with ORDER BY, LIMIT and locking.
func (b *binder) queryWithClauses(s *parser.SelectStmt, sc *scope) (*query, error) {
	if core, ok := s.Body.(*parser.SelectCore); ok {
		return b.selectCore(core, s, sc)
	}
	if len(s.Locking) > 0 {
		return nil, b.errorAt(s.Locking[0].Pos(), sqlstate.FeatureNotSupported, "FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT")
	}
	q, err := b.body(s.Body, sc)
	if err != nil {
		return nil, err
	}
	keys, err := b.orderByOutput(s, q, sc)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		b.closeQuery(q)
		q.node = &plan.Sort{Input: q.node, Keys: keys}
	}
	node, err := b.limit(q.node, s, keys, sc)
	if err != nil {
		return nil, err
	}
	if node != q.node {
		b.closeQuery(q)
		q.node, err = b.limit(q.node, s, keys, sc)
	}
	return q, err
}

// body binds a query body without clauses of its own.
func (b *binder) body(body parser.QueryBody, sc *scope) (*query, error) {
	switch body := body.(type) {
	case *parser.SelectCore:
		return b.selectCore(body, &parser.SelectStmt{Loc: body.Loc, Body: body}, sc)
	case *parser.SelectStmt:
		return b.selectStmt(body, sc)
	case *parser.SetOp:
		return b.setOp(body, sc)
	case *parser.ValuesClause:
		return b.values(body, sc)
	}
	return nil, b.unsupported(body.Pos(), "queries of kind %T are", body)
}

// limit puts LIMIT and OFFSET on top of node.
func (b *binder) limit(node plan.Node, s *parser.SelectStmt, keys []plan.SortKey, sc *scope) (plan.Node, error) {
	if s.Limit == nil && s.Offset == nil {
		return node, nil
	}
	l := &plan.Limit{Input: node, WithTies: s.WithTies}
	if s.WithTies {
		if _, null := s.Limit.(*parser.NullLit); null {
			return nil, b.errorAt(s.Limit.Pos(), sqlstate.InvalidRowCountInLimit, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
		}
		if len(keys) == 0 {
			return nil, b.errorAt(s.Limit.Pos(), sqlstate.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
		}
		l.Keys = keys
	}
	var err error
	if l.Count, err = b.limitCount(s.Limit, "LIMIT", sc); err != nil {
		return nil, err
	}
	if l.Offset, err = b.limitCount(s.Offset, "OFFSET", sc); err != nil {
		return nil, err
	}
	return l, nil
}

func (b *binder) limitCount(e parser.Expr, clause string, sc *scope) (fn.Expr, error) {
	if e == nil {
		return nil, nil
	}
	if _, null := e.(*parser.NullLit); null {
		return nil, nil
	}
	inner := sc.child()
	inner.clause = clause
	x, err := b.expr(e, inner)
	if err != nil {
		return nil, err
	}
	if x, err = b.bigint(x, clause, e.Pos()); err != nil {
		return nil, err
	}
	if !plan.IsConst(x) {
		if plan.HasSubquery(x) {
			return nil, b.unsupported(e.Pos(), "a subquery in %s is", clause)
		}
		return nil, b.errorAt(e.Pos(), sqlstate.InvalidColumnReference, "argument of %s must not contain variables", clause)
	}
	return x, nil
}

// orderByOutput binds ORDER BY over the result columns alone, as set
// operations and VALUES have it.
func (b *binder) orderByOutput(s *parser.SelectStmt, q *query, sc *scope) ([]plan.SortKey, error) {
	var keys []plan.SortKey
	if s.OrderByAll != nil {
		for _, c := range q.cols {
			keys = append(keys, sortKey(plan.Ref(c.Column), s.OrderByAll.Desc, s.OrderByAll.Nulls))
		}
	}
	for _, o := range s.OrderBy {
		i, err := b.outputIndex(o.Expr, q.cols, "ORDER BY")
		if err != nil {
			return nil, err
		}
		var x fn.Expr
		if i >= 0 {
			b.closeQuery(q)
			x = plan.Ref(q.cols[i].Column)
		} else {
			// Expressions over result columns: more than PostgreSQL takes.
			b.closeQuery(q)
			inner := sc.child()
			rel := &relation{}
			for _, c := range q.cols {
				rel.add(c.Name, c.Column)
			}
			inner.ns, inner.clause = newNamespace(rel), "ORDER BY"
			if x, err = b.expr(o.Expr, inner); err != nil {
				return nil, err
			}
			x = b.known(x)
		}
		keys = append(keys, sortKey(x, o.Desc, o.Nulls))
	}
	return keys, nil
}

// outputIndex resolves an ordinal or the plain name of a result column; −1
// when the expression is neither.
func (b *binder) outputIndex(e parser.Expr, cols []outColumn, clause string) (int, error) {
	switch e := e.(type) {
	case *parser.NumberLit:
		if !e.Integer {
			return -1, b.errorAt(e.Pos(), sqlstate.SyntaxError, "non-integer constant in %s", clause)
		}
		n := 0
		for _, d := range e.Text {
			if d < '0' || d > '9' || n > len(cols) {
				n = len(cols) + 1
				break
			}
			n = n*10 + int(d-'0')
		}
		if n < 1 || n > len(cols) {
			return -1, b.errorAt(e.Pos(), sqlstate.InvalidColumnReference, "%s position %s is not in select list", clause, e.Text)
		}
		return n - 1, nil
	case *parser.ColumnRef:
		if len(e.Parts) != 1 {
			return -1, nil
		}
		found := -1
		for i, c := range cols {
			if c.Name != e.Column() {
				continue
			}
			if found >= 0 && cols[found].ID != c.ID {
				return -1, b.errorAt(e.Pos(), sqlstate.AmbiguousColumn, "%s %q is ambiguous", clause, e.Column())
			}
			found = i
		}
		return found, nil
	case *parser.StringLit, *parser.NullLit, *parser.BoolLit:
		return -1, b.errorAt(e.Pos(), sqlstate.SyntaxError, "non-integer constant in %s", clause)
	}
	return -1, nil
}

// sortKey applies SQL's default: nulls are larger than everything.
func sortKey(x fn.Expr, desc bool, nulls parser.NullsOrder) plan.SortKey {
	first := desc
	if nulls != parser.NullsDefault {
		first = nulls == parser.NullsFirst
	}
	return plan.SortKey{Expr: x, Desc: desc, NullsFirst: first}
}
