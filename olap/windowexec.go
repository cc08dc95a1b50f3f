package olap

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

func (w *Window) compile(r *run) (*stream, error) {
	input, err := w.Input.compile(r)
	if err != nil {
		return nil, err
	}
	src := &windowSource{}
	src.fill = func(r *run) error {
		x, err := newWindowExec(r, w, input)
		if err != nil {
			return err
		}
		src.exec = x
		return r.timed(w, x.compute)
	}
	return newStream(w, src), nil
}

// windowExec is one execution of a Window: the input, sorted by partition and
// order, and the columns of the functions, both by sorted position.
type windowExec struct {
	r     *run
	node  *Window
	buf   *rowBuffer
	order []int32 // positions to rows of buf
	mem   track
	// partCols and orderCols are the key columns, args the argument columns (the
	// filter last) of each function, in buf.
	partCols, orderCols []int
	args                [][]int
	frames              []framer
	// partitions and peers are the positions where these begin, and the end.
	partitions, peers []int32
	peerOf            []int32 // of each position, its index in peers
	out               []*vector.Vector
}

// newWindowExec collects and sorts the input.
func newWindowExec(r *run, w *Window, input *stream) (*windowExec, error) {
	x := &windowExec{r: r, node: w, mem: r.newTrack(w)}
	keys := make([]SortKey, 0, len(w.PartitionBy)+len(w.OrderBy))
	for _, p := range w.PartitionBy {
		keys = append(keys, SortKey{Expr: p})
	}
	keys = append(keys, w.OrderBy...)
	l := newSortLayout(w.Input.Types(), keys)
	for _, f := range w.Funcs {
		args := f.Args
		if f.Kind == WindowAggregate {
			if f.Agg.Distinct || len(f.Agg.OrderBy) > 0 {
				return nil, sqlstate.New(sqlstate.FeatureNotSupported, "DISTINCT and ORDER BY in an aggregate window function are not supported")
			}
			args = f.Agg.Args
			if f.Agg.Filter != nil {
				args = append(args[:len(args):len(args)], f.Agg.Filter)
			}
		}
		x.args = append(x.args, l.add(args))
		frame, err := r.newFramer(x, f.Frame)
		if err != nil {
			return nil, err
		}
		x.frames = append(x.frames, frame)
	}
	x.partCols, x.orderCols = l.cols[:len(w.PartitionBy)], l.cols[len(w.PartitionBy):]
	var err error
	if x.buf, err = r.collectLayout(input, w, l); err != nil {
		return nil, err
	}
	x.order, err = r.sortBuffer(w, x.buf, l.cols, keys)
	return x, err
}

// compute finds partitions and peers and evaluates the functions, in parallel
// over tasks.
func (x *windowExec) compute() error {
	n := len(x.order)
	bytes := int64(n) * 4 * 3
	for _, f := range x.node.Funcs {
		c := newColumn(f.Result)
		bytes += int64(n) * (c.elementSize() + 5)
	}
	if err := x.mem.add(bytes); err != nil {
		return err
	}
	x.split()
	for _, f := range x.node.Funcs {
		v := vector.New(f.Result, n)
		v.EnsureValid()
		x.out = append(x.out, v)
	}
	tasks := x.tasks()
	return x.r.parallel(len(tasks), func(i int) error { return x.evaluate(tasks[i]) })
}

// split finds where partitions and groups of peers begin.
func (x *windowExec) split() {
	n := int32(len(x.order))
	x.peerOf = make([]int32, n)
	same := func(cols []int, a, b int32) bool {
		for _, c := range cols {
			if x.buf.cols[c].compareNulls(int(a), int(b), SortKey{}) != 0 {
				return false
			}
		}
		return true
	}
	for p := range n {
		row := x.order[p]
		first := p == 0 || !same(x.partCols, x.order[p-1], row)
		if first {
			x.partitions = append(x.partitions, p)
		}
		if first || !same(x.orderCols, x.order[p-1], row) {
			x.peers = append(x.peers, p)
		}
		x.peerOf[p] = int32(len(x.peers) - 1)
	}
	x.partitions = append(x.partitions, n)
	x.peers = append(x.peers, n)
}

// evaluate runs one task.
func (x *windowExec) evaluate(t windowTask) error {
	if x.node.Funcs[t.f].Kind == WindowAggregate {
		return x.aggregate(t)
	}
	for p := t.part; p < t.partTo; p++ {
		part := partition{x.partitions[p], x.partitions[p+1]}
		if err := x.rankOrValue(t.f, part, max(part.from, t.from), min(part.to, t.to)); err != nil {
			return err
		}
	}
	return nil
}

// rankOrValue evaluates a function other than an aggregate at the positions
// [from, to) of one partition.
func (x *windowExec) rankOrValue(f int, p partition, from, to int32) error {
	out := x.out[f]
	rows := int64(p.to - p.from)
	firstPeer := x.peerOf[p.from]
	for i := from; i < to; i++ {
		peer := x.peerOf[i]
		start, end := int64(x.peers[peer]-p.from), int64(x.peers[peer+1]-p.from)
		switch kind := x.node.Funcs[f].Kind; kind {
		case RowNumber:
			out.I64[i] = int64(i-p.from) + 1
		case Rank:
			out.I64[i] = start + 1
		case DenseRank:
			out.I64[i] = int64(peer-firstPeer) + 1
		case PercentRank:
			out.F64[i] = 0
			if rows > 1 {
				out.F64[i] = float64(start) / float64(rows-1)
			}
		case CumeDist:
			out.F64[i] = float64(end) / float64(rows)
		case Ntile:
			d := x.arg(f, 0, i)
			if d.IsNull() {
				out.Valid[i] = 0
				continue
			}
			if d.Int() <= 0 {
				return sqlstate.New(sqlstate.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
			}
			out.Set(int(i), types.NewInt(out.Type.Physical(), ntile(int64(i-p.from), rows, d.Int())))
		default:
			if err := x.value(f, kind, p, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// ntile returns the bucket, from 1, of row i of n rows in buckets whose sizes
// differ by one at most, the larger first.
func ntile(i, n, buckets int64) int64 {
	size, larger := n/buckets, n%buckets
	if i < larger*(size+1) {
		return i/(size+1) + 1
	}
	return larger + (i-larger*(size+1))/size + 1
}

// arg returns argument a of function f at a position.
func (x *windowExec) arg(f, a int, pos int32) types.Datum {
	return x.buf.cols[x.args[f][a]].datum(int(x.order[pos]))
}

// value evaluates a function that copies its argument from another row.
func (x *windowExec) value(f int, kind WindowKind, p partition, i int32) error {
	var at int64
	ok := true
	switch kind {
	case Lag, Lead:
		offset := int64(1)
		if len(x.args[f]) > 1 {
			d := x.arg(f, 1, i)
			if d.IsNull() {
				x.out[f].Valid[i] = 0
				return nil
			}
			offset = d.Int()
		}
		if kind == Lag {
			offset = -offset
		}
		at = int64(i) + offset
		ok = at >= int64(p.from) && at < int64(p.to)
		if !ok && len(x.args[f]) > 2 {
			x.out[f].Set(int(i), x.arg(f, 2, i))
			return nil
		}
	default:
		nth := int64(1)
		if kind == NthValue {
			d := x.arg(f, 1, i)
			if d.IsNull() {
				x.out[f].Valid[i] = 0
				return nil
			}
			if nth = d.Int(); nth <= 0 {
				return sqlstate.New(sqlstate.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
			}
		}
		var ranges frameRanges
		n := x.frames[f].ranges(p, i, &ranges)
		if kind == LastValue {
			at, ok = lastOf(ranges[:n])
		} else {
			at, ok = nthOf(ranges[:n], nth)
		}
	}
	if !ok {
		x.out[f].Valid[i] = 0
		return nil
	}
	x.out[f].Set(int(i), x.arg(f, 0, int32(at)))
	return nil
}

// windowSource yields the sorted input with the functions' columns.
type windowSource struct {
	fill  func(r *run) error
	exec  *windowExec
	batch int
	at    int
}

func (s *windowSource) open(r *run) error { s.batch = r.batch; return s.fill(r) }
func (s *windowSource) parallel() int     { return 1 }
func (s *windowSource) rows() int64       { return int64(len(s.exec.order)) }

func (s *windowSource) reader(*worker) (reader, error) {
	n := len(s.exec.node.Types())
	return &windowReader{src: s, out: emptyBatch(n)}, nil
}

type windowReader struct {
	src *windowSource
	out *vector.Batch
}

func (w *windowReader) next() (*vector.Batch, bool, error) {
	x := w.src.exec
	from := w.src.at
	if from >= len(x.order) {
		return nil, false, nil
	}
	to := min(from+w.src.batch, len(x.order))
	w.src.at = to
	w.out.Len = to - from
	inputs := len(w.out.Cols) - len(x.out)
	for c := range inputs {
		x.buf.cols[c].gather(w.out.Cols[c], x.order[from:to])
	}
	for f, v := range x.out {
		w.out.Cols[inputs+f] = v.Slice(from, to)
	}
	return w.out, true, nil
}

func (w *windowReader) close() {}

// add appends expressions to the columns kept and returns where each is.
func (l *sortLayout) add(list []fn.Expr) []int {
	var at []int
	for _, e := range list {
		if c, ok := e.(*fn.Column); ok {
			at = append(at, c.Index)
			continue
		}
		at = append(at, len(l.types))
		l.types = append(l.types, e.Type())
		l.extra = append(l.extra, e)
	}
	return at
}
