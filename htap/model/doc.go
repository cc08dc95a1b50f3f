// Package model connects machine learning (package ml) to SQL: CREATE MODEL trains on
// the rows of a query, predict and its like are functions that a model makes, and a
// model tells ml.coefficients its terms.
//
// In the life of a statement: the facade finds a model's catalog object and state, and
// Decode makes a Bound of them, which the binder asks for features and functions;
// htap/ddl gives Train the syntax tree and the query's plan, and stores what comes
// back.
//
// Invariants: a value given to a model is never cast to the column of its training:
// numbers enter as DOUBLE PRECISION, texts as TEXT. What training dropped, regularized
// or did not converge to is said in a NOTICE and kept.
//
// Concurrency: a Bound is immutable; Train belongs to its statement.
//
// Not here: algorithms (ml and below), the catalog's objects and versions
// (htap/catalog), names (htap's binding).
package model
