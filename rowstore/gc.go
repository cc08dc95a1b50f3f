package rowstore

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// collector removes versions that nobody can see any more. A version [b, e) is
// garbage once e is at or below the floors and no open snapshot lies in it.
//
// Commits push the keys whose newest version they replaced, with e; the queue
// is in order of e, bounded, and looked at when the floors have passed its
// head. Keys that an open snapshot still needs wait in blocked. What does not
// fit, and what a restart forgets, is found by sweeping the store.
type collector struct {
	mu    sync.Mutex
	queue []garbage
	bytes int
	// blocked keys wait for the snapshots that were open when they were looked at.
	blocked []garbage
	// sweepAll asks for a sweep of the store.
	sweepAll bool
	// floor is what the embedding engine allows.
	floor Timestamp
	// drops are tables to be removed, with the timestamp after which they may.
	drops map[uint32]Timestamp

	kick      chan struct{}
	collected atomic.Uint64
	sweeps    atomic.Uint64
	// saved is the horizon that is in the store; the collector's goroutine owns it.
	saved Timestamp
	// oldestBlocked and lastUnblock are the oldest snapshot and the time when
	// blocked was last looked at.
	oldestBlocked Timestamp
	lastUnblock   time.Time
}

// garbage is a key with a version that ended at e.
type garbage struct {
	key string // full prefix without the sentinel
	e   Timestamp
}

const (
	maxQueueBytes   = 32 << 20
	garbageOverhead = 40
	collectInterval = 50 * time.Millisecond
	// collectBatch is the number of keys looked at and removed together.
	collectBatch = 512
)

// SetGCFloor lets versions that ended at or before ts be removed once no
// snapshot sees them. It is 0 after Open: nothing is removed until it is
// called. It only grows. Snapshots below it are refused.
func (s *Store) SetGCFloor(ts Timestamp) {
	s.gc.mu.Lock()
	s.gc.floor = max(s.gc.floor, ts)
	s.gc.mu.Unlock()
	s.gc.wake()
}

// DropTable removes everything stored under a storage id, in the background,
// once the collection floor has passed after and no older snapshot is open. The
// request is as durable as the commits before it.
func (s *Store) DropTable(tableID uint32, after Timestamp) error {
	if err := s.metaSet(false, metaKey(metaDrop, uint64(tableID)), numbers(uint64(after))); err != nil {
		return err
	}
	s.gc.mu.Lock()
	s.gc.drops[tableID] = after
	s.gc.mu.Unlock()
	s.gc.wake()
	return nil
}

// push queues the keys that a commit at e replaced. Commits push after they
// are applied, so the order is that of e only nearly; the floors allow for it.
func (c *collector) push(keys []string, e Timestamp) {
	if len(keys) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		if c.bytes > maxQueueBytes {
			c.sweepAll = true
			return
		}
		c.queue = append(c.queue, garbage{k, e})
		c.bytes += len(k) + garbageOverhead
	}
}

func (c *collector) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// recoverCollector reads the horizon and the drops; garbage from before the
// restart is found by a sweep.
func (s *Store) recoverCollector() error {
	c := &s.gc
	c.kick = make(chan struct{}, 1)
	c.drops = make(map[uint32]Timestamp)
	value, err := s.metaGet(metaKey(metaHorizon))
	if err != nil {
		return err
	}
	c.saved = Timestamp(number(value, 0))
	s.snaps.horizon = c.saved
	c.sweepAll = s.openings > 1
	return s.metaScan(metaDrop, func(parts []uint64, value []byte) error {
		if len(parts) == 1 {
			c.drops[uint32(parts[0])] = Timestamp(number(value, 0))
		}
		return nil
	})
}

func (s *Store) startCollector(ctx context.Context) {
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		ticker := time.NewTicker(collectInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			case <-s.gc.kick:
			}
			if s.usable() == nil {
				// An error of a read or write has made the store fail, or will come
				// again: the next round tries.
				_ = s.collect(ctx)
			}
		}
	}()
}

// horizon is one round's view of what may be removed.
type horizon struct {
	floor Timestamp
	// open are the open snapshots in order.
	open []Timestamp
}

// needed reports whether an open snapshot lies in [b, e).
func (h *horizon) needed(b, e Timestamp) bool {
	i, _ := slices.BinarySearch(h.open, b)
	return i < len(h.open) && h.open[i] < e
}

// takeHorizon fixes the floor for a round and refuses snapshots below it from
// now on, and after a restart.
func (s *Store) takeHorizon() (h horizon, err error) {
	c := &s.gc
	c.mu.Lock()
	h.floor = c.floor
	c.mu.Unlock()
	r := &s.snaps
	r.mu.Lock()
	h.floor = min(h.floor, s.Visible())
	for _, p := range r.pins {
		h.floor = min(h.floor, p)
	}
	r.horizon = max(r.horizon, h.floor)
	h.floor = r.horizon
	for _, o := range r.open {
		h.open = append(h.open, o.ts)
	}
	r.mu.Unlock()
	if h.floor > c.saved {
		// Removals follow in the log, so none survives without this record.
		if err := s.metaSet(false, metaKey(metaHorizon), numbers(uint64(h.floor))); err != nil {
			return h, err
		}
		c.saved = h.floor
	}
	return h, nil
}

// collect is one round: loads, drops, the queue, and a sweep if one is due.
func (s *Store) collect(ctx context.Context) error {
	if err := s.removeLoads(ctx); err != nil {
		return err
	}
	if !s.gc.due(s.Visible()) {
		return nil
	}
	h, err := s.takeHorizon()
	if err != nil {
		return err
	}
	if err := s.settleLoads(&h); err != nil {
		return err
	}
	if err := s.removeDrops(&h); err != nil {
		return err
	}
	s.gc.unblock(&h, time.Now())
	for ctx.Err() == nil {
		keys := s.gc.take(&h)
		if len(keys) == 0 {
			break
		}
		start := time.Now()
		n, err := s.collectKeys(&h, keys)
		if err != nil {
			return err
		}
		s.pace(ctx, n, start)
	}
	if s.gc.takeSweep(&h) {
		return s.sweep(ctx, &h)
	}
	return nil
}

// due reports whether a round can find something: nothing is allowed before
// the first SetGCFloor.
func (c *collector) due(visible Timestamp) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.floor == 0 {
		return false
	}
	return c.sweepAll || len(c.blocked) > 0 || len(c.drops) > 0 || min(c.floor, visible) > c.saved ||
		len(c.queue) > 0 && c.queue[0].e <= c.floor
}

// unblock queues the blocked keys again if the oldest snapshot has gone, and
// otherwise now and then for the other snapshots and the tables' floors.
func (c *collector) unblock(h *horizon, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	oldest := Timestamp(0)
	if len(h.open) > 0 {
		oldest = h.open[0]
	}
	if len(c.blocked) == 0 || oldest == c.oldestBlocked && now.Sub(c.lastUnblock) < time.Second {
		return
	}
	c.oldestBlocked, c.lastUnblock = oldest, now
	c.queue = append(c.blocked, c.queue...)
	c.blocked = nil
}

// take removes keys from the queue that the floors have passed.
func (c *collector) take(h *horizon) []garbage {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(c.queue) && n < collectBatch && c.queue[n].e <= h.floor {
		c.bytes -= len(c.queue[n].key) + garbageOverhead
		n++
	}
	keys := slices.Clone(c.queue[:n])
	clear(c.queue[:n])
	c.queue = c.queue[n:]
	return keys
}

// block puts back keys that open snapshots or their table's floor need.
func (c *collector) block(keys []garbage) {
	if len(keys) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		if c.bytes > maxQueueBytes {
			c.sweepAll = true
			return
		}
		c.blocked = append(c.blocked, k)
		c.bytes += len(k.key) + garbageOverhead
	}
}

// takeSweep reports whether a sweep is due; it waits while snapshots would make
// most of it useless.
func (c *collector) takeSweep(h *horizon) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.sweepAll || len(h.open) > 0 && h.open[0] < h.floor {
		return false
	}
	c.sweepAll = false
	return true
}

// pace keeps removals below Options.CollectPerSecond.
func (s *Store) pace(ctx context.Context, n int, start time.Time) {
	want := time.Duration(n) * time.Second / time.Duration(s.opts.CollectPerSecond)
	if left := want - time.Since(start); left > time.Millisecond {
		select {
		case <-time.After(left):
		case <-ctx.Done():
		}
	}
}

// collectKeys removes the garbage of the given keys and returns how many
// versions went.
func (s *Store) collectKeys(h *horizon, keys []garbage) (int, error) {
	slices.SortFunc(keys, func(a, b garbage) int { return strings.Compare(a.key, b.key) })
	it, err := s.db.NewIter(nil)
	if err != nil {
		return 0, s.ioError(err, "collecting garbage")
	}
	defer it.Close()
	batch := s.db.NewBatch()
	defer batch.Close()
	var blocked []garbage
	var g keyGarbage
	var buf []byte
	last := ""
	for _, k := range keys {
		if k.key == last {
			continue
		}
		last = k.key
		buf = append(append(buf[:0], k.key...), sentinel)
		g.reset()
		for ok := it.SeekPrefixGE(buf); ok; ok = it.Next() {
			if err := g.add(it); err != nil {
				return 0, s.ioError(err, "collecting garbage")
			}
		}
		if err := it.Error(); err != nil {
			return 0, s.ioError(err, "collecting garbage")
		}
		if g.remove(s, h, batch) {
			blocked = append(blocked, k)
		}
	}
	return s.finishCollect(batch, blocked)
}

func (s *Store) finishCollect(batch *pebble.Batch, blocked []garbage) (int, error) {
	n := int(batch.Count())
	if err := s.applyPlain(batch, false); err != nil {
		return 0, err
	}
	s.gc.collected.Add(uint64(n))
	s.gc.block(blocked)
	return n, nil
}
