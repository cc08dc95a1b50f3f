// Package ml has what all algorithms of machine learning have in common: what they
// are given (Training, Block), what they make (Model, Fitted), their options and
// their registry. Each family is a package below it; package htap/model connects
// them to SQL.
//
// An Estimator learns from the rows of a Training, which it reads once: as a Stream of
// blocks on all workers, of which nothing is kept, or into a Frame for algorithms with
// several passes. Both give it columns of doubles and of codes: SQL types, NULLs of the
// target and encodings end here. Numbers, truth values (0, 1), dates (days) and
// timestamps (seconds) are Numbers; texts are Categories with codes in byte order.
//
// The result is a Model: the features and the target as they were learned, metrics,
// notices, and a Fitted, the algorithm's part. Predictions read vectors in any
// encoding into a Block (flat doubles without a copy) and give it to the Fitted.
//
// Invariants: training gives the same bits for the same rows, in whatever order,
// blocks and number of workers they come; a serialized model has a checksum, and its
// decoder believes no length. A training charges its memory before it takes it and
// looks at its context at least every 50 ms.
//
// Concurrency: Models are immutable. Stream and Each call back on several goroutines,
// which they wait for; nothing else here starts any.
//
// Not here: algorithms, SQL, the catalog and its versions (htap/model).
package ml
