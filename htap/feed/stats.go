package feed

import (
	"sync"
	"sync/atomic"
	"time"
)

// lagSamples is how many recent lags the percentiles are of.
const lagSamples = 8192

// stats keeps the lags of recent events.
type stats struct {
	mu      sync.Mutex
	samples []time.Duration
	next    int
	events  uint64

	replayed, reloaded, filled, shed atomic.Uint64
}

// Recovery says what opening had to do and what was rebuilt since.
type Recovery struct {
	// Replayed are commits since the last checkpoint that were applied again,
	// Reloaded bulk loads among them, and Filled tables that were read from the
	// row store as a whole.
	Replayed, Reloaded, Filled uint64
	// Shed are tables that were detached because writers waited for them.
	Shed uint64
}

// Recovery returns the figures so far.
func (f *Feed) Recovery() Recovery {
	return Recovery{f.stats.replayed.Load(), f.stats.reloaded.Load(), f.stats.filled.Load(), f.stats.shed.Load()}
}

// observe adds one event's lag.
func (s *stats) observe(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events++
	if len(s.samples) < lagSamples {
		s.samples = append(s.samples, d)
		return
	}
	s.samples[s.next] = d
	s.next = (s.next + 1) % lagSamples
}

// Lags returns a copy of the recent events' lags, commit to application, unordered.
func (f *Feed) Lags() []time.Duration {
	f.stats.mu.Lock()
	defer f.stats.mu.Unlock()
	return append([]time.Duration(nil), f.stats.samples...)
}

// ResetLags forgets the lags so far.
func (f *Feed) ResetLags() {
	f.stats.mu.Lock()
	defer f.stats.mu.Unlock()
	f.stats.samples, f.stats.next = nil, 0
}

// Events returns how many commits have been applied since Open.
func (f *Feed) Events() uint64 {
	f.stats.mu.Lock()
	defer f.stats.mu.Unlock()
	return f.stats.events
}
