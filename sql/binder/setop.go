package binder

import (
	"strconv"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

var setOpKinds = map[parser.SetOpKind]plan.SetOpKind{
	parser.Union: plan.Union, parser.Intersect: plan.Intersect, parser.Except: plan.Except,
}

// setOp binds a set operation; a chain of equal UNIONs becomes one node.
func (b *binder) setOp(e *parser.SetOp, sc *scope) (*query, error) {
	var bodies []parser.QueryBody
	collectUnion(e, e.Op, e.All, &bodies)
	name := map[parser.SetOpKind]string{parser.Union: "UNION", parser.Intersect: "INTERSECT", parser.Except: "EXCEPT"}[e.Op]
	var inputs []*query
	for _, body := range bodies {
		q, err := b.body(body, sc)
		if err != nil {
			return nil, err
		}
		if len(inputs) > 0 && len(q.cols) != len(inputs[0].cols) {
			return nil, b.errorAt(firstPos(q, body), sqlstate.SyntaxError, "each %s query must have the same number of columns", name)
		}
		inputs = append(inputs, q)
	}
	s := &plan.SetOp{Kind: setOpKinds[e.Op], All: e.All}
	out := &query{}
	for j, first := range inputs[0].cols {
		t, err := b.unifyColumn(inputs, j, name)
		if err != nil {
			return nil, err
		}
		if e.Op != parser.Union || !e.All {
			if err := b.comparable(t, "equality", first.pos); err != nil {
				return nil, err
			}
		}
		col := b.newColumn(first.Name, t)
		col.NotNull = true
		for i, q := range inputs {
			if i == 0 || e.Op == parser.Union {
				col.NotNull = col.NotNull && q.cols[j].NotNull
			}
		}
		s.Cols = append(s.Cols, col)
		out.cols = append(out.cols, outColumn{col, first.pos})
	}
	for _, q := range inputs {
		s.Inputs = append(s.Inputs, q.node)
		m := make([]plan.ColID, len(q.cols))
		for j, c := range q.cols {
			m[j] = c.ID
		}
		s.Maps = append(s.Maps, m)
	}
	out.node = s
	return out, nil
}

// collectUnion flattens the left-deep chain of one kind of UNION.
func collectUnion(e *parser.SetOp, op parser.SetOpKind, all bool, out *[]parser.QueryBody) {
	if l, ok := e.Left.(*parser.SetOp); ok && op == parser.Union && l.Op == op && l.All == all {
		collectUnion(l, op, all, out)
	} else {
		*out = append(*out, e.Left)
	}
	*out = append(*out, e.Right)
}

func firstPos(q *query, body parser.QueryBody) int {
	if len(q.cols) > 0 {
		return q.cols[0].pos
	}
	return body.Pos()
}

// unifyColumn brings column j of all inputs to one type.
func (b *binder) unifyColumn(inputs []*query, j int, name string) (types.Type, error) {
	ts := make([]types.Type, len(inputs))
	pos := make([]int, len(inputs))
	for i, q := range inputs {
		ts[i], pos[i] = q.cols[j].Type, q.cols[j].pos
	}
	t, err := fn.CommonType(ts)
	if err != nil {
		return t, b.mismatch(ts, name, pos)
	}
	if t.Kind == types.Unknown {
		t = types.TText
	}
	t = widenFor(t, columnExprs(inputs, j))
	for _, q := range inputs {
		if err := b.setType(q, j, t, fn.ImplicitCast); err != nil {
			return t, err
		}
	}
	return t, nil
}

// columnExprs are the expressions of column j where the inputs still have them.
func columnExprs(inputs []*query, j int) []fn.Expr {
	var out []fn.Expr
	for _, q := range inputs {
		if p, ok := q.node.(*plan.Project); ok && q.open {
			out = append(out, p.Items[j])
		}
	}
	return out
}

// values binds VALUES as a query, its columns named column1, column2….
func (b *binder) values(e *parser.ValuesClause, sc *scope) (*query, error) {
	inner := sc.child()
	inner.clause = "VALUES"
	v := &plan.Values{}
	width := len(e.Rows[0])
	pos := make([][]int, len(e.Rows))
	for i, row := range e.Rows {
		if len(row) != width {
			return nil, b.errorAt(row[0].Pos(), sqlstate.SyntaxError, "VALUES lists must all be the same length")
		}
		xs, p, err := b.exprs(row, inner)
		if err != nil {
			return nil, err
		}
		v.Rows, pos[i] = append(v.Rows, xs), p
	}
	q := &query{node: v}
	for j := range width {
		column := make([]fn.Expr, len(v.Rows))
		cpos := make([]int, len(v.Rows))
		for i := range v.Rows {
			column[i], cpos[i] = v.Rows[i][j], pos[i][j]
		}
		column, t, err := b.unify(column, "VALUES", cpos)
		if err != nil {
			return nil, err
		}
		notNull := true
		for i := range v.Rows {
			v.Rows[i][j] = column[i]
			lit, ok := column[i].(*fn.Literal)
			notNull = notNull && ok && !lit.Value.IsNull()
		}
		col := b.newColumn("column"+strconv.Itoa(j+1), t)
		col.NotNull = notNull
		v.Cols = append(v.Cols, col)
		q.cols = append(q.cols, outColumn{col, cpos[0]})
	}
	return q, nil
}
