// Package plan holds the logical plan of a statement: the tree that the binder
// builds, the optimizer rewrites, the router completes with access paths and
// htap/physical maps to operators.
//
// # Columns and expressions
//
// Every column that a node produces has a ColID that is unique in the
// statement and names one value: a node that passes a column through keeps its
// ColID, a node that computes something gives it a fresh one. Expressions are
// fn.Expr trees in which fn.Column.Index is a ColID. A node's expressions see
// the columns of its children (Scan and the DML nodes: of themselves), and,
// until decorrelation, those of enclosing queries; a Subquery expression holds
// a plan that may refer to such outer columns by their ColID.
//
// # Invariants
//
//   - Nodes are immutable and may be shared by plans; With… methods copy.
//   - The columns of the root are the columns of the result, in their order,
//     each ColID at most once. Below the root the order of columns is a matter of
//     representation only; identity is the ColID.
//   - After opt.Optimize no Subquery, no free (outer) column and none of the
//     nodes that opt lowers (Distinct without On, SetOp other than UNION ALL,
//     INTERSECT ALL and EXCEPT ALL, Aggregate.Sets) is left. Validate checks the scoping part.
//   - Conditions are lists of conjuncts; an empty list is TRUE.
//
// # Concurrency and ownership
//
// A plan is read-only after it was built: cached plans run in many sessions at
// once. Table descriptors belong to the catalog and are not changed.
//
// # What is not here
//
// Names and types (sql/binder), rewrites and costs (sql/opt, sql/router),
// operators (htap/physical, olap).
package plan
