// Package randsql writes random SQL for differential tests: a schema of tables
// with difficult values, a script that brings their rows into every place that
// a row can be in, and queries of every kind whose answer is determined. It is
// text only: what runs it, and what it is compared with, is the tests' choice
// (package test against the engine's own configurations and PostgreSQL, package
// bench against DuckDB).
//
// # Main types
//
//   - Generator: makes a Schema and then Queries from one random source.
//   - Schema: statements in order, by session: tables made in bulk, rows inserted
//     one by one, updated and deleted rows, a snapshot that stays open, a
//     transaction with changes of its own.
//   - Query: a query, or a statement that changes a table: a tree of pieces of SQL (Node) with what its answer may differ in.
//
// # Determined answers
//
// The rows of a query are determined as a multiset; where it has an ORDER BY, so
// is the sequence of its keys. For that, LIMIT stands only where the rows are
// ordered by all their columns, frames of ROWS only over a unique order, sums of
// floats only over multiples of small powers of two (their sum is exact in any
// order), and values that are equal but look different (−0, 24 hours and a day)
// are kept out or made equal by the caller. Errors are not determined: which of
// two conditions is evaluated first is the planner's choice.
//
// # Shrinking
//
// Every Node knows what it stands for. Shrink replaces nodes by descendants of
// the same kind, leaves optional ones out, and keeps what still fails: a piece
// that makes no sense then is an error and not the failure looked for.
package randsql
