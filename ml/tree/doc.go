// Package tree has one histogram tree learner under three estimators: boosted trees
// (Boosted), random forests (Forest) and decision trees (Single).
//
// Training reads the rows into a Frame once and makes a matrix of it: one byte a value,
// the number of the bin that the value lies in. Bins come from exact order statistics
// of the distinct values; code 0 is NULL. A tree then grows by splitting nodes: the
// sums by bin of a node's rows (its histogram) tell what every split of every feature
// would gain; the smaller child's histogram is counted, the larger one's is its
// parent's minus that.
//
//	codes   [group of 8 features][row] uint64, a byte a feature
//	values  [plane][row] int64, what a row adds to a bin: several sums in one word
//	hist    [feature][bin][sum] int64
//
// Boosted trees grow where the gain is largest until they have max_leaves, and predict
// the sum of their leaves; forests grow in depth until no split is left, and predict
// the mean of theirs.
//
// Invariants: the same rows make the same bits. Rows are put into an order that their
// content decides (canonical), gradients enter histograms as integers, whose sums do
// not depend on who adds them when, in a unit that the rows of the tree, or where that is
// too coarse of the node, decide (rescale), and sums of doubles (leaves, metrics) run in that
// order on one goroutine. Samples are drawn by place in that order, so that equal rows
// are drawn one by one. Ties between splits go to the first feature and the lowest bin.
//
// A model is flat arrays (ensemble). In it children follow their parent, so that every
// walk ends, which decoding checks.
//
// Concurrency: Fit starts goroutines and waits for them; what is fitted is immutable.
//
// Not here: oblivious trees, isolation forests, explanations.
package tree
