package colstore

import (
	"sync"

	"htapdb/sql/sqlstate"
)

// Snapshot is a table as of one timestamp. It pins a superversion and keeps
// history from being dropped until Close. Its methods are safe for concurrent
// use; everything that was read through it (batches, strings) is valid only
// until Close.
type Snapshot struct {
	table  *Table
	v      *version
	chunks []*chunk
	ts     uint64
	once   sync.Once
}

// Snapshot opens the table at ts. Error ObjectNotInState: the table is not live,
// or ts is above Safe (call WaitSafe first) or below Floor.
func (t *Table) Snapshot(ts uint64) (*Snapshot, error) {
	if safe := t.Safe(); ts > safe {
		return nil, sqlstate.New(sqlstate.ObjectNotInState, "columns of table %q are safe to %d, not yet to %d", t.Schema().Name, safe, ts)
	}
	return t.openAt(func() uint64 { return ts })
}

// SnapshotLatest opens the table at the lower of Safe and limit. The caller
// overlays what lies between the snapshot's TS and limit.
func (t *Table) SnapshotLatest(limit uint64) (*Snapshot, error) {
	return t.openAt(func() uint64 { return min(t.Safe(), limit) })
}

// openAt pins the current version at the timestamp that at returns.
func (t *Table) openAt(at func() uint64) (*Snapshot, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ts, name := at(), t.current.schema.Name
	if t.state != Live {
		return nil, notLive(name, t.state, t.reason)
	}
	if t.dropped {
		return nil, sqlstate.New(sqlstate.ObjectNotInState, "table %q was dropped from the columns", name)
	}
	if floor := t.floor.Load(); ts < floor {
		return nil, sqlstate.New(sqlstate.ObjectNotInState, "columns of table %q have no history before %d, asked for %d", name, floor, ts).
			WithHint("Read it by the row path: SET htap.route = row.")
	}
	t.open[ts]++
	return t.snapshotLocked(ts), nil
}

// snapshotLocked pins the current version; the caller holds mu and has
// registered ts.
func (t *Table) snapshotLocked(ts uint64) *Snapshot {
	t.current.refs.Add(1)
	return &Snapshot{table: t, v: t.current, chunks: t.current.delta.list(), ts: ts}
}

// Close releases the snapshot; further calls do nothing.
func (s *Snapshot) Close() {
	s.once.Do(func() {
		t := s.table
		t.mu.Lock()
		if t.open[s.ts]--; t.open[s.ts] == 0 {
			delete(t.open, s.ts)
		}
		t.mu.Unlock()
		s.v.release(t)
	})
}

// TS returns the timestamp that the snapshot is of.
func (s *Snapshot) TS() uint64 { return s.ts }

// Table returns the snapshot's table.
func (s *Snapshot) Table() *Table { return s.table }

// Schema returns the schema that column ordinals refer to; not to be changed.
func (s *Snapshot) Schema() *TableSchema { return s.v.schema }
