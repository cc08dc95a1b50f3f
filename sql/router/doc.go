// Package router decides for every scan of a plan how it reaches its rows:
// through the row store, by key, index or a full scan, or through the column store.
//
// Route is the entry. For each plan.Scan it derives key constraints from the
// filters (constraint.go), makes an access for the primary key and for each
// valid index (access.go), costs them and the column scan (cost.go), and writes the
// cheapest that the session's route allows into the scan as a plan.Access.
//
// # Invariants
//
// The access of a scan never misses a row that its filters accept; it may
// yield others, because all filters are applied again. A forced route is never
// left silently: what it cannot do is an error.
//
// Route has no state and does not change its input. Whether a table's columns
// can serve is asked of the caller, once per scan.
package router
