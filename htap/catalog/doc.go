// Package catalog keeps the database's objects (tables, indexes, views,
// sequences, models, schemas) in three tables of the row store, and gives the
// binder consistent pictures of them.
//
//	objects   (space, schema, name) → (kind, id, definition as JSON)
//	counters  (name) → value            object ids and sequences
//	chunks    (state, chunk) → bytes    the states of models, 1 MiB a row
//
// Because objects are rows, DDL is transactional, durable and versioned like
// any write: two sessions that create one name meet at the row lock, and a
// snapshot of the data at T has the catalog as of T.
//
// Store reads and writes objects within a transaction. Snapshot is the catalog
// as of one timestamp: immutable, shared by all sessions, cached per version. A
// transaction that has changed the catalog itself sees a Snapshot of its own.
// Dependencies are what somebody has asked a Snapshot, to see whether another one
// gives the same answers. States of models are not in a Snapshot: whoever needs
// one reads it, so that a version costs the same whatever is in them.
//
// Invariants: an object's ID and a column's ID are never reused; a Table's
// StorageID names its rows in both stores; what a Snapshot hands out is never
// changed. Counters live outside the transactions that use them: numbers are
// lost on rollback, never given twice.
//
// Concurrency: everything here is safe for concurrent use, but for what takes
// a transaction, which belongs to its goroutine.
//
// Not here: parsing and checking of definitions (htap), the planner's
// statistics (htap/physical gives them through Snapshot.Bind).
package catalog
