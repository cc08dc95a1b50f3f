// Package opt rewrites logical plans: it makes them runnable (no subqueries,
// no correlation, fewer kinds of nodes) and then fast.
//
// Optimize is the only entry. Its steps, one rewrite a file:
//
//   - lower.go, lower_sets.go: DISTINCT, set operations and grouping sets in terms of
//     aggregates, joins, windows and UNION ALL.
//   - unnest.go, pullup.go, domain.go: subqueries become joins; joins whose
//     right side depends on the left are made independent, by pulling correlated
//     predicates up where that suffices and by joining with the distinct
//     outer values otherwise (Neumann and Kemper, 'Unnesting Arbitrary Queries', 2015).
//   - fold.go, normalize.go, unwrap.go: constant folding, common conjuncts out
//     of OR, comparisons in the column's own type.
//   - push.go and its push_*.go: conditions go to where they filter first; outer joins become
//     inner ones where a condition refuses NULLs; join conditions become keys.
//   - ctefilter.go: a WITH computes the rows that one of its references wants.
//   - equality.go: columns that are equal share their conditions.
//   - joinorder.go, cardinality.go: the order of inner joins by dynamic
//     programming, the smaller side as build side.
//   - semipush.go, reduce.go: selective semi joins go below other joins;
//     aggregates that a join makes selective get one of their own.
//   - prune.go, joinelim.go, collapse.go, limit.go, aggregate.go, groupkeys.go:
//     unused columns and joins, adjacent projections, top-N, duplicate
//     aggregates, superfluous grouping keys.
//
// # Invariants
//
// A rewrite keeps the result: rows, their order under a Sort, errors except
// that a value which nobody needs may not be computed. With Options.Disabled only what a
// plan needs to run happens (lowering, unnesting, predicates to their joins), with the same result.
// Plans going in and coming out satisfy plan.Validate.
//
// Plans are immutable, so that Optimize has no side effects; calls are independent.
//
// # Not here
//
// The choice between the row and the column copy of a table (sql/router), and
// the choice of operators (htap/physical).
package opt
