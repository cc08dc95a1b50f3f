package olap

import (
	"htapdb/vector"
	"htapdb/vector/fn"
)

// windowAgg evaluates one aggregate for one task.
type windowAgg struct {
	x     *windowExec
	f     int
	frame *framer
	agg   *fn.Aggregate
	// The arguments are by position − first, filter the rows that count; n is
	// their number.
	first  int32
	args   []*vector.Vector
	filter *vector.Vector
	n      int

	// mem is what is held until the task is done, base of it the arguments and
	// the rest the states; kept are the texts of the results.
	mem, kept track
	base      int64

	result vector.Vector
	pairs  framePairs
	batch  frameBatch
	rows   []int32 // of store
}

// frameBatch is up to vector.MaxBatch frames. Neighbours with the same frame, as
// peers have it, share one.
type frameBatch struct {
	// from is the first position; ends has, of each frame, the position behind
	// those that have it.
	from int32
	ends []int32
	// ranges[k] are the k-th ranges of the frames.
	ranges [3][]frameRange
	kinds  int // how many of ranges are in use
}

// len returns the number of frames.
func (b *frameBatch) len() int { return len(b.ends) }

// aggregate evaluates an aggregate for one task.
//
// Both ends of a range only move forward, so states of neighbouring frames have
// almost everything in common: the cost of each way below but the last is a few
// operations a row, whatever the width of the frames.
//
//   - Inverse states: what enters is added, what leaves is removed.
//   - Others of fixed size: frames as the merge of two parts (twoEnds).
//   - States that hold their input: if frames begin with the partition one
//     state grows, if they end with it and the order does not matter likewise
//     from the other end. Else each frame is fed anew, which for string_agg costs
//     no more than its results are long.
func (x *windowExec) aggregate(t windowTask) error {
	w := &windowAgg{x: x, f: t.f, frame: &x.frames[t.f], agg: x.node.Funcs[t.f].Agg.Agg,
		mem: x.r.newTrack(x.node), kept: x.r.newTrack(x.node)}
	defer w.mem.release()
	if err := w.gatherArgs(t); err != nil {
		return err
	}
	incremental := x.incremental(t.f)
	if incremental == nil {
		return w.frames(t)
	}
	for p := t.part; p < t.partTo; p++ {
		if err := incremental(w, partition{x.partitions[p], x.partitions[p+1]}); err != nil {
			return err
		}
	}
	return nil
}

// incremental returns how function f is evaluated with one state that only
// grows, nil if it is not.
func (x *windowExec) incremental(f int) func(*windowAgg, partition) error {
	w := &x.node.Funcs[f]
	if w.Kind != WindowAggregate || w.Agg.Agg.Algebra != fn.Collects || w.Frame.Exclude != ExcludeNoOthers {
		return nil
	}
	switch {
	case w.Frame.Start == UnboundedPreceding:
		return (*windowAgg).growing
	case w.Frame.End == UnboundedFollowing && w.Agg.Agg.IgnoresOrder:
		return (*windowAgg).shrinking
	}
	return nil
}

// gatherArgs collects the arguments that the frames of t reach.
func (w *windowAgg) gatherArgs(t windowTask) error {
	x := w.x
	w.first = t.from
	end := t.to
	if t.partTo == t.part+1 {
		p := partition{x.partitions[t.part], x.partitions[t.partTo]}
		first, last := w.frame.bounds(p, t.from), w.frame.bounds(p, t.to-1)
		w.first, end = first.from, last.to
	}
	rows := x.order[w.first:end]
	w.n = len(rows)
	for _, c := range x.args[w.f] {
		w.base += int64(w.n) * (x.buf.cols[c].elementSize() + 1)
		if x.buf.cols[c].dict != nil {
			w.base += int64(w.n) * 16
		}
	}
	if err := w.mem.set(w.base); err != nil {
		return err
	}
	for _, c := range x.args[w.f] {
		v := &vector.Vector{}
		x.buf.cols[c].gather(v, rows)
		if v.Enc == vector.Dict { // once, and not at each feeding
			flat := vector.New(v.Type, w.n)
			vector.CopyInto(flat, 0, v, nil)
			v = flat
		}
		w.args = append(w.args, v)
	}
	if x.node.Funcs[w.f].Agg.Filter != nil {
		last := len(w.args) - 1
		w.filter, w.args = w.args[last], w.args[:last]
	}
	return nil
}

// counts reports whether the row at a position passes FILTER.
func (w *windowAgg) counts(pos int32) bool {
	if w.filter == nil {
		return true
	}
	i := int(pos - w.first)
	return !w.filter.IsNull(i) && w.filter.Bool[i] != 0
}

// newState returns a state of n empty groups.
func (w *windowAgg) newState(n int) fn.AggState {
	s := w.agg.NewState(&w.x.r.fctx)
	s.Grow(n)
	return s
}

// account looks at the statement's context and reserves what states have come to hold.
func (w *windowAgg) account(states ...fn.AggState) error {
	if err := w.x.r.check(); err != nil {
		return err
	}
	bytes := w.base
	for _, s := range states {
		if s != nil {
			bytes += s.Bytes()
		}
	}
	return w.mem.set(bytes)
}

// frameStates makes the states of a batch of frames, in the groups 0, 1, 2 …
type frameStates interface {
	states(b *frameBatch) (fn.AggState, error)
}

// frames evaluates the frames of t, a batch at a time. They go from one partition
// to the next like within one: forward.
func (w *windowAgg) frames(t windowTask) error {
	var way frameStates
	switch w.agg.Algebra {
	case fn.Inverts:
		way = &inverting{w: w}
	case fn.Merges:
		way = newMerging(w)
	default:
		way = &feeding{w: w}
	}
	for part, from := t.part, t.from; from < t.to; {
		part = w.nextBatch(t, part, from)
		state, err := way.states(&w.batch)
		if err != nil {
			return err
		}
		if err := state.Finish(w.out(), 0, w.batch.len()); err != nil {
			return err
		}
		if err := w.store(); err != nil {
			return err
		}
		if err := w.x.r.check(); err != nil {
			return err
		}
		from = w.batch.ends[w.batch.len()-1]
	}
	return nil
}

// nextBatch finds the frames that follow position from, which is in partition part,
// and returns the partition in which the next batch begins.
func (w *windowAgg) nextBatch(t windowTask, part int, from int32) int {
	p := partition{w.x.partitions[part], w.x.partitions[part+1]}
	b := &w.batch
	b.from, b.ends, b.kinds = from, b.ends[:0], w.frame.count()
	for k := range b.kinds {
		b.ranges[k] = b.ranges[k][:0]
	}
	var one, next frameRanges
	w.frame.ranges(p, from, &one)
	for from < t.to && len(b.ends) < vector.MaxBatch {
		for from++; from < t.to; from++ {
			if from == p.to {
				part++
				p = partition{p.to, w.x.partitions[part+1]}
			}
			if w.frame.ranges(p, from, &next); next != one {
				break
			}
		}
		b.ends = append(b.ends, from)
		for k := range b.kinds {
			b.ranges[k] = append(b.ranges[k], one[k])
		}
		one = next
	}
	return part
}

// out returns the vector that Finish fills.
func (w *windowAgg) out() *vector.Vector {
	w.result.Type = w.x.node.Funcs[w.f].Result
	return &w.result
}

// store copies the results of the batch to its positions.
func (w *windowAgg) store() error {
	b, out := &w.batch, w.x.out[w.f]
	if w.agg.Algebra == fn.Collects { // other texts are the input's own
		var bytes int64
		for _, s := range w.result.Str {
			bytes += int64(len(s))
		}
		if err := w.kept.add(bytes); err != nil {
			return err
		}
	}
	at := b.from
	if last := b.ends[b.len()-1]; int(last-at) == b.len() {
		vector.CopyInto(out, int(at), &w.result, nil)
		return nil
	}
	w.rows = w.rows[:0]
	flush := func() {
		vector.CopyInto(out, int(at), &w.result, w.rows)
		at, w.rows = at+int32(len(w.rows)), w.rows[:0]
	}
	pos := b.from
	for frame, end := range b.ends {
		for ; pos < end; pos++ {
			if w.rows = append(w.rows, int32(frame)); len(w.rows) == vector.MaxBatch {
				flush()
			}
		}
	}
	flush()
	return nil
}
