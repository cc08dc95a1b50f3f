package rowstore

import (
	"context"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

var errNotYet = sqlstate.New(sqlstate.FeatureNotSupported, "row store: under construction")

// Store is an open row store. It is safe for concurrent use.
type Store struct{}

// Open opens or creates the store in dir; "" keeps everything in memory. Errors:
// 55006 naming the process that has the directory open, XX001 for damage, 0A000
// for a format newer than this program.
func Open(dir string, opts Options) (*Store, error) { return nil, errNotYet }

// Close stops background work and closes the store. Transactions, snapshots
// and loads must have ended.
func (s *Store) Close() error { return nil }

// UUID identifies the store for its life, Incarnation counts its opens.
func (s *Store) UUID() string { return "" }

// Incarnation returns how many times the store has been opened.
func (s *Store) Incarnation() uint64 { return 0 }

// RecoveredTimestamp returns the newest commit found when the store was opened.
func (s *Store) RecoveredTimestamp() Timestamp { return 0 }

// Applied returns the timestamp up to which all commits are in the memtable.
func (s *Store) Applied() Timestamp { return 0 }

// Durable returns the timestamp up to which all commits survive a power loss.
func (s *Store) Durable() Timestamp { return 0 }

// Visible returns the timestamp new snapshots get.
func (s *Store) Visible() Timestamp { return 0 }

// WaitVisible returns when Visible ≥ ts, or with ctx's error.
func (s *Store) WaitVisible(ctx context.Context, ts Timestamp) error { return nil }

// NextRowID returns the rowID that the table's next version will get at least.
func (s *Store) NextRowID(tableID uint32) uint64 { return 0 }

// SetGCFloor lets versions that ended at or before ts be removed once no
// snapshot sees them. It is 0 after Open: nothing is removed until it is called.
// It only grows. Snapshots below it are refused.
func (s *Store) SetGCFloor(ts Timestamp) {}

// SetTableGCFloor lowers the floor for one table: its versions are kept until
// both floors have passed them. MaxTimestamp removes the entry.
func (s *Store) SetTableGCFloor(tableID uint32, ts Timestamp) {}

// DropTable removes everything stored under a storage id, in the background,
// once the collection floor has passed after and no older snapshot is open. The
// request survives a restart.
func (s *Store) DropTable(tableID uint32, after Timestamp) error { return errNotYet }

// ChangesSince calls fn with every commit in (from, to] in order, as Enqueue
// had them, read back from the store; to is Durable when it is called and is
// returned. tables filters, nil takes all; schema gives the table's definition,
// nil to skip it. from must not be below the collection floor (55000).
func (s *Store) ChangesSince(ctx context.Context, from Timestamp, schema func(tableID uint32) *Schema, fn func(*Event) error) (to Timestamp, err error) {
	return 0, errNotYet
}

// Metrics returns counters and sizes.
func (s *Store) Metrics() Metrics { return Metrics{} }

// Metrics are counters since Open and current sizes.
type Metrics struct {
	Commits, Aborts           uint64 // transactions that wrote
	SerializationFailures     uint64 // 40001
	UniqueViolations          uint64
	Deadlocks                 uint64
	LockWaits                 uint64
	LockWaitNanos             uint64
	Syncs                     uint64 // commits that waited for durability
	SyncWaitNanos             uint64
	RowsWritten, BytesWritten uint64
	LoadedRows                uint64
	Collected                 uint64 // versions removed by garbage collection
	GarbageQueued             uint64 // versions waiting for it
	Sweeps                    uint64 // whole-store sweeps after a queue overflow or restart
	OpenSnapshots             uint64
	OldestSnapshot            Timestamp
	LocksHeld                 uint64
	DiskBytes, MemTableBytes  uint64
	CacheBytes                uint64
	CacheHits, CacheMisses    uint64
}

// Snapshot reads the store as of one timestamp. It keeps the versions it sees
// from being collected until Close. It is safe for concurrent use.
type Snapshot struct{}

// Snapshot returns a snapshot at Visible.
func (s *Store) Snapshot() *Snapshot { return nil }

// SnapshotAt returns a snapshot at ts ≤ Visible; 55000 if ts is below the
// collection floor, 22023 if it is in the future.
func (s *Store) SnapshotAt(ts Timestamp) (*Snapshot, error) { return nil, errNotYet }

// Timestamp returns the snapshot's timestamp.
func (sn *Snapshot) Timestamp() Timestamp { return 0 }

// Close releases the snapshot. Iterators must be closed before.
func (sn *Snapshot) Close() {}

// Get returns the row with the key.
func (sn *Snapshot) Get(schema *Schema, key Key) (row Row, found bool, err error) {
	return Row{}, false, errNotYet
}

// Scan iterates over the rows of a primary key span in key order.
func (sn *Snapshot) Scan(schema *Schema, span Span, opts ScanOptions) *Iterator { return nil }

// ScanIndex iterates over the rows of a secondary index's span in index order.
func (sn *Snapshot) ScanIndex(schema *Schema, index uint32, span Span, opts ScanOptions) *Iterator {
	return nil
}

// Iterator yields rows: for it.Next() { it.Row() }; it.Err(); it.Close().
type Iterator struct{}

// Next moves to the next row and reports whether there is one; false is the
// end or an error.
func (it *Iterator) Next() bool { return false }

// Row returns the current row, valid until Next.
func (it *Iterator) Row() Row { return Row{} }

// Key returns the current row's primary key, valid until Next.
func (it *Iterator) Key() Key { return nil }

// Err returns the error that ended the iteration.
func (it *Iterator) Err() error { return nil }

// Close releases the iterator and returns Err.
func (it *Iterator) Close() error { return nil }

// Txn is a transaction. It belongs to one goroutine at a time and ends with
// Commit or Rollback. An error of a write leaves the statement half done: roll
// back to a savepoint or altogether.
type Txn struct{}

// Begin starts a transaction; SERIALIZABLE is 0A000.
func (s *Store) Begin(opts TxnOptions) (*Txn, error) { return nil, errNotYet }

// ID numbers the transaction within the incarnation, for messages.
func (t *Txn) ID() uint64 { return 0 }

// StartStatement begins the next statement: READ COMMITTED takes a new
// snapshot, REPEATABLE READ takes its one at the first. Reads see own writes of
// earlier statements only. It waits until everything the transaction has read
// under lock is visible.
func (t *Txn) StartStatement(ctx context.Context) error { return errNotYet }

// Statement returns the number of the current statement, from 1.
func (t *Txn) Statement() int { return 0 }

// ReadTimestamp returns the current snapshot's timestamp.
func (t *Txn) ReadTimestamp() Timestamp { return 0 }

// WaitRead waits until everything the transaction has read under lock is
// visible, so that it may be shown to a client.
func (t *Txn) WaitRead(ctx context.Context) error { return nil }

// Get is Snapshot.Get with the own writes of earlier statements.
func (t *Txn) Get(schema *Schema, key Key) (row Row, found bool, err error) {
	return Row{}, false, errNotYet
}

// Scan is Snapshot.Scan with the own writes of earlier statements.
func (t *Txn) Scan(schema *Schema, span Span, opts ScanOptions) *Iterator { return nil }

// ScanIndex is Snapshot.ScanIndex with the own writes of earlier statements.
func (t *Txn) ScanIndex(schema *Schema, index uint32, span Span, opts ScanOptions) *Iterator {
	return nil
}

// RowLock is the strength of a row lock, PostgreSQL's four.
type RowLock uint8

// The row locks from weak to strong: FOR KEY SHARE, FOR SHARE, FOR NO KEY
// UPDATE (what an update takes), FOR UPDATE (what a delete or key change takes).
const (
	LockKeyShare RowLock = iota
	LockShare
	LockNoKeyUpdate
	LockUpdate
)

// TableLock is the strength of a table lock.
type TableLock uint8

// The table locks: writers take LockTableShared, loads and DDL LockTableExclusive.
const (
	LockTableShared TableLock = iota
	LockTableExclusive
)

// Locked is what Lock found once it had the lock.
type Locked struct {
	// Row is the newest version: the own one, or the newest committed.
	Row Row
	// Found is false if the row does not exist (any more).
	Found bool
	// Changed says that the newest version is newer than the snapshot: conditions
	// have to be checked again.
	Changed bool
	// Self says that the current statement has already written the row: an
	// UPDATE or DELETE leaves it alone, ON CONFLICT DO UPDATE fails with 21000.
	Self bool
}

// Lock locks a row (or the absent key) and returns its newest version. It
// waits in line; deadlocks are 40P01, a passed deadline of ctx is 55P03, a
// cancelled ctx 57014. Under REPEATABLE READ a version newer than the snapshot
// is 40001.
func (t *Txn) Lock(ctx context.Context, schema *Schema, key Key, mode RowLock, wait WaitPolicy) (Locked, error) {
	return Locked{}, errNotYet
}

// LockUnique locks the row whose columns in a unique index (0: the primary
// key) equal values, and returns its newest version whatever the snapshot: the
// check of a foreign key against its parent. The absent key is locked too.
func (t *Txn) LockUnique(ctx context.Context, schema *Schema, index uint32, values []types.Datum, mode RowLock) (Key, Locked, error) {
	return nil, Locked{}, errNotYet
}

// LockTable locks a whole table; it waits and fails as Lock does.
func (t *Txn) LockTable(ctx context.Context, tableID uint32, mode TableLock) error { return errNotYet }

// Insert adds a row and returns its key. Errors: 23502, 23505 with the
// constraint's name, and those of Lock. The store keeps no reference to row.
func (t *Txn) Insert(ctx context.Context, schema *Schema, row []types.Datum) (Key, error) {
	return nil, errNotYet
}

// Conflict is the row that keeps InsertOrGet from inserting.
type Conflict struct {
	// Index is the id of the index that conflicts, 0 for the primary key.
	Index uint32
	Key   Key
	Row   Row
	// Self says that the current statement wrote it (21000 for DO UPDATE).
	Self bool
}

// InsertOrGet is Insert for ON CONFLICT: a conflict in one of the arbiter
// indexes (0 is the primary key; none given means all) is returned instead of
// an error, with nothing written. The conflicting row is not locked. Under
// REPEATABLE READ a conflicting row that the snapshot does not see is 40001.
func (t *Txn) InsertOrGet(ctx context.Context, schema *Schema, row []types.Datum, arbiters ...uint32) (Key, *Conflict, error) {
	return nil, nil, errNotYet
}

// Update replaces the row with the key, which exists, and returns its key
// afterwards. It locks the row unless Lock has; errors are those of Insert and
// Lock.
func (t *Txn) Update(ctx context.Context, schema *Schema, key Key, row []types.Datum) (Key, error) {
	return nil, errNotYet
}

// Delete removes the row with the key and reports whether it existed.
func (t *Txn) Delete(ctx context.Context, schema *Schema, key Key) (bool, error) {
	return false, errNotYet
}

// Savepoint marks a point in the transaction's writes.
type Savepoint struct{}

// Savepoint returns the current point.
func (t *Txn) Savepoint() Savepoint { return Savepoint{} }

// RollbackTo undoes the writes since sp; locks are kept. sp stays usable,
// later savepoints do not.
func (t *Txn) RollbackTo(sp Savepoint) error { return errNotYet }

// PendingChange is one row's net own write, for the overlay over columns.
type PendingChange struct {
	Key Key
	// PrevRowID is the committed version it hides, 0 for none.
	PrevRowID uint64
	// New is the own version, invalid if the row was deleted.
	New Row
}

// PendingChanges calls fn for each row of the table that statements before the
// current one have written; fn returns false to stop.
func (t *Txn) PendingChanges(schema *Schema, fn func(PendingChange) bool) {}

// Writes returns the number of rows in the write set.
func (t *Txn) Writes() int { return 0 }

// Commit makes the writes durable (with Sync) and visible and returns their
// timestamp; for a transaction without writes the read timestamp. After an
// error other than ctx's during the final wait nothing was written.
func (t *Txn) Commit(ctx context.Context) (Timestamp, error) { return 0, errNotYet }

// Rollback ends the transaction without effect; after Commit it does nothing.
func (t *Txn) Rollback() {}

// Load writes many rows of one table past the write set. It holds the table's
// exclusive lock; its rows become visible with the transaction's commit.
type Load struct{}

// NewLoad starts a load into a table as part of txn. Rows written by Insert in
// the same transaction are not checked against the load and must not follow it.
func (t *Txn) NewLoad(ctx context.Context, schema *Schema) (*Load, error) { return nil, errNotYet }

// Timestamp returns L, the timestamp the rows' keys carry.
func (l *Load) Timestamp() Timestamp { return 0 }

// Add adds rows; the first gets rowID first, the others follow without gaps.
// Errors: 23502 at once, 23505 here or in Finish.
func (l *Load) Add(ctx context.Context, rows [][]types.Datum) (first uint64, err error) {
	return 0, errNotYet
}

// Finish checks uniqueness, hands the sorted files to the store and registers
// opaque for the feed. Later statements of the transaction see the rows.
func (l *Load) Finish(ctx context.Context, opaque []byte) error { return errNotYet }

// Abort gives the load up; the transaction can go on. After Finish the rows go
// with the transaction.
func (l *Load) Abort() {}

// BuildIndex fills a secondary index that the schema has and older rows do not
// have entries in. It takes the table's exclusive lock and becomes effective
// with the commit; 23505 names a duplicate.
func (t *Txn) BuildIndex(ctx context.Context, schema *Schema, index uint32) error { return errNotYet }
