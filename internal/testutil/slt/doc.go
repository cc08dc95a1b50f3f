// Package slt runs sqllogictest files: texts of SQL statements and queries with
// the results they must give, readable without Go.
//
// Parse reads a file into Records, a Runner runs them on a DB and gives an
// Outcome for each, and Rewrite puts the results of a run into the text. A DB is
// anything that answers SQL in text: Engine is the project's own; the tests in
// package test have one of PostgreSQL, which the expected values come from.
//
// # The format
//
// Records are separated by blank lines; a # begins a comment line.
//
//	statement ok                   the statement must succeed
//	statement error 23505          it must fail, here with that SQLSTATE; words
//	                               instead of one must be part of the message
//	query IT rowsort label         a type for each column, how to sort, a name
//	SELECT a, b FROM t             that queries of equal results share
//	----
//	1	x                          a row, its values separated by tabs
//
// Types are I (whole number), R (three decimals) and T (text) in SQLite's files;
// in the others the letters are only counted. The sort is nosort, rowsort or
// valuesort. Instead of rows, values may stand one a line, or as
// "30 values hashing to <md5>". NULL is NULL and an empty text (empty).
//
// skipif NAME and onlyif NAME before a record choose by the database's names;
// hash-threshold and halt do as in SQLite. After "statement ok" and a COPY FROM
// STDIN, the lines after ---- are the input; a query of COPY TO STDOUT gives its
// lines. A word after "ok", or after a query's sort, names another session
// of the same database.
//
// Of DuckDB's additions mode skip is followed; a file that needs one of the
// others (require, loop, restart …) is refused with its name, see File.Skip.
//
// A Runner belongs to one goroutine. Nothing here is used outside of tests.
package slt
