package flight

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"htapdb/sql/sqlstate"
)

// handles is a table of things that clients name by an opaque handle. It is
// bounded, and what nobody used for its ttl is dropped by sweep.
type handles[T any] struct {
	// what names the things in messages.
	what  string
	limit int
	ttl   time.Duration
	// busy says that a thing is in use and must not expire; drop releases one
	// that is removed by sweep or clear.
	busy func(T) bool
	drop func(T)

	mu     sync.Mutex
	items  map[string]*handle[T]
	closed bool
}

// handle is an entry.
type handle[T any] struct {
	value T
	used  time.Time
}

// newHandle returns 128 random bits in hexadecimal.
func newHandle() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // does not fail since Go 1.24
	return hex.EncodeToString(b[:])
}

// add stores v under a new handle; beyond the limit it is 53400.
func (h *handles[T]) add(v T) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return "", errShutdown
	}
	if len(h.items) >= h.limit {
		return "", sqlstate.New(sqlstate.ConfigurationLimit, "the server has %d %s open already", len(h.items), h.what)
	}
	if h.items == nil {
		h.items = map[string]*handle[T]{}
	}
	name := newHandle()
	h.items[name] = &handle[T]{value: v, used: time.Now()}
	return name, nil
}

// get returns what the handle names and counts as a use.
func (h *handles[T]) get(name string) (v T, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.items[name]
	if e == nil {
		return v, false
	}
	e.used = time.Now()
	return e.value, true
}

// take is get and removes it; the caller releases what it names.
func (h *handles[T]) take(name string) (v T, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.items[name]
	if e == nil {
		return v, false
	}
	delete(h.items, name)
	return e.value, true
}

// sweep drops what was not used since now − ttl.
func (h *handles[T]) sweep(now time.Time) {
	h.dropIf(func(e *handle[T]) bool { return now.Sub(e.used) > h.ttl && !h.busy(e.value) })
}

// dropWhere drops what match says.
func (h *handles[T]) dropWhere(match func(T) bool) {
	h.dropIf(func(e *handle[T]) bool { return match(e.value) })
}

// clear drops everything and refuses more.
func (h *handles[T]) clear() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.dropIf(func(*handle[T]) bool { return true })
}

func (h *handles[T]) dropIf(match func(*handle[T]) bool) {
	var dropped []T
	h.mu.Lock()
	for name, e := range h.items {
		if match(e) {
			dropped = append(dropped, e.value)
			delete(h.items, name)
		}
	}
	h.mu.Unlock()
	for _, v := range dropped { // without the lock: closing waits for the engine
		h.drop(v)
	}
}

// size returns the number of things.
func (h *handles[T]) size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.items)
}
