package opt

import "htapdb/sql/plan"

// Rows returns a function that estimates how many rows the nodes of a plan yield,
// for EXPLAIN. It remembers what it has computed and belongs to one goroutine.
func Rows(root plan.Node) func(plan.Node) float64 {
	est := newEstimator()
	est.rows(root) // shared inputs are known from above
	return est.rows
}
