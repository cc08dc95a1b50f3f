package olap

import (
	"sync"
	"sync/atomic"
	"time"

	"htapdb/sql/sqlstate"
)

// itemQueue hands the calls of run.parallel out to its workers.
type itemQueue struct {
	r    *run
	next atomic.Int64
	n    int64
	f    func(i int) error
}

func (q *itemQueue) step() (bool, error) {
	i := q.next.Add(1) - 1
	if i >= q.n {
		return false, nil
	}
	if err := q.r.check(); err != nil {
		return false, err
	}
	return true, q.f(int(i))
}

// schedule runs n tasks in the pool and waits for them. After an error the
// others stop at their next step.
func (r *run) schedule(n int, stepperOf func(i int) stepper) error {
	var wg sync.WaitGroup
	wg.Add(n)
	tasks := make([]*poolTask, n)
	group := &poolGroup{}
	for i := range n {
		s := stepperOf(i)
		tasks[i] = &poolTask{group: group, done: wg.Done, slice: func() sliceResult { return r.slice(s) }}
	}
	if err := r.ex.Pool.submit(tasks); err != nil {
		return err
	}
	wg.Wait()
	return r.failure()
}

// slice steps s for about sliceTime.
func (r *run) slice(s stepper) (result sliceResult) {
	defer func() {
		if p := recover(); p != nil {
			r.fail(sqlstate.FromPanic(p))
			result = sliceDone
		}
	}()
	start := time.Now()
	for {
		again, err := s.step()
		switch {
		case err == errParked:
			return sliceParked
		case err != nil:
			r.fail(err)
			return sliceDone
		case !again:
			return sliceDone
		}
		if time.Since(start) >= sliceTime {
			return sliceAgain
		}
	}
}
