package htap

import (
	"unsafe"

	"htapdb/sql/plan"
	"htapdb/vector/fn"
)

// Sizes of the parts of a plan. Those of nodes, expressions and what stands once
// in a plan are about what the heap grows by for statements from a point query to
// TPC-H's: structures differ, and slices have room.
const (
	planBytesFixed   = 900
	planBytesNode    = 250
	planBytesExpr    = 112
	planBytesColumn  = int64(unsafe.Sizeof(plan.Column{}))
	planBytesScanned = int64(unsafe.Sizeof(plan.ScanColumn{}))
	planBytesField   = int64(unsafe.Sizeof(plan.TableColumn{}))
	planBytesIndex   = int64(unsafe.Sizeof(plan.Index{})) + 16
	planBytesAnswer  = 96
)

// planBytes estimates what a plan keeps of memory: with the models that it applies,
// without descriptors of the catalog, which has them too.
func planBytes(p *planned) int64 {
	bytes := int64(planBytesFixed) + p.deps.StateBytes() + int64(p.deps.Len())*planBytesAnswer + int64(len(p.columns)+len(p.params))*planBytesColumn
	tables := map[*plan.Table]bool{}
	table := func(t *plan.Table) {
		if !tables[t] {
			tables[t] = true
			bytes += int64(len(t.Columns))*planBytesField + int64(len(t.Indexes))*planBytesIndex
		}
	}
	for i := range p.sources {
		if t := p.sources[i].Table; t != nil {
			table(t)
		}
	}
	plan.Walk(p.root, func(n plan.Node) bool {
		bytes += planBytesNode
		switch n := n.(type) {
		case *plan.Scan:
			table(n.Table)
			bytes += int64(len(n.Cols)) * (planBytesScanned + planBytesColumn)
		case *plan.Insert:
			table(n.Table)
			bytes += int64(len(n.NewCols)+len(n.Returned)) * planBytesColumn
		case *plan.Update:
			table(n.Table)
			bytes += int64(len(n.NewCols)+len(n.Returned)) * planBytesColumn
		case *plan.Filter, *plan.Sort, *plan.Limit, *plan.Distinct, *plan.Lock, *plan.Join:
			// Their columns are those of their inputs.
		default:
			bytes += int64(len(n.Columns())) * planBytesColumn
		}
		for _, e := range n.Exprs() {
			bytes += exprBytes(e)
		}
		return true
	})
	return bytes
}

// exprBytes estimates what an expression takes, without the plans of its subqueries.
func exprBytes(e fn.Expr) (bytes int64) {
	fn.Walk(e, func(n fn.Expr) bool {
		bytes += planBytesExpr
		switch n := n.(type) {
		case *fn.Literal:
			bytes += int64(len(n.Value.Str()))
		case *fn.In:
			bytes += int64(len(n.List)) * int64(unsafe.Sizeof(n.List[0]))
			for _, d := range n.List {
				bytes += int64(len(d.Str()))
			}
		}
		return true
	})
	return bytes
}
