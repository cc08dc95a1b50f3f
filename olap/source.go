package olap

import (
	"context"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Source is a table, index, file or anything else that a Scan reads. It is part
// of a plan: immutable, opened once per execution and Scan node.
type Source interface {
	// Types returns the types of the columns of its batches.
	Types() []types.Type
	// Open prepares reading. ctx ends when the execution does.
	Open(ctx context.Context, ex *Exec) (Scanner, error)
	// EstimatedRows guesses how many rows reading touches (before filters that
	// the source applies itself): it decides whether the plan is worth scheduling.
	EstimatedRows() float64
}

// Scanner is an opened Source. Its readers share the rows out among themselves
// in morsels. A Scanner may also implement RuntimeFilterer and OrderedScanner.
type Scanner interface {
	// NewReader returns a reader for one worker. It is called from one
	// goroutine, before any reader is used.
	NewReader() (Reader, error)
	// Close releases what the scan has pinned. It is called once, after all
	// readers have been closed and no batch, string or dictionary of theirs is in use.
	Close()
}

// Reader yields the batches of the morsels that one worker has taken.
type Reader interface {
	// Next returns the next batch, nil at the end. It is valid until the next
	// call; its strings, and dictionaries with a DictID other than 0, stay valid
	// until the Scanner is closed. A call should take well under a millisecond;
	// a reader that finds nothing for long returns a batch without rows in between.
	Next(ctx context.Context) (*vector.Batch, error)
	// Close ends reading, at the end or before it.
	Close()
}

// RuntimeFilterer is implemented by scanners that can make use of filters that
// become known while the query runs. Applying one is optional and may be
// inexact: the operator that made it checks again.
type RuntimeFilterer interface {
	// AddRuntimeFilter announces a filter on output column col, before the first NewReader.
	AddRuntimeFilter(col int, f *RuntimeFilter)
}

// Reporter is implemented by scanners that can say how they did their work.
type Reporter interface {
	// Report is called once, when all readers have been closed and before Close.
	Report() *ScanReport
}

// ScanReport is how a scan found its rows, for EXPLAIN ANALYZE.
type ScanReport struct {
	// Filters are the conditions that the scan applied itself.
	Filters []FilterReport
	// Segments were in the snapshot, of which SegmentsPruned with RowsPruned rows
	// were not looked at. A source without segments has none.
	Segments, SegmentsPruned, RowsPruned int64
	// RowsScanned were tested, DeltaRows of them not in segments yet.
	RowsScanned, DeltaRows int64
	// Metadata are the results that were read off instead of computed from rows.
	Metadata []string
}

// FilterReport is how a scan applied one condition.
type FilterReport struct {
	// Predicate is the condition as text.
	Predicate string
	// Kind says how it was decided: "zone map", "encoded", "dictionary" …, several
	// with commas in between.
	Kind string
	// Source is the operator that a run-time filter comes from, "" for the others.
	Source string
	// Removed rows were tested and did not pass.
	Removed, SegmentsPruned int64
}

// OrderedScanner is implemented by scanners whose single reader yields rows in
// an order that the plan relies on.
type OrderedScanner interface {
	// Ordered reports that the order of rows matters; the pipeline then has one worker.
	Ordered() bool
}

// Scan reads a Source.
type Scan struct {
	Source Source
	// Label names the table or file for EXPLAIN.
	Label string
}

// Types returns the source's.
func (s *Scan) Types() []types.Type { return s.Source.Types() }

// Inputs returns nil.
func (s *Scan) Inputs() []Node { return nil }

// Name returns "Scan".
func (s *Scan) Name() string { return "Scan" }

// estimate returns the source's guess.
func (s *Scan) estimate(func(Node) float64) float64 { return s.Source.EstimatedRows() }

func (s *Scan) compile(*run) (*stream, error) {
	return newStream(s, &scanSource{scan: s}), nil
}

// openScan is a scanner to be closed, and the node that it belongs to.
type openScan struct {
	node    *Scan
	scanner Scanner
}

// scanSource is one execution of a Scan.
type scanSource struct {
	scan    *Scan
	r       *run
	scanner Scanner
	ordered bool
	// filters were announced by operators above before open.
	filters []pushedFilter
}

// pushedFilter is a run-time filter on a column of a scan.
type pushedFilter struct {
	col    int
	filter *RuntimeFilter
}

func (s *scanSource) open(r *run) error {
	s.r = r
	for _, f := range s.filters {
		if f.filter.Empty {
			s.scanner = emptyScanner{}
			return nil
		}
	}
	scanner, err := s.scan.Source.Open(r.ctx, r.ex)
	if err != nil {
		return err
	}
	r.scanners = append(r.scanners, openScan{s.scan, scanner})
	s.scanner = scanner
	if target, ok := scanner.(RuntimeFilterer); ok {
		for _, f := range s.filters {
			target.AddRuntimeFilter(f.col, f.filter)
		}
	}
	if o, ok := scanner.(OrderedScanner); ok {
		s.ordered = o.Ordered()
	}
	return nil
}

func (s *scanSource) parallel() int {
	if s.ordered {
		return 1
	}
	return s.r.workers
}

func (s *scanSource) rows() int64 { return -1 }

func (s *scanSource) reader(*worker) (reader, error) {
	rd, err := s.scanner.NewReader()
	if err != nil {
		return nil, err
	}
	return &scanReader{rd: rd, ctx: s.r.ctx}, nil
}

type scanReader struct {
	rd  Reader
	ctx context.Context
}

func (s *scanReader) next() (*vector.Batch, bool, error) {
	b, err := s.rd.Next(s.ctx)
	return b, b != nil, err
}

func (s *scanReader) close() { s.rd.Close() }

// emptyScanner stands for a scan that a run-time filter has made empty.
type emptyScanner struct{}

func (emptyScanner) NewReader() (Reader, error)                  { return emptyScanner{}, nil }
func (emptyScanner) Next(context.Context) (*vector.Batch, error) { return nil, nil }
func (emptyScanner) Close()                                      {}
