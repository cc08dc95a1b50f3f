package binder

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// grouping is a bound GROUP BY.
type grouping struct {
	keys []fn.Expr
	pos  []int
	// items are the select items that the keys were named by, −1 for none. Under
	// grouping sets two items are two keys though they compute the same.
	items  []int
	byItem bool
	// sets are positions in keys; nil for a plain list.
	sets [][]int
}

// groupingCall is a call of GROUPING: col is computed from the grouping set.
type groupingCall struct {
	args []fn.Expr
	col  plan.Column
	pos  int
}

// maxGroupingSets bounds what ROLLUP and CUBE expand to, as PostgreSQL does.
const maxGroupingSets = 4096

// bindGrouping binds GROUP BY and HAVING.
func (c *core) bindGrouping(e *parser.SelectCore) error {
	if e.GroupBy != nil {
		err := c.sc.in("GROUP BY", false, false, func() error { return c.bindGroupBy(e.GroupBy) })
		if err != nil {
			return err
		}
	}
	if e.Having == nil {
		return nil
	}
	return c.sc.in("HAVING", true, false, func() error {
		var err error
		c.having, err = c.b.condition(e.Having, c.sc, "argument of HAVING")
		return err
	})
}

func (c *core) bindGroupBy(e *parser.GroupBy) error {
	c.groups = &grouping{}
	if e.All {
		aggs := plan.ColSet{}
		for _, a := range c.sc.aggs {
			aggs.Add(a.Col.ID)
		}
		for _, w := range c.sc.windows {
			aggs.Add(w.f.Col.ID)
		}
		for _, it := range c.items {
			if !plan.Used(it.expr).Intersects(aggs) && !plan.IsConst(it.expr) {
				c.groups.key(it.expr, it.pos, -1)
			}
		}
		return nil
	}
	sets := [][]int{{}}
	plain := true
	for _, el := range e.Elements {
		plain = plain && el.Kind == parser.GroupSimple
	}
	c.groups.byItem = !plain
	for _, el := range e.Elements {
		alternatives, err := c.groupElement(el)
		if err != nil {
			return err
		}
		if len(sets)*len(alternatives) > maxGroupingSets {
			return c.b.errorAt(el.Pos(), sqlstate.StatementTooComplex, "too many grouping sets present (maximum %d)", maxGroupingSets)
		}
		sets = crossSets(sets, alternatives)
	}
	if e.Distinct {
		sets = uniqueSets(sets)
	}
	if !plain {
		c.groups.sets = sets
	}
	return nil
}

// key returns the position of x among the keys, adding it if new. It was named by
// a select item, or item is −1.
func (g *grouping) key(x fn.Expr, pos, item int) int {
	for i, k := range g.keys {
		if plan.Equal(k, x) && (!g.byItem || g.items[i] == item) {
			return i
		}
	}
	g.keys, g.pos, g.items = append(g.keys, x), append(g.pos, pos), append(g.items, item)
	return len(g.keys) - 1
}

// groupElement returns the grouping sets that an element stands for.
func (c *core) groupElement(el *parser.GroupElement) ([][]int, error) {
	switch el.Kind {
	case parser.GroupEmpty:
		return [][]int{{}}, nil
	case parser.GroupSimple:
		keys, err := c.groupKeys(el.Exprs[0])
		return [][]int{keys}, err
	case parser.GroupSets:
		var out [][]int
		for _, s := range el.Sets {
			sets, err := c.groupElement(s)
			if err != nil {
				return nil, err
			}
			out = append(out, sets...)
		}
		return out, nil
	}
	var parts [][]int
	for _, x := range el.Exprs {
		keys, err := c.groupKeys(x)
		if err != nil {
			return nil, err
		}
		parts = append(parts, keys)
	}
	if el.Kind == parser.GroupRollup {
		var out [][]int
		for n := len(parts); n >= 0; n-- {
			out = append(out, joinSets(parts[:n]))
		}
		return out, nil
	}
	if len(parts) > bits.Len(maxGroupingSets)-1 {
		return nil, c.b.errorAt(el.Pos(), sqlstate.TooManyColumns, "CUBE is limited to %d elements", bits.Len(maxGroupingSets)-1)
	}
	var out [][]int
	for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
		var chosen [][]int
		for i := range parts {
			if mask>>(len(parts)-1-i)&1 != 0 {
				chosen = append(chosen, parts[i])
			}
		}
		out = append(out, joinSets(chosen))
	}
	return out, nil
}

// groupKeys binds one grouping expression: an ordinal, an input column, the
// name of a select item, or any expression; a row stands for its items.
func (c *core) groupKeys(e parser.Expr) ([]int, error) {
	if row, ok := e.(*parser.RowExpr); ok {
		var out []int
		for _, x := range row.Items {
			keys, err := c.groupKeys(x)
			if err != nil {
				return nil, err
			}
			out = append(out, keys...)
		}
		return out, nil
	}
	x, named, err := c.groupExpr(e)
	if err != nil {
		return nil, err
	}
	x = c.b.known(x)
	if err := c.b.comparable(x.Type(), "equality", e.Pos()); err != nil {
		return nil, err
	}
	aggs := plan.ColSet{}
	for _, a := range c.sc.aggs {
		aggs.Add(a.Col.ID)
	}
	if plan.Used(x).Intersects(aggs) {
		return nil, c.b.errorAt(e.Pos(), sqlstate.GroupingError, "aggregate functions are not allowed in GROUP BY")
	}
	for _, w := range c.sc.windows {
		if plan.Used(x).Has(w.f.Col.ID) {
			return nil, c.b.errorAt(e.Pos(), sqlstate.WindowingError, "window functions are not allowed in GROUP BY")
		}
	}
	for _, g := range c.sc.groupings {
		if plan.Used(x).Has(g.col.ID) {
			return nil, c.b.errorAt(e.Pos(), sqlstate.GroupingError, "grouping operations are not allowed in GROUP BY")
		}
	}
	return []int{c.groups.key(x, e.Pos(), named)}, nil
}

// groupExpr binds an expression of GROUP BY and returns the select item that it
// names or equals, −1 for none.
func (c *core) groupExpr(e parser.Expr) (fn.Expr, int, error) {
	ref, isName := e.(*parser.ColumnRef)
	if isName && len(ref.Parts) == 1 {
		// An input column wins over the name of an item.
		for _, col := range c.sc.ns.cols {
			if col.name == ref.Column() {
				return c.groupInput(e)
			}
		}
	}
	i, err := c.itemIndex(e, "GROUP BY")
	if err != nil {
		return nil, -1, err
	}
	if i >= 0 {
		c.items[i].expr = c.b.known(c.items[i].expr)
		return c.items[i].expr, i, nil
	}
	return c.groupInput(e)
}

// groupInput binds an expression over the input.
func (c *core) groupInput(e parser.Expr) (fn.Expr, int, error) {
	x, err := c.b.expr(e, c.sc)
	if err != nil {
		return nil, -1, err
	}
	for i, it := range c.items {
		if plan.Equal(it.expr, x) {
			return x, i, nil
		}
	}
	return x, -1, nil
}

func crossSets(a, b [][]int) [][]int {
	var out [][]int
	for _, x := range a {
		for _, y := range b {
			out = append(out, joinSets([][]int{x, y}))
		}
	}
	return out
}

// joinSets is the union of sets, in order of appearance.
func joinSets(sets [][]int) []int {
	out := []int{}
	seen := map[int]bool{}
	for _, s := range sets {
		for _, k := range s {
			if !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
	}
	return out
}

func uniqueSets(sets [][]int) [][]int {
	var out [][]int
	seen := map[string]bool{}
	for _, s := range sets {
		sorted := slices.Sorted(slices.Values(s))
		mark := fmt.Sprint(sorted)
		if !seen[mark] {
			seen[mark] = true
			out = append(out, s)
		}
	}
	return out
}

// group adds the Aggregate, and moves the expressions above it over its columns.
func (c *core) group() error {
	grouped := c.groups != nil || len(c.sc.aggs) > 0 || c.having != nil || len(c.sc.groupings) > 0
	if !grouped {
		return nil
	}
	if c.groups == nil {
		c.groups = &grouping{}
	}
	a := &plan.Aggregate{Input: c.node, Sets: c.groups.sets}
	r := &regroup{c: c, agg: a, local: c.sc.ns.columnSet(), byID: map[plan.ColID]fn.Expr{}}
	for i, k := range c.groups.keys {
		r.addKey(k, c.groups.pos[i])
	}
	r.first = slices.Clone(a.GroupBy)
	if c.groups.byItem {
		// What equals several keys is the one of the first item.
		order := make([]int, len(a.GroupBy))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int {
			// −1, no item, is the largest.
			return cmp.Compare(uint(c.groups.items[i]), uint(c.groups.items[j]))
		})
		for i, k := range order {
			r.first[i] = a.GroupBy[k]
		}
		for _, k := range slices.Backward(r.first) {
			if id, ok := plan.RefID(k.Expr); ok {
				r.byID[id] = plan.Ref(k.Col)
			}
		}
	}
	if a.Sets != nil {
		a.SetID = c.b.newColumn("grouping_set", types.TInt8)
		a.SetID.NotNull = true
	}
	if err := r.apply(); err != nil {
		return err
	}
	// Subqueries of the HAVING clause may have called aggregates of this
	// level, so they are complete only now.
	a.Aggs = c.sc.aggs
	c.node = a
	if len(c.sc.groupings) > 0 {
		if err := c.addGroupingCalls(a, r); err != nil {
			return err
		}
	}
	if c.having != nil {
		c.node = &plan.Filter{Input: c.node, Conds: fn.Conjuncts(c.having)}
	}
	return nil
}

// regroup rewrites expressions over the columns of an Aggregate.
type regroup struct {
	c   *core
	agg *plan.Aggregate
	// local are the columns below the grouping.
	local plan.ColSet
	// byID has the grouping column of each input column that is a key.
	byID map[plan.ColID]fn.Expr
	// first are the keys in the order in which an expression is compared with them.
	first []plan.GroupKey
}

func (r *regroup) addKey(k fn.Expr, pos int) plan.Column {
	col := plan.Column{Name: "group", Type: k.Type()}
	id, isCol := plan.RefID(k)
	if isCol {
		col.Name = k.(*fn.Column).Name
	}
	for _, it := range r.c.items {
		if plan.Equal(it.expr, k) {
			col.Name = it.name
		}
	}
	col.ID = id
	if !isCol || r.agg.Sets != nil || !r.local.Has(id) {
		col.ID = r.c.b.ids.Next()
	}
	if isCol {
		col.NotNull = r.agg.Sets == nil && columnNotNull(r.agg.Input, id)
		if r.byID[id] == nil {
			r.byID[id] = plan.Ref(col)
		}
		if o, ok := r.c.b.origins[id]; ok {
			r.c.b.origins[col.ID] = o
		}
	}
	r.agg.GroupBy = append(r.agg.GroupBy, plan.GroupKey{Expr: k, Col: col})
	return col
}

func columnNotNull(n plan.Node, id plan.ColID) bool {
	for _, c := range n.Columns() {
		if c.ID == id {
			return c.NotNull
		}
	}
	return false
}

// apply rewrites everything above the grouping.
func (r *regroup) apply() error {
	c := r.c
	var err error
	rewrite := func(x *fn.Expr) {
		if err == nil && *x != nil {
			*x, err = r.expr(*x)
		}
	}
	before := make([]fn.Expr, len(c.items))
	for i := range c.items {
		before[i] = c.items[i].expr
	}
	for i := range c.items {
		if k := r.itemKey(i); k != nil {
			c.items[i].expr = k
			continue
		}
		rewrite(&c.items[i].expr)
	}
	rewrite(&c.having)
	rewrite(&c.qualify)
	ordered := func(x *fn.Expr) {
		// What was named by an item is that item.
		if i := slices.Index(before, *x); i >= 0 {
			*x = c.items[i].expr
			return
		}
		rewrite(x)
	}
	for i := range c.keys {
		ordered(&c.keys[i].Expr)
	}
	for i := range c.on {
		ordered(&c.on[i])
	}
	for i := range c.sc.windows {
		c.sc.windows[i].each(rewrite)
	}
	return err
}

// itemKey returns the column of the key that the select item was named by, nil
// without one, and for a plain list, in which equal keys are one.
func (r *regroup) itemKey(item int) fn.Expr {
	if r.agg.Sets == nil {
		return nil
	}
	if i := slices.Index(r.c.groups.items, item); i >= 0 {
		return plan.Ref(r.agg.GroupBy[i].Col)
	}
	return nil
}

// expr rewrites from the top: what equals a key becomes the key's column, and
// an input column that is left over is not grouped.
func (r *regroup) expr(x fn.Expr) (fn.Expr, error) {
	for _, k := range r.first {
		if plan.Equal(k.Expr, x) && !plan.IsConst(x) {
			return plan.Ref(k.Col), nil
		}
	}
	switch n := x.(type) {
	case *fn.Column:
		if !r.local.Has(plan.ColID(n.Index)) {
			return x, nil
		}
		return r.ungrouped(n)
	case *plan.Subquery:
		return r.subquery(n)
	}
	children := x.Children()
	if len(children) == 0 {
		return x, nil
	}
	fresh := make([]fn.Expr, len(children))
	for i, ch := range children {
		var err error
		if fresh[i], err = r.expr(ch); err != nil {
			return nil, err
		}
	}
	return x.WithChildren(fresh), nil
}

// ungrouped handles a column that is no key: if the key of its table is
// grouped by, it has one value in each group and becomes a key itself.
func (r *regroup) ungrouped(n *fn.Column) (fn.Expr, error) {
	id := plan.ColID(n.Index)
	if x, ok := r.byID[id]; ok {
		return x, nil
	}
	for _, rel := range r.c.sc.ns.rels {
		ordinal, mine := rel.ordinals[id]
		if !mine || rel.table == nil || ordinal < 0 || r.agg.Sets != nil || len(rel.table.PrimaryKey) == 0 {
			continue
		}
		if r.keyGrouped(rel) {
			return plan.Ref(r.addKey(n, 0)), nil
		}
	}
	return nil, r.notGrouped(n, "column %q must appear in the GROUP BY clause or be used in an aggregate function")
}

// keyGrouped reports whether the primary key of the relation is among the grouping keys.
func (r *regroup) keyGrouped(rel *relation) bool {
	for _, o := range rel.table.PrimaryKey {
		found := false
		for _, col := range rel.cols {
			if rel.ordinals[col.col.ID] == o && r.byID[col.col.ID] != nil {
				found = true
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func (r *regroup) notGrouped(n *fn.Column, format string) error {
	name := n.Name
	for _, rel := range r.c.sc.ns.rels {
		for _, col := range rel.cols {
			if col.col.ID == plan.ColID(n.Index) && rel.name != "" {
				name = rel.name + "." + col.name
			}
		}
	}
	pos, ok := r.c.b.columnPos[n]
	if !ok {
		return sqlstate.New(sqlstate.GroupingError, format, name)
	}
	return r.c.b.errorAt(pos, sqlstate.GroupingError, format, name)
}

// subquery replaces the keys that a subquery refers to, and refuses other columns of this level.
func (r *regroup) subquery(s *plan.Subquery) (fn.Expr, error) {
	for _, id := range plan.Used(s).Intersect(r.local).IDs() {
		if r.byID[id] != nil {
			continue
		}
		col := &fn.Column{Index: int(id)}
		for _, c := range r.agg.Input.Columns() {
			if c.ID == id {
				col = plan.Ref(c)
			}
		}
		for known, pos := range r.c.b.columnPos {
			if plan.ColID(known.Index) == id {
				r.c.b.columnPos[col] = pos
			}
		}
		if _, err := r.ungrouped(col); err != nil {
			return nil, r.notGrouped(col, "subquery uses ungrouped column %q from outer query")
		}
	}
	return plan.Substitute(s, r.byID), nil
}
