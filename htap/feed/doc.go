// Package feed carries commits from the row store to the column store.
//
//	commit → Reserve (back-pressure) → Enqueue (commit order) → Advance (visible)
//	                                        queue ──────────────→ applier → columns
//
// Feed is the row store's Publisher: a bounded queue of events in commit order.
// Its applier goroutine takes the events that have become visible, transposes
// their rows, applies catalog changes, loads and row changes to the column
// store, and then makes the timestamp safe to read there.
//
// Open brings the columns to the row store's state: from their checkpoint by
// replaying the changes since, or by filling tables anew from a snapshot. A
// table that cannot be kept up is detached, and rebuilt beside the feed; so is
// the one with most of the changes when a commit has waited too long for room.
//
// Invariants: events are applied in commit order, each once, none before it is
// visible; columns are advanced to a timestamp only when every event at or
// before it has been applied; a checkpoint's position is durable.
//
// Concurrency: Publisher's methods are called by committing goroutines; one
// goroutine applies, one checkpoints, one per rebuild; Close stops and waits
// for all.
//
// Not here: the queue's content (rowstore.Event), column storage (colstore).
package feed
