package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// superfluous reports a left join that neither adds columns that are needed
// nor multiplies rows: its keys determine the right row.
func superfluous(j *plan.Join, need plan.ColSet) bool {
	if j.Kind != plan.LeftJoin || need.Intersects(plan.NewColSet(j.Right.Columns())) {
		return false
	}
	return uniqueOn(j.Right, rightKeys(j))
}

// rightKeys are the right columns that the join's keys fix; under a cast that
// keeps values apart, too.
func rightKeys(j *plan.Join) plan.ColSet {
	var keys plan.ColSet
	for _, k := range j.Keys {
		e := k.Right
		if c, ok := e.(*fn.Call); ok && c.Func.Op == fn.OpCast && len(c.Args) == 1 && fn.Widens(c.Args[0].Type(), c.Typ) {
			e = c.Args[0]
		}
		if id, ok := plan.RefID(e); ok && !k.NullSafe {
			keys.Add(id)
		}
	}
	return keys
}

// uniqueOn reports that no two rows of the plan agree on all of the columns.
func uniqueOn(n plan.Node, cols plan.ColSet) bool {
	switch n := n.(type) {
	case *plan.Scan:
		ordinals := map[int]bool{}
		for _, c := range n.Cols {
			if cols.Has(c.ID) {
				ordinals[c.Ordinal] = true
			}
		}
		return n.Table.HasUniqueKey(ordinals)
	case *plan.Aggregate:
		for _, k := range n.GroupBy {
			if !cols.Has(k.Col.ID) {
				return false
			}
		}
		return n.Sets == nil
	case *plan.Filter:
		return uniqueOn(n.Input, cols)
	case *plan.Project:
		return uniqueOn(n.Input, cols)
	case *plan.Join:
		return n.Kind.LeftOnly() && uniqueOn(n.Left, cols)
	}
	return atMostOne(n)
}
