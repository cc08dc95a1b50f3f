package lock

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Options bound the lock table; zero values mean no bound.
type Options struct {
	// MaxRowLocks is the number of row locks of one owner in one table above
	// which it tries to take the table's lock instead.
	MaxRowLocks int
	// MaxLocks is the number of locks of all owners together.
	MaxLocks int
}

// Manager is a lock table.
type Manager struct {
	opts   Options
	seed   maphash.Seed
	shards [shardCount]shard
	// waitMu serializes deadlock detection; it guards Owner.waiting.
	waitMu sync.Mutex
	held   atomic.Int64
	stats  struct{ waits, waitNanos, deadlocks, escalations atomic.Uint64 }
}

const shardCount = 64

type shard struct {
	mu      sync.Mutex
	entries map[string]*entry // row locks by key
	tables  map[uint32]*entry // table locks; each table has one shard too
	_       [64]byte          // keep neighbours off the cache line
}

// entry is one lockable thing with its holders and its queue; its shard's
// mutex guards it.
type entry struct {
	shard   *shard
	key     string // "" for a table
	table   uint32
	holders []holder
	queue   []*request
	first   [1]holder // most locks have one holder
}

type holder struct {
	owner *Owner
	mode  Mode
}

// request is a waiting owner.
type request struct {
	owner   *Owner
	entry   *entry
	mode    Mode
	upgrade bool // the owner holds a weaker mode
	granted bool
	ready   chan struct{} // closed when granted
}

// NewManager returns an empty lock table.
func NewManager(opts Options) *Manager {
	m := &Manager{opts: opts, seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].entries = make(map[string]*entry)
		m.shards[i].tables = make(map[uint32]*entry)
	}
	return m
}

// Stats are counters since the start and the number of locks held.
type Stats struct {
	Held                                     int64
	Waits, WaitNanos, Deadlocks, Escalations uint64
}

// Stats returns the counters.
func (m *Manager) Stats() Stats {
	return Stats{
		Held: m.held.Load(), Waits: m.stats.waits.Load(), WaitNanos: m.stats.waitNanos.Load(),
		Deadlocks: m.stats.deadlocks.Load(), Escalations: m.stats.escalations.Load(),
	}
}

func (m *Manager) shardOf(key []byte) *shard {
	return &m.shards[maphash.Bytes(m.seed, key)%shardCount]
}

// rowEntry returns the entry of a key in its shard, whose mutex is held.
func (s *shard) rowEntry(key []byte, table uint32) *entry {
	if e := s.entries[string(key)]; e != nil {
		return e
	}
	e := &entry{shard: s, key: string(key), table: table}
	e.holders = e.first[:0]
	s.entries[e.key] = e
	return e
}

func (s *shard) tableEntry(table uint32) *entry {
	if e := s.tables[table]; e != nil {
		return e
	}
	e := &entry{shard: s, table: table}
	e.holders = e.first[:0]
	s.tables[table] = e
	return e
}

// dropIfIdle forgets an entry that nobody holds or waits for.
func (e *entry) dropIfIdle() {
	if len(e.holders) > 0 || len(e.queue) > 0 {
		return
	}
	if e.key != "" {
		delete(e.shard.entries, e.key)
	} else {
		delete(e.shard.tables, e.table)
	}
}

// holderOf returns the owner's hold, or nil.
func (e *entry) holderOf(o *Owner) *holder {
	for i := range e.holders {
		if e.holders[i].owner == o {
			return &e.holders[i]
		}
	}
	return nil
}

// compatible reports whether no other owner holds a conflicting mode.
func (e *entry) compatible(o *Owner, mode Mode) bool {
	for i := range e.holders {
		if h := &e.holders[i]; h.owner != o && conflicts[mode][h.mode] {
			return false
		}
	}
	return true
}

// grantable reports whether a new request may overtake nobody and be granted.
func (e *entry) grantable(o *Owner, mode Mode, upgrade bool) bool {
	if !e.compatible(o, mode) {
		return false
	}
	if upgrade {
		return true
	}
	for _, r := range e.queue {
		if conflicts[mode][r.mode] {
			return false
		}
	}
	return true
}

// hold records the grant and reports whether the owner had no hold before.
func (e *entry) hold(o *Owner, mode Mode) (added bool) {
	if h := e.holderOf(o); h != nil {
		h.mode = max(h.mode, mode)
		return false
	}
	e.holders = append(e.holders, holder{o, mode})
	return true
}

// enqueue adds a request; upgrades go before the others, which wait for the
// upgrader's present hold or for someone who does.
func (e *entry) enqueue(r *request) {
	at := len(e.queue)
	if r.upgrade {
		for at = 0; at < len(e.queue) && e.queue[at].upgrade; at++ {
		}
	}
	e.queue = append(e.queue, nil)
	copy(e.queue[at+1:], e.queue[at:])
	e.queue[at] = r
}

// remove takes a request out of the queue.
func (e *entry) remove(r *request) {
	for i, q := range e.queue {
		if q == r {
			e.queue = append(e.queue[:i], e.queue[i+1:]...)
			return
		}
	}
}

// grantWaiters grants every request that conflicts with no holder and no
// request before it.
func (e *entry) grantWaiters(m *Manager) {
	kept := e.queue[:0]
	for _, r := range e.queue {
		ok := e.compatible(r.owner, r.mode)
		for _, before := range kept {
			ok = ok && !conflicts[r.mode][before.mode]
		}
		if !ok {
			kept = append(kept, r)
			continue
		}
		if e.hold(r.owner, r.mode) {
			m.held.Add(1)
		}
		r.granted = true
		close(r.ready)
	}
	clear(e.queue[len(kept):])
	e.queue = kept
}
