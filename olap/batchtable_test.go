package olap

import (
	"context"
	"sync/atomic"

	"htapdb/sql/types"
	"htapdb/vector"
)

// benchTable is a Source over ready batches.
type benchTable struct {
	cols    []types.Type
	batches []*vector.Batch
	rows    int
}

func (b *benchTable) Types() []types.Type                          { return b.cols }
func (b *benchTable) EstimatedRows() float64                       { return float64(b.rows) }
func (b *benchTable) Open(context.Context, *Exec) (Scanner, error) { return &benchScanner{b: b}, nil }

type benchScanner struct {
	b    *benchTable
	next atomic.Int64
}

func (s *benchScanner) NewReader() (Reader, error) { return s, nil }
func (s *benchScanner) Close()                     {}
func (s *benchScanner) Next(context.Context) (*vector.Batch, error) {
	i := int(s.next.Add(1) - 1)
	if i >= len(s.b.batches) {
		return nil, nil
	}
	return s.b.batches[i], nil
}

// newBenchTable makes n rows; fill sets row i of a batch's columns.
func newBenchTable(cols []types.Type, n int, fill func(b *vector.Batch, i, row int)) *Scan {
	t := &benchTable{cols: cols, rows: n}
	for at := 0; at < n; at += vector.MaxBatch {
		b := vector.NewBatch(cols, min(vector.MaxBatch, n-at))
		for i := range b.Len {
			fill(b, i, at+i)
		}
		t.batches = append(t.batches, b)
	}
	return &Scan{Source: t}
}
