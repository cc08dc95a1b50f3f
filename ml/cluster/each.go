package cluster

import (
	"context"

	"htapdb/ml"
)

// each is ml.Each for what makes no errors of its own, and may leave off when the
// context has ended.
func each(ctx context.Context, n, workers int, f func(worker, i int)) error {
	return ml.Each(ctx, workers, n, func(worker, i int) error {
		if f(worker, i); ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	})
}

// pause is how many multiplications a loop makes between two looks at the context: a
// millisecond's.
const pause = 1 << 20

// looking returns after how many rows a loop that makes so many multiplications a row
// has to look at the context.
func looking(perRow int) int { return max(1, pause/max(perRow, 1)) }
