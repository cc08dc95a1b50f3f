package feed

import (
	"sync"
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
	rows    uint64
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
