package physical

import (
	"context"
	"strings"

	"htapdb/colstore"
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// metadataSource answers an aggregate over a whole table from what the column
// store knows without looking at rows: counts, and the bounds in zone maps. Own
// writes, deletes and the statement's timestamp count as in a scan.
type metadataSource struct {
	columns *columnSource
	reads   []metadataRead
	types   []types.Type
	// rows computes the same from rows, where the columns cannot serve the statement
	// or the metadata does not decide.
	rows olap.Node
}

// metadataRead is one aggregate.
type metadataRead struct {
	op fn.AggregateOp
	// column is the ordinal of min and max.
	column int
	text   string
}

// metadata returns the source for n, nil if its results are not in the metadata.
func (b *builder) metadata(n *plan.Aggregate, input output, rows olap.Node) olap.Node {
	s, ok := n.Input.(*plan.Scan)
	if !ok || len(n.GroupBy) > 0 || len(s.Filters) > 0 || s.Access == nil || s.Access.Path != plan.ColumnScan {
		return nil
	}
	scan, ok := input.node.(*olap.Scan)
	if !ok {
		return nil
	}
	columns, ok := scan.Source.(*columnSource)
	if !ok || len(n.Aggs) == 0 {
		return nil
	}
	m := &metadataSource{columns: columns, rows: rows, types: rows.Types()}
	for i := range n.Aggs {
		r, ok := readable(&n.Aggs[i], s)
		if !ok {
			return nil
		}
		m.reads = append(m.reads, r)
	}
	return &olap.Scan{Source: m, Label: s.Alias}
}

// readable reports an aggregate that the metadata holds: count(*), count of a
// column that is never NULL, min and max of a column. The bounds of intervals are
// not: different intervals are equal, and which of them is least is the rows' to say.
func readable(a *plan.Agg, s *plan.Scan) (r metadataRead, ok bool) {
	if a.Filter != nil || a.Distinct {
		return r, false
	}
	r = metadataRead{op: a.Func.Op, text: a.Func.Name + "(*)"}
	if len(a.Args) == 0 {
		return r, r.op == fn.AggCount
	}
	col, isCol := plan.Underlying(a.Args[0])
	if !isCol || len(a.Args) != 1 {
		return r, false
	}
	for _, c := range s.Cols {
		if int(c.ID) != col.Index || c.Ordinal == plan.KeyOrdinal {
			continue
		}
		r.column, r.text = c.Ordinal, a.Func.Name+"("+c.Name+")"
		switch r.op {
		case fn.AggCount:
			return r, c.NotNull
		case fn.AggMin, fn.AggMax:
			p := c.Type.Physical()
			return r, p == a.Func.Result.Physical() && p != types.PhysInterval
		}
	}
	return r, false
}

// Types implements olap.Source.
func (m *metadataSource) Types() []types.Type { return m.types }

// EstimatedRows implements olap.Source.
func (m *metadataSource) EstimatedRows() float64 { return 1 }

// Open implements olap.Source: it computes the row.
func (m *metadataSource) Open(ctx context.Context, ex *olap.Exec) (olap.Scanner, error) {
	out := &metadataScanner{row: vector.NewBatch(m.types, 0)}
	done, err := m.read(ctx, out)
	if err != nil || done {
		return out, err
	}
	own := *ex
	own.Profile = nil
	out.report = nil
	err = olap.Run(ctx, m.rows, &own, func(b *vector.Batch) error {
		out.row.AppendBatch(b)
		return nil
	})
	return out, err
}

// read fills the row from the metadata; done is false if that cannot be.
func (m *metadataSource) read(ctx context.Context, out *metadataScanner) (done bool, err error) {
	snap, overlay, err := m.columns.snapshot(ctx)
	if err != nil {
		if m.columns.fallsBack(ctx, err) {
			return false, nil
		}
		return false, err
	}
	defer snap.Close()
	bounds := map[int]colstore.Bounds{}
	report := &olap.ScanReport{}
	values := make([]types.Datum, len(m.reads))
	for i, r := range m.reads {
		report.Metadata = append(report.Metadata, r.text)
		if r.op == fn.AggCount {
			n, err := snap.Count(overlay)
			if err != nil {
				return false, err
			}
			values[i] = types.NewInt64(n)
			continue
		}
		b, known := bounds[r.column]
		if !known {
			if b, err = snap.MinMax(ctx, r.column, overlay); err != nil {
				return false, err
			}
			bounds[r.column] = b
			report.Segments += int64(b.Segments)
			report.SegmentsPruned += int64(b.Segments - b.Read)
		}
		if values[i] = b.Least; r.op == fn.AggMax {
			values[i] = b.Most
		}
		if p := values[i].Physical(); (p == types.PhysFloat32 || p == types.PhysFloat64) && values[i].Float() == 0 {
			return false, nil // 0 and −0 are equal: which one comes first is the rows' to say
		}
	}
	for i, v := range out.row.Cols {
		if d := values[i]; d.Physical() == types.PhysString {
			values[i] = types.NewString(strings.Clone(d.Str())) // of the snapshot's memory
		}
		v.Append(values[i])
	}
	out.row.Len = 1
	out.report = report
	return true, nil
}

// metadataScanner yields the one row.
type metadataScanner struct {
	row    *vector.Batch
	report *olap.ScanReport
	given  bool
}

// NewReader implements olap.Scanner.
func (s *metadataScanner) NewReader() (olap.Reader, error) {
	if s.given {
		return emptyReader{}, nil
	}
	s.given = true
	return &metadataReader{s}, nil
}

// Report implements olap.Reporter.
func (s *metadataScanner) Report() *olap.ScanReport {
	if s.report == nil {
		return &olap.ScanReport{}
	}
	return s.report
}

// Close implements olap.Scanner.
func (s *metadataScanner) Close() {}

// metadataReader reads a metadataScanner.
type metadataReader struct{ scanner *metadataScanner }

// Next implements olap.Reader.
func (r *metadataReader) Next(context.Context) (*vector.Batch, error) {
	b := r.scanner.row
	r.scanner.row = nil
	return b, nil
}

// Close implements olap.Reader.
func (r *metadataReader) Close() {}
