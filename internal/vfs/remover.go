package vfs

import "sync"

// removerQueue is how many files may wait for their removal; whoever comes with more
// removes them itself. A table of 10 GB has 2,000 segments.
const removerQueue = 4096

// Remover removes files in the background, because a file goes only with its pages:
// a cancelled load that removed its 500 MB itself ended 160 ms after the cancel.
// What is not removed, because of an error or because the process ended, stays: the
// owner of the directory removes strangers when it opens, and does not give a name
// twice before that.
type Remover struct {
	fs FS

	mu sync.Mutex
	// idle is told that nothing is being removed any more.
	idle *sync.Cond
	// The fields below are guarded by mu.
	waiting []string
	// working counts the removals under way: the goroutine's, which lives while files
	// wait, and those of callers that found the queue full.
	working  int
	removing bool // the goroutine lives
	closed   bool
}

// NewRemover returns a remover of files of fs. Its Close has to be called.
func NewRemover(fs FS) *Remover {
	r := &Remover{fs: fs}
	r.idle = sync.NewCond(&r.mu)
	return r
}

// Remove removes the file soon. After Close it does nothing: the directory may be
// somebody else's by then.
func (r *Remover) Remove(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
	case len(r.waiting) >= removerQueue:
		r.remove(path)
	default:
		r.waiting = append(r.waiting, path)
		if !r.removing {
			r.removing = true
			go r.run()
		}
	}
}

// run removes what waits and ends.
func (r *Remover) run() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.waiting) > 0 {
		path := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.remove(path)
	}
	r.waiting, r.removing = nil, false
}

// remove removes a file with mu released meanwhile.
func (r *Remover) remove(path string) {
	r.working++
	r.mu.Unlock()
	_ = r.fs.Remove(path) // see Remover for what stays
	r.mu.Lock()
	if r.working--; r.working == 0 {
		r.idle.Broadcast()
	}
}

// Wait returns when nothing waits for its removal.
func (r *Remover) Wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.working > 0 || len(r.waiting) > 0 {
		r.idle.Wait()
	}
}

// Close removes what waits and returns when that is done.
func (r *Remover) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.Wait()
}
