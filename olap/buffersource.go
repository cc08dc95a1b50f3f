package olap

import (
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
)

// bufferSource reads a complete rowBuffer, whole or in a given order.
type bufferSource struct {
	// fill makes the buffer; it is called by open.
	fill func(r *run) error
	buf  *rowBuffer
	// order, if not nil, lists the rows to yield; the source is ordered then.
	order []int32
	// ordered says that rows come in an order to be preserved.
	ordered bool
	// width is how many leading columns are yielded.
	width int
	next  atomic.Int64
	batch int
}

func (b *bufferSource) open(r *run) error {
	b.batch = r.batch
	return b.fill(r)
}

func (b *bufferSource) rows() int64 {
	if b.order != nil {
		return int64(len(b.order))
	}
	return int64(b.buf.rows)
}

func (b *bufferSource) parallel() int {
	if b.ordered {
		return 1
	}
	return int(b.rows()/int64(b.batch)) + 1
}

func (b *bufferSource) reader(*worker) (reader, error) {
	return &bufferReader{src: b, out: emptyBatch(b.width)}, nil
}

// emptyBatch returns a batch of n columns to be filled by gather or slice.
func emptyBatch(n int) *vector.Batch {
	b := &vector.Batch{Cols: make([]*vector.Vector, n)}
	vs := make([]vector.Vector, n)
	for i := range vs {
		b.Cols[i] = &vs[i]
	}
	return b
}

type bufferReader struct {
	src *bufferSource
	out *vector.Batch
}

func (b *bufferReader) next() (*vector.Batch, bool, error) {
	src := b.src
	total := int(src.rows())
	from := int(src.next.Add(int64(src.batch))) - src.batch
	if from >= total {
		return nil, false, nil
	}
	to := min(from+src.batch, total)
	b.out.Len = to - from
	if src.order == nil {
		src.buf.slice(b.out.Cols, from, to)
		return b.out, true, nil
	}
	rows := src.order[from:to]
	for i, out := range b.out.Cols {
		src.buf.cols[i].gather(out, rows)
	}
	return b.out, true, nil
}

func (b *bufferReader) close() {}

// bufferSink appends one worker's batches to a rowBuffer.
type bufferSink struct{ buf *rowBuffer }

func (s *bufferSink) consume(b *vector.Batch) error { return s.buf.append(b.Cols, b.Sel, b.Len) }

// collect runs the pipeline s of node n into one buffer of columns ts.
func (r *run) collect(s *stream, n Node, ts []types.Type) (*rowBuffer, error) {
	var parts []*rowBuffer
	err := r.drain(s, n, func(*worker) (sinkWorker, error) {
		parts = append(parts, newRowBuffer(ts, r.newTrack(n)))
		return &bufferSink{parts[len(parts)-1]}, nil
	})
	if err != nil {
		return nil, err
	}
	return r.concat(parts)
}

// concat joins buffers, at least one, into the first.
func (r *run) concat(parts []*rowBuffer) (*rowBuffer, error) {
	for _, p := range parts[1:] {
		if err := parts[0].adopt(p, r.check); err != nil {
			return nil, err
		}
	}
	return parts[0], nil
}
