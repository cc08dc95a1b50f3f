package opt

import (
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// unnest lowers the plan and replaces every subquery expression by a join,
// from the bottom up, and makes dependent joins independent.
func (o *optimizer) unnest(n plan.Node) (plan.Node, error) {
	children := n.Children()
	if len(children) > 0 {
		fresh := make([]plan.Node, len(children))
		for i, c := range children {
			var err error
			if fresh[i], err = o.unnest(c); err != nil {
				return nil, err
			}
		}
		n = n.WithChildren(fresh)
	}
	n = o.lower(n)
	// Lowering may have moved expressions into nodes that it made below.
	if hasSubqueries(n) {
		var err error
		if n, err = o.unnestNode(n); err != nil {
			return nil, err
		}
	} else if w, ok := n.(*plan.With); ok {
		var err error
		if n, err = o.unnestBelow(w); err != nil {
			return nil, err
		}
	}
	if j, ok := n.(*plan.Join); ok {
		return o.decorrelate(j)
	}
	return n, nil
}

// unnestBelow handles the aggregates that lowering grouping sets made.
func (o *optimizer) unnestBelow(w *plan.With) (plan.Node, error) {
	var first error
	body := plan.Rewrite(w.Body, func(n plan.Node) plan.Node {
		if first != nil || !hasSubqueries(n) {
			return n
		}
		out, err := o.unnestNode(n)
		if err != nil {
			first = err
			return n
		}
		return out
	})
	return w.WithChildren([]plan.Node{w.Def, body}), first
}

func hasSubqueries(n plan.Node) bool {
	for _, e := range n.Exprs() {
		if plan.HasSubquery(e) {
			return true
		}
	}
	return false
}

// unnestNode moves the subqueries of a node's expressions into its inputs.
func (o *optimizer) unnestNode(n plan.Node) (plan.Node, error) {
	switch n := n.(type) {
	case *plan.Filter:
		return o.unnestFilter(n)
	case *plan.Join:
		return o.unnestJoin(n)
	case *plan.Values:
		return o.unnestValues(n)
	case *plan.Insert, *plan.Update, *plan.Delete:
		return o.unnestWrite(n)
	}
	children := n.Children()
	if len(children) != 1 {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "a subquery in this place is not supported yet")
	}
	input := children[0]
	exprs := n.Exprs()
	fresh := make([]fn.Expr, len(exprs))
	for i, e := range exprs {
		var err error
		if fresh[i], input, err = o.replace(e, input, use{}); err != nil {
			return nil, err
		}
	}
	return n.WithExprs(fresh).WithChildren([]plan.Node{input}), nil
}

// unnestFilter turns EXISTS, IN and their negations as conjuncts into semi and
// anti joins; subqueries inside other conditions become columns.
func (o *optimizer) unnestFilter(f *plan.Filter) (plan.Node, error) {
	var plain, rest []fn.Expr
	for _, c := range f.Conds {
		if plan.HasSubquery(c) {
			rest = append(rest, fn.Conjuncts(c)...)
		} else {
			plain = append(plain, c)
		}
	}
	input := filter(f.Input, plain)
	var conds []fn.Expr
	for _, c := range rest {
		s, negated := subqueryCondition(c)
		var err error
		if s != nil && (s.Kind == plan.ExistsSubquery || s.Kind == plan.AnySubquery) && !condHasSubquery(s) {
			if input, err = o.semiJoin(input, s, negated); err != nil {
				return nil, err
			}
			continue
		}
		if c, input, err = o.replace(c, input, use{nullIsFalse: true}); err != nil {
			return nil, err
		}
		conds = append(conds, c)
	}
	return filter(input, conds), nil
}

func condHasSubquery(s *plan.Subquery) bool { return s.Cond != nil && plan.HasSubquery(s.Cond) }

// subqueryCondition recognises a subquery and NOT of one.
func subqueryCondition(c fn.Expr) (s *plan.Subquery, negated bool) {
	for {
		switch e := c.(type) {
		case *plan.Subquery:
			return e, negated
		case *fn.Call:
			if e.Func.Op == fn.OpNot {
				c, negated = e.Args[0], !negated
				continue
			}
		}
		return nil, false
	}
}

// semiJoin filters input by EXISTS or ANY (NULL drops the row), or by the negation.
func (o *optimizer) semiJoin(input plan.Node, s *plan.Subquery, negated bool) (plan.Node, error) {
	sub, err := o.unnest(s.Plan)
	if err != nil {
		return nil, err
	}
	if s.Cond == nil {
		sub = oneOf(existential(sub))
	}
	j := &plan.Join{Kind: plan.SemiJoin, Left: input, Right: sub}
	if negated {
		j.Kind = plan.AntiJoin
	}
	if s.Cond == nil {
		return o.decorrelate(j)
	}
	if !negated {
		j.Residual = fn.Conjuncts(s.Cond)
		return o.decorrelate(j)
	}
	// NOT IN keeps a row if the condition is FALSE for all rows: neither TRUE nor NULL.
	if !mayBeNull(s.Cond, input, sub) {
		j.Residual = fn.Conjuncts(s.Cond)
		return o.decorrelate(j)
	}
	if key, ok := nullAwareKey(s.Cond, input, sub); ok && !correlated(input, sub) {
		j.Keys, j.NullAware = []plan.EquiKey{key}, true
		return j, nil
	}
	j.Residual = []fn.Expr{&fn.Coalesce{Args: []fn.Expr{s.Cond, plan.True(true)}, Typ: types.TBool}}
	return o.decorrelate(j)
}

// existential drops what does not matter to whether rows exist: order, and a limit of at least one row.
func existential(n plan.Node) plan.Node {
	for {
		switch x := n.(type) {
		case *plan.Sort:
			n = x.Input
			continue
		case *plan.Limit:
			if lit, ok := x.Count.(*fn.Literal); x.Offset == nil && ok && !lit.Value.IsNull() && lit.Value.Int() > 0 {
				n = x.Input
				continue
			}
		case *plan.Project:
			// The order below a projection matters as little.
			if in := existential(x.Input); in != x.Input {
				return x.WithChildren([]plan.Node{in})
			}
		}
		return n
	}
}

// oneOf ends a subquery without outer columns at its first row.
func oneOf(sub plan.Node) plan.Node {
	if !plan.Outer(sub).Empty() {
		return sub
	}
	return &plan.Limit{Input: sub, Count: plan.Bigint(1)}
}

// correlated reports whether sub uses columns of input.
func correlated(input, sub plan.Node) bool {
	return plan.Outer(sub).Intersects(plan.NewColSet(input.Columns()))
}

// nullAwareKey recognises outer = inner.
func nullAwareKey(cond fn.Expr, input, sub plan.Node) (plan.EquiKey, bool) {
	return equiKey(cond, plan.NewColSet(input.Columns()), plan.NewColSet(sub.Columns()))
}

// mayBeNull reports whether a comparison over the columns of both plans can be NULL.
func mayBeNull(e fn.Expr, input, sub plan.Node) bool {
	notNull := plan.ColSet{}
	for _, n := range []plan.Node{input, sub} {
		for _, c := range n.Columns() {
			if c.NotNull {
				notNull.Add(c.ID)
			}
		}
	}
	return nullable(e, notNull)
}

// nullable is conservative: false only if e is never NULL given the columns that are not.
func nullable(e fn.Expr, notNull plan.ColSet) bool {
	switch e := e.(type) {
	case *fn.Column:
		return !notNull.Has(plan.ColID(e.Index))
	case *fn.Literal:
		return e.Value.IsNull()
	case *fn.And, *fn.Or:
	case *fn.Call:
		// Operators and casts of values that are not NULL are not NULL;
		// of other functions that is not known.
		if !e.Func.Strict || !e.Func.Op.NullOnlyForNull() {
			return !e.Func.Op.NeverNull()
		}
	case *fn.In:
		return e.HasNull || nullable(e.Arg, notNull)
	default:
		return true
	}
	for _, c := range e.Children() {
		if nullable(c, notNull) {
			return true
		}
	}
	return false
}

// mark computes EXISTS or ANY as a column.
func (o *optimizer) mark(s *plan.Subquery, input plan.Node, nullIsFalse bool) (fn.Expr, plan.Node, error) {
	sub, err := o.unnest(s.Plan)
	if err != nil {
		return nil, nil, err
	}
	if s.Cond == nil {
		return o.markJoin(input, oneOf(existential(sub)), nil)
	}
	if nullIsFalse || !mayBeNull(s.Cond, input, sub) {
		return o.markJoin(input, sub, fn.Conjuncts(s.Cond))
	}
	if key, ok := nullAwareKey(s.Cond, input, sub); ok && !correlated(input, sub) {
		j := &plan.Join{Kind: plan.MarkJoin, Left: input, Right: sub, Keys: []plan.EquiKey{key}, NullAware: true}
		j.MarkCol = plan.Column{ID: o.ids.Next(), Name: "mark", Type: types.TBool}
		return plan.Ref(j.MarkCol), j, nil
	}
	// Three values from two marks: some row TRUE, some row NULL.
	copied, unknown := o.nullTwin(s.Cond, sub)
	isTrue, input, err := o.markJoin(input, sub, fn.Conjuncts(s.Cond))
	if err != nil {
		return nil, nil, err
	}
	isNull, input, err := o.markJoin(input, copied, []fn.Expr{unknown})
	if err != nil {
		return nil, nil, err
	}
	return threeValued(isTrue, isNull), input, nil
}

// nullTwin returns a copy of a plan and the condition, over the copy, that cond is NULL.
func (o *optimizer) nullTwin(cond fn.Expr, sub plan.Node) (plan.Node, fn.Expr) {
	copied, ids := plan.Renumber(sub, o.ids)
	to := map[plan.ColID]fn.Expr{}
	for _, c := range sub.Columns() {
		to[c.ID] = &fn.Column{Index: int(ids[c.ID]), Typ: c.Type, Name: c.Name}
	}
	return copied, mustCall(fn.OpIsNull, plan.Substitute(cond, to))
}

// threeValued is TRUE, NULL or FALSE from two marks.
func threeValued(isTrue, isNull fn.Expr) fn.Expr {
	return &fn.Case{
		Whens: []fn.When{{Cond: isTrue, Then: plan.True(true)}, {Cond: isNull, Then: plan.Null(types.TBool)}},
		Else:  plan.True(false), Typ: types.TBool,
	}
}

// unaware expresses a null-aware join by joins that are not.
func (o *optimizer) unaware(j *plan.Join) plan.Node {
	eq := mustCall(fn.OpEq, j.Keys[0].Left, j.Keys[0].Right)
	c := *j
	c.Keys, c.NullAware = nil, false
	if j.Kind == plan.AntiJoin {
		c.Residual = []fn.Expr{&fn.Coalesce{Args: []fn.Expr{eq, plan.True(true)}, Typ: types.TBool}}
		return &c
	}
	copied, unknown := o.nullTwin(eq, j.Right)
	c.Residual = []fn.Expr{eq}
	c.MarkCol = plan.Column{ID: o.ids.Next(), Name: "mark", Type: types.TBool, NotNull: true}
	twin := &plan.Join{Kind: plan.MarkJoin, Left: &c, Right: copied, Residual: []fn.Expr{unknown}}
	twin.MarkCol = plan.Column{ID: o.ids.Next(), Name: "mark", Type: types.TBool, NotNull: true}
	p := projectTo(twin, append([]plan.Column(nil), j.Left.Columns()...))
	p.Items = append(p.Items, threeValued(plan.Ref(c.MarkCol), plan.Ref(twin.MarkCol)))
	p.Cols = append(p.Cols, j.MarkCol)
	return p
}

func (o *optimizer) markJoin(input, sub plan.Node, conds []fn.Expr) (fn.Expr, plan.Node, error) {
	j := &plan.Join{Kind: plan.MarkJoin, Left: input, Right: sub, Residual: conds}
	j.MarkCol = plan.Column{ID: o.ids.Next(), Name: "mark", Type: types.TBool, NotNull: true}
	n, err := o.decorrelate(j)
	return plan.Ref(j.MarkCol), n, err
}

// unnestJoin handles subqueries in ON: an inner join filters above itself, an
// outer join gets the subquery's column on the side that it depends on.
func (o *optimizer) unnestJoin(j *plan.Join) (plan.Node, error) {
	if j.Kind == plan.InnerJoin {
		var plain, rest []fn.Expr
		for _, c := range j.Residual {
			if plan.HasSubquery(c) {
				rest = append(rest, c)
			} else {
				plain = append(plain, c)
			}
		}
		c := *j
		c.Residual = plain
		n, err := o.decorrelate(&c)
		if err != nil {
			return nil, err
		}
		return o.unnestFilter(&plan.Filter{Input: n, Conds: rest})
	}
	c := *j
	c.Residual = nil
	right := plan.NewColSet(j.Right.Columns())
	left := plan.NewColSet(j.Left.Columns())
	for _, e := range j.Residual {
		if !plan.HasSubquery(e) {
			c.Residual = append(c.Residual, e)
			continue
		}
		used := subqueryColumns(e)
		var x fn.Expr
		var err error
		switch {
		case !used.Intersects(left):
			x, c.Right, err = o.replace(e, c.Right, use{})
		case !used.Intersects(right):
			x, c.Left, err = o.replace(e, c.Left, use{})
		default:
			err = sqlstate.New(sqlstate.FeatureNotSupported, "a subquery in the condition of an outer join that depends on both sides is not supported yet")
		}
		if err != nil {
			return nil, err
		}
		c.Residual = append(c.Residual, x)
	}
	return &c, nil
}

// subqueryColumns returns what the subqueries of e, and their conditions, use.
func subqueryColumns(e fn.Expr) plan.ColSet {
	var used plan.ColSet
	fn.Walk(e, func(e fn.Expr) bool {
		if s, ok := e.(*plan.Subquery); ok {
			used.AddAll(plan.Used(s))
			return false
		}
		return true
	})
	return used
}

// unnestValues turns rows with subqueries into projections.
func (o *optimizer) unnestValues(v *plan.Values) (plan.Node, error) {
	union := &plan.SetOp{Kind: plan.Union, All: true, Cols: v.Cols}
	for _, row := range v.Rows {
		p := &plan.Project{Input: &plan.Values{Rows: [][]fn.Expr{{}}}, Items: row}
		ids := make([]plan.ColID, len(row))
		for i, c := range v.Cols {
			p.Cols = append(p.Cols, o.newColumn(c))
			ids[i] = p.Cols[i].ID
		}
		n, err := o.unnestNodeIfNeeded(p)
		if err != nil {
			return nil, err
		}
		union.Inputs, union.Maps = append(union.Inputs, n), append(union.Maps, ids)
	}
	return union, nil
}

func (o *optimizer) unnestNodeIfNeeded(n plan.Node) (plan.Node, error) {
	if !hasSubqueries(n) {
		return n, nil
	}
	return o.unnestNode(n)
}

// unnestWrite computes the subqueries of what a DML node writes and returns in its
// source, below the WITH items that stand on top of that: they may refer to them.
func (o *optimizer) unnestWrite(n plan.Node) (plan.Node, error) {
	var items []*plan.With
	source := n.Children()[0]
	for w, ok := source.(*plan.With); ok; w, ok = source.(*plan.With) {
		items, source = append(items, w), w.Body
	}
	exprs := n.Exprs()
	fresh := make([]fn.Expr, len(exprs))
	for i, e := range exprs {
		var err error
		if fresh[i], source, err = o.replace(e, source, use{}); err != nil {
			return nil, err
		}
	}
	for i := len(items) - 1; i >= 0; i-- {
		source = items[i].WithChildren([]plan.Node{items[i].Def, source})
	}
	return n.WithExprs(fresh).WithChildren([]plan.Node{source}), nil
}
