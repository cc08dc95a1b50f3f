// Package exact holds the arithmetic under the estimators that must not depend
// on the order of their rows: double-double numbers (DD), sums without any
// rounding (Sum), the matrix of all products of a data set's columns (Gram) and
// the solution of its normal equations (System, Factor).
//
// A training pass adds blocks of rows to a Gram, in any order, on any number
// of goroutines with a Gram each, which Merge then joins; rows may be removed
// again. Every cell is the exact sum, so that the cells, and all that is
// computed from them, have the same bits whatever the order, the blocks and the
// merges were, and a removal leaves nothing behind. A System centres and scales
// the cells, again without rounding, and rounds once, to double-double.
//
// Invariants: numbers are finite, which the caller sees to; products may leave
// the range of float64 (1e300² and 1e-300² are exact). Operations on DD and the
// loops over them are evaluated in the order written: on architectures that
// fuse multiplication and addition, conversions to float64 keep them apart.
//
// Ownership: blocks are read during the call and not kept. Concurrency: a value
// has one user at a time.
//
// Not here: what the terms mean, statistics (ml/linear), errors with a SQLSTATE.
package exact
