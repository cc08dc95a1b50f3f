package rowstore

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"htapdb/sql/sqlstate"
)

// loadRecord is a bulk load: its rows carry L in their keys and are visible
// from C, once it is committed. It is durable from before its files are in the
// store until the collection horizon has passed C, or its rows are removed.
type loadRecord struct {
	table    uint32
	L        Timestamp
	firstRow uint64
	rows     int64
	// indexOnly is a built index: no rows, nothing for the feed.
	indexOnly bool
	opaque    []byte
	// committed is C, 0 while the load is pending.
	committed atomic.Uint64
	// aborted says that its rows are to be removed.
	aborted atomic.Bool
	// txn owns a pending load and sees its rows, 0 after a restart.
	txn uint64
	// depth is the number of open savepoints that the load comes after.
	depth int
}

// States of a durable record; an aborted load is pending until its rows are gone.
const (
	loadPending   = 1
	loadCommitted = 2
)

// Layout of a record: state (1) | index only (1) | C (8) | first rowID (8) |
// rows (8) | opaque.
const (
	loadRecordState = 0
	loadRecordC     = 2
	loadRecordHead  = 2 + 8 + 8 + 8
)

func (l *loadRecord) key() []byte { return metaKey(metaLoad, uint64(l.table), uint64(l.L)) }

func (l *loadRecord) encode(state byte) []byte {
	v := []byte{state, 0}
	if l.indexOnly {
		v[1] = 1
	}
	v = append(v, numbers(l.committed.Load(), l.firstRow, uint64(l.rows))...)
	return append(v, l.opaque...)
}

func decodeLoad(table uint32, ts Timestamp, v []byte) (*loadRecord, bool) {
	if len(v) < loadRecordHead || v[0] != loadPending && v[0] != loadCommitted {
		return nil, false
	}
	l := &loadRecord{table: table, L: ts, indexOnly: v[1] == 1, firstRow: number(v[2:], 1), rows: int64(number(v[2:], 2))}
	l.opaque = append([]byte(nil), v[loadRecordHead:]...)
	if v[0] == loadCommitted {
		l.committed.Store(number(v[2:], 0))
	} else {
		l.aborted.Store(true)
	}
	return l, true
}

// event returns what the feed is told.
func (l *loadRecord) event() LoadEvent {
	return LoadEvent{TableID: l.table, L: l.L, FirstRowID: l.firstRow, Rows: l.rows, Opaque: l.opaque}
}

// loadTable holds the loads whose visibility has to be looked up, by table.
// Readers take the map without a lock; writers replace it.
type loadTable struct {
	mu     sync.Mutex
	tables atomic.Pointer[map[uint32][]*loadRecord]
}

// of returns a table's loads, nil for most tables.
func (lt *loadTable) of(table uint32) []*loadRecord {
	m := lt.tables.Load()
	if m == nil {
		return nil
	}
	return (*m)[table]
}

// all returns every load.
func (lt *loadTable) all() []*loadRecord {
	m := lt.tables.Load()
	if m == nil {
		return nil
	}
	var out []*loadRecord
	for _, ls := range *m {
		out = append(out, ls...)
	}
	return out
}

func (lt *loadTable) change(table uint32, fn func([]*loadRecord) []*loadRecord) {
	lt.mu.Lock()
	defer lt.mu.Unlock()
	next := make(map[uint32][]*loadRecord)
	if m := lt.tables.Load(); m != nil {
		for k, v := range *m {
			next[k] = v
		}
	}
	if ls := fn(slices.Clone(next[table])); len(ls) > 0 {
		next[table] = ls
	} else {
		delete(next, table)
	}
	lt.tables.Store(&next)
}

func (lt *loadTable) add(l *loadRecord) {
	lt.change(l.table, func(ls []*loadRecord) []*loadRecord { return append(ls, l) })
}

func (lt *loadTable) remove(l *loadRecord) {
	lt.change(l.table, func(ls []*loadRecord) []*loadRecord {
		return slices.DeleteFunc(ls, func(x *loadRecord) bool { return x == l })
	})
}

// newestCommit returns the newest C.
func (lt *loadTable) newestCommit() (ts Timestamp) {
	for _, l := range lt.all() {
		ts = max(ts, Timestamp(l.committed.Load()))
	}
	return ts
}

// loadLoads reads the records at open; pending ones are to be removed.
func (s *Store) loadLoads() error {
	return s.metaScan(metaLoad, func(parts []uint64, value []byte) error {
		if len(parts) == 2 {
			if l, ok := decodeLoad(uint32(parts[0]), Timestamp(parts[1]), value); ok {
				s.loads.add(l)
				return nil
			}
		}
		return sqlstate.New(sqlstate.DataCorrupted, "row store %q: load record of %d bytes", s.dir, len(value))
	})
}

// planLoad is a load in a commit, with the place of its record in the batch.
type planLoad struct {
	load *loadRecord
	at   int
}

// fill commits the load: the record in the batch, and for readers, who cannot
// have a snapshot at ts yet.
func (p *planLoad) fill(b *batchBuilder, ts Timestamp) {
	binary.LittleEndian.PutUint64(b.data[p.at+loadRecordC:], uint64(ts))
	p.load.committed.Store(uint64(ts))
}

// planLoads adds the transaction's loads to its commit.
func (t *Txn) planLoads(p *commitPlan) {
	for _, l := range t.loads {
		at := p.batch.setPlain(l.key(), l.encode(loadCommitted))
		p.loads = append(p.loads, planLoad{load: l, at: at})
		if !l.indexOnly {
			p.event.Loads = append(p.event.Loads, l.event())
			p.event.Bytes += int64(changeOverhead + len(l.opaque))
		}
	}
}

// PendingLoads returns the finished loads of the transaction, which statements
// after them see and which PendingChanges does not list.
func (t *Txn) PendingLoads() (out []LoadEvent) {
	for _, l := range t.loads {
		if !l.indexOnly {
			out = append(out, l.event())
		}
	}
	return out
}

// abortLoads gives up the transaction's finished loads.
func (t *Txn) abortLoads() {
	for _, l := range t.loads {
		l.aborted.Store(true)
		t.store.gc.wake()
	}
	t.loads = nil
}

// rollbackLoads gives up the loads finished since the savepoint at depth.
func (t *Txn) rollbackLoads(depth int) {
	kept := t.loads[:0]
	for _, l := range t.loads {
		if l.depth > depth {
			l.aborted.Store(true)
			t.store.gc.wake()
		} else {
			kept = append(kept, l)
		}
	}
	t.loads = kept
}

// releaseLoads makes the loads since the savepoint at depth the outer level's.
func (t *Txn) releaseLoads(depth int) {
	for _, l := range t.loads {
		l.depth = min(l.depth, depth)
	}
}
