package opt

import "htapdb/sql/plan"

// narrow drops the columns of scans that nothing reads, which are most of a wide
// table's, before the other passes: they look at the columns of joins again and
// again. Unlike prune it takes plans as they were bound, with subqueries and lateral
// joins in them, and stops where a node needs more of its input than it says.
func (o *optimizer) narrow(n plan.Node, need plan.ColSet) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		return n.WithCols(keepScanCols(n.Cols, need, n.Filters))
	case *plan.FileScan:
		return n.WithCols(keepScanCols(n.Cols, need, n.Filters))
	case *plan.Project, *plan.Aggregate:
		need = plan.Used(n.Exprs()...)
		return n.WithChildren([]plan.Node{o.narrow(n.Children()[0], need)})
	case *plan.Filter, *plan.Sort, *plan.Limit:
		need = need.Copy()
		need.AddAll(plan.Used(n.Exprs()...))
		return n.WithChildren([]plan.Node{o.narrow(n.Children()[0], need)})
	case *plan.Join:
		need = need.Copy()
		need.AddAll(plan.Used(n.Exprs()...))
		need.AddAll(plan.Outer(n.Right)) // what a lateral item reads
		return n.WithChildren([]plan.Node{o.narrow(n.Left, need), o.narrow(n.Right, need)})
	}
	children := n.Children()
	if len(children) == 0 {
		return n
	}
	fresh := make([]plan.Node, len(children))
	for i, c := range children {
		fresh[i] = o.narrow(c, plan.NewColSet(c.Columns()))
	}
	return n.WithChildren(fresh)
}
