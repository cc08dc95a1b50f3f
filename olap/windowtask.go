package olap

// windowTask is one function over the positions [from, to), which lie in the
// partitions [part, partTo): in several whole ones or in a piece of one.
type windowTask struct {
	f            int
	part, partTo int
	from, to     int32
}

// partition is the positions [from, to) of one partition.
type partition struct{ from, to int32 }

// minFramePiece is how many rows of a large partition a task takes at least. A
// task begins with feeding its first frame, so pieces are also several times as
// long as that.
const (
	minFramePiece    = 4 * sortChunk
	framePieceFrames = 4
)

// tasks cuts the functions' work into tasks: ranges of small partitions of about
// sortChunk rows, and pieces of large ones. The cuts depend on the data alone:
// sums of floats, which are rounded as the cuts fall, are the same with any
// number of workers.
func (x *windowExec) tasks() []windowTask {
	var out []windowTask
	for f := range x.node.Funcs {
		for from := 0; from < len(x.partitions)-1; {
			to := from + 1
			for to < len(x.partitions)-1 && x.partitions[to+1]-x.partitions[from] <= sortChunk {
				to++
			}
			t := windowTask{f: f, part: from, partTo: to, from: x.partitions[from], to: x.partitions[to]}
			out = x.pieces(out, t)
			from = to
		}
	}
	return out
}

// pieces appends the pieces of t, which is one partition if it is large.
func (x *windowExec) pieces(out []windowTask, t windowTask) []windowTask {
	p := partition{t.from, t.to}
	if t.partTo > t.part+1 || x.incremental(t.f) != nil {
		return append(out, t)
	}
	aggregate := x.node.Funcs[t.f].Kind == WindowAggregate
	for at := p.from; at < p.to; {
		size := int64(sortChunk)
		if aggregate {
			first := x.frames[t.f].bounds(p, at)
			size = max(minFramePiece, framePieceFrames*int64(first.to-first.from))
		}
		next := p.to
		if rest := int64(p.to - at); rest > size+size/2 {
			next = at + int32(size)
		}
		t.from, t.to = at, next
		out = append(out, t)
		at = next
	}
	return out
}
