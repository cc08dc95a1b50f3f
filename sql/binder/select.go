package binder

import (
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// core is the state of binding one SELECT.
type core struct {
	b    *binder
	sc   *scope
	node plan.Node
	// items are the select list; sorts, ons and the rest are what other
	// clauses add to the projection below them.
	items   []item
	groups  *grouping
	having  fn.Expr
	qualify fn.Expr
	keys    []plan.SortKey
	on      []fn.Expr
	// where are the conjuncts of WHERE, for locks.
	where []fn.Expr
}

// item is one result column.
type item struct {
	expr fn.Expr
	name string
	pos  int
	// alias is true when the name was given with AS.
	alias bool
}

// selectCore binds SELECT … with the ORDER BY, LIMIT and locking of its statement.
func (b *binder) selectCore(e *parser.SelectCore, s *parser.SelectStmt, outer *scope) (*query, error) {
	c := &core{b: b, sc: outer.child()}
	var err error
	if c.node, err = b.from(e.From, c.sc); err != nil {
		return nil, err
	}
	if err = c.bindWhere(e.Where); err != nil {
		return nil, err
	}
	if err = b.defineWindows(e.Windows, c.sc); err != nil {
		return nil, err
	}
	err = c.sc.in("SELECT", true, true, func() error { return c.bindTargets(e.Targets) })
	if err != nil {
		return nil, err
	}
	if err = c.bindGrouping(e); err != nil {
		return nil, err
	}
	if e.Qualify != nil {
		err = c.sc.in("QUALIFY", true, true, func() error {
			c.qualify, err = b.condition(e.Qualify, c.sc, "argument of QUALIFY")
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if err = c.bindOrder(e, s); err != nil {
		return nil, err
	}
	if err = c.group(); err != nil {
		return nil, err
	}
	if err = c.addWindows(); err != nil {
		return nil, err
	}
	return c.finish(e, s)
}

func (c *core) bindWhere(where parser.Expr) error {
	if where == nil {
		return nil
	}
	return c.sc.in("WHERE", false, false, func() error {
		x, err := c.b.condition(where, c.sc, "argument of WHERE")
		if err != nil {
			return err
		}
		c.where = fn.Conjuncts(x)
		c.node = &plan.Filter{Input: c.node, Conds: c.where}
		return nil
	})
}

// bindTargets binds the select list, * expanded.
func (c *core) bindTargets(targets []*parser.Target) error {
	for _, t := range targets {
		if err := c.checkWidth(len(c.items), t.Pos()); err != nil {
			return err
		}
		if star, ok := t.Expr.(*parser.Star); ok {
			if err := c.expandStar(star); err != nil {
				return err
			}
			continue
		}
		x, err := c.b.expr(t.Expr, c.sc)
		if err != nil {
			return err
		}
		name := t.Alias
		if name == "" {
			name = parser.OutputName(t.Expr)
		}
		c.items = append(c.items, item{x, name, t.Expr.Pos(), t.Alias != ""})
	}
	if len(targets) == 0 {
		return nil
	}
	return c.checkWidth(len(c.items), targets[len(targets)-1].Pos())
}

// maxColumns is the number of columns of a row that a query computes, those that
// only ORDER BY and its like need included, as in PostgreSQL.
const maxColumns = 1664

func (c *core) checkWidth(n, pos int) error {
	if n <= maxColumns {
		return nil
	}
	return c.b.errorAt(pos, sqlstate.TooManyColumns, "target lists can have at most %d entries", maxColumns)
}

// bindOrder binds ORDER BY and DISTINCT ON: names and ordinals of the select
// list first, then expressions over the input.
func (c *core) bindOrder(e *parser.SelectCore, s *parser.SelectStmt) error {
	return c.sc.in("ORDER BY", true, true, func() error {
		if s.OrderByAll != nil {
			for _, it := range c.items {
				c.keys = append(c.keys, sortKey(c.b.known(it.expr), s.OrderByAll.Desc, s.OrderByAll.Nulls))
			}
		}
		for _, o := range s.OrderBy {
			x, err := c.outputExpr(o.Expr, "ORDER BY")
			if err != nil {
				return err
			}
			if e.Distinct && len(e.DistinctOn) == 0 && !c.inItems(x) {
				return c.b.errorAt(o.Expr.Pos(), sqlstate.InvalidColumnReference,
					"for SELECT DISTINCT, ORDER BY expressions must appear in select list")
			}
			if err := c.b.comparable(x.Type(), "ordering", o.Expr.Pos()); err != nil {
				return err
			}
			c.keys = append(c.keys, sortKey(x, o.Desc, o.Nulls))
		}
		for _, d := range e.DistinctOn {
			x, err := c.outputExpr(d, "DISTINCT ON")
			if err != nil {
				return err
			}
			c.on = append(c.on, x)
		}
		return c.checkDistinctOn(e)
	})
}

// outputExpr binds an expression of ORDER BY or DISTINCT ON.
func (c *core) outputExpr(e parser.Expr, clause string) (fn.Expr, error) {
	i, err := c.itemIndex(e, clause)
	if err != nil {
		return nil, err
	}
	if i >= 0 {
		c.items[i].expr = c.b.known(c.items[i].expr)
		return c.items[i].expr, nil
	}
	x, err := c.b.expr(e, c.sc)
	if err != nil {
		return nil, err
	}
	return c.b.known(x), nil
}

// itemIndex finds the select item that an ordinal or plain name means, −1 for none.
func (c *core) itemIndex(e parser.Expr, clause string) (int, error) {
	cols := make([]outColumn, len(c.items))
	ref, named := e.(*parser.ColumnRef)
	if !named || len(ref.Parts) != 1 {
		return c.b.outputIndex(e, cols, clause)
	}
	first := -1
	for i, it := range c.items {
		if it.name != ref.Column() {
			continue
		}
		// Equal expressions under one name are not ambiguous.
		cols[i].Name, cols[i].ID = it.name, plan.ColID(i+1)
		if first >= 0 && plan.Equal(c.items[first].expr, it.expr) {
			cols[i].ID = cols[first].ID
		} else if first < 0 {
			first = i
		}
	}
	return c.b.outputIndex(e, cols, clause)
}

func (c *core) inItems(x fn.Expr) bool {
	for _, it := range c.items {
		if plan.Equal(it.expr, x) {
			return true
		}
	}
	return false
}

// checkDistinctOn demands that the first sort keys are the DISTINCT ON
// expressions in some order, and sorts by those that are missing.
func (c *core) checkDistinctOn(e *parser.SelectCore) error {
	if len(c.on) == 0 {
		return nil
	}
	covered := make([]bool, len(c.on))
	n := 0
	for _, k := range c.keys {
		if n == len(c.on) {
			break
		}
		hit := false
		for i, x := range c.on {
			if plan.Equal(x, k.Expr) {
				hit = true
				if !covered[i] {
					covered[i] = true
					n++
				}
			}
		}
		if !hit {
			return c.b.errorAt(e.DistinctOn[0].Pos(), sqlstate.InvalidColumnReference,
				"SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
	}
	for i, x := range c.on {
		if !covered[i] {
			c.keys = append(c.keys, sortKey(x, false, parser.NullsDefault))
		}
	}
	return nil
}

// finish adds projection, DISTINCT, ORDER BY and LIMIT.
func (c *core) finish(e *parser.SelectCore, s *parser.SelectStmt) (*query, error) {
	b := c.b
	if c.qualify != nil {
		c.node = &plan.Filter{Input: c.node, Conds: fn.Conjuncts(c.qualify)}
	}
	if len(s.Locking) > 0 {
		return c.finishLocked(e, s)
	}
	q := &query{open: true}
	p := &plan.Project{Input: c.node}
	have := plan.NewColSet(c.node.Columns())
	late := c.lateItems(e, s)
	for i, it := range c.items {
		if late[i] {
			continue
		}
		p.Items = append(p.Items, it.expr)
		col := c.itemColumn(it, &have)
		p.Cols = append(p.Cols, col)
		q.cols = append(q.cols, outColumn{col, it.pos})
	}
	q.node = p
	sorted := len(c.keys) > 0 || e.Distinct
	if sorted {
		b.closeQuery(q)
		p = q.node.(*plan.Project)
	}
	width := len(p.Items)
	keys := c.sortColumns(p)
	on := c.onColumns(p)
	if err := c.checkWidth(len(p.Items), e.Pos()); err != nil {
		return nil, err
	}
	if len(p.Items) > width && e.Distinct && len(e.DistinctOn) == 0 {
		return nil, b.errorAt(e.Pos(), sqlstate.InvalidColumnReference,
			"for SELECT DISTINCT, ORDER BY expressions must appear in select list")
	}
	if e.Distinct && len(on) == 0 {
		for _, col := range q.cols {
			if err := b.comparable(col.Type, "equality", col.pos); err != nil {
				return nil, err
			}
		}
		q.node, q.open = &plan.Distinct{Input: q.node}, false
	}
	if len(keys) > 0 {
		q.node, q.open = &plan.Sort{Input: q.node, Keys: keys}, false
	}
	if len(on) > 0 {
		q.node = &plan.Distinct{Input: q.node, On: on}
	}
	if len(late) > 0 {
		c.carry(p, late)
		return c.finishLate(q, s, keys, late)
	}
	return c.limitAndTrim(q, s, keys)
}

// limitAndTrim adds LIMIT and drops the columns that only clauses above needed.
func (c *core) limitAndTrim(q *query, s *parser.SelectStmt, keys []plan.SortKey) (*query, error) {
	if s.Limit != nil || s.Offset != nil {
		c.b.closeQuery(q)
	}
	limited, err := c.b.limit(q.node, s, keys, c.sc)
	if err != nil {
		return nil, err
	}
	q.node = limited
	if len(q.node.Columns()) > len(q.cols) {
		c.b.closeQuery(q)
		q.node = c.b.projectAll(q)
	}
	return q, nil
}

// itemColumn is the result column of an item: an input column keeps its ID the first time.
func (c *core) itemColumn(it item, have *plan.ColSet) plan.Column {
	col := plan.Column{Name: it.name, Type: it.expr.Type()}
	if id, ok := plan.RefID(it.expr); ok && have.Has(id) {
		for _, in := range c.node.Columns() {
			if in.ID == id {
				col.NotNull = in.NotNull
			}
		}
		have.Remove(id)
		col.ID = id
		return col
	} else if ok {
		col.ID = c.b.ids.Next()
		if origin, known := c.b.origins[id]; known {
			c.b.origins[col.ID] = origin
		}
		return col
	}
	if lit, ok := it.expr.(*fn.Literal); ok {
		col.NotNull = !lit.Value.IsNull()
	}
	col.ID = c.b.ids.Next()
	return col
}

// sortColumns puts the sort keys into the projection and returns them over its columns.
func (c *core) sortColumns(p *plan.Project) []plan.SortKey {
	keys := make([]plan.SortKey, len(c.keys))
	for i, k := range c.keys {
		k.Expr = c.projected(p, k.Expr)
		keys[i] = k
	}
	return keys
}

func (c *core) onColumns(p *plan.Project) []fn.Expr {
	var on []fn.Expr
	for _, x := range c.on {
		on = append(on, c.projected(p, x))
	}
	return on
}

// projected returns a reference to the projection's column for x, adding one if there is none.
func (c *core) projected(p *plan.Project, x fn.Expr) fn.Expr {
	for i, it := range p.Items {
		if plan.Equal(it, x) {
			return plan.Ref(p.Cols[i])
		}
	}
	have := plan.NewColSet(p.Input.Columns())
	for _, col := range p.Cols {
		have.Remove(col.ID)
	}
	col := c.itemColumn(item{expr: x, name: "sort"}, &have)
	p.Items = append(p.Items, x)
	p.Cols = append(p.Cols, col)
	return plan.Ref(col)
}
