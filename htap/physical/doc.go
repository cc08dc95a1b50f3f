// Package physical maps logical plans to operators and runs the statements that
// change rows.
//
// Build turns a routed plan.Node into an olap.Node whose scans read through
// this package's sources: the row store as of the transaction (rowscan.go), the
// column store at the same timestamp with the transaction's own writes laid
// over it (columnscan.go), files, and the catalog's virtual tables. Insert,
// Update and Delete run their source through olap and write row by row into
// the transaction (insert.go, update.go, delete.go).
//
// A Statement carries everything that one execution reads: the transaction, the
// catalog snapshot, parameters, settings. Operators are built per execution, so
// they may refer to it; plans are shared and never do.
//
// Invariants: all scans of a statement read as of one timestamp, and see the
// transaction's writes of earlier statements only. Each plan node has one
// constructor, in a file of its own, and the table of them is constructors.
//
// Not here: parsing, planning, sessions and transactions (htap), operators (olap).
package physical
