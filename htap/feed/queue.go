package feed

import (
	"context"
	"slices"
	"sync"
	"time"

	"htapdb/internal/memory"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
)

// queue holds events in commit order between commit and application.
type queue struct {
	limit int64
	// memory is charged with used.
	memory *memory.Account
	// patience is how long a reservation waits before stalled is called, again and
	// again until it is granted; stalled must not block.
	patience time.Duration
	stalled  func()

	mu sync.Mutex
	// events are enqueued and not taken yet, taken those being applied; used counts
	// their bytes and those reserved by commits in progress.
	events  []queued
	taken   []queued
	used    int64
	visible rowstore.Timestamp
	// line are the reservations that wait, in order.
	line []*reservation
	// wake tells the applier.
	wake chan struct{}
}

// reservation is a request for bytes; granted is closed when it has them.
type reservation struct {
	bytes   int64
	granted chan struct{}
}

// queued is an event with the time it was enqueued, for the lag metric.
type queued struct {
	*rowstore.Event
	at time.Time
}

func newQueue(limit int64, account *memory.Account, patience time.Duration, stalled func()) *queue {
	return &queue{limit: limit, memory: account, patience: patience, stalled: stalled, wake: make(chan struct{}, 1)}
}

// reserve waits until bytes fit. An event larger than the whole limit is let in
// alone. Whoever comes later waits behind it: it would never be alone otherwise.
func (q *queue) reserve(ctx context.Context, bytes int64) error {
	q.mu.Lock()
	if len(q.line) == 0 && q.fits(bytes) {
		q.use(bytes)
		q.mu.Unlock()
		return nil
	}
	r := &reservation{bytes, make(chan struct{})}
	q.line = append(q.line, r)
	q.mu.Unlock()
	if q.await(ctx, r) {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.line, r); i >= 0 {
		q.line = slices.Delete(q.line, i, i+1)
	} else {
		q.use(-bytes) // granted at the same moment
	}
	q.grant()
	return sqlstate.Wrap(sqlstate.QueryCanceled, ctx.Err(), "canceling statement while it waited for the change feed")
}

// await waits until r is granted, true, or ctx ends.
func (q *queue) await(ctx context.Context, r *reservation) bool {
	tick := time.NewTicker(q.patience)
	defer tick.Stop()
	for {
		select {
		case <-r.granted:
			return true
		case <-ctx.Done():
			return false
		case <-tick.C:
			q.stalled()
		}
	}
}

// fits reports whether bytes may be reserved now; mu is held.
func (q *queue) fits(bytes int64) bool { return q.used == 0 || q.used+bytes <= q.limit }

// use takes or gives back bytes; mu is held. The queue's own limit is what makes
// writers wait, so they are not refused here.
func (q *queue) use(bytes int64) {
	q.used += bytes
	q.memory.Force(bytes)
}

// grant lets in those at the front of the line that fit; mu is held.
func (q *queue) grant() {
	n := 0
	for ; n < len(q.line) && q.fits(q.line[n].bytes); n++ {
		q.use(q.line[n].bytes)
		close(q.line[n].granted)
	}
	q.line = slices.Delete(q.line, 0, n)
}

// release gives bytes back.
func (q *queue) release(bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.use(-bytes)
	q.grant()
}

// enqueue adds an event; it never blocks.
func (q *queue) enqueue(ev *rowstore.Event) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = append(q.events, queued{ev, now})
}

// advance moves the watermark and wakes the applier.
func (q *queue) advance(visible rowstore.Timestamp) {
	q.mu.Lock()
	q.visible = max(q.visible, visible)
	q.mu.Unlock()
	q.wakeUp()
}

// wakeUp has the applier look at the queue.
func (q *queue) wakeUp() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes the oldest events that are visible, a fraction of the queue at
// most so that writers get their room back step by step, and returns them with
// the watermark they reach. They count until done.
func (q *queue) take() (events []queued, visible rowstore.Timestamp) {
	q.mu.Lock()
	defer q.mu.Unlock()
	visible = q.visible
	n, bytes := 0, int64(0)
	for n < len(q.events) && q.events[n].TS <= q.visible {
		if bytes += q.events[n].Bytes; n > 0 && bytes > q.limit/takeShare {
			visible = q.events[n-1].TS
			break
		}
		n++
	}
	if n > 0 {
		events = append(events, q.events[:n]...)
		clear(q.events[:n])
		q.events = q.events[n:]
		if len(q.events) == 0 {
			q.events = nil
		}
	}
	q.taken = events
	return events, visible
}

// takeShare is which part of the queue is applied at once.
const takeShare = 8

// done gives back the room of the events that were taken.
func (q *queue) done() {
	bytes := int64(0)
	for _, e := range q.taken { // only the applier, which calls, changes taken
		bytes += e.Bytes
	}
	q.mu.Lock()
	q.taken = nil
	q.mu.Unlock()
	q.release(bytes)
}

// backlog counts the row changes that are not applied yet, by table.
func (q *queue) backlog() map[uint32]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := map[uint32]int{}
	for _, events := range [][]queued{q.taken, q.events} {
		for _, e := range events {
			for i := range e.Changes {
				n[e.Changes[i].TableID]++
			}
		}
	}
	return n
}

// watermark returns how far events may be applied.
func (q *queue) watermark() rowstore.Timestamp {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.visible
}
