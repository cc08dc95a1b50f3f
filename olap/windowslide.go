package olap

import (
	"htapdb/sql/sqlstate"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// inverting slides states that are Inverse: group j of a batch first holds what
// frame j has more and less than the one before, and then, by running totals,
// the frame.
type inverting struct {
	w *windowAgg
	// last is the last frame of the batch before, in group 0 of carry; nil at first.
	last  frameRanges
	carry fn.AggState
}

func (s *inverting) states(b *frameBatch) (fn.AggState, error) {
	w := s.w
	state, ok := w.newState(b.len()).(fn.Inverse)
	if !ok {
		return nil, sqlstate.New(sqlstate.InternalError, "states of %s have no inverse", w.agg.Name)
	}
	last := s.last
	if s.carry != nil {
		if err := state.Merge(s.carry, nil, []uint32{0}); err != nil {
			return nil, err
		}
	} else {
		for k := range b.kinds {
			first := b.ranges[k][0]
			if err := w.feed(state, first); err != nil {
				return nil, err
			}
			last[k] = first
		}
	}
	if err := s.differences(b, last, state.Add, entering); err != nil {
		return nil, err
	}
	if err := s.differences(b, last, state.Remove, leaving); err != nil {
		return nil, err
	}
	if err := w.runningTotals(state, b.len(), nil); err != nil {
		return nil, err
	}
	end := b.len() - 1
	for k := range b.kinds {
		s.last[k] = b.ranges[k][end]
	}
	s.carry = w.newState(1)
	if err := s.carry.Merge(state, []int32{int32(end)}, []uint32{0}); err != nil {
		return nil, err
	}
	return state, w.account(state, s.carry)
}

// entering and leaving are what b has that a, the range before, has not, and
// the other way round; neither end of a is behind that of b.
func entering(a, b frameRange) frameRange { return frameRange{max(a.to, b.from), b.to} }
func leaving(a, b frameRange) frameRange  { return frameRange{a.from, min(a.to, b.from)} }

// differences passes what differs between the frames of a batch on to do.
func (s *inverting) differences(b *frameBatch, last frameRanges, do framesAt, of func(a, b frameRange) frameRange) error {
	for k := range b.kinds {
		before := last[k]
		for j, r := range b.ranges[k] {
			if err := s.w.put(of(before, r), uint32(j), 0, do); err != nil {
				return err
			}
			before = r
		}
	}
	return s.w.flush(do)
}

// runningTotals merges group j−1 into group j for each j of [1, n) that is not
// in breaks (which ascends).
func (w *windowAgg) runningTotals(state fn.AggState, n int, breaks []int) error {
	from, to := w.pairs.sel[:0], w.pairs.groups[:0]
	for j := 1; j < n; j++ {
		for len(breaks) > 0 && breaks[0] < j {
			breaks = breaks[1:]
		}
		if len(breaks) > 0 && breaks[0] == j {
			continue
		}
		from, to = append(from, int32(j-1)), append(to, uint32(j))
	}
	w.pairs.sel, w.pairs.groups = from[:0], to[:0]
	return state.Merge(state, from, to)
}

// merging slides states of a fixed size that merge, one twoEnds for each of the
// ranges of a frame.
type merging struct {
	w    *windowAgg
	ends []*twoEnds
}

func newMerging(w *windowAgg) *merging {
	m := &merging{w: w}
	for k := range w.frame.count() {
		m.ends = append(m.ends, &twoEnds{w: w, growing: k == 0 && w.frame.start == UnboundedPreceding})
	}
	return m
}

func (m *merging) states(b *frameBatch) (fn.AggState, error) {
	all := make([]uint32, b.len())
	for j := range all {
		all[j] = uint32(j)
	}
	var held []fn.AggState
	var out fn.AggState
	for k, e := range m.ends {
		heads, err := e.advance(b.ranges[k])
		if err != nil {
			return nil, err
		}
		held = append(held, e.tail, e.tails, e.heads)
		if len(m.ends) == 1 && m.w.agg.IgnoresOrder {
			// The tails go behind the heads, which saves a state.
			return heads, first(e.addTails(heads), m.w.account(held...))
		}
		if out == nil {
			out = m.w.newState(b.len())
		}
		if err := first(e.addTails(out), out.Merge(heads, nil, all)); err != nil {
			return nil, err
		}
	}
	return out, m.w.account(append(held, out)...)
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// twoEnds gives the states of ranges whose ends only move forward with a
// constant number of operations a row, without an inverse: the queue of two
// stacks that streaming systems aggregate windows with (Tangwongsan, Hirzel and
// Schneider, "General incremental sliding-window aggregation", VLDB 2015),
// a batch of ranges at a time. A segment tree (Leis et al., VLDB 2015) would
// also serve ends that move back, which no frame has, and takes
// O(log width) a row.
//
// A range that the mark lies in is a tail and a head:
//
//	        from         mark          to
//	… ·  ·  [ · · · · · · | · · · · · · ) · · …
//	          tail: rows from … mark−1   head: rows mark … to−1
//
// Tails are computed from the mark backwards, once, for all positions between
// the range's begin and the mark; heads by running totals. When a range begins
// behind the mark, its end becomes the new mark. So each row goes into one tail
// and one head. The states of a whole batch are made by a few calls.
type twoEnds struct {
	w *windowAgg
	// growing says that the ranges begin with their partitions, and so does the mark.
	growing bool
	started bool
	mark    int32
	// fed is where the head ends that is in group 0 of head.
	fed  int32
	head fn.AggState
	// tail has the tails before the mark of the batch before, tails those of this
	// batch's marks; group 0 of tail is position tailFrom.
	tail, tails fn.AggState
	tailFrom    int32
	heads       fn.AggState
	// fromOld and fromNew say which group of the two goes into which frame.
	fromOld, fromNew []int32
	toOld, toNew     []uint32
	breaks           []int
	marks            []frameRange // [begin of the first range, mark) of new marks
}

// advance computes the tails and heads of the next ranges and returns the heads,
// which are valid until the next call.
func (e *twoEnds) advance(ranges []frameRange) (fn.AggState, error) {
	w := e.w
	if len(e.marks) > 0 { // the last of the marks before is the one that matters
		e.tail = e.tails
		e.tails = nil
	}
	e.place(ranges)
	if err := e.makeTails(); err != nil {
		return nil, err
	}
	e.heads = w.newState(len(ranges))
	if e.head != nil && (len(e.breaks) == 0 || e.breaks[0] != 0) {
		if err := e.heads.Merge(e.head, nil, []uint32{0}); err != nil {
			return nil, err
		}
	}
	if err := e.makeHeads(ranges); err != nil {
		return nil, err
	}
	e.head = w.newState(1)
	return e.heads, e.head.Merge(e.heads, []int32{int32(len(ranges) - 1)}, []uint32{0})
}

// place finds the marks of the ranges and where their tails will be.
func (e *twoEnds) place(ranges []frameRange) {
	e.breaks, e.marks = e.breaks[:0], e.marks[:0]
	e.fromOld, e.fromNew, e.toOld, e.toNew = e.fromOld[:0], e.fromNew[:0], e.toOld[:0], e.toNew[:0]
	// base is the position of group 0, if all groups belonged to the last mark.
	base, groups := e.tailFrom, int32(0)
	for j, r := range ranges {
		if !e.started || r.from > e.mark {
			e.started, e.mark = true, r.to
			if e.growing {
				e.mark = r.from
			}
			e.breaks = append(e.breaks, j)
			e.marks = append(e.marks, frameRange{r.from, e.mark})
			base = r.from - groups
			groups += e.mark - r.from
		}
		if r.from >= e.mark {
			continue
		}
		if len(e.marks) == 0 {
			e.fromOld, e.toOld = append(e.fromOld, r.from-base), append(e.toOld, uint32(j))
		} else {
			e.fromNew, e.toNew = append(e.fromNew, r.from-base), append(e.toNew, uint32(j))
		}
	}
	e.tailFrom = base
}

// makeTails computes the tails of the new marks: each position's row, and then
// behind it, from the mark backwards, the tail of the next position.
func (e *twoEnds) makeTails() error {
	w := e.w
	groups := int32(0)
	for _, r := range e.marks {
		groups += r.to - r.from
	}
	if len(e.marks) == 0 {
		return nil
	}
	if err := e.reserve(int64(groups)); err != nil {
		return err
	}
	e.tails = w.newState(int(groups))
	at := uint32(0)
	for _, r := range e.marks {
		if err := w.put(r, at, 1, e.tails.Add); err != nil {
			return err
		}
		at += uint32(r.to - r.from)
	}
	if err := w.flush(e.tails.Add); err != nil {
		return err
	}
	at = 0
	for _, r := range e.marks {
		n := uint32(r.to - r.from)
		if err := e.backwards(at, at+n); err != nil {
			return err
		}
		at += n
	}
	return e.merge(0)
}

// reserve accounts for the tails of groups positions before they are made.
func (e *twoEnds) reserve(groups int64) error {
	probe := e.w.newState(vector.MaxBatch)
	each := probe.Bytes()/vector.MaxBatch + 1
	return e.w.mem.set(e.w.mem.used + groups*each)
}

// backwards gathers the merges of the groups [from, to), each into the one before.
func (e *twoEnds) backwards(from, to uint32) error {
	w := e.w
	for g := int64(to) - 2; g >= int64(from); g-- {
		w.pairs.sel, w.pairs.groups = append(w.pairs.sel, int32(g+1)), append(w.pairs.groups, uint32(g))
		if err := e.merge(vector.MaxBatch); err != nil {
			return err
		}
	}
	return nil
}

// merge does the merges gathered if there are at least n.
func (e *twoEnds) merge(n int) error {
	w := e.w
	if len(w.pairs.sel) < n {
		return nil
	}
	err := e.tails.Merge(e.tails, w.pairs.sel, w.pairs.groups)
	w.pairs.sel, w.pairs.groups = w.pairs.sel[:0], w.pairs.groups[:0]
	return first(err, w.x.r.check())
}

// makeHeads computes the heads of the ranges, group 0 holding what goes on.
func (e *twoEnds) makeHeads(ranges []frameRange) error {
	w := e.w
	marks, breaks := e.marks, e.breaks
	fed := e.fed
	for j, r := range ranges {
		isBreak := len(breaks) > 0 && breaks[0] == j
		if isBreak {
			fed = marks[0].to
			marks, breaks = marks[1:], breaks[1:]
		}
		if !w.agg.IgnoresOrder && j > 0 && !isBreak {
			// The rows go behind those of the head before.
			if err := first(w.flush(e.heads.Add), e.heads.Merge(e.heads, []int32{int32(j - 1)}, []uint32{uint32(j)})); err != nil {
				return err
			}
		}
		if r.to-fed >= vector.MaxBatch && j == 0 {
			if err := w.feed(e.heads, frameRange{fed, r.to}, e.tail, e.tails); err != nil {
				return err
			}
		} else if err := w.put(frameRange{fed, r.to}, uint32(j), 0, e.heads.Add); err != nil {
			return err
		}
		fed = max(fed, r.to)
	}
	e.fed = fed
	if err := w.flush(e.heads.Add); err != nil {
		return err
	}
	if !w.agg.IgnoresOrder {
		return nil
	}
	return w.runningTotals(e.heads, len(ranges), e.breaks)
}

// addTails merges the tails of the ranges into the groups of state.
func (e *twoEnds) addTails(state fn.AggState) error {
	if len(e.toOld) > 0 {
		if err := state.Merge(e.tail, e.fromOld, e.toOld); err != nil {
			return err
		}
	}
	if len(e.toNew) > 0 {
		return state.Merge(e.tails, e.fromNew, e.toNew)
	}
	return nil
}
