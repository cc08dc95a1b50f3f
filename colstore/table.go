package colstore

import (
	"context"
	"sync"
	"sync/atomic"

	"htapdb/internal/memory"
	"htapdb/sql/sqlstate"
)

// Table is the column copy of one table.
type Table struct {
	store *Store
	id    uint32
	mem   *memory.Account

	// safe is the highest timestamp up to which everything was applied to this
	// table; Store.safe speaks for it too.
	safe  atomic.Uint64
	floor atomic.Uint64
	// born is the timestamp that SetFloor gave: the table holds nothing of before.
	born atomic.Uint64
	// nextRowID is above every rowID that the table has seen.
	nextRowID atomic.Uint64
	// changes counts what could make cached statistics stale.
	changes atomic.Uint64
	stats   statsCache
	// owed counts the rows that were appended since maintenance last looked.
	owed atomic.Int64

	// applyMu is held while content or superversion changes: by the applier for
	// the length of a group, by maintenance for the length of a swap.
	applyMu sync.Mutex
	// The fields below are guarded by applyMu.
	lastTS    uint64 // the newest begin or end applied
	lastRowID uint64 // the newest rowID appended to the delta
	replayed  uint64 // the position that Open found: events are after it
	closed    bool   // dropped, or the store was closed
	// touched are the current version's segments whose delete logs have grown and
	// may be worth folding.
	touched map[*sealed]bool

	// mu guards the fields below; it may be taken while applyMu is held.
	mu      sync.Mutex
	current *version
	open    map[uint64]int // open snapshots by timestamp
	state   State
	reason  string
	dropped bool
}

// newTable returns a table over the given segments, which it takes over.
func newTable(s *Store, schema *TableSchema, segs []*sealed) *Table {
	t := &Table{store: s, id: schema.ID, mem: s.mem, open: map[uint64]int{}, touched: map[*sealed]bool{}}
	t.current = newVersion(schema, layoutOf(schema), segs, nil)
	return t
}

// ID returns the table's storage ID.
func (t *Table) ID() uint32 { return t.id }

// Schema returns the current schema, which the caller must not change.
func (t *Table) Schema() *TableSchema {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current.schema
}

// State returns the state and the reason that SetState was given with it.
func (t *Table) State() (State, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state, t.reason
}

// SetState changes the state. Snapshots that are open stay readable.
func (t *Table) SetState(s State, reason string) {
	t.mu.Lock()
	t.state, t.reason = s, reason
	t.mu.Unlock()
	t.store.waiters.wake()
}

// Safe returns the highest timestamp that may be read: everything at or before
// it has been applied.
func (t *Table) Safe() uint64 {
	return max(t.store.safe.Load(), t.safe.Load())
}

// Floor returns the lowest timestamp that may be read: history before it may
// have been dropped.
func (t *Table) Floor() uint64 { return t.floor.Load() }

// SetFloor raises the floor to ts: the table was filled from a snapshot at ts
// and knows nothing of the time before.
func (t *Table) SetFloor(ts uint64) {
	raise(&t.born, ts)
	raise(&t.floor, ts)
}

// NextRowID returns a rowID above every one that the table has seen.
func (t *Table) NextRowID() uint64 { return t.nextRowID.Load() }

// Advance makes ts safe: the applier has applied every event of the table at or
// before it.
func (t *Table) Advance(ts uint64) {
	raise(&t.safe, ts)
	t.store.waiters.wake()
}

// raise sets a to v if that is higher.
func raise(a *atomic.Uint64, v uint64) {
	for {
		old := a.Load()
		if old >= v || a.CompareAndSwap(old, v) {
			return
		}
	}
}

// pin returns the current version with a reference for the caller.
func (t *Table) pin() *version {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current.refs.Add(1)
	return t.current
}

// install makes v current. The caller holds applyMu.
func (t *Table) install(v *version) {
	t.mu.Lock()
	old := t.current
	t.current = v
	t.mu.Unlock()
	t.changes.Add(1)
	old.release(t)
}

// raiseFloor makes ts the floor unless a snapshot below it is open, and returns
// the floor that is now in force.
func (t *Table) raiseFloor(ts uint64) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	for open := range t.open {
		ts = min(ts, open)
	}
	if p := t.store.pinned.Load(); p != 0 {
		ts = min(ts, p)
	}
	raise(&t.floor, ts)
	return t.floor.Load()
}

// corrupt handles an error of reading the table's files: if it is damage, the
// table detaches itself and the owner is told. It returns err.
func (t *Table) corrupt(err error) error {
	switch sqlstate.CodeOf(err) {
	case sqlstate.DataCorrupted, sqlstate.IOError:
	default:
		return err
	}
	t.mu.Lock()
	first := t.state == Live
	if first {
		t.state, t.reason = Detached, err.Error()
	}
	t.mu.Unlock()
	if first {
		t.store.waiters.wake()
		if t.store.opts.OnCorrupt != nil {
			t.store.opts.OnCorrupt(t, err)
		}
	}
	return err
}

// Reset drops all content, for a rebuild: the state becomes Rebuilding. Only the
// applier's goroutine may call it. Open snapshots stay readable.
func (t *Table) Reset() error {
	t.applyMu.Lock()
	defer t.applyMu.Unlock()
	t.SetState(Rebuilding, "")
	v := t.current
	t.lastRowID, t.lastTS, t.replayed = 0, 0, 0
	clear(t.touched)
	t.install(newVersion(v.schema, v.layout, nil, nil))
	return nil
}

// Alter changes the schema: columns are matched by ID; one that the new schema
// lacks is dropped, one that is new reads as its Default in the rows that are
// already there. Only the applier's goroutine may call it, in feed order. Open
// snapshots keep the schema they began with.
func (t *Table) Alter(schema TableSchema) error {
	if err := schema.validate(); err != nil {
		return err
	}
	t.applyMu.Lock()
	defer t.applyMu.Unlock()
	v := t.current
	for _, c := range schema.Columns {
		if i := v.schema.Ordinal(c.ID); i >= 0 && v.schema.Columns[i].Type.Physical() != c.Type.Physical() {
			return sqlstate.New(sqlstate.FeatureNotSupported, "column %q of table %q changes its representation, which needs a new storage ID", c.Name, schema.Name)
		}
	}
	next := schema.clone()
	next.ID = t.id
	segs := append([]*sealed(nil), v.segs...)
	chunks := append([]*chunk(nil), v.delta.list()...)
	t.install(newVersion(next, layoutOf(next), segs, chunks))
	return nil
}

// Verify reads every byte of the table's segments and compares the checksums, as
// a scrub does. Damage (DataCorrupted) detaches the table.
func (t *Table) Verify(ctx context.Context) error {
	v := t.pin()
	defer v.release(t)
	for _, x := range v.segs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := x.seg.Verify(); err != nil {
			return t.corrupt(err)
		}
	}
	return nil
}
