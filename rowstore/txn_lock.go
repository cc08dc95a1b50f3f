package rowstore

import (
	"context"

	"htapdb/rowstore/lock"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// RowLock is the strength of a row lock, PostgreSQL's four.
type RowLock = lock.Mode

// The row locks from weak to strong: FOR KEY SHARE, FOR SHARE, FOR NO KEY
// UPDATE (what an update takes), FOR UPDATE (what a delete or key change takes).
const (
	LockKeyShare    = lock.KeyShare
	LockShare       = lock.Share
	LockNoKeyUpdate = lock.NoKeyUpdate
	LockUpdate      = lock.Update
)

// TableLock is the strength of a table lock.
type TableLock = lock.Mode

// The table locks: writers take LockTableShared, loads and DDL LockTableExclusive.
const (
	LockTableShared    = lock.TableShared
	LockTableExclusive = lock.TableExclusive
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
	// Moved says that the row of the snapshot may have got another primary key:
	// only a statement on a newer snapshot finds it. It is set under READ COMMITTED.
	Moved bool
	// Self says that the current statement has already written the row: an
	// UPDATE or DELETE leaves it alone, ON CONFLICT DO UPDATE fails with 21000.
	Self bool
}

// writable returns an error unless the transaction may write and lock.
func (t *Txn) writable() error {
	if err := t.started(); err != nil {
		return err
	}
	if t.opts.ReadOnly {
		return sqlstate.New(sqlstate.ReadOnlyTransaction, "cannot write or lock rows in a read-only transaction")
	}
	if t.owner == nil {
		t.owner = t.store.locks.NewOwner(t.id)
		t.owner.SetTimeout(t.lockTimeout)
	}
	return nil
}

// LockTable locks a whole table; it waits and fails as Lock does.
func (t *Txn) LockTable(ctx context.Context, tableID uint32, mode TableLock) error {
	if err := t.writable(); err != nil {
		return err
	}
	return t.owner.LockTable(ctx, tableID, mode, false)
}

// Lock locks a row (or the absent key) and returns its newest version. It
// waits in line; deadlocks are 40P01, a passed deadline of ctx is 55P03, a
// cancelled ctx 57014. Under REPEATABLE READ a version newer than the snapshot
// is 40001.
func (t *Txn) Lock(ctx context.Context, schema *Schema, key Key, mode RowLock, wait WaitPolicy) (Locked, error) {
	if err := t.writable(); err != nil {
		return Locked{}, err
	}
	e, err := t.lockRow(ctx, schema, key, mode, wait == NoWait)
	if err != nil {
		return Locked{}, err
	}
	if err := t.checkSnapshot(e); err != nil {
		return Locked{}, err
	}
	return t.locked(schema, e)
}

// LockSeen locks the row with the key if the current statement sees it and
// match, unless it is nil, holds for what the statement sees; any other row is
// left alone, which is not Found. It is Get, match and Lock, with one read if
// nobody has changed the row since the snapshot or has it locked.
func (t *Txn) LockSeen(ctx context.Context, schema *Schema, key Key, mode RowLock, match func(Row) (bool, error)) (Locked, error) {
	if err := t.writable(); err != nil {
		return Locked{}, err
	}
	if l, done, err := t.lockNow(ctx, schema, key, mode, match); done || err != nil {
		return l, err
	}
	row, found, err := t.Get(schema, key)
	if err == nil && found && match != nil {
		found, err = match(row)
	}
	if err != nil || !found {
		return Locked{}, err
	}
	return t.Lock(ctx, schema, key, mode, Wait)
}

// lockNow is LockSeen without a wait: it takes the lock first and reads the row
// once. done is false if that does not tell what the statement sees. The lock of
// a row that is left alone is given back, so that it is as if it had never been
// taken; it was held for one read, which only a lock with NoWait could notice.
func (t *Txn) lockNow(ctx context.Context, schema *Schema, key Key, mode RowLock, match func(Row) (bool, error)) (l Locked, done bool, err error) {
	t.buf = append(append(t.buf[:0], schema.primary...), key...)
	if len(t.loads) > 0 || t.writes.find(t.buf) != nil {
		return Locked{}, false, nil
	}
	if _, err := t.owner.Lock(ctx, schema.def.ID, t.buf, mode, true); err != nil {
		return Locked{}, false, nil // in use, or too many: Lock waits, or says it
	}
	v := t.view(true)
	base, err := v.get(schema, key)
	keep := false
	switch {
	case err != nil:
	case base.exists && base.ts > t.readTS:
		t.owner.Unlock(t.buf)
		return Locked{}, false, nil
	case !base.live():
	case match == nil:
		keep = true
	default:
		keep, err = match(base.row)
	}
	if !keep || err != nil {
		t.owner.Unlock(t.buf)
		return Locked{}, true, err
	}
	e, err := t.writes.entry(schema, nil, t.buf)
	if err != nil {
		return Locked{}, true, err
	}
	e.base, e.baseKnown, e.locked = base, true, uint8(mode)+1
	return Locked{Row: base.row, Found: true}, true, nil
}

// locked describes a locked row.
func (t *Txn) locked(schema *Schema, e *ownEntry) (l Locked, err error) {
	l.Row, err = e.row(schema)
	l.Found = l.Row.Valid()
	if v := e.last(); v != nil {
		l.Self = v.stmt == t.stmt
	} else {
		l.Changed = e.base.exists && e.base.ts > t.readTS
		l.Moved = l.Changed && t.opts.Isolation == ReadCommitted && t.store.moves.after(t.readTS, e.key)
	}
	return l, err
}

// LockUnique locks the row whose columns in a unique index (0: the primary
// key) equal values, and returns its newest version whatever the snapshot: the
// check of a foreign key against its parent. The absent key is locked too.
func (t *Txn) LockUnique(ctx context.Context, schema *Schema, index uint32, values []types.Datum, mode RowLock) (Key, Locked, error) {
	if err := t.writable(); err != nil {
		return nil, Locked{}, err
	}
	var key Key
	if index == 0 {
		var err error
		if key, err = schema.PrimaryKey(values...); err != nil {
			return nil, Locked{}, err
		}
	} else {
		var err error
		if key, err = t.lockUniqueEntry(ctx, schema, index, values, mode); key == nil || err != nil {
			return nil, Locked{}, err
		}
	}
	e, err := t.lockRow(ctx, schema, key, mode, false)
	if err != nil {
		return nil, Locked{}, err
	}
	l, err := t.locked(schema, e)
	return key, l, err
}

// lockUniqueEntry locks an entry of a unique index and returns the key of the
// row it leads to, nil if there is none.
func (t *Txn) lockUniqueEntry(ctx context.Context, schema *Schema, index uint32, values []types.Datum, mode RowLock) (Key, error) {
	ix := schema.index(index)
	if ix == nil || !ix.Unique || len(values) != len(ix.Columns) {
		return nil, sqlstate.New(sqlstate.InternalError, "table %q has no unique index %d over %d columns", schema.def.Name, index, len(values))
	}
	prefix := append([]byte(nil), ix.header...)
	for i, d := range values {
		if d.IsNull() {
			return nil, nil
		}
		var err error
		if prefix, err = appendKeyDatum(append(prefix, markValue), ix.types[i], d); err != nil {
			return nil, err
		}
	}
	e, err := t.lockEntry(ctx, schema, ix, prefix, mode, false)
	if err != nil {
		return nil, err
	}
	return e.targetKey(), nil
}

// targetKey returns the key of the row that a unique index entry leads to now,
// nil if it is not live.
func (e *ownEntry) targetKey() Key {
	if v := e.last(); v != nil {
		if v.tombstone {
			return nil
		}
		key, _ := entryKey([]byte(e.body()), v.value)
		return key
	}
	return e.base.target
}

// lockRow locks a row's key and reads its newest committed version.
func (t *Txn) lockRow(ctx context.Context, schema *Schema, key Key, mode RowLock, nowait bool) (*ownEntry, error) {
	t.buf = append(append(t.buf[:0], schema.primary...), key...)
	return t.lockEntry(ctx, schema, nil, t.buf, mode, nowait)
}

// lockEntry locks a key prefix and reads its newest committed version.
func (t *Txn) lockEntry(ctx context.Context, schema *Schema, ix *compiledIndex, prefix []byte, mode RowLock, nowait bool) (*ownEntry, error) {
	e := t.writes.find(prefix)
	if e != nil && e.locked > uint8(mode) {
		return e, nil
	}
	if _, err := t.owner.Lock(ctx, schema.def.ID, prefix, mode, nowait); err != nil {
		return nil, err
	}
	if e == nil {
		var err error
		if e, err = t.writes.entry(schema, ix, prefix); err != nil {
			return nil, err
		}
	}
	if e.baseKnown && e.stable() {
		e.locked = uint8(mode) + 1
		return e, nil
	}
	v := t.view(true)
	var err error
	if ix == nil {
		e.base, err = v.get(schema, Key(e.body()))
	} else {
		e.base, err = v.getEntry(schema, e.key)
	}
	if err != nil {
		return nil, err
	}
	e.baseKnown, e.locked = true, uint8(mode)+1
	t.seen = max(t.seen, e.base.ts)
	return e, nil
}

// checkSnapshot is the first-updater-wins rule of REPEATABLE READ: 40001 if
// the newest committed version is newer than the snapshot.
func (t *Txn) checkSnapshot(e *ownEntry) error {
	if t.opts.Isolation == ReadCommitted || !e.base.exists || e.base.ts <= t.readTS {
		return nil
	}
	t.store.stats.serialization.Add(1)
	what := "update"
	if e.base.tombstone {
		what = "delete"
	}
	return sqlstate.New(sqlstate.SerializationFailure, "could not serialize access due to concurrent %s", what).
		WithHint("Run the transaction again.")
}
