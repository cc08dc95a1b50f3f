// Package tpch makes the data, the schema, the queries and the answers of the TPC-H benchmark.
//
// The data is, byte for byte, what the benchmark's own generator (dbgen, specification 3.x) writes,
// so results can be compared with published ones. It is made in Go, in the process that needs it:
// nothing is installed, downloaded or kept on disk.
//
// # Main types
//
//   - Table and Column: the schema; Tables lists it and DDL prints it.
//   - Generate: streams one table, or part i of n of it, as column batches (Batch).
//   - WriteTbl, WriteCSV: the same rows as text.
//   - Query and Queries: the 22 queries with the specification's validation parameters.
//   - Answers and Compare: the published results, and the comparison the specification asks for.
//
// # How it works
//
// Every column draws from its own stream of random numbers (random.go), and a stream has a fixed
// number of draws for each row, used or not. So the state of all streams at row r is known without
// making the rows before it: this is what makes parts possible, and part 1 of n followed by part 2 … n
// is exactly the whole table.
//
// Comments are substrings of one text of 300 MiB that a small grammar writes from a fixed seed. The
// text is kept as one byte for each word, about an eighth of its size, made block by block when a
// block is first needed, and shared by the process (text.go).
//
// # Invariants
//
//   - The same table, scale factor and row give the same bytes on every machine: no floating-point
//     operation whose rounding could differ is used where it could show.
//   - Rows come in key order; all lines of an order are in one batch.
//
// # Ownership and concurrency
//
// All functions may be called at the same time from several goroutines; Generate calls emit on its
// caller's goroutine and starts none. The slices of a Batch are reused: they are valid until emit
// returns. The strings in them may be kept.
//
// # Scale factors
//
// Row counts are base × sf, rounded down. That is what dbgen makes for whole factors and for multiples
// of 0.001 below one; other fractions, which it rounds away, are accepted. Some factors below 0.023
// repeat a (ps_partkey, ps_suppkey) pair, because the benchmark's formula for a part's suppliers does;
// 0.01 and 0.02 do not. Keys outgrow their INTEGER columns at 10,738.
//
// # Published answers
//
// The specification prints few rows of its answers. DuckDB publishes complete ones, but over data of its
// own, which differ in comments and addresses (Variant); so five of its 22 answers are not those of
// dbgen's data. The package makes both variants: the published answers check it as they are, and Answers
// adapts them for Generate's data.
//
// # Not here
//
// The refresh functions, the query generator with random parameters, and the benchmark's driver. The
// package imports no part of the engine, so that every layer's tests can use it.
package tpch
