package tree

import (
	"context"
	"math"
	"sync"
)

// fineUnits is how many units the outcomes of a node have to be apart for its splits to
// be told by gradients in these units. Below it the node gets units of its own, of which
// there are 2^32.
const fineUnits = 1 << 16

// rescale finds out whether the outcomes of a node's rows differ and, where its gradients
// are of targets, brings them to a unit and a middle of the node if they are too close
// for the unit that they have: one target of 1e12 among others up to 100 makes all of
// these the same integer until a question has told it from them. It depends on the
// node's rows alone, not on their order. It reports whether the values of the rows
// changed; the node's sums then did too.
//
// That the middle differs from node to node changes no gain as long as no penalty is
// added to counts: moving all gradients moves the quality of a node and that of its two
// sides by the same.
func (g *grower) rescale(ctx context.Context, node int32) (bool, error) {
	n := &g.tree.nodes[node]
	if g.m.class != nil || !g.growth.exhaust || !g.roomy(n) {
		return false, nil
	}
	rows := g.rows[n.from:n.to]
	lo, hi, err := g.reach(ctx, rows, n.unit*fineUnits)
	if err != nil {
		return false, err
	}
	n.pure = lo == hi
	half := hi/2 - lo/2
	unit := half / gradientMost
	scale := inverse(unit)
	if n.pure || hi-lo >= n.unit*fineUnits || scale == 0 {
		return false, nil
	}
	values, middle := g.values[0], lo+half
	err = eachChunk(ctx, g.sharing(len(rows)), len(rows), func(_, from, to int) error {
		for _, r := range rows[from:to] {
			weight := values[r] & (1<<countBits - 1)
			values[r] = gradientValue(weight, (g.m.target[r]-middle)*scale)
		}
		return nil
	})
	n.unit = unit
	if err != nil {
		return false, err
	}
	return true, g.sumRows(ctx, rows, n.sums)
}

// gradientValue is what a row of a weight and gradient adds in gradientLayout.
func gradientValue(weight int64, gradient float64) int64 {
	return weight * (1 + int64(math.Round(gradient))<<countBits)
}

// reach returns the least and largest target of rows, or two that are at least enough,
// and some, apart.
func (g *grower) reach(ctx context.Context, rows []int32, enough float64) (lo, hi float64, err error) {
	lo, hi = math.Inf(1), math.Inf(-1)
	part := func(rows []int32) (lo, hi float64) {
		lo = g.m.target[rows[0]]
		hi = lo
		for _, r := range rows {
			y := g.m.target[r]
			lo, hi = min(lo, y), max(hi, y)
			if hi > lo && hi-lo >= enough {
				break
			}
		}
		return lo, hi
	}
	// Nearly always the first rows are far enough apart.
	if lo, hi = part(rows[:min(len(rows), 64)]); hi > lo && hi-lo >= enough {
		return lo, hi, nil
	}
	var mu sync.Mutex
	err = eachChunk(ctx, g.sharing(len(rows)), len(rows), func(_, from, to int) error {
		a, b := part(rows[from:to])
		mu.Lock()
		defer mu.Unlock()
		lo, hi = min(lo, a), max(hi, b)
		return nil
	})
	return lo, hi, err
}
