package feed

import (
	"context"
	"sync"
	"time"

	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
)

// queue holds events in commit order between commit and application.
type queue struct {
	limit int64

	mu sync.Mutex
	// events are enqueued and not taken yet; used counts the bytes reserved by
	// commits in progress, in events, and of those being applied.
	events  []queued
	used    int64
	visible rowstore.Timestamp
	durable rowstore.Timestamp
	closed  bool
	// room is closed and replaced when bytes are released; wake tells the applier.
	room chan struct{}
	wake chan struct{}
}

// queued is an event with the time it was enqueued, for the lag metric.
type queued struct {
	*rowstore.Event
	at time.Time
}

func newQueue(limit int64) *queue {
	return &queue{limit: limit, room: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// reserve waits until bytes fit. An event larger than the whole limit is let in
// alone.
func (q *queue) reserve(ctx context.Context, bytes int64) error {
	for {
		q.mu.Lock()
		if q.closed || q.used == 0 || q.used+bytes <= q.limit {
			q.used += bytes
			q.mu.Unlock()
			return nil
		}
		room := q.room
		q.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return sqlstate.Wrap(sqlstate.QueryCanceled, ctx.Err(), "canceling statement while it waited for the change feed")
		}
	}
}

// release gives bytes back.
func (q *queue) release(bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used -= bytes
	close(q.room)
	q.room = make(chan struct{})
}

// enqueue adds an event; it never blocks.
func (q *queue) enqueue(ev *rowstore.Event) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = append(q.events, queued{ev, now})
}

// advance moves the watermarks and wakes the applier.
func (q *queue) advance(visible, durable rowstore.Timestamp) {
	q.mu.Lock()
	q.visible, q.durable = max(q.visible, visible), max(q.durable, durable)
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

// take removes the events that are visible and returns the watermark they reach.
func (q *queue) take() (events []queued, visible rowstore.Timestamp) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < len(q.events) && q.events[n].TS <= q.visible {
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
	return events, q.visible
}

// marks returns the watermarks.
func (q *queue) marks() (visible, durable rowstore.Timestamp) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.visible, q.durable
}
