package rowstore

import (
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// pooledIter is a Pebble iterator with the state of the store it sees: making
// one costs as much as a point read, so that point reads of one state share.
type pooledIter struct {
	*pebble.Iterator
	// applied and applies are the store's when the iterator was made.
	applied Timestamp
	applies uint64
	// loads are the loads that belong to that state: an aborted load's record
	// goes after its rows, but an older iterator still sees them.
	loads *map[uint32][]*loadRecord
	idle  time.Time
	buf   []byte // seek key, reused
}

// loadsOf returns a table's loads in the state that the iterator sees.
func (it *pooledIter) loadsOf(table uint32) []*loadRecord {
	if it.loads == nil {
		return nil
	}
	return (*it.loads)[table]
}

// iterPool holds idle unbounded iterators, newest last.
type iterPool struct {
	mu   sync.Mutex
	free []*pooledIter
}

// An idle iterator pins memtables and files, so few are kept, and not for long.
const (
	iterPoolSize = 16
	iterMaxIdle  = 500 * time.Millisecond
)

// acquireIter returns an iterator that sees every commit ≤ ts; with newest set
// every batch applied so far.
func (s *Store) acquireIter(ts Timestamp, newest bool) (*pooledIter, error) {
	applies := s.applies.Load()
	p := &s.iters
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		it := p.free[n-1]
		if it.applies == applies || !newest && it.applied >= ts {
			p.free[n-1] = nil
			p.free = p.free[:n-1]
			p.mu.Unlock()
			return it, nil
		}
		// The newest one is too old, and so are the others.
		stale := p.free
		p.free = nil
		p.mu.Unlock()
		for _, it := range stale {
			_ = it.Close() // reads are over and have reported their errors
		}
	} else {
		p.mu.Unlock()
	}
	return s.newIter(nil)
}

// newIter returns an iterator over the present state.
func (s *Store) newIter(o *pebble.IterOptions) (*pooledIter, error) {
	for {
		// The order matters: what is counted before the iterator exists, it sees. A
		// load's record is there before its rows and goes after them, so if the
		// records are the same before and after, they are the iterator's.
		it := &pooledIter{applies: s.applies.Load(), applied: s.Applied(), loads: s.loads.tables.Load()}
		var err error
		if it.Iterator, err = s.db.NewIter(o); err != nil {
			return nil, s.ioError(err, "reading")
		}
		if s.loads.tables.Load() == it.loads {
			return it, nil
		}
		_ = it.Close() // nothing has been read
	}
}

// releaseIter gives an unbounded iterator back.
func (s *Store) releaseIter(it *pooledIter) {
	if it.Error() != nil {
		_ = it.Close()
		return
	}
	p := &s.iters
	p.mu.Lock()
	if len(p.free) < iterPoolSize {
		it.idle = time.Time{}
		p.free = append(p.free, it)
		it = nil
	}
	p.mu.Unlock()
	if it != nil {
		_ = it.Close()
	}
}

// reap closes iterators that have been idle for long. The first call after a
// release stamps it, so that releasing needs no clock.
func (p *iterPool) reap(now time.Time) {
	p.mu.Lock()
	var stale []*pooledIter
	kept := p.free[:0]
	for _, it := range p.free {
		switch {
		case it.idle.IsZero():
			it.idle = now
			kept = append(kept, it)
		case now.Sub(it.idle) > iterMaxIdle:
			stale = append(stale, it)
		default:
			kept = append(kept, it)
		}
	}
	clear(p.free[len(kept):])
	p.free = kept
	p.mu.Unlock()
	for _, it := range stale {
		_ = it.Close()
	}
}

func (p *iterPool) closeAll() {
	p.mu.Lock()
	free := p.free
	p.free = nil
	p.mu.Unlock()
	for _, it := range free {
		_ = it.Close()
	}
}
