package rowstore

import (
	"slices"
	"sort"
	"sync"

	"htapdb/sql/sqlstate"
)

// registry knows the open snapshots, which keep versions from being collected.
type registry struct {
	mu sync.Mutex
	// open is sorted by timestamp.
	open []openSnapshot
	// horizon bounds what has been collected: a version that ended at or below it
	// may be gone, so no snapshot opens below.
	horizon Timestamp
	// pins keep the collection floor below them.
	pins []Timestamp
}

type openSnapshot struct {
	ts   Timestamp
	refs int
}

// acquireVisible registers a snapshot at the visible watermark. It is read
// under the mutex, so that the collector cannot pass it in between.
func (r *registry) acquireVisible(s *Store) Timestamp {
	r.mu.Lock()
	defer r.mu.Unlock()
	ts := s.Visible()
	r.add(ts)
	return ts
}

// acquireAt registers a snapshot at ts; ok is false below the horizon, unless
// another one there has kept what it sees.
func (r *registry) acquireAt(ts Timestamp) (ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ts < r.horizon {
		at := sort.Search(len(r.open), func(i int) bool { return r.open[i].ts >= ts })
		if at == len(r.open) || r.open[at].ts != ts {
			return false
		}
	}
	r.add(ts)
	return true
}

func (r *registry) add(ts Timestamp) {
	n := len(r.open)
	if n > 0 && r.open[n-1].ts == ts {
		r.open[n-1].refs++
		return
	}
	at := sort.Search(n, func(i int) bool { return r.open[i].ts >= ts })
	if at < n && r.open[at].ts == ts {
		r.open[at].refs++
		return
	}
	r.open = slices.Insert(r.open, at, openSnapshot{ts, 1})
}

func (r *registry) release(ts Timestamp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := sort.Search(len(r.open), func(i int) bool { return r.open[i].ts >= ts })
	if r.open[at].refs--; r.open[at].refs == 0 {
		r.open = slices.Delete(r.open, at, at+1)
	}
}

// oldest returns the number of open snapshots and the oldest's timestamp.
func (r *registry) oldest() (n int, ts Timestamp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.open {
		n += o.refs
	}
	if n > 0 {
		ts = r.open[0].ts
	}
	return n, ts
}

// Snapshot reads the store as of one timestamp. It keeps the versions it sees
// from being collected until Close. It is safe for concurrent use.
type Snapshot struct {
	view
	closed sync.Once
}

// Snapshot returns a snapshot at Visible.
func (s *Store) Snapshot() *Snapshot {
	ts := s.snaps.acquireVisible(s)
	return &Snapshot{view: view{store: s, ts: ts, upTo: ts}}
}

// SnapshotAt returns a snapshot at ts ≤ Visible; 55000 if ts is below the
// collection horizon, 22023 if it is in the future.
func (s *Store) SnapshotAt(ts Timestamp) (*Snapshot, error) {
	if visible := s.Visible(); ts > visible {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "timestamp %s is in the future: the newest visible commit is %s", ts, visible)
	}
	if !s.snaps.acquireAt(ts) {
		return nil, sqlstate.New(sqlstate.ObjectNotInState, "snapshot too old: versions before %s have been removed", s.snaps.horizonNow()).
			WithDetail("The snapshot asked for is %s.", ts)
	}
	return &Snapshot{view: view{store: s, ts: ts, upTo: ts}}, nil
}

func (r *registry) horizonNow() Timestamp {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.horizon
}

// Timestamp returns the snapshot's timestamp.
func (sn *Snapshot) Timestamp() Timestamp { return sn.ts }

// Close releases the snapshot. Iterators must be closed before.
func (sn *Snapshot) Close() {
	sn.closed.Do(func() { sn.store.snaps.release(sn.ts) })
}

// Get returns the row with the key.
func (sn *Snapshot) Get(schema *Schema, key Key) (row Row, found bool, err error) {
	v, err := sn.get(schema, key)
	return v.row, v.live(), err
}

// Scan iterates over the rows of a primary key span in key order.
func (sn *Snapshot) Scan(schema *Schema, span Span, opts ScanOptions) *Iterator {
	return sn.scan(schema, nil, span, opts, nil, 0)
}

// ScanLoad iterates, in key order, over the rows that a load of the snapshot's
// past wrote, as it wrote them: later changes, of its own transaction too, do
// not count. A row that was collected since is missing.
func (sn *Snapshot) ScanLoad(schema *Schema, l LoadEvent) *Iterator {
	v := sn.view
	v.upTo, v.load = l.L, l.L
	return v.scan(schema, nil, Span{}, ScanOptions{}, nil, 0)
}

// ScanIndex iterates over the rows of a secondary index's span in index order.
func (sn *Snapshot) ScanIndex(schema *Schema, index uint32, span Span, opts ScanOptions) *Iterator {
	return sn.scanIndex(schema, index, span, opts, nil, 0)
}

// OldestSnapshot returns the timestamp of the oldest open snapshot, those of
// transactions included; 0 if there is none.
func (s *Store) OldestSnapshot() Timestamp {
	_, ts := s.snaps.oldest()
	return ts
}
