package rowstore

import "context"

// Event is one commit as the change feed sees it: full old and new images of
// the rows it changed, and the loads it published. It is immutable.
type Event struct {
	// TS is the commit timestamp; events are enqueued in its order.
	TS Timestamp
	// Changes are the net changes, one per row, ordered by table, deletes (by
	// PrevRowID) before inserts and updates (by RowID).
	Changes []Change
	// Loads are the bulk loads that became visible at TS.
	Loads []LoadEvent
	// Bytes is what was reserved for the event with Publisher.Reserve.
	Bytes int64
}

// Change is the net effect of a commit on one row. New invalid is a delete; Old
// invalid an insert. A change of the primary key is a delete and an insert.
type Change struct {
	TableID uint32
	Key     Key
	// RowID is the new version's, 0 for a delete.
	RowID uint64
	// PrevRowID is the version that was replaced or ended. For an insert it is 0,
	// or the version that a tombstone still in the store had ended.
	PrevRowID uint64
	Old, New  Row
}

// LoadEvent names a bulk load. Its rows carry rowIDs [FirstRowID,
// FirstRowID+Rows) in the order they were added, and are not repeated in
// Event.Changes.
type LoadEvent struct {
	TableID uint32
	// L is the timestamp that the rows' keys carry; it is below the event's TS,
	// at which they become visible.
	L          Timestamp
	FirstRowID uint64
	Rows       int64
	// Opaque is what the loader gave to Load.Finish, for instance the names of
	// column segments.
	Opaque []byte
}

// Publisher is the change feed as the store sees it. The store calls Enqueue
// in commit order, under its commit mutex: it must not block. Every reserved
// byte is either enqueued with an event or released.
type Publisher interface {
	// Reserve waits until the feed can take an event of that many bytes. It is
	// called before the commit mutex and may block (back-pressure).
	Reserve(ctx context.Context, bytes int64) error
	// Release gives back a reservation whose commit did not happen.
	Release(bytes int64)
	// Enqueue takes the event of a commit that can no longer fail except with the store.
	Enqueue(*Event)
	// Advance tells that the watermarks moved: commits ≤ visible may be seen by
	// readers, commits ≤ durable survive a power loss and may be emitted to
	// subscribers. Calls are serial and neither value goes back. It must not block
	// and not wait for the store.
	Advance(visible, durable Timestamp)
}

// noPublisher is used when Options.Publisher is nil.
type noPublisher struct{}

func (noPublisher) Reserve(context.Context, int64) error { return nil }
func (noPublisher) Release(int64)                        {}
func (noPublisher) Enqueue(*Event)                       {}
func (noPublisher) Advance(Timestamp, Timestamp)         {}
