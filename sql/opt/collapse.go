package opt

import (
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// collapse merges adjacent projections and removes those that change nothing.
func (o *optimizer) collapse(root plan.Node) plan.Node {
	want := root.Columns()
	n := plan.Rewrite(root, func(n plan.Node) plan.Node {
		p, ok := n.(*plan.Project)
		if !ok {
			return n
		}
		if in, ok := p.Input.(*plan.Project); ok && mergeable(p, in) {
			p = merge(p, in)
		}
		if isIdentity(p) {
			return p.Input
		}
		return p
	})
	return keepColumns(n, want)
}

// mergeable reports that no computed item of the inner projection would be computed more often.
func mergeable(outer, inner *plan.Project) bool {
	uses := map[plan.ColID]int{}
	for _, e := range outer.Items {
		countUses(e, uses)
	}
	for i, c := range inner.Cols {
		switch inner.Items[i].(type) {
		case *fn.Column, *fn.Literal, *fn.Param:
			continue
		}
		if uses[c.ID] > 1 || isVolatile(inner.Items[i]) {
			return false
		}
	}
	return true
}

func countUses(e fn.Expr, uses map[plan.ColID]int) {
	if id, ok := plan.RefID(e); ok {
		uses[id]++
		return
	}
	for _, c := range e.Children() {
		countUses(c, uses)
	}
}

func merge(outer, inner *plan.Project) *plan.Project {
	items := map[plan.ColID]fn.Expr{}
	for i, c := range inner.Cols {
		items[c.ID] = inner.Items[i]
	}
	p := *outer
	p.Input = inner.Input
	p.Items = make([]fn.Expr, len(outer.Items))
	for i, e := range outer.Items {
		p.Items[i] = plan.Substitute(e, items)
	}
	return &p
}

// isIdentity reports a projection that passes through exactly its input's columns.
func isIdentity(p *plan.Project) bool {
	in := p.Input.Columns()
	if len(in) != len(p.Cols) {
		return false
	}
	for i, e := range p.Items {
		if id, ok := plan.RefID(e); !ok || id != p.Cols[i].ID {
			return false
		}
	}
	return true
}
