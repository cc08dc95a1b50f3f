package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// recursive builds WITH RECURSIVE. The step's WorkTable is registered under
// the node's number before the step is built.
func (b *builder) recursive(n *plan.Recursive) (output, error) {
	initial, err := b.mapped(n.Initial, n.Maps[0], n.Cols)
	if err != nil {
		return output{}, err
	}
	table := &olap.WorkTable{Columns: initial.Types(), Label: n.Name}
	b.ctes[n.ID] = output{node: table}
	step, err := b.mapped(n.Step, n.Maps[1], n.Cols)
	if err != nil {
		return output{}, err
	}
	return output{&olap.RecursiveUnion{Initial: initial, Step: step, Table: table, All: n.All}, positions(n.Cols)}, nil
}

// mapped builds an input and projects it to the columns that feed cols.
func (b *builder) mapped(n plan.Node, from []plan.ColID, cols []plan.Column) (olap.Node, error) {
	in, err := b.build(n)
	if err != nil {
		return nil, err
	}
	exprs := make([]fn.Expr, len(cols))
	for i, c := range cols {
		exprs[i] = &fn.Column{Index: in.pos[from[i]], Typ: c.Type, Name: c.Name}
	}
	return &olap.Project{Input: in.node, Exprs: exprs}, nil
}

func (b *builder) workTable(n *plan.WorkTable) (output, error) {
	return output{b.ctes[n.Recursive].node, positions(n.Cols)}, nil
}
