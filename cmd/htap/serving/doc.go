// Package serving runs the three servers of one database: it opens their
// listeners, starts them and ends them, for the program's serve and demo.
//
//	Listen ──▶ Listeners ──Serve──▶ Servers ──▶ Failed, Shutdown
//
// # Invariants
//
// Listeners are opened before the database, so that a taken port is found at
// once. Only addresses of this machine are accepted: no password protects the
// servers yet.
//
// Not here: the protocols (server/pg, server/flight, server/http), signals.
package serving
