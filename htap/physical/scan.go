package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// scan chooses the source that the router decided on. Filters that the source
// does not apply itself stand above it.
func (b *builder) scan(n *plan.Scan) (output, error) {
	if n.Table.Virtual {
		return b.virtualScan(n)
	}
	desc, schema, err := b.st.table(n.Table)
	if err != nil {
		return output{}, err
	}
	base := scanBase{st: b.st, plan: n, desc: desc, schema: schema, types: scanTypes(n.Cols)}
	pos := positions(n.Columns())
	if n.Access != nil && n.Access.Path == plan.ColumnScan {
		src, rest, err := newColumnSource(base, pos)
		if err != nil {
			return output{}, err
		}
		return filtered(output{&olap.Scan{Source: src, Label: n.Alias}, pos}, rest)
	}
	src := &rowSource{scanBase: base}
	if err := src.resolve(); err != nil {
		return output{}, err
	}
	return filtered(output{&olap.Scan{Source: src, Label: n.Alias}, pos}, n.Filters)
}

func scanTypes(cols []plan.ScanColumn) []types.Type {
	ts := make([]types.Type, len(cols))
	for i, c := range cols {
		ts[i] = c.Type
	}
	return ts
}

// virtualScan reads the rows of a catalog table.
func (b *builder) virtualScan(n *plan.Scan) (output, error) {
	rows, err := b.st.Virtual(n.Table)
	if err != nil {
		return output{}, err
	}
	v := &olap.Values{Columns: scanTypes(n.Cols)}
	for _, row := range rows {
		exprs := make([]fn.Expr, len(n.Cols))
		for i, c := range n.Cols {
			exprs[i] = &fn.Literal{Value: row[c.Ordinal], Typ: c.Type}
		}
		v.Rows = append(v.Rows, exprs)
	}
	return filtered(output{v, positions(n.Columns())}, n.Filters)
}
