package feed

import (
	"context"
	"testing"
	"time"
)

// reserved starts a reservation and tells when it has been granted.
func reserved(q *queue, ctx context.Context, bytes int64) <-chan error {
	done := make(chan error, 1)
	go func() { done <- q.reserve(ctx, bytes) }()
	return done
}

// granted reports whether a reservation is granted within a while.
func granted(done <-chan error, within time.Duration) bool {
	select {
	case err := <-done:
		return err == nil
	case <-time.After(within):
		return false
	}
}

// waiting returns how many reservations wait.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.line)
}

// An event that is larger than the queue is let in alone, and small ones that
// come later do not keep it out for ever: reservations are granted in order.
func TestReservationsAreInOrder(t *testing.T) {
	q := newQueue(100, nil, time.Hour, func() {})
	ctx := context.Background()
	if err := q.reserve(ctx, 60); err != nil {
		t.Fatal(err)
	}
	large := reserved(q, ctx, 150)
	for q.waiting() < 1 {
		time.Sleep(time.Millisecond)
	}
	cancelled, cancel := context.WithCancel(ctx)
	gone := reserved(q, cancelled, 10)
	for q.waiting() < 2 {
		time.Sleep(time.Millisecond)
	}
	small := reserved(q, ctx, 10)
	if granted(small, 50*time.Millisecond) {
		t.Fatal("a small event overtook a large one that waits")
	}
	cancel()
	if err := <-gone; err == nil {
		t.Error("a cancelled reservation was granted")
	}
	q.release(60)
	if !granted(large, 5*time.Second) {
		t.Fatal("the large event is kept out")
	}
	if granted(small, 50*time.Millisecond) {
		t.Error("the queue holds more than it may")
	}
	q.release(150)
	if !granted(small, 5*time.Second) {
		t.Error("the small event is kept out")
	}
	q.release(10)
	if q.used != 0 || q.waiting() != 0 {
		t.Errorf("%d bytes are reserved, %d wait", q.used, q.waiting())
	}
	// One that is cancelled at the head lets those behind it in.
	if err := q.reserve(ctx, 60); err != nil {
		t.Fatal(err)
	}
	head, drop := context.WithCancel(ctx)
	first := reserved(q, head, 90)
	for q.waiting() < 1 {
		time.Sleep(time.Millisecond)
	}
	second := reserved(q, ctx, 40)
	for q.waiting() < 2 {
		time.Sleep(time.Millisecond)
	}
	drop()
	if err := <-first; err == nil {
		t.Error("a cancelled reservation was granted")
	}
	if !granted(second, 5*time.Second) {
		t.Error("a reservation that fits waits behind one that has gone")
	}
}
