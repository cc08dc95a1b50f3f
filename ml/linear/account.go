package linear

import (
	"context"
	"sync"

	"htapdb/ml"
	"htapdb/ml/exact"
)

// account charges what several workers take while rows arrive, when the training's own
// is in use by its reader, and gives it back at the end of Fit.
type account struct {
	memory ml.Account

	mu   sync.Mutex
	held int64
}

func (a *account) reserve(bytes int64) error {
	if err := a.memory.Reserve(bytes); err != nil {
		return err
	}
	a.mu.Lock()
	a.held += bytes
	a.mu.Unlock()
	return nil
}

func (a *account) release() { a.memory.Release(a.held) }

// check is the cancel as package exact asks for it.
func check(ctx context.Context) func() error {
	return func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
}

// solved are normal equations and their factorization.
type solved struct {
	system *exact.System
	factor *exact.Factor
}

// solve sets up and factors the equations.
func solve(g *exact.Gram, q *exact.Request) (*solved, error) {
	s, err := g.System(q)
	if err != nil {
		return nil, err
	}
	f, err := s.Factor(q.Check)
	return &solved{s, f}, err
}
