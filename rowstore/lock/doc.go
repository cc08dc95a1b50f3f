// Package lock is the row store's lock table: row locks of four strengths and
// table locks of two, in first-in first-out queues.
//
// A transaction has an Owner; Lock and LockTable wait until the lock is
// granted, Release gives everything back. Keys are opaque bytes, so keys that
// do not exist can be locked. A row lock implies the shared lock of its table.
//
// Deadlocks are found by the requester that would close a cycle in the
// wait-for graph, when it starts to wait; it is the victim (40P01).
//
// The table is sharded by key and bounded: an owner with more row locks in one
// table than Options.MaxRowLocks tries to lock the table instead (without
// waiting, and again at each doubling), and above Options.MaxLocks altogether
// requests fail with 53200.
//
// Concurrency: Manager is safe for concurrent use; an Owner belongs to one
// goroutine at a time. Lock order: waitMu, then one shard's mutex; never two
// shards.
//
// Not here: what the locks protect, and predicate or span locks.
package lock
