package demo

import (
	"math/bits"
	"sync"
	"time"
)

// subBuckets divide each power of two: a percentile is at most 1/32 too high.
const subBuckets = 32

// histogram counts durations in buckets that grow with the value. It is safe
// for concurrent use.
type histogram struct {
	mu     sync.Mutex
	counts [64 * subBuckets]uint32
	total  int
	max    time.Duration
}

// bucket is the position of a duration, in ns.
func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - bits.Len64(subBuckets)
	return (shift+1)*subBuckets + int(v>>uint(shift)) - subBuckets
}

// upper is the largest duration of a bucket.
func upper(i int) time.Duration {
	if i < 2*subBuckets {
		return time.Duration(i)
	}
	shift := uint(i/subBuckets - 1)
	return time.Duration(uint64(i%subBuckets+subBuckets+1)<<shift - 1)
}

// add counts a duration.
func (h *histogram) add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[bucket(d)]++
	h.total++
	h.max = max(h.max, d)
}

// count is the number of durations.
func (h *histogram) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.total
}

// percentile is the duration that a share p of all do not exceed, 0 for none.
func (h *histogram) percentile(p float64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.total == 0 {
		return 0
	}
	rank := max(int(p*float64(h.total)+0.999999), 1)
	for i, n := range h.counts {
		if rank -= int(n); rank <= 0 {
			return min(upper(i), h.max)
		}
	}
	return h.max
}
