package binder

import (
	"slices"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// groupingFunc binds GROUPING(a, b…).
func (b *binder) groupingFunc(e *parser.FuncCall, sc *scope) (fn.Expr, error) {
	if !sc.allowAggs {
		return nil, b.errorAt(e.Pos(), sqlstate.GroupingError, "grouping operations are not allowed in %s", sc.clause)
	}
	args, _, err := b.exprs(e.Args, sc)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 || len(args) > 31 {
		return nil, b.errorAt(e.Pos(), sqlstate.TooManyArguments, "GROUPING must have fewer than 32 arguments")
	}
	call := groupingCall{args: args, col: b.newColumn("grouping", types.TInt4), pos: e.Pos()}
	sc.groupings = append(sc.groupings, call)
	return plan.Ref(call.col), nil
}

// addGroupingCalls computes the GROUPING columns from the set's number.
func (c *core) addGroupingCalls(a *plan.Aggregate, r *regroup) error {
	p := &plan.Project{Input: a}
	for _, col := range a.Columns() {
		p.Items, p.Cols = append(p.Items, plan.Ref(col)), append(p.Cols, col)
	}
	for _, g := range c.sc.groupings {
		keys := make([]int, len(g.args))
		for i, x := range g.args {
			keys[i] = -1
			for _, first := range r.first {
				if plan.Equal(first.Expr, x) {
					keys[i] = slices.IndexFunc(a.GroupBy, func(k plan.GroupKey) bool { return k.Col.ID == first.Col.ID })
					break
				}
			}
			if keys[i] < 0 {
				return c.b.errorAt(g.pos, sqlstate.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
			}
		}
		x, err := c.groupingValue(a, keys)
		if err != nil {
			return err
		}
		p.Items, p.Cols = append(p.Items, x), append(p.Cols, g.col)
	}
	c.node = p
	return nil
}

// groupingValue is CASE set WHEN 0 THEN mask …, one bit for each argument that is not in the set.
func (c *core) groupingValue(a *plan.Aggregate, keys []int) (fn.Expr, error) {
	literal := func(v int32) fn.Expr { return &fn.Literal{Value: types.NewInt32(v), Typ: types.TInt4} }
	if a.Sets == nil {
		return literal(0), nil
	}
	out := &fn.Case{Typ: types.TInt4}
	for i, set := range a.Sets {
		var mask int32
		for _, k := range keys {
			mask <<= 1
			if !slices.Contains(set, k) {
				mask |= 1
			}
		}
		cond, err := fn.NewOp(fn.OpEq, plan.Ref(a.SetID), plan.Bigint(int64(i)))
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, fn.When{Cond: cond, Then: literal(mask)})
	}
	return out, nil
}
