package olap

import (
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
	"htapdb/vector/predicate"
)

// TopN is a Limit over a Sort that keeps only the rows it may yield.
type TopN struct {
	Input Node
	// Keys are over Input's columns, as in Sort.
	Keys []SortKey
	// Count and Offset are as in Limit; a nil or NULL Count makes it a Sort.
	Count, Offset fn.Expr
}

// Types returns the input's.
func (t *TopN) Types() []types.Type { return t.Input.Types() }

// Inputs returns the input.
func (t *TopN) Inputs() []Node { return []Node{t.Input} }

// Name returns "Top-N Sort".
func (t *TopN) Name() string { return "Top-N Sort" }

func (t *TopN) compile(r *run) (*stream, error) {
	input, err := t.Input.compile(r)
	if err != nil {
		return nil, err
	}
	src := &bufferSource{ordered: true, width: len(t.Types())}
	src.fill = func(r *run) error {
		first, last, err := r.limits(t.Count, t.Offset)
		if err != nil {
			return err
		}
		l := newSortLayout(t.Types(), t.Keys)
		if first >= last {
			src.buf = newRowBuffer(l.types, r.newTrack(t))
			return nil
		}
		top := &topN{node: t, r: r, layout: l, keep: last}
		top.announce(input)
		if src.buf, src.order, err = top.run(input); err != nil {
			return err
		}
		n := int64(len(src.order))
		src.order = src.order[min(first, n):min(last, n)]
		return nil
	}
	return newStream(t, src), nil
}

// topN is one execution of a TopN.
type topN struct {
	node   *TopN
	r      *run
	layout *sortLayout
	keep   int64 // rows to keep: offset and count
	filter *predicate.Moving
}

// announce gives the scan below, if the first key is one of its columns, a
// filter that will follow the threshold.
func (t *topN) announce(input *stream) {
	t.filter = &predicate.Moving{KeepNulls: t.node.Keys[0].NullsFirst}
	if _, ok := t.node.Keys[0].Expr.(*fn.Column); !ok {
		return
	}
	f := &RuntimeFilter{Source: t.node.Name(), Moving: t.filter}
	for _, s := range input.scansOf(len(input.ops), t.layout.cols[0]) {
		s.scan.filters = append(s.scan.filters, pushedFilter{s.col, f})
	}
}

func (t *topN) run(input *stream) (*rowBuffer, []int32, error) {
	var parts []*rowBuffer
	var sinks []*topNSink
	err := t.r.drain(input, t.node, func(*worker) (sinkWorker, error) {
		e, err := t.r.newExprs(t.layout.extra)
		b := newRowBuffer(t.layout.types, t.r.newTrack(t.node))
		s := &topNSink{top: t, sortSink: sortSink{buf: b, exprs: e}}
		sinks = append(sinks, s)
		return s, err
	})
	if err != nil {
		return nil, nil, err
	}
	for _, s := range sinks {
		parts = append(parts, s.buf)
	}
	buf, err := t.r.concat(parts)
	if err != nil {
		return nil, nil, err
	}
	order, err := t.r.sortBuffer(t.node, buf, t.layout.cols, t.node.Keys)
	return buf, order, err
}

// topNSink keeps the best rows that one worker has met, and some more: when
// twice as many have gathered, it sorts them and forgets the worse half.
type topNSink struct {
	sortSink
	top *topN
	// limited says that threshold, the first key of the worst row that is sure to
	// be kept, is known.
	limited   bool
	threshold types.Datum
	sel       []int32
}

// topNSlack is how many rows beyond those to keep are gathered at least.
const topNSlack = 4096

func (s *topNSink) consume(b *vector.Batch) error {
	cols, err := s.columns(b)
	if err != nil {
		return err
	}
	sel := b.Sel
	if s.limited {
		sel = s.candidates(cols[s.top.layout.cols[0]], sel, b.Len)
		if len(sel) == 0 {
			return nil
		}
	}
	if err := s.buf.append(cols, sel, b.Len); err != nil {
		return err
	}
	keep := s.top.keep
	if n := int64(s.buf.rows); n-keep >= topNSlack && n-keep >= keep {
		return s.shrink()
	}
	return nil
}

// candidates returns the rows whose first key is not beyond the threshold.
func (s *topNSink) candidates(key *vector.Vector, sel []int32, n int) []int32 {
	k := s.top.node.Keys[0]
	s.sel = growBytes(s.sel, n)
	if s.threshold.IsNull() {
		if k.NullsFirst {
			s.sel = selectNulls(key, sel, n, s.sel[:0])
			return s.sel
		}
		return keepAll(sel, n, s.sel[:0])
	}
	op := vector.Le
	if k.Desc {
		op = vector.Ge
	}
	if k.NullsFirst && key.HasNulls() {
		return mergeSel(selectNulls(key, sel, n, nil), vector.SelectCmp(op, key, s.threshold, sel, n, s.sel))
	}
	return vector.SelectCmp(op, key, s.threshold, sel, n, s.sel)
}

// keepAll returns sel, or the first n rows.
func keepAll(sel []int32, n int, dst []int32) []int32 {
	if sel != nil {
		return sel
	}
	return allRows(dst, n)
}

// selectNulls appends the rows where v is null.
func selectNulls(v *vector.Vector, sel []int32, n int, dst []int32) []int32 {
	if sel != nil {
		n = len(sel)
	}
	for k := range n {
		if r := rowOf(sel, k); v.IsNull(r) {
			dst = append(dst, int32(r))
		}
	}
	return dst
}

// mergeSel merges two ascending selections without common rows.
func mergeSel(a, b []int32) []int32 {
	out := make([]int32, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// shrink forgets all but the best rows and notes the threshold.
func (s *topNSink) shrink() error {
	t := s.top
	order, err := t.r.sortAlone(t.node, s.buf, t.layout.cols, t.node.Keys)
	if err != nil {
		return err
	}
	order = order[:t.keep]
	kept := newRowBuffer(t.layout.types, t.r.newTrack(t.node))
	out := emptyBatch(len(t.layout.types)).Cols
	all := allColumns(nil, len(out))
	for from := 0; from < len(order); from += vector.MaxBatch {
		rows := order[from:min(from+vector.MaxBatch, len(order))]
		s.buf.gather(out, all, rows)
		if err := kept.append(out, nil, len(rows)); err != nil {
			return err
		}
	}
	s.buf.release()
	s.buf = kept
	var key vector.Vector
	kept.cols[t.layout.cols[0]].gather(&key, []int32{int32(kept.rows - 1)})
	s.threshold, s.limited = key.Datum(0), true
	t.tighten(s.threshold)
	return nil
}

// tighten narrows the announced filter to the threshold of one worker.
func (t *topN) tighten(threshold types.Datum) {
	k := t.node.Keys[0]
	p := &predicate.Predicate{Kind: predicate.Compare, Op: vector.Le, Value: threshold}
	switch {
	case threshold.IsNull() && !k.NullsFirst:
		return // NULLs are among the best: every value is before them
	case threshold.IsNull():
		p = &predicate.Predicate{Kind: predicate.IsNull}
	case k.Desc:
		p.Op = vector.Ge
	}
	for {
		old := t.filter.Load()
		if old != nil && !narrower(old, p) || t.filter.Narrow(old, p) {
			return
		}
	}
}

// narrower reports whether the threshold p leaves fewer rows than old does.
func narrower(old, p *predicate.Predicate) bool {
	if old.Kind == predicate.IsNull || p.Kind == predicate.IsNull {
		return old.Kind != predicate.IsNull
	}
	return p.Op.Holds(vector.CompareDatum(p.Value, old.Value)) && vector.CompareDatum(p.Value, old.Value) != 0
}
