package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// equalities are classes of columns that a block of joins makes equal. All
// members of a class have one type, so that each may stand for each.
type equalities struct {
	// parent is the union-find forest; columns are registered on first use.
	parent map[plan.ColID]plan.ColID
	column map[plan.ColID]plan.Column
	order  []plan.ColID
}

func newEqualities(leaves []plan.Node) *equalities {
	q := &equalities{parent: map[plan.ColID]plan.ColID{}, column: map[plan.ColID]plan.Column{}}
	for _, l := range leaves {
		for _, c := range l.Columns() {
			q.column[c.ID] = c
		}
	}
	return q
}

func (q *equalities) find(id plan.ColID) plan.ColID {
	p, ok := q.parent[id]
	if !ok {
		q.parent[id] = id
		q.order = append(q.order, id)
		return id
	}
	if p == id {
		return id
	}
	root := q.find(p)
	q.parent[id] = root
	return root
}

// add takes a condition column = column of one type; other conditions are not taken.
func (q *equalities) add(e fn.Expr) bool {
	c, ok := e.(*fn.Call)
	if !ok || c.Func.Op != fn.OpEq || c.Args[0].Type() != c.Args[1].Type() {
		return false
	}
	a, ok1 := plan.RefID(c.Args[0])
	b, ok2 := plan.RefID(c.Args[1])
	if !ok1 || !ok2 || a == b {
		return false
	}
	for _, id := range []plan.ColID{a, b} {
		if _, mine := q.column[id]; !mine {
			return false
		}
	}
	q.parent[q.find(b)] = q.find(a)
	return true
}

// classes returns the classes with more than one member, in order of appearance.
func (q *equalities) classes() [][]plan.Column {
	index := map[plan.ColID]int{}
	var out [][]plan.Column
	for _, id := range q.order {
		root := q.find(id)
		i, ok := index[root]
		if !ok {
			i = len(out)
			index[root] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], q.column[id])
	}
	return out
}

// within returns the equalities that hold between columns of one input.
func (q *equalities) within(cols plan.ColSet) []fn.Expr {
	var out []fn.Expr
	for _, class := range q.classes() {
		var first *plan.Column
		for i := range class {
			if !cols.Has(class[i].ID) {
				continue
			}
			if first == nil {
				first = &class[i]
				continue
			}
			out = append(out, mustCall(fn.OpEq, plan.Ref(*first), plan.Ref(class[i])))
		}
	}
	return out
}

// copies returns a condition over one column for the other columns of its
// class: from a = b and a < 5 follows b < 5.
func (q *equalities) copies(e fn.Expr) []fn.Expr {
	ids := plan.Used(e).IDs()
	if len(ids) != 1 || isVolatile(e) || !comparesOrdered(e) {
		return nil
	}
	if _, known := q.parent[ids[0]]; !known {
		return nil
	}
	root := q.find(ids[0])
	var out []fn.Expr
	for _, id := range q.order {
		if id != ids[0] && q.find(id) == root {
			out = append(out, plan.Substitute(e, map[plan.ColID]fn.Expr{ids[0]: plan.Ref(q.column[id])}))
		}
	}
	return out
}

// comparesOrdered accepts conditions that decide by the value alone, as =
// sees it: not functions that tell equal values apart (such as the sign of zero), and not IS NULL.
func comparesOrdered(e fn.Expr) bool {
	switch n := e.(type) {
	case *fn.In:
		_, ok := plan.RefID(n.Arg)
		return ok
	case *fn.Call:
		if !n.Func.Op.IsComparison() {
			return false
		}
		for _, a := range n.Args {
			if _, isCol := plan.RefID(a); !isCol && !plan.IsConst(a) {
				return false
			}
		}
		return true
	}
	return false
}
