package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Sort yields its input ordered by Keys. It is not stable.
type Sort struct {
	Input Node
	// Keys are over Input's columns, the most significant first.
	Keys []SortKey
}

// Types returns the input's.
func (s *Sort) Types() []types.Type { return s.Input.Types() }

// Inputs returns the input.
func (s *Sort) Inputs() []Node { return []Node{s.Input} }

// Name returns "Sort".
func (s *Sort) Name() string { return "Sort" }

func (s *Sort) compile(r *run) (*stream, error) {
	input, err := s.Input.compile(r)
	if err != nil {
		return nil, err
	}
	src := &bufferSource{ordered: true, width: len(s.Types())}
	src.fill = func(r *run) error {
		buf, cols, err := r.collectSorted(input, s, s.Keys)
		if err != nil {
			return err
		}
		src.buf = buf
		src.order, err = r.sortBuffer(s, buf, cols, s.Keys)
		return err
	}
	return newStream(s, src), nil
}

// sortLayout says where the sort keys are found in the rows that a sort keeps:
// the input's columns, then those keys that are not columns.
type sortLayout struct {
	types []types.Type // of all columns kept
	cols  []int        // of each key
	extra []fn.Expr
}

func newSortLayout(input []types.Type, keys []SortKey) *sortLayout {
	l := &sortLayout{types: append([]types.Type(nil), input...)}
	for _, k := range keys {
		if c, ok := k.Expr.(*fn.Column); ok {
			l.cols = append(l.cols, c.Index)
			continue
		}
		l.cols = append(l.cols, len(l.types))
		l.types = append(l.types, k.Expr.Type())
		l.extra = append(l.extra, k.Expr)
	}
	return l
}

// sortSink keeps one worker's rows with their computed keys.
type sortSink struct {
	buf   *rowBuffer
	exprs *exprs // of the extra columns
	cols  []*vector.Vector
}

func (s *sortSink) consume(b *vector.Batch) error {
	cols, err := s.columns(b)
	if err != nil {
		return err
	}
	return s.buf.append(cols, b.Sel, b.Len)
}

// columns returns b's columns with the extra ones.
func (s *sortSink) columns(b *vector.Batch) ([]*vector.Vector, error) {
	extra, err := s.exprs.eval(b)
	if err != nil || len(extra) == 0 {
		return b.Cols, err
	}
	s.cols = append(append(s.cols[:0], b.Cols...), extra...)
	return s.cols, nil
}

// collectSorted keeps the rows of input for node n, with the columns cols that
// hold the keys.
func (r *run) collectSorted(input *stream, n Node, keys []SortKey) (buf *rowBuffer, cols []int, err error) {
	l := newSortLayout(n.Inputs()[0].Types(), keys)
	buf, err = r.collectLayout(input, n, l)
	return buf, l.cols, err
}

// collectLayout keeps the rows of input for node n, with the columns of l.
func (r *run) collectLayout(input *stream, n Node, l *sortLayout) (*rowBuffer, error) {
	var parts []*rowBuffer
	err := r.drain(input, n, func(w *worker) (sinkWorker, error) {
		e, err := r.newExprs(l.extra)
		b := newRowBuffer(l.types, r.newTrack(n))
		parts = append(parts, b)
		return &sortSink{buf: b, exprs: e}, err
	})
	if err != nil {
		return nil, err
	}
	return r.concat(parts)
}
