package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

func (b *builder) values(n *plan.Values) (output, error) {
	ts := make([]types.Type, len(n.Cols))
	for i, c := range n.Cols {
		ts[i] = c.Type
	}
	return output{&olap.Values{Rows: n.Rows, Columns: ts}, positions(n.Cols)}, nil
}

func (b *builder) tableFunc(n *plan.TableFunc) (output, error) {
	if n.Ordinality {
		return unsupported("WITH ORDINALITY")
	}
	if n.Name != "generate_series" {
		return unsupported("table function %s", n.Name)
	}
	series := &olap.GenerateSeries{Start: n.Args[0], Stop: n.Args[1]}
	if len(n.Args) > 2 {
		series.Step = n.Args[2]
	}
	if t := n.Cols[0].Type; !t.IsInteger() {
		add, err := fn.ResolveScalar("+", []types.Type{t, series.Step.Type()})
		if err != nil {
			return output{}, err
		}
		series.Next = &fn.Call{Func: add, Typ: add.Result, Args: []fn.Expr{
			&fn.Column{Index: 0, Typ: t}, &fn.Column{Index: 1, Typ: series.Step.Type()}}}
	}
	return output{series, positions(n.Cols)}, nil
}
