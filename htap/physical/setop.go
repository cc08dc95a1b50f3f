package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

func (b *builder) setOp(n *plan.SetOp) (output, error) {
	inputs := make([]olap.Node, len(n.Inputs))
	for i, child := range n.Inputs {
		in, err := b.build(child)
		if err != nil {
			return output{}, err
		}
		exprs := make([]fn.Expr, len(n.Cols))
		for k, c := range n.Cols {
			exprs[k] = &fn.Column{Index: in.pos[n.Maps[i][k]], Typ: c.Type, Name: c.Name}
		}
		inputs[i] = &olap.Project{Input: in.node, Exprs: exprs}
	}
	pos := positions(n.Cols)
	if n.Kind == plan.Union {
		var node olap.Node = &olap.UnionAll{List: inputs}
		if !n.All {
			node = olap.NewDistinct(node)
		}
		return output{node, pos}, nil
	}
	kind := olap.Intersect
	if n.Kind == plan.Except {
		kind = olap.Except
	}
	return output{&olap.SetOp{Kind: kind, Left: inputs[0], Right: inputs[1], All: n.All}, pos}, nil
}

func (b *builder) with(n *plan.With) (output, error) {
	def, err := b.build(n.Def)
	if err != nil {
		return output{}, err
	}
	b.ctes[n.ID] = output{&olap.Materialize{Input: def.node, Label: n.Name}, def.pos}
	return b.build(n.Body)
}

func (b *builder) cteRef(n *plan.CTERef) (output, error) {
	def := b.ctes[n.CTE]
	pos := make(map[plan.ColID]int, len(n.Cols))
	for i, c := range n.Cols {
		pos[c.ID] = def.pos[n.Source[i]]
	}
	return output{def.node, pos}, nil
}
