// Package cluster has the estimators that group rows: k-means.
//
// Rows become points: a number is a coordinate, a category one of 0 or 1 a text. Which
// rows begin as centers is drawn by hashes of their content, centers are means of
// integers (coordinates as multiples of a power of two that their range decides), and
// clusters are numbered by size: so the order, the blocks and the workers in which rows
// come decide nothing.
//
// Concurrency: a training starts goroutines over the blocks of its frame and waits for
// them; what it makes is immutable.
//
// Not here: what the rows mean, SQL, other families.
package cluster
