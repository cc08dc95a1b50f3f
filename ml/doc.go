// Package ml holds the estimators: linear and logistic regression, trained by
// streaming batches and predicting vectors.
//
// Train reads the rows of a Source, a re-readable stream of batches whose last
// column is the target and whose others are features, once for linear
// regression and once a Newton step for logistic regression. Nothing of the
// rows is kept: a pass adds them to a Gram matrix. The result is a Model, which
// is immutable, serializes to JSON and predicts on vectors in any encoding.
//
// Features: numbers, booleans (0, 1), dates (days) and timestamps (seconds)
// enter as one term each; text enters as one term per distinct value (one-hot),
// NULL being a value of its own. A training row whose target or whose number is
// NULL or not finite is skipped and counted; at prediction a missing number
// counts as the training mean and an unseen text as the reference, weight 0.
// Terms that are linear combinations of earlier ones get coefficient 0.
//
// Invariants: the linear family's sums are kept in double-double arithmetic
// (106 bits), so that they do not depend on the order of the rows to any digit
// that is printed, and the normal equations lose nothing on ill-conditioned
// data; training again on the same rows gives the same model.
//
// Concurrency: a Model is safe for concurrent use, training uses one goroutine.
//
// Not here: SQL, the catalog and its versions (htap), the query that gives the rows.
package ml
