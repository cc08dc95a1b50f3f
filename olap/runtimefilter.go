package olap

import (
	"htapdb/vector/predicate"
)

// RuntimeFilter is a condition on one column that an operator above a scan
// derived from data: the keys of a join's build side, or the threshold of a
// top-N, which narrows while the query runs. Rows that fail it cannot reach
// the result. It is safe for concurrent use.
type RuntimeFilter struct {
	// Source names the operator for EXPLAIN.
	Source string
	// Empty says that no row passes at all.
	Empty bool
	// Predicates are conjuncts that are known when the filter is announced; null
	// rows fail them. A set of at most MaxFilterValues values comes as an In.
	Predicates []predicate.Predicate
	// Moving, if not nil, is not known before the scan runs: a scan looks again
	// before each segment or batch.
	Moving *predicate.Moving
}

// MaxFilterValues is the largest set that a run-time filter names value by value.
const MaxFilterValues = 64
