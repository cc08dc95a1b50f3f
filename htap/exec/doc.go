// Package exec holds what a statement has at hand while it runs: the stores, its
// session's transaction, the catalog as it sees it, its memory. The packages that
// run a kind of statement (ddl, load, check) work on a [Statement]; the facade makes it.
//
//	Engine       the stores of the database
//	Transaction  the session's transaction, and what runs when it ends
//	Statement    one run of a statement in it
package exec
