// Package flight serves a database over Arrow Flight SQL.
//
// A statement's result leaves as Arrow record batches of about a mebibyte, cut
// from the engine's vector batches column by column; no row is ever formed.
//
//	GetFlightInfo(statement)  binds it and gives a ticket; without a result set it runs now
//	DoGet(ticket)             runs it, once, and streams
//	DoPut(update)             runs it, and says how many rows
//	DoPut(ingest)             loads the client's batches into a table
//	DoAction(…)               prepared statements, transactions, cancel, session options
//
// # Exactly once
//
// Whatever path a client takes, a statement runs once: a ticket is used up by
// its DoGet, and a statement without a result set runs in GetFlightInfo (or in
// DoPut), never in DoGet.
//
// # Main types
//
// Server and Options are the public surface. clientSession is what belongs to a
// bearer token, or to a connection without one: settings and transactions. unit
// is an engine session with its lock; each statement outside a transaction has
// its own, so that calls of one client run in parallel as Flight allows. query
// is a bound statement behind a ticket, prepared one behind a handle. handles is
// the bounded, expiring table of any of them.
//
// # Invariants
//
// Everything that a client can leave behind expires or is bounded: tickets,
// prepared statements, transactions, sessions. Engine calls on a unit hold its
// lock; a stream holds it per batch, so that two results of one transaction can
// be read in turns. A stream's goroutine ends with the call's context.
//
// # Concurrency
//
// Server is safe for concurrent use. Lock order: Server.mu, clientSession.mu,
// handles.mu, unit.mu; none is held while a statement runs, except unit.mu.
//
// Not here: TLS and passwords (calls from another machine are refused), Substrait
// (Unimplemented), Arrow conversion of vectors (vector).
package flight
