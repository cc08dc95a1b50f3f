package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

func (b *builder) filter(n *plan.Filter) (output, error) {
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	return filtered(in, n.Conds)
}

// filtered puts conjuncts on top of an operator.
func filtered(in output, conds []fn.Expr) (output, error) {
	pred, err := lowerConds(conds, in.pos)
	if err != nil || pred == nil {
		return in, err
	}
	return output{&olap.Filter{Input: in.node, Pred: pred}, in.pos}, nil
}

func (b *builder) project(n *plan.Project) (output, error) {
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	exprs, err := lowerAll(n.Items, in.pos)
	if err != nil {
		return output{}, err
	}
	return output{&olap.Project{Input: in.node, Exprs: exprs}, positions(n.Cols)}, nil
}
