package olap

import (
	"math"

	"htapdb/sql/sqlstate"
	"htapdb/vector/fn"
)

// framer finds the frames of one window function.
type framer struct {
	x          *windowExec
	mode       FrameMode
	start, end FrameBound
	// startBy and endBy are the evaluated offsets.
	startBy, endBy int64
	exclude        FrameExclusion
}

// frameRanges are the consecutive ranges of positions that make one frame: one,
// and up to three with an exclusion. How many there are depends on the
// exclusion alone, so that the k-th ranges of all frames of a partition form a
// series. Ranges may be empty.
//
// Invariant: from one position to the next neither end of a k-th range moves back.
type frameRanges [3]frameRange

// frameRange is the positions [from, to), from ≤ to.
type frameRange struct{ from, to int32 }

// newFramer evaluates and checks the offsets of f.
func (r *run) newFramer(x *windowExec, f Frame) (framer, error) {
	out := framer{x: x, mode: f.Mode, start: f.Start, end: f.End, exclude: f.Exclude}
	eval := func(e fn.Expr, which string) (int64, error) {
		if f.Mode == FrameRange {
			return 0, sqlstate.New(sqlstate.FeatureNotSupported, "RANGE with an offset is not supported in a window frame")
		}
		d, err := r.scalar(e)
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
	var err error
	if f.Start == Preceding || f.Start == Following {
		if out.startBy, err = eval(f.StartOffset, "starting"); err != nil {
			return out, err
		}
	}
	if f.End == Preceding || f.End == Following {
		out.endBy, err = eval(f.EndOffset, "ending")
	}
	if f.Start == Preceding {
		out.startBy = -out.startBy
	}
	if f.End == Preceding {
		out.endBy = -out.endBy
	}
	return out, err
}

// bounds returns the frame of position i in partition p before the exclusion.
func (f *framer) bounds(p partition, i int32) frameRange {
	from, to := p.from, p.to
	if f.start != UnboundedPreceding {
		from = f.move(p, i, f.startBy, false)
	}
	if f.end != UnboundedFollowing {
		to = f.move(p, i, f.endBy, true)
	}
	return frameRange{from, max(to, from)}
}

// move returns the beginning (or the end) of what lies delta rows or groups of
// peers after position i, clamped to the partition.
func (f *framer) move(p partition, i int32, delta int64, end bool) int32 {
	if f.mode == FrameRows {
		at := int64(i) + delta
		if end {
			at++
		}
		return int32(min(max(at, int64(p.from)), int64(p.to)))
	}
	x := f.x
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

// count returns how many ranges the frames have.
func (f *framer) count() int {
	switch f.exclude {
	case ExcludeNoOthers:
		return 1
	case ExcludeTies:
		return 3
	}
	return 2
}

// ranges fills out with the ranges of the frame of position i in partition p and
// returns their number.
func (f *framer) ranges(p partition, i int32, out *frameRanges) int {
	frame := f.bounds(p, i)
	if f.exclude == ExcludeNoOthers {
		out[0] = frame
		return 1
	}
	without := frameRange{i, i + 1}
	if f.exclude != ExcludeCurrentRow {
		peer := f.x.peerOf[i]
		without = frameRange{f.x.peers[peer], f.x.peers[peer+1]}
	}
	clamp := func(r frameRange) frameRange {
		from := min(max(r.from, frame.from), frame.to)
		return frameRange{from, max(from, min(r.to, frame.to))}
	}
	before, after := clamp(frameRange{p.from, without.from}), clamp(frameRange{without.to, p.to})
	if f.exclude == ExcludeTies {
		*out = frameRanges{before, clamp(frameRange{i, i + 1}), after}
		return 3
	}
	*out = frameRanges{before, after}
	return 2
}

// nthOf returns the n-th position of a frame, from 1.
func nthOf(ranges []frameRange, n int64) (at int64, ok bool) {
	for _, r := range ranges {
		size := int64(r.to - r.from)
		if n <= size {
			return int64(r.from) + n - 1, true
		}
		n -= size
	}
	return 0, false
}

// lastOf returns the last position of a frame.
func lastOf(ranges []frameRange) (at int64, ok bool) {
	for k := len(ranges) - 1; k >= 0; k-- {
		if r := ranges[k]; r.from < r.to {
			return int64(r.to) - 1, true
		}
	}
	return 0, false
}
