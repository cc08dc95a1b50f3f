package rowstore

import (
	"context"
	"sync"
	"sync/atomic"
)

// commitSlot is a commit between its timestamp and its durability.
type commitSlot struct {
	ts Timestamp
	// async publishes the commit when it is applied.
	async            bool
	applied, durable bool
}

// watermarks follow the commits under way. Slots are in timestamp order; a
// watermark is the newest timestamp up to which every commit has reached the
// state. visible counts a commit that is durable, or applied if it is async;
// so applied ≥ visible ≥ durable.
type watermarks struct {
	applied, durable, visible atomic.Uint64

	// mu guards what follows and serializes Publisher.Advance. It comes after
	// Store.commitMu.
	mu       sync.Mutex
	slots    []*commitSlot
	nApplied int // slots passed by applied
	nVisible int // slots passed by visible
	// commits counts the slots that durable has passed.
	commits   uint64
	waiters   []visibleWaiter
	publisher Publisher
	// moved, if not nil, is called when durable has moved; it must not block.
	moved func()
}

type visibleWaiter struct {
	ts Timestamp
	ch chan struct{}
}

// start sets all watermarks to the recovered timestamp.
func (w *watermarks) start(ts Timestamp, p Publisher) {
	w.applied.Store(uint64(ts))
	w.durable.Store(uint64(ts))
	w.visible.Store(uint64(ts))
	w.publisher = p
}

// push adds a commit; the caller holds the commit mutex, which keeps the order.
func (w *watermarks) push(ts Timestamp, async bool) *commitSlot {
	slot := &commitSlot{ts: ts, async: async}
	w.mu.Lock()
	w.slots = append(w.slots, slot)
	w.mu.Unlock()
	return slot
}

// markApplied tells that the slot is in the memtable; inMemory stores have
// nothing more to wait for.
func (w *watermarks) markApplied(slot *commitSlot, durable bool) {
	w.mu.Lock()
	slot.applied = true
	slot.durable = slot.durable || durable
	w.advance()
	w.mu.Unlock()
}

// markDurable tells that the slot is synced, and with it, the log being
// sequential, every commit that had been applied when its write began.
func (w *watermarks) markDurable(slot *commitSlot, appliedBefore Timestamp) {
	w.mu.Lock()
	if slot != nil {
		slot.durable = true
	}
	for _, s := range w.slots {
		if s.ts > appliedBefore {
			break
		}
		s.durable = true
	}
	w.advance()
	w.mu.Unlock()
}

// advance moves the watermarks over the slots that have reached their states.
func (w *watermarks) advance() {
	for w.nApplied < len(w.slots) && w.slots[w.nApplied].applied {
		w.applied.Store(uint64(w.slots[w.nApplied].ts))
		w.nApplied++
	}
	visible, durable := w.visible.Load(), w.durable.Load()
	for w.nVisible < w.nApplied {
		s := w.slots[w.nVisible]
		if !s.durable && !s.async {
			break
		}
		w.visible.Store(uint64(s.ts))
		w.nVisible++
	}
	n := 0
	for n < w.nVisible && w.slots[n].durable {
		w.durable.Store(uint64(w.slots[n].ts))
		n++
	}
	w.commits += uint64(n)
	if n > 0 {
		clear(w.slots[:n])
		w.slots = w.slots[n:]
		w.nApplied -= n
		w.nVisible -= n
	}
	if v, d := w.visible.Load(), w.durable.Load(); v != visible || d != durable {
		w.publisher.Advance(Timestamp(v), Timestamp(d))
		w.wake(Timestamp(v))
		if d != durable && w.moved != nil {
			w.moved()
		}
	}
}

func (w *watermarks) wake(visible Timestamp) {
	kept := w.waiters[:0]
	for _, x := range w.waiters {
		if x.ts <= visible {
			close(x.ch)
		} else {
			kept = append(kept, x)
		}
	}
	clear(w.waiters[len(kept):])
	w.waiters = kept
}

// wait returns when visible ≥ ts, ctx ends or failed is closed.
func (w *watermarks) wait(ctx context.Context, failed <-chan struct{}, ts Timestamp) error {
	if Timestamp(w.visible.Load()) >= ts {
		return nil
	}
	w.mu.Lock()
	if Timestamp(w.visible.Load()) >= ts {
		w.mu.Unlock()
		return nil
	}
	ch := make(chan struct{})
	w.waiters = append(w.waiters, visibleWaiter{ts, ch})
	w.mu.Unlock()
	select {
	case <-ch:
		return nil
	case <-failed:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// onRecord returns the durable watermark and how many commits it has passed.
func (w *watermarks) onRecord() (durable, commits uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.durable.Load(), w.commits
}

// undurable returns the applied watermark if some commit below it is not
// durable yet.
func (w *watermarks) undurable() (ts Timestamp, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.nApplied == 0 {
		return 0, false
	}
	return w.slots[w.nApplied-1].ts, true
}
