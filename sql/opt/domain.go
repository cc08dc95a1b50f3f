package opt

import (
	"fmt"
	"strings"

	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// zero is the value 0 of an integer type.
func zero(t types.Type) types.Datum { return types.NewInt(t.Physical(), 0) }

// domain makes a dependent join independent in the general way: the left side
// is computed once; its distinct combinations of the columns that the right
// side depends on (the domain) are joined into the right side as deep as needed, so that
// it yields the rows for all of them at once; and the join matches on them.
// need, if not nil, keeps the combinations out of the domain that only rows
// have which do not look at the result.
func (o *optimizer) domain(j *plan.Join, free plan.ColSet, need fn.Expr) (plan.Node, error) {
	d := &domainJoin{o: o, free: free}
	if need != nil {
		d.needed = plan.Column{ID: o.ids.Next(), Name: "needed", Type: types.TBool}
		left := projectTo(j.Left, append([]plan.Column(nil), j.Left.Columns()...))
		left.Items, left.Cols = append(left.Items, need), append(left.Cols, d.needed)
		c := *j
		c.Left, j = left, &c
	}
	def, ids := plan.Renumber(j.Left, o.ids)
	w := &plan.With{ID: o.ids.NextCTE(), Name: "outer_rows", Def: def}
	left := &plan.CTERef{CTE: w.ID, Name: w.Name, Cols: j.Left.Columns()}
	d.with, d.neededSource = w, ids[d.needed.ID]
	for _, c := range left.Cols {
		left.Source = append(left.Source, ids[c.ID])
		if free.Has(c.ID) {
			d.cols = append(d.cols, c)
			d.source = append(d.source, ids[c.ID])
		}
	}
	right, cols, err := d.push(j.Right)
	if err != nil {
		return nil, err
	}
	c := *j
	c.Left, c.Right = left, right
	c.Residual = append([]fn.Expr(nil), j.Residual...)
	keys := make([]plan.EquiKey, 0, len(d.cols)+len(j.Keys))
	for _, outer := range d.cols {
		keys = append(keys, plan.EquiKey{Left: plan.Ref(outer), Right: plan.Ref(cols[outer.ID]), NullSafe: true})
	}
	c.Keys = append(keys, j.Keys...)
	w.Body = &c
	return w, nil
}

// domainJoin pushes the domain into a plan.
type domainJoin struct {
	o    *optimizer
	with *plan.With
	free plan.ColSet
	// cols are the outer columns, source those of the With's definition that carry them.
	cols   []plan.Column
	source []plan.ColID
	// needed tells, unless its ID is 0, which rows put their values into the
	// domain; neededSource is the With's column that carries it.
	needed       plan.Column
	neededSource plan.ColID
}

// domainCols maps each outer column to the column that carries it at some node.
type domainCols map[plan.ColID]plan.Column

func (c domainCols) exprs() map[plan.ColID]fn.Expr {
	out := map[plan.ColID]fn.Expr{}
	for id, col := range c {
		out[id] = plan.Ref(col)
	}
	return out
}

// instance returns the distinct outer values under fresh columns.
func (d *domainJoin) instance() (plan.Node, domainCols) {
	ref := &plan.CTERef{CTE: d.with.ID, Name: d.with.Name, Source: d.source}
	cols := domainCols{}
	for _, c := range d.cols {
		n := d.o.newColumn(c)
		ref.Cols = append(ref.Cols, n)
		cols[c.ID] = n
	}
	if d.needed.ID == 0 {
		return distinct(ref, ref.Cols), cols
	}
	outer := ref.Cols
	needed := d.o.newColumn(d.needed)
	ref.Cols, ref.Source = append(outer[:len(outer):len(outer)], needed), append(ref.Source[:len(ref.Source):len(ref.Source)], d.neededSource)
	return distinct(filter(ref, []fn.Expr{plan.Ref(needed)}), outer), cols
}

// push returns a plan that yields, for every element of the domain, the rows
// of n for it, together with the element.
func (d *domainJoin) push(n plan.Node) (plan.Node, domainCols, error) {
	if !plan.Outer(n).Intersects(d.free) {
		dom, cols := d.instance()
		return &plan.Join{Kind: plan.InnerJoin, Left: n, Right: dom}, cols, nil
	}
	switch n := n.(type) {
	case *plan.Filter, *plan.Lock, *plan.ProjectSet:
		return d.pushUnary(n)
	case *plan.Sort:
		return d.push(n.Input)
	case *plan.Project:
		return d.pushProject(n)
	case *plan.Aggregate:
		return d.pushAggregate(n)
	case *plan.Join:
		return d.pushJoin(n)
	case *plan.Limit:
		return d.pushLimit(n)
	case *plan.Distinct:
		return d.pushDistinctOn(n)
	case *plan.Window:
		return d.pushWindow(n)
	case *plan.SetOp:
		return d.pushUnion(n)
	case *plan.With:
		return d.pushWith(n)
	case *plan.Values:
		return d.pushValues(n)
	}
	return nil, nil, sqlstate.New(sqlstate.FeatureNotSupported, "a correlated %s is not supported yet", strings.TrimPrefix(fmt.Sprintf("%T", n), "*plan."))
}

// rewrite replaces outer columns in a node's expressions.
func (c domainCols) rewrite(n plan.Node) plan.Node {
	m := c.exprs()
	return plan.MapOwnExprs(n, func(e fn.Expr) fn.Expr { return plan.Substitute(e, m) })
}

func (d *domainJoin) pushUnary(n plan.Node) (plan.Node, domainCols, error) {
	in, cols, err := d.push(n.Children()[0])
	if err != nil {
		return nil, nil, err
	}
	return cols.rewrite(n).WithChildren([]plan.Node{in}), cols, nil
}

func (d *domainJoin) pushProject(n *plan.Project) (plan.Node, domainCols, error) {
	in, cols, err := d.push(n.Input)
	if err != nil {
		return nil, nil, err
	}
	p := *(cols.rewrite(n).(*plan.Project))
	p.Input = in
	p.Items, p.Cols = append([]fn.Expr(nil), p.Items...), append([]plan.Column(nil), p.Cols...)
	for _, outer := range d.cols {
		c := cols[outer.ID]
		p.Items, p.Cols = append(p.Items, plan.Ref(c)), append(p.Cols, c)
	}
	return &p, cols, nil
}

// pushAggregate groups by the domain too. An ungrouped aggregate has a row for
// every element, also where its input is empty.
func (d *domainJoin) pushAggregate(n *plan.Aggregate) (plan.Node, domainCols, error) {
	in, cols, err := d.push(n.Input)
	if err != nil {
		return nil, nil, err
	}
	a := *(cols.rewrite(n).(*plan.Aggregate))
	a.Input = in
	a.GroupBy = append([]plan.GroupKey(nil), a.GroupBy...)
	for _, outer := range d.cols {
		c := cols[outer.ID]
		a.GroupBy = append(a.GroupBy, plan.GroupKey{Expr: plan.Ref(c), Col: c})
	}
	if len(n.GroupBy) > 0 {
		return &a, cols, nil
	}
	p := &plan.Project{}
	a.Aggs = append([]plan.Agg(nil), a.Aggs...)
	for i := range a.Aggs {
		out := a.Aggs[i].Col
		a.Aggs[i].Col = d.o.newColumn(out)
		var x fn.Expr = plan.Ref(a.Aggs[i].Col)
		if a.Aggs[i].Func.ZeroWhenEmpty {
			x = &fn.Coalesce{Args: []fn.Expr{x, emptyValue(&a.Aggs[i])}, Typ: out.Type}
		}
		p.Items, p.Cols = append(p.Items, x), append(p.Cols, out)
	}
	dom, domCols := d.instance()
	p.Input = &plan.Join{Kind: plan.LeftJoin, Left: dom, Right: &a, Keys: d.match(domCols, cols)}
	for _, outer := range d.cols {
		c := domCols[outer.ID]
		p.Items, p.Cols = append(p.Items, plan.Ref(c)), append(p.Cols, c)
	}
	return p, domCols, nil
}

// match are the keys that join two instances of the domain.
func (d *domainJoin) match(l, r domainCols) []plan.EquiKey {
	var keys []plan.EquiKey
	for _, outer := range d.cols {
		keys = append(keys, plan.EquiKey{Left: plan.Ref(l[outer.ID]), Right: plan.Ref(r[outer.ID]), NullSafe: true})
	}
	return keys
}

// pushJoin pushes the domain into the sides that depend on it, and into the
// side that is preserved: its rows have to carry it.
func (d *domainJoin) pushJoin(n *plan.Join) (plan.Node, domainCols, error) {
	inLeft := plan.Outer(n.Left).Intersects(d.free)
	inRight := plan.Outer(n.Right).Intersects(d.free)
	switch n.Kind {
	case plan.InnerJoin:
		inLeft = inLeft || !inRight
	case plan.FullJoin:
		inLeft, inRight = true, true
	case plan.RightJoin:
		inRight = true
	default:
		inLeft = true
	}
	if n.NullAware && inRight {
		// The domain becomes a second key, which null-aware joins do not have.
		return d.push(d.o.unaware(n))
	}
	c := *n
	var lcols, rcols domainCols
	var err error
	if inLeft {
		if c.Left, lcols, err = d.push(n.Left); err != nil {
			return nil, nil, err
		}
	}
	if inRight {
		if c.Right, rcols, err = d.push(n.Right); err != nil {
			return nil, nil, err
		}
	}
	cols := lcols
	if n.Kind == plan.RightJoin || lcols == nil {
		cols = rcols
	}
	out := cols.rewrite(&c).(*plan.Join)
	if inLeft && inRight {
		joined := *out
		joined.Keys = append(d.match(lcols, rcols), out.Keys...)
		out = &joined
	}
	if n.Kind == plan.FullJoin {
		return d.mergeFull(out, lcols, rcols)
	}
	return out, cols, nil
}

// mergeFull takes the domain of a full join's row from the side that is there.
// Both being NULL is fine: the element is NULL then.
func (d *domainJoin) mergeFull(j *plan.Join, l, r domainCols) (plan.Node, domainCols, error) {
	p := projectTo(j, append([]plan.Column(nil), j.Columns()...))
	cols := domainCols{}
	for _, outer := range d.cols {
		c := d.o.newColumn(outer)
		c.NotNull = false
		cols[outer.ID] = c
		p.Items = append(p.Items, &fn.Coalesce{Args: []fn.Expr{plan.Ref(l[outer.ID]), plan.Ref(r[outer.ID])}, Typ: c.Type})
		p.Cols = append(p.Cols, c)
	}
	return p, cols, nil
}

// pushLimit limits per element: rows are numbered in order within each.
func (d *domainJoin) pushLimit(n *plan.Limit) (plan.Node, domainCols, error) {
	if n.WithTies {
		return nil, nil, sqlstate.New(sqlstate.FeatureNotSupported, "FETCH … WITH TIES in a correlated subquery is not supported yet")
	}
	input := n.Input
	w := &plan.Window{Frame: defaultFrame}
	var trim *plan.Project
	if p, ok := input.(*plan.Project); ok {
		if _, sorted := p.Input.(*plan.Sort); sorted {
			trim, input = p, p.Input
		}
	}
	if s, ok := input.(*plan.Sort); ok {
		w.OrderBy, input = s.Keys, s.Input
	}
	in, cols, err := d.push(input)
	if err != nil {
		return nil, nil, err
	}
	w.Input = in
	w = cols.rewrite(w).(*plan.Window)
	for _, outer := range d.cols {
		w.Partition = append(w.Partition, plan.Ref(cols[outer.ID]))
	}
	num := plan.Column{ID: d.o.ids.Next(), Name: "row_number", Type: types.TInt8, NotNull: true}
	w.Funcs = []plan.WindowFunc{{Name: "row_number", Col: num}}
	var conds []fn.Expr
	var offset fn.Expr = plan.Bigint(0)
	if n.Offset != nil {
		offset = &fn.Coalesce{Args: []fn.Expr{n.Offset, offset}, Typ: types.TInt8}
		conds = append(conds, mustCall(fn.OpGt, plan.Ref(num), offset))
	}
	if n.Count != nil {
		last := mustCall(fn.OpLe, mustCall(fn.OpSub, plan.Ref(num), offset), n.Count)
		conds = append(conds, fn.NewOr(last, mustCall(fn.OpIsNull, n.Count)))
	}
	out := filter(w, conds)
	if trim != nil {
		p := *(cols.rewrite(trim).(*plan.Project))
		p.Input = out
		p.Items, p.Cols = append([]fn.Expr(nil), p.Items...), append([]plan.Column(nil), p.Cols...)
		for _, outer := range d.cols {
			p.Items, p.Cols = append(p.Items, plan.Ref(cols[outer.ID])), append(p.Cols, cols[outer.ID])
		}
		out = &p
	}
	return out, cols, nil
}

// pushDistinctOn keeps the first row of each group per element.
func (d *domainJoin) pushDistinctOn(n *plan.Distinct) (plan.Node, domainCols, error) {
	s, ok := n.Input.(*plan.Sort)
	if !ok {
		return nil, nil, sqlstate.New(sqlstate.FeatureNotSupported, "this correlated DISTINCT ON is not supported yet")
	}
	in, cols, err := d.push(s.Input)
	if err != nil {
		return nil, nil, err
	}
	sorted := *(cols.rewrite(s).(*plan.Sort))
	sorted.Input = in
	on := *(cols.rewrite(n).(*plan.Distinct))
	var keys []plan.SortKey
	for _, outer := range d.cols {
		keys = append(keys, plan.SortKey{Expr: plan.Ref(cols[outer.ID])})
		on.On = append(on.On[:len(on.On):len(on.On)], plan.Ref(cols[outer.ID]))
	}
	sorted.Keys = append(keys, sorted.Keys...)
	on.Input = &sorted
	return &on, cols, nil
}

// pushWindow partitions by the element too.
func (d *domainJoin) pushWindow(n *plan.Window) (plan.Node, domainCols, error) {
	in, cols, err := d.push(n.Input)
	if err != nil {
		return nil, nil, err
	}
	w := *(cols.rewrite(n).(*plan.Window))
	w.Input = in
	w.Partition = append([]fn.Expr(nil), w.Partition...)
	for _, outer := range d.cols {
		w.Partition = append(w.Partition, plan.Ref(cols[outer.ID]))
	}
	return &w, cols, nil
}

// pushUnion gives every input its own instance of the domain.
func (d *domainJoin) pushUnion(n *plan.SetOp) (plan.Node, domainCols, error) {
	s := *n
	s.Inputs = make([]plan.Node, len(n.Inputs))
	s.Maps = make([][]plan.ColID, len(n.Inputs))
	s.Cols = append([]plan.Column(nil), n.Cols...)
	for i, in := range n.Inputs {
		out, cols, err := d.push(in)
		if err != nil {
			return nil, nil, err
		}
		s.Inputs[i] = out
		s.Maps[i] = append([]plan.ColID(nil), n.Maps[i]...)
		for _, outer := range d.cols {
			s.Maps[i] = append(s.Maps[i], cols[outer.ID].ID)
		}
	}
	result := domainCols{}
	for _, outer := range d.cols {
		c := d.o.newColumn(outer)
		c.NotNull = false
		result[outer.ID] = c
		s.Cols = append(s.Cols, c)
	}
	return &s, result, nil
}

func (d *domainJoin) pushWith(n *plan.With) (plan.Node, domainCols, error) {
	if plan.Outer(n.Def).Intersects(d.free) {
		return d.push(d.o.expandWith(n))
	}
	body, cols, err := d.push(n.Body)
	if err != nil {
		return nil, nil, err
	}
	c := *n
	c.Body = body
	return &c, cols, nil
}

// pushValues computes each row on top of the domain.
func (d *domainJoin) pushValues(n *plan.Values) (plan.Node, domainCols, error) {
	union := &plan.SetOp{Kind: plan.Union, All: true, Cols: n.Cols}
	for _, row := range n.Rows {
		p := &plan.Project{Input: &plan.Values{Rows: [][]fn.Expr{{}}}, Items: row}
		ids := make([]plan.ColID, len(row))
		for i, c := range n.Cols {
			p.Cols = append(p.Cols, d.o.newColumn(c))
			ids[i] = p.Cols[i].ID
		}
		union.Inputs, union.Maps = append(union.Inputs, p), append(union.Maps, ids)
	}
	return d.push(union)
}
