// Package pg serves a database over PostgreSQL's wire protocol, version 3.0.
//
// A Server accepts connections; each is one goroutine with one engine session.
// It reads a message, runs it and writes the answer into the connection's
// buffer, which goes to the socket in pieces of about 32 KiB and whenever the
// client waits (Sync, Flush, the end of a simple query).
//
//	conn ── reader ──▶ dispatch ──▶ simple.go     Query: a script in one implicit transaction
//	          │                └──▶ extended.go   Parse Bind Describe Execute Close Sync
//	          │                └──▶ copy.go       CopyData in and out
//	          └ bounded messages, look-ahead
//	engine batches ──▶ encode*.go ──▶ conn.out ──▶ socket
//
// # Main types
//
// Server and Options are the public surface. conn is a connection: its session,
// prepared statements and portals. rowEncoder turns vector batches into DataRow
// messages without an allocation per cell; decodeParam is the way back.
//
// # Transactions in the extended protocol
//
// What a client sends between two Syncs is one implicit transaction. Beginning
// one costs, so Execute looks at the messages already received: when only Sync
// follows, the statement commits alone, which nobody can tell apart. Otherwise a
// transaction is begun and ended at the Sync.
//
// # Invariants
//
// The success of a statement is written only after its commit is acknowledged.
// Everything a client can make grow is bounded by Options: connections,
// message size, statements and portals of a session, the time of the startup.
// A panic ends its connection, not the server.
//
// # Concurrency
//
// A conn's fields belong to its goroutine, except those under conn.mu: what a
// CancelRequest, the drain and the watch for dead sockets touch. Lock order:
// Server.mu before conn.mu.
//
// Not here: TLS and passwords (connections from another machine are refused),
// logical replication, SQL (htap), the catalog's relations (htap/catalog).
package pg
