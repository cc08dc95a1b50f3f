package cluster

import (
	"context"
	"sync"
	"sync/atomic"

	"htapdb/sql/sqlstate"
)

// each calls f for 0 ≤ i < n on so many goroutines, which it waits for; worker, below
// workers, tells those that run at a time apart. It ends early with the cause when ctx
// does, and with an error where f panics.
func each(ctx context.Context, n, workers int, f func(worker, i int)) error {
	var next atomic.Int64
	var failed atomic.Pointer[sqlstate.Error]
	work := func(worker int) {
		defer func() {
			if p := recover(); p != nil {
				failed.Store(sqlstate.FromPanic(p))
			}
		}()
		for ctx.Err() == nil && failed.Load() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(worker, i)
		}
	}
	var done sync.WaitGroup
	for w := range min(workers, n) - 1 {
		done.Go(func() { work(w + 1) })
	}
	work(0)
	done.Wait()
	if err := failed.Load(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// pause is how many multiplications a loop makes between two looks at the context: a
// millisecond's.
const pause = 1 << 20

// looking returns after how many rows a loop that makes so many multiplications a row
// has to look at the context.
func looking(perRow int) int { return max(1, pause/max(perRow, 1)) }
