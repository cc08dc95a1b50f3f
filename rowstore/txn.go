package rowstore

import (
	"context"
	"time"

	"htapdb/rowstore/lock"
	"htapdb/sql/sqlstate"
)

// Txn is a transaction. It belongs to one goroutine at a time and ends with
// Commit or Rollback. An error of a write leaves the statement half done: roll
// back to a savepoint or altogether.
type Txn struct {
	store *Store
	id    uint64
	opts  TxnOptions
	stmt  int
	// readTS is the snapshot, registered while hasSnapshot.
	readTS      Timestamp
	hasSnapshot bool
	// seen is the newest version read under lock: the next snapshot waits for it.
	seen  Timestamp
	owner *lock.Owner
	// lockTimeout bounds the wait for one lock, 0 for ever.
	lockTimeout time.Duration
	writes      writeSet
	loads       []*loadRecord
	done        bool
	buf         []byte // scratch for key prefixes
}

// Begin starts a transaction; SERIALIZABLE is 0A000.
func (s *Store) Begin(opts TxnOptions) (*Txn, error) {
	if opts.Isolation >= Serializable {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "isolation level SERIALIZABLE is not supported").
			WithHint("Use REPEATABLE READ.")
	}
	t := &Txn{store: s, opts: opts, id: s.txnIDs.Add(1)}
	t.writes.limit, t.writes.budget = s.opts.MaxWriteSetBytes, s.opts.Memory
	return t, nil
}

// ID numbers the transaction within the incarnation, for messages.
func (t *Txn) ID() uint64 { return t.id }

// StartStatement begins the next statement: READ COMMITTED takes a new
// snapshot, REPEATABLE READ takes its one at the first. Reads see own writes of
// earlier statements only. It waits until everything the transaction has read
// under lock is visible.
func (t *Txn) StartStatement(ctx context.Context) error {
	if t.done {
		return errEnded()
	}
	if err := t.WaitRead(ctx); err != nil {
		return err
	}
	t.stmt++
	if t.hasSnapshot {
		if t.opts.Isolation != ReadCommitted {
			return nil
		}
		if t.store.Visible() == t.readTS {
			return nil
		}
		t.store.snaps.release(t.readTS)
	}
	t.readTS = t.store.snaps.acquireVisible(t.store)
	t.hasSnapshot = true
	return nil
}

func errEnded() error {
	return sqlstate.New(sqlstate.NoActiveTransaction, "the transaction has ended")
}

// Statement returns the number of the current statement, from 1.
func (t *Txn) Statement() int { return t.stmt }

// ReadTimestamp returns the current snapshot's timestamp.
func (t *Txn) ReadTimestamp() Timestamp { return t.readTS }

// WaitRead waits until everything the transaction has read under lock is
// visible, so that it may be shown to a client.
func (t *Txn) WaitRead(ctx context.Context) error {
	if t.seen <= t.store.Visible() {
		return nil
	}
	return t.store.WaitVisible(ctx, t.seen)
}

// view returns what the current statement sees of committed data.
func (t *Txn) view(latest bool) view {
	v := view{store: t.store, ts: t.readTS, upTo: t.readTS, txn: t.id, newest: len(t.loads) > 0}
	if latest {
		v.ts, v.upTo, v.newest = MaxTimestamp, MaxTimestamp, true
	}
	for _, l := range t.loads {
		v.upTo = max(v.upTo, l.L)
	}
	return v
}

// limit returns the statement number below which own writes are seen.
func (t *Txn) limit(latest bool) int {
	if latest {
		return t.stmt + 1
	}
	return t.stmt
}

// started returns an error unless a statement is running.
func (t *Txn) started() error {
	if t.done {
		return errEnded()
	}
	if t.stmt == 0 {
		return sqlstate.New(sqlstate.InternalError, "transaction %d has not started a statement", t.id)
	}
	return nil
}

// SetLockTimeout bounds every wait for one lock from now on; 0 is for ever. A
// wait that takes longer ends with 55P03.
func (t *Txn) SetLockTimeout(d time.Duration) {
	if t.lockTimeout = d; t.owner != nil {
		t.owner.SetTimeout(d)
	}
}

// RequireSync makes Commit wait until the transaction survives a power loss,
// whatever it was begun with.
func (t *Txn) RequireSync() { t.opts.Sync = true }

// Get is Snapshot.Get with the own writes of earlier statements.
func (t *Txn) Get(schema *Schema, key Key) (row Row, found bool, err error) {
	if err := t.started(); err != nil {
		return Row{}, false, err
	}
	v := t.view(false)
	return t.getAs(&v, schema, key, t.stmt)
}

// getAs reads a row as of v and the own writes below limit.
func (t *Txn) getAs(v *view, schema *Schema, key Key, limit int) (row Row, found bool, err error) {
	if len(t.writes.order) > 0 {
		t.buf = append(append(t.buf[:0], schema.primary...), key...)
		if e := t.writes.find(t.buf); e != nil {
			if w := e.visible(limit); w != nil {
				row, err = w.row(schema)
				return row, row.Valid(), err
			}
		}
	}
	f, err := v.get(schema, key)
	return f.row, f.live(), err
}

// Scan is Snapshot.Scan with the own writes of earlier statements.
func (t *Txn) Scan(schema *Schema, span Span, opts ScanOptions) *Iterator {
	if err := t.started(); err != nil {
		return &Iterator{err: err}
	}
	v := t.view(opts.Latest)
	own := t.writes.span(schema.primary, span, opts.Reverse)
	return v.scan(schema, t, span, opts, own, t.limit(opts.Latest))
}

// ScanIndex is Snapshot.ScanIndex with the own writes of earlier statements.
func (t *Txn) ScanIndex(schema *Schema, index uint32, span Span, opts ScanOptions) *Iterator {
	if err := t.started(); err != nil {
		return &Iterator{err: err}
	}
	v := t.view(opts.Latest)
	return v.scanIndex(schema, index, span, opts, t, t.limit(opts.Latest))
}

// Savepoint marks a point in the transaction's writes.
type Savepoint struct{ depth int }

// Savepoint opens a savepoint at the current point. Savepoints nest.
func (t *Txn) Savepoint() Savepoint {
	t.writes.savepoint()
	return Savepoint{depth: len(t.writes.savepoints) - 1}
}

// RollbackTo undoes the writes since sp; locks are kept. sp stays open, later
// savepoints are gone (3B001).
func (t *Txn) RollbackTo(sp Savepoint) error {
	if sp.depth >= len(t.writes.savepoints) {
		return errSavepoint()
	}
	t.writes.rollbackTo(sp.depth)
	t.rollbackLoads(sp.depth)
	return nil
}

// Release closes sp and later savepoints and keeps their writes. Savepoints
// cost memory for every write after them: release them when they are not needed.
func (t *Txn) Release(sp Savepoint) error {
	if sp.depth >= len(t.writes.savepoints) {
		return errSavepoint()
	}
	t.writes.release(sp.depth)
	t.releaseLoads(sp.depth)
	return nil
}

func errSavepoint() error {
	return sqlstate.New(sqlstate.InvalidSavepoint, "savepoint does not exist")
}

// PendingChange is one row's net own write, for the overlay over columns.
type PendingChange struct {
	Key Key
	// PrevRowID is the committed version it hides, 0 for none.
	PrevRowID uint64
	// New is the own version, invalid if the row was deleted.
	New Row
}

// PendingChanges calls fn for each row of the table that statements before the
// current one have written, in key order; fn returns false to stop.
func (t *Txn) PendingChanges(schema *Schema, fn func(PendingChange) bool) error {
	for _, e := range t.writes.span(schema.primary, Span{}, false) {
		v := e.visible(t.stmt)
		if v == nil {
			continue
		}
		row, err := v.row(schema)
		if err != nil {
			return err
		}
		c := PendingChange{Key: Key(e.body()), New: row}
		if e.base.live() {
			c.PrevRowID = e.base.row.rowID
		}
		if !row.Valid() && c.PrevRowID == 0 {
			continue
		}
		if !fn(c) {
			return nil
		}
	}
	return nil
}

// Writes returns how many rows the transaction has written, at most: a row
// that was rolled back may be counted.
func (t *Txn) Writes() int { return t.writes.rows }

// Rollback ends the transaction without effect; after Commit it does nothing.
func (t *Txn) Rollback() {
	if t.done {
		return
	}
	if len(t.writes.order) > 0 || len(t.loads) > 0 {
		t.store.stats.aborts.Add(1)
	}
	t.abortLoads()
	t.end()
}

// end releases what the transaction holds.
func (t *Txn) end() {
	t.done = true
	t.releaseLocks()
	if t.hasSnapshot {
		t.store.snaps.release(t.readTS)
		t.hasSnapshot = false
	}
	t.writes.close()
}

func (t *Txn) releaseLocks() {
	if t.owner != nil {
		t.owner.Release()
	}
}
