package olap

import (
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// frameOffsets are the evaluated offsets of a frame.
type frameOffsets struct{ start, end int64 }

// frameOffsets evaluates and checks the offsets of f.
func (r *run) frameOffsets(f Frame) (o frameOffsets, err error) {
	eval := func(x fn.Expr, which string) (int64, error) {
		if f.Mode == FrameRange {
			return 0, sqlstate.New(sqlstate.FeatureNotSupported, "RANGE with an offset is not supported in a window frame")
		}
		d, err := r.scalar(x)
		switch {
		case err != nil:
			return 0, err
		case d.IsNull():
			return 0, sqlstate.New(sqlstate.NullValueNotAllowed, "frame %s offset must not be null", which)
		case d.Int() < 0:
			return 0, sqlstate.New(sqlstate.InvalidFrameOffset, "frame %s offset must not be negative", which)
		}
		return min(d.Int(), math.MaxInt32), nil
	}
	if f.Start == Preceding || f.Start == Following {
		if o.start, err = eval(f.StartOffset, "starting"); err != nil {
			return o, err
		}
	}
	if f.End == Preceding || f.End == Following {
		o.end, err = eval(f.EndOffset, "ending")
	}
	return o, err
}

// bounds returns the frame [from, to) of position i in partition p; from ≥ to is
// an empty frame.
func (x *windowExec) bounds(f int, p partition, i int32) (from, to int32) {
	frame, o := x.node.Funcs[f].Frame, x.frames[f]
	from, to = p.from, p.to
	switch frame.Start {
	case CurrentRow:
		from = x.move(frame.Mode, p, i, 0, false)
	case Preceding:
		from = x.move(frame.Mode, p, i, -o.start, false)
	case Following:
		from = x.move(frame.Mode, p, i, o.start, false)
	}
	switch frame.End {
	case CurrentRow, UnboundedPreceding:
		to = x.move(frame.Mode, p, i, 0, true)
	case Preceding:
		to = x.move(frame.Mode, p, i, -o.end, true)
	case Following:
		to = x.move(frame.Mode, p, i, o.end, true)
	}
	return from, max(to, from)
}

// move returns the beginning (or the end) of what lies delta rows or groups of
// peers after position i, clamped to the partition.
func (x *windowExec) move(mode FrameMode, p partition, i int32, delta int64, end bool) int32 {
	if mode == FrameRows {
		at := int64(i) + delta
		if end {
			at++
		}
		return int32(min(max(at, int64(p.from)), int64(p.to)))
	}
	group := int64(x.peerOf[i]) + delta
	if end {
		group++
	}
	switch {
	case group <= int64(x.peerOf[p.from]):
		return p.from
	case group > int64(x.peerOf[p.to-1]):
		return p.to
	}
	return x.peers[group]
}

// aggregate evaluates an aggregate over the frames of some partitions.
//
// Frames that begin with the partition grow as the position moves: one state
// takes the rows one after the other. Those that end with the partition are the
// same from the other end, unless the order matters. All others are fed anew
// for every frame, many frames at once, which costs the sum of the lengths of
// the frames that differ from the one before.
func (x *windowExec) aggregate(f int, r partitionRange) error {
	w := &windowAgg{x: x, f: f, first: x.partitions[r.from], mem: x.r.newTrack(x.node), kept: x.r.newTrack(x.node)}
	defer w.mem.release()
	if err := w.gatherArgs(x.partitions[r.to]); err != nil {
		return err
	}
	for p := r.from; p < r.to; p++ {
		part := partition{x.partitions[p], x.partitions[p+1]}
		var err error
		switch frame := x.node.Funcs[f].Frame; {
		case frame.Start == UnboundedPreceding:
			err = w.growing(part)
		case frame.End == UnboundedFollowing && x.node.Funcs[f].Agg.Agg.IgnoresOrder:
			err = w.shrinking(part)
		default:
			err = w.sliding(part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// windowAgg evaluates one aggregate over a range of positions that begins at first.
type windowAgg struct {
	x     *windowExec
	f     int
	first int32
	// args are the arguments by position − first, filter the rows that count.
	args   []*vector.Vector
	filter *vector.Vector
	n      int

	// mem is what is held until the range is done, base of it the arguments and
	// the rest the states; kept are the texts of the results.
	mem, kept track
	base      int64

	result vector.Vector
	sel    []int32
	groups []uint32
	ends   []int32 // of each frame of a batch, the position behind those that have it
}

// gatherArgs collects the arguments of the positions [first, end).
func (w *windowAgg) gatherArgs(end int32) error {
	x := w.x
	rows := x.order[w.first:end]
	w.n = len(rows)
	for _, c := range x.args[w.f] {
		w.base += int64(w.n) * (x.buf.cols[c].elementSize() + 1)
	}
	if err := w.mem.set(w.base); err != nil {
		return err
	}
	for _, c := range x.args[w.f] {
		v := &vector.Vector{}
		x.buf.cols[c].gather(v, rows)
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

func (w *windowAgg) newState() fn.AggState {
	return w.x.node.Funcs[w.f].Agg.Agg.NewState(&w.x.r.fctx)
}

// growing evaluates frames that all begin with the partition.
func (w *windowAgg) growing(p partition) error {
	state := w.newState()
	state.Grow(1)
	fed := p.from
	for i := p.from; i < p.to; {
		_, to := w.x.bounds(w.f, p, i)
		// All positions with the same end have the same result.
		next := i + 1
		for next < p.to {
			if _, t := w.x.bounds(w.f, p, next); t != to {
				break
			}
			next++
		}
		if err := w.feed(state, fed, to); err != nil {
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
	state := w.newState()
	state.Grow(1)
	fed := p.to
	for i := p.to; i > p.from; {
		from, _ := w.x.bounds(w.f, p, i-1)
		next := i - 1
		for next > p.from {
			if f, _ := w.x.bounds(w.f, p, next-1); f != from {
				break
			}
			next--
		}
		if err := w.feed(state, from, fed); err != nil {
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

// feedRows is how many rows go into a state before the next look at the memory
// that it holds and at the statement's context.
const feedRows = 16 * vector.MaxBatch

// feed adds the rows at positions [from, to) to the one group of state.
func (w *windowAgg) feed(state fn.AggState, from, to int32) error {
	for from < to {
		w.sel = w.sel[:0]
		for ; from < to && len(w.sel) < feedRows; from++ {
			if w.counts(from) {
				w.sel = append(w.sel, from-w.first)
			}
		}
		if len(w.sel) == 0 {
			return nil
		}
		if err := state.AddAll(w.args, w.sel, w.n); err != nil {
			return err
		}
		if err := w.account(state); err != nil {
			return err
		}
	}
	return nil
}

// account reserves what state has come to hold.
func (w *windowAgg) account(state fn.AggState) error {
	if err := w.x.r.check(); err != nil {
		return err
	}
	return w.mem.set(w.base + state.Bytes())
}

// finish writes the result of the one group of state to positions [from, to).
func (w *windowAgg) finish(state fn.AggState, from, to int32) error {
	if err := state.Finish(w.out(), 0, 1); err != nil {
		return err
	}
	if err := w.store(0, from, to); err != nil {
		return err
	}
	return w.x.r.check()
}

// store copies row i of the results to positions [from, to), which share a text.
// Texts that do not depend on the order (min, max) are the input's own.
func (w *windowAgg) store(i int, from, to int32) error {
	if len(w.result.Str) > i && !w.x.node.Funcs[w.f].Agg.Agg.IgnoresOrder {
		if err := w.kept.add(int64(len(w.result.Str[i]))); err != nil {
			return err
		}
	}
	d := w.result.Datum(i)
	for ; from < to; from++ {
		w.x.out[w.f].Set(int(from), d)
	}
	return nil
}

// out returns the vector that Finish fills.
func (w *windowAgg) out() *vector.Vector {
	w.result.Type = w.x.node.Funcs[w.f].Result
	return &w.result
}

// sliding evaluates frames of any kind, a batch of frames at a time. Neighbours
// with the same frame, as peers have it, share one.
func (w *windowAgg) sliding(p partition) error {
	for from := p.from; from < p.to; {
		state := w.newState()
		state.Grow(vector.MaxBatch)
		w.sel, w.groups, w.ends = w.sel[:0], w.groups[:0], w.ends[:0]
		to := from
		for to < p.to && len(w.ends) < vector.MaxBatch {
			start, end := w.x.bounds(w.f, p, to)
			if err := w.feedFrame(state, start, end); err != nil {
				return err
			}
			for to++; to < p.to; to++ {
				if s, e := w.x.bounds(w.f, p, to); s != start || e != end {
					break
				}
			}
			w.ends = append(w.ends, to)
		}
		if err := w.flush(state); err != nil {
			return err
		}
		if err := state.Finish(w.out(), 0, len(w.ends)); err != nil {
			return err
		}
		for frame, end := range w.ends {
			if err := w.store(frame, from, end); err != nil {
				return err
			}
			from = end
		}
	}
	return nil
}

// feedFrame adds the rows at positions [start, end) to the next frame's group.
func (w *windowAgg) feedFrame(state fn.AggState, start, end int32) error {
	for pos := start; pos < end; pos++ {
		if !w.counts(pos) {
			continue
		}
		w.sel, w.groups = append(w.sel, pos-w.first), append(w.groups, uint32(len(w.ends)))
		if len(w.sel) == vector.MaxBatch {
			if err := w.flush(state); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush feeds the pairs gathered so far.
func (w *windowAgg) flush(state fn.AggState) error {
	if len(w.sel) == 0 {
		return nil
	}
	if err := state.Add(w.groups, w.args, w.sel, w.n); err != nil {
		return err
	}
	w.sel, w.groups = w.sel[:0], w.groups[:0]
	return w.account(state)
}
