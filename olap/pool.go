package olap

import (
	"runtime"
	"sync"

	"htapdb/sql/sqlstate"
)

// Pool is the fixed set of worker threads that all executions share. Its
// workers serve the executions in turn, about 500 µs each time.
//
// On Linux each worker is locked to a thread of its own at nice 19, so that the
// operating system runs the threads of transactions first.
type Pool struct {
	size    int
	stopped sync.WaitGroup

	mu     sync.Mutex
	work   sync.Cond
	closed bool
	// active counts the tasks that have not ended; the workers stay for them.
	active int
	// ring holds the groups with runnable tasks, the next to be served first.
	ring []*poolGroup
}

// poolGroup is the runnable tasks of one pipeline; its fields are guarded by Pool.mu.
type poolGroup struct {
	runnable []*poolTask
	inRing   bool
}

// poolTask is a piece of work that runs in slices, on one worker at a time.
type poolTask struct {
	group *poolGroup
	// slice works for about sliceTime.
	slice func() sliceResult
	// done is called once, when the task has ended.
	done func()
}

// sliceResult says what becomes of a task after a slice.
type sliceResult uint8

const (
	sliceAgain  sliceResult = iota // it is runnable
	sliceDone                      // it has ended
	sliceParked                    // it waits until somebody resumes it
)

// NewPool starts size workers; 0 or less chooses max(1, GOMAXPROCS − 1).
func NewPool(size int) *Pool {
	if size <= 0 {
		size = max(1, runtime.GOMAXPROCS(0)-1)
	}
	p := &Pool{size: size}
	p.work.L = &p.mu
	p.stopped.Add(size)
	for range size {
		// Owned by the pool; Close stops it and waits.
		go p.worker()
	}
	return p
}

// Size returns the number of workers.
func (p *Pool) Size() int { return p.size }

// Close lets the executions that use the pool end, then ends the workers and
// waits for them. Executions that begin afterwards get AdminShutdown.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.work.Broadcast()
	p.mu.Unlock()
	p.stopped.Wait()
}

// submit makes new tasks runnable.
func (p *Pool) submit(tasks []*poolTask) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return sqlstate.New(sqlstate.AdminShutdown, "the workers of analytic queries have been shut down")
	}
	p.active += len(tasks)
	for _, t := range tasks {
		p.enqueue(t)
		p.work.Signal()
	}
	return nil
}

// resume makes a parked task runnable again.
func (p *Pool) resume(t *poolTask) {
	p.mu.Lock()
	p.enqueue(t)
	p.work.Signal()
	p.mu.Unlock()
}

// enqueue adds a runnable task; mu is held.
func (p *Pool) enqueue(t *poolTask) {
	g := t.group
	g.runnable = append(g.runnable, t)
	if !g.inRing {
		g.inRing = true
		p.ring = append(p.ring, g)
	}
}

// take returns the next task of the next group in turn; mu is held and ring is
// not empty.
func (p *Pool) take() *poolTask {
	g := p.ring[0]
	copy(p.ring, p.ring[1:])
	p.ring = p.ring[:len(p.ring)-1]
	t := g.runnable[0]
	copy(g.runnable, g.runnable[1:])
	g.runnable = g.runnable[:len(g.runnable)-1]
	if len(g.runnable) > 0 {
		p.ring = append(p.ring, g)
	} else {
		g.inRing = false
	}
	return t
}

// worker serves tasks until the pool is closed and nothing is left. Its thread
// ends with it: a thread without privileges cannot lower its nice value again.
func (p *Pool) worker() {
	defer p.stopped.Done()
	runtime.LockOSThread()
	lowerPriority()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for len(p.ring) == 0 {
			if p.closed && p.active == 0 {
				return
			}
			p.work.Wait()
		}
		t := p.take()
		p.mu.Unlock()
		result := t.slice()
		if result == sliceDone {
			t.done()
		}
		p.mu.Lock()
		switch result {
		case sliceAgain:
			// No signal: this worker takes a task next, perhaps the same one. Waking
			// another would move a lone task from thread to thread every slice.
			p.enqueue(t)
		case sliceDone:
			if p.active--; p.active == 0 && p.closed {
				p.work.Broadcast()
			}
		}
	}
}
