package binder

import (
	"slices"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// lateItems are the select items that are computed after ORDER BY, for the rows up to
// LIMIT: those with a volatile function (nextval, random), which must not run for
// rows that LIMIT throws away, and whose values come in the order of the result. As
// in PostgreSQL they do run for the rows that OFFSET skips. What
// DISTINCT or ORDER BY looks at cannot wait.
func (c *core) lateItems(e *parser.SelectCore, s *parser.SelectStmt) map[int]bool {
	if e.Distinct || len(c.keys) == 0 && s.Limit == nil && s.Offset == nil {
		return nil
	}
	var late map[int]bool
	for i, it := range c.items {
		if !isVolatile(it.expr) || slices.ContainsFunc(c.keys, func(k plan.SortKey) bool { return k.Expr == it.expr }) {
			continue
		}
		if late == nil {
			late = map[int]bool{}
		}
		late[i] = true
	}
	return late
}

// isVolatile reports a function whose value may change from call to call.
func isVolatile(e fn.Expr) bool {
	volatile := fn.VolatilityOf(e) == fn.Volatile
	fn.Walk(e, func(x fn.Expr) bool {
		if s, ok := x.(*plan.Subquery); ok && !volatile {
			plan.Walk(s.Plan, func(n plan.Node) bool {
				volatile = volatile || slices.ContainsFunc(n.Exprs(), func(x fn.Expr) bool { return fn.VolatilityOf(x) == fn.Volatile })
				return !volatile
			})
		}
		return !volatile
	})
	return volatile
}

// carry adds the columns that the late items read to the projection below them.
func (c *core) carry(p *plan.Project, late map[int]bool) {
	have := plan.NewColSet(p.Cols)
	for i := range c.items {
		if !late[i] {
			continue
		}
		used := plan.Used(c.items[i].expr)
		for _, col := range p.Input.Columns() {
			if used.Has(col.ID) && !have.Has(col.ID) {
				have.Add(col.ID)
				p.Items, p.Cols = append(p.Items, plan.Ref(col)), append(p.Cols, col)
			}
		}
	}
}

// finishLate adds LIMIT, and on top the projection with the late items. q has the
// other columns.
func (c *core) finishLate(q *query, s *parser.SelectStmt, keys []plan.SortKey, late map[int]bool) (*query, error) {
	c.b.closeQuery(q)
	limited, err := c.b.limit(q.node, s, keys, c.sc)
	if err != nil {
		return nil, err
	}
	above, skips := limited.(*plan.Limit)
	if skips = skips && above.Offset != nil; skips {
		limited = above.Unskipped()
	}
	out, p := &query{open: true}, &plan.Project{Input: limited}
	early := q.cols
	have := plan.NewColSet(limited.Columns())
	for i, it := range c.items {
		var col outColumn
		x := it.expr
		if late[i] {
			x = c.b.known(x)
			it.expr = x
			col = outColumn{c.itemColumn(it, &have), it.pos}
		} else {
			col, early = early[0], early[1:]
			x = plan.Ref(col.Column)
		}
		p.Items, p.Cols = append(p.Items, x), append(p.Cols, col.Column)
		out.cols = append(out.cols, col)
	}
	out.node = p
	if skips {
		above.Input = p
		out.node, out.open = above, false
	}
	return out, nil
}
