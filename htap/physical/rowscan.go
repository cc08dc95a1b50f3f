package physical

import (
	"context"
	"sort"

	"htapdb/htap/catalog"
	"htapdb/htap/transpose"
	"htapdb/olap"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector"
)

// scanBase is what the sources over stored tables share.
type scanBase struct {
	st     *Statement
	plan   *plan.Scan
	desc   *catalog.Table
	schema *rowstore.Schema
	types  []types.Type
}

// Types implements olap.Source.
func (s *scanBase) Types() []types.Type { return s.types }

// rowSource reads the row store: one row by key, several, or ranges.
type rowSource struct {
	scanBase
	// keys are primary keys to look up, in order; spans are ranges of index.
	keys  []rowstore.Key
	index uint32
	spans []rowstore.Span
}

// EstimatedRows implements olap.Source.
func (s *rowSource) EstimatedRows() float64 {
	if s.plan.Access == nil || s.plan.Access.Path == plan.RowScan {
		return s.plan.Table.RowCount()
	}
	return s.plan.Access.EstRows
}

// resolve computes what to read from the router's decision.
func (s *rowSource) resolve() error {
	a := s.plan.Access
	if a == nil || a.Path == plan.RowScan {
		s.spans = []rowstore.Span{{}}
		return nil
	}
	if a.Index != nil {
		s.index = a.Index.ID
	}
	prefixes := a.Keys
	if len(prefixes) == 0 && a.Path == plan.RowIndexScan {
		prefixes = append(prefixes, nil)
	}
	for _, exprs := range prefixes {
		eq := make([]types.Datum, len(exprs))
		null := false
		for i, e := range exprs {
			d, err := s.st.constant(e)
			if err != nil {
				return err
			}
			eq[i], null = d, null || d.IsNull()
		}
		if null {
			continue // NULL equals nothing
		}
		if err := s.addKey(a, eq); err != nil {
			return err
		}
	}
	s.dedup()
	return nil
}

// addKey adds one prefix as a key or as a span.
func (s *rowSource) addKey(a *plan.Access, eq []types.Datum) error {
	if s.index == 0 && !s.desc.HiddenKey() && len(eq) == len(s.desc.Primary) && a.Lo == nil && a.Hi == nil {
		key, err := s.schema.PrimaryKey(eq...)
		if err != nil {
			return err
		}
		s.keys = append(s.keys, key)
		return nil
	}
	lo, err := s.bound(a.Lo)
	if err != nil {
		return err
	}
	hi, err := s.bound(a.Hi)
	if err != nil {
		return err
	}
	span, err := s.schema.KeySpan(s.index, eq, lo, hi)
	if err != nil || span.Empty() {
		return err
	}
	s.spans = append(s.spans, span)
	return nil
}

func (s *rowSource) bound(b *plan.Bound) (*rowstore.Bound, error) {
	if b == nil {
		return nil, nil
	}
	d, err := s.st.constant(b.Expr)
	return &rowstore.Bound{Value: d, Inclusive: b.Inclusive}, err
}

// dedup sorts keys and spans and drops repeated ones: IN (1, 1) yields a row once.
func (s *rowSource) dedup() {
	sort.Slice(s.keys, func(i, j int) bool { return string(s.keys[i]) < string(s.keys[j]) })
	keys := s.keys[:0]
	for i, k := range s.keys {
		if i == 0 || string(k) != string(s.keys[i-1]) {
			keys = append(keys, k)
		}
	}
	s.keys = keys
	sort.Slice(s.spans, func(i, j int) bool { return string(s.spans[i].Start) < string(s.spans[j].Start) })
	spans := s.spans[:0]
	for i, x := range s.spans {
		if i == 0 || string(x.Start) != string(spans[len(spans)-1].Start) {
			spans = append(spans, x)
		}
	}
	s.spans = spans
}

// Open implements olap.Source.
func (s *rowSource) Open(_ context.Context, ex *olap.Exec) (olap.Scanner, error) {
	size := ex.BatchSize
	if size <= 0 {
		size = vector.MaxBatch
	}
	return &rowScanner{source: s, batchSize: size}, nil
}

// rowScanner has one reader that does the work: the row path is for few rows.
type rowScanner struct {
	source    *rowSource
	batchSize int
	given     bool
}

// NewReader implements olap.Scanner.
func (s *rowScanner) NewReader() (olap.Reader, error) {
	if s.given {
		return emptyReader{}, nil
	}
	s.given = true
	return &rowReader{rowSource: s.source, filler: newRowFiller(s.source.plan.Cols), size: s.batchSize}, nil
}

// Close implements olap.Scanner.
func (s *rowScanner) Close() {}

// emptyReader has no rows.
type emptyReader struct{}

func (emptyReader) Next(context.Context) (*vector.Batch, error) { return nil, nil }
func (emptyReader) Close()                                      {}

// rowReader looks up the keys, then walks the spans.
type rowReader struct {
	*rowSource
	filler *rowFiller
	size   int
	key    int // next key
	span   int // next span
	it     *rowstore.Iterator
	batch  *vector.Batch
}

// firstBatch is the size of the first batch of a range; it doubles, so that a
// short range does not pay for a long one's buffers.
const firstBatch = 64

// Next implements olap.Reader.
func (r *rowReader) Next(context.Context) (*vector.Batch, error) {
	n := r.prepare()
	i := 0
	for ; i < n && r.key < len(r.keys); r.key++ {
		row, found, err := r.st.Rows.Get(r.schema, r.keys[r.key])
		if err != nil {
			return nil, err
		}
		if found {
			r.filler.fill(r.batch, i, r.keys[r.key], row)
			i++
		}
	}
	for i < n {
		if r.it == nil {
			if r.span == len(r.spans) {
				break
			}
			r.open(r.spans[r.span])
			r.span++
		}
		for i < n && r.it.Next() {
			r.filler.fill(r.batch, i, r.it.Key(), r.it.Row())
			i++
		}
		if i < n {
			err := r.it.Close()
			r.it = nil
			if err != nil {
				return nil, err
			}
		}
	}
	if i == 0 {
		return nil, nil
	}
	transpose.Truncate(r.batch, i)
	return r.batch, nil
}

// prepare sizes the next batch.
func (r *rowReader) prepare() int {
	n := min(max(len(r.keys)-r.key, 1), r.size)
	if len(r.spans) > 0 {
		n = min(firstBatch, r.size)
		if r.batch != nil {
			n = min(2*previousRows(r.batch), r.size)
		}
	}
	if r.batch == nil {
		r.batch = vector.NewBatch(r.filler.ts, n)
	} else {
		r.batch.Resize(n)
	}
	return n
}

// previousRows is the number of rows that the batch had before it was cut.
func previousRows(b *vector.Batch) int { return max(b.Len, firstBatch) }

func (r *rowReader) open(span rowstore.Span) {
	if r.index == 0 {
		r.it = r.st.Rows.Scan(r.schema, span, rowstore.ScanOptions{})
		return
	}
	r.it = r.st.Rows.ScanIndex(r.schema, r.index, span, rowstore.ScanOptions{})
}

// Close implements olap.Reader.
func (r *rowReader) Close() {
	if r.it != nil {
		_ = r.it.Close()
		r.it = nil
	}
}
