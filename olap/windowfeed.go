package olap

import (
	"htapdb/vector"
	"htapdb/vector/fn"
)

// framePairs gathers rows with their groups until they fill a batch.
type framePairs struct {
	sel    []int32
	groups []uint32
}

// framesAt is what is done with the pairs: Add or Remove of a state.
type framesAt func(groups []uint32, args []*vector.Vector, sel []int32, n int) error

// put passes the rows at the positions of r that count on to do, those of
// position p in group group + (p−r.from)·step.
func (w *windowAgg) put(r frameRange, group uint32, step int, do framesAt) error {
	for pos := r.from; pos < r.to; pos++ {
		if w.counts(pos) {
			w.pairs.sel = append(w.pairs.sel, pos-w.first)
			w.pairs.groups = append(w.pairs.groups, group)
			if len(w.pairs.sel) == vector.MaxBatch {
				if err := w.flush(do); err != nil {
					return err
				}
			}
		}
		group += uint32(step)
	}
	return nil
}

// flush passes on the pairs gathered so far.
func (w *windowAgg) flush(do framesAt) error {
	if len(w.pairs.sel) == 0 {
		return nil
	}
	err := do(w.pairs.groups, w.args, w.pairs.sel, w.n)
	w.pairs.sel, w.pairs.groups = w.pairs.sel[:0], w.pairs.groups[:0]
	if err != nil {
		return err
	}
	return w.x.r.check()
}

// feedRows is how many rows go into a state before the next look at the memory
// that it holds and at the statement's context.
const feedRows = 16 * vector.MaxBatch

// feed adds the rows at the positions of r to group 0 of state.
func (w *windowAgg) feed(state fn.AggState, r frameRange, others ...fn.AggState) error {
	sel := w.pairs.sel[:0]
	for from := r.from; from < r.to; {
		sel = sel[:0]
		for ; from < r.to && len(sel) < feedRows; from++ {
			if w.counts(from) {
				sel = append(sel, from-w.first)
			}
		}
		if len(sel) > 0 {
			if err := state.AddAll(w.args, sel, w.n); err != nil {
				return err
			}
		}
		if err := w.account(append(others, state)...); err != nil {
			return err
		}
	}
	w.pairs.sel = sel[:0]
	return nil
}

// growing evaluates frames that all begin with the partition with one state.
func (w *windowAgg) growing(p partition) error {
	state := w.newState(1)
	fed := p.from
	for i := p.from; i < p.to; {
		to := w.frame.bounds(p, i).to
		// All positions with the same end have the same result.
		next := i + 1
		for next < p.to && w.frame.bounds(p, next).to == to {
			next++
		}
		if err := w.feed(state, frameRange{fed, to}); err != nil {
			return err
		}
		fed = max(fed, to)
		if err := w.finish(state, i, next); err != nil {
			return err
		}
		i = next
	}
	return nil
}

// shrinking evaluates frames that all end with the partition, from its end.
func (w *windowAgg) shrinking(p partition) error {
	state := w.newState(1)
	fed := p.to
	for i := p.to; i > p.from; {
		from := w.frame.bounds(p, i-1).from
		next := i - 1
		for next > p.from && w.frame.bounds(p, next-1).from == from {
			next--
		}
		if err := w.feed(state, frameRange{from, fed}); err != nil {
			return err
		}
		fed = min(fed, from)
		if err := w.finish(state, next, i); err != nil {
			return err
		}
		i = next
	}
	return nil
}

// finish writes the result of the one group of state to positions [from, to).
func (w *windowAgg) finish(state fn.AggState, from, to int32) error {
	if err := state.Finish(w.out(), 0, 1); err != nil {
		return err
	}
	w.batch.from, w.batch.ends = from, append(w.batch.ends[:0], to)
	if err := w.store(); err != nil {
		return err
	}
	return w.x.r.check()
}

// feeding feeds each frame anew.
type feeding struct{ w *windowAgg }

func (s *feeding) states(b *frameBatch) (fn.AggState, error) {
	w := s.w
	state := w.newState(b.len())
	add := func(groups []uint32, args []*vector.Vector, sel []int32, n int) error {
		if err := state.Add(groups, args, sel, n); err != nil {
			return err
		}
		return w.account(state)
	}
	for j := range b.len() {
		for k := range b.kinds {
			if err := w.put(b.ranges[k][j], uint32(j), 0, add); err != nil {
				return nil, err
			}
		}
	}
	return state, w.flush(add)
}
