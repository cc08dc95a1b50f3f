package ml

import (
	"context"
	"sync"
	"sync/atomic"

	"htapdb/sql/sqlstate"
)

// Each calls f for 0 to n−1 on so many workers, the caller among them, waits for them,
// and returns the first error, a panic's too, or why the context ended. worker, below
// workers, tells those that run at a time apart: state by worker needs no lock.
func Each(ctx context.Context, workers, n int, f func(worker, i int) error) error {
	workers = min(workers, n)
	var next atomic.Int64
	var once sync.Once
	var first error
	fail := func(err error) {
		once.Do(func() { first = err })
		next.Store(int64(n))
	}
	run := func(worker int) {
		// A panic on a goroutine of its own would end the process; the caller's is treated
		// alike, so that one worker and many end in the same way.
		defer func() {
			if p := recover(); p != nil {
				fail(sqlstate.FromPanic(p))
			}
		}()
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			if ctx.Err() != nil {
				fail(context.Cause(ctx))
				return
			}
			if err := f(worker, int(i)); err != nil {
				fail(err)
				return
			}
		}
	}
	var done sync.WaitGroup
	for w := 1; w < workers; w++ {
		done.Go(func() { run(w) }) // it ends with the tasks, and is waited for below
	}
	run(0)
	done.Wait()
	return first
}
