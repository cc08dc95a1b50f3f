package physical

import (
	"context"
	"strings"

	"htapdb/internal/files"
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

func (b *builder) fileScan(n *plan.FileScan) (output, error) {
	src := &fileSource{st: b.st, plan: n, types: scanTypes(n.Cols)}
	pos := positions(n.Columns())
	return filtered(output{&olap.Scan{Source: src, Label: n.Path}, pos}, n.Filters)
}

// fileSource reads a file as a table.
type fileSource struct {
	st    *Statement
	plan  *plan.FileScan
	types []types.Type
}

// Types implements olap.Source.
func (s *fileSource) Types() []types.Type { return s.types }

// EstimatedRows implements olap.Source: a file is worth scheduling.
func (s *fileSource) EstimatedRows() float64 { return 1e6 }

// Open implements olap.Source.
func (s *fileSource) Open(context.Context, *olap.Exec) (olap.Scanner, error) {
	f, err := s.st.Files.Open(s.plan.Path)
	if err != nil {
		return nil, err
	}
	sc := &fileScanner{source: s, file: f}
	format, err := files.FormatOf(s.plan.Format, s.plan.Path)
	if err != nil {
		sc.Close()
		return nil, err
	}
	for _, c := range s.plan.Cols {
		sc.columns = append(sc.columns, c.Ordinal)
	}
	if sc.columns == nil {
		sc.columns = []int{}
	}
	if format == files.Parquet {
		if sc.parquet, err = files.OpenParquet(f, f.Size(), s.plan.Path); err == nil {
			err = s.planned(sc.parquet.Columns())
		}
		if err != nil {
			sc.Close()
			return nil, err
		}
	}
	return sc, nil
}

// planned makes sure that a file has the columns that the query was planned for:
// it may have been replaced since.
func (s *fileSource) planned(now []files.Column) error {
	for _, c := range s.plan.Cols {
		if c.Ordinal >= len(now) || now[c.Ordinal].Name != c.Name || now[c.Ordinal].Type != c.Type {
			return sqlstate.New(sqlstate.ObjectNotInState, "file %q was replaced while the query was being planned: column %q of type %s is not in its place",
				s.plan.Path, c.Name, c.Type).WithHint("Run the query again.")
		}
	}
	return nil
}

// fileScanner hands out row groups of a Parquet file, or the whole of another.
type fileScanner struct {
	source  *fileSource
	file    OpenFile
	parquet *files.ParquetFile
	columns []int
	readers int
	// group is the next row group to read, shared by the readers.
	group int64
}

// NewReader implements olap.Scanner. Row groups are dealt out by turns, before
// any reader runs; without enough of them the later readers are empty.
func (s *fileScanner) NewReader() (olap.Reader, error) {
	if s.parquet != nil {
		r := &groupReader{scanner: s}
		return r, nil
	}
	s.readers++
	if s.readers > 1 {
		return emptyReader{}, nil
	}
	r, err := s.source.st.openReader(s.file, s.source.plan.Path, files.CSV, s.source.plan.Options, s.columns)
	if err != nil {
		return nil, err
	}
	// The columns of a projected reader are those of the file.
	if err := s.source.planned(r.Columns()); err != nil {
		_ = r.Close()
		return nil, err
	}
	return &fileReader{r}, nil
}

// Close implements olap.Scanner.
func (s *fileScanner) Close() { _ = s.file.Close() }

// fileReader adapts a files.Reader.
type fileReader struct{ r files.Reader }

func (r *fileReader) Next(context.Context) (*vector.Batch, error) { return r.r.Next() }
func (r *fileReader) Close()                                      { _ = r.r.Close() }

// projected keeps some columns of a reader's batches.
type projected struct {
	files.Reader
	columns []int
	batch   vector.Batch
}

// Next implements files.Reader.
func (p *projected) Next() (*vector.Batch, error) {
	b, err := p.Reader.Next()
	if err != nil || b == nil {
		return nil, err
	}
	p.batch = vector.Batch{Len: b.Len, Sel: b.Sel, Cols: p.batch.Cols[:0]}
	for _, c := range p.columns {
		p.batch.Cols = append(p.batch.Cols, b.Cols[c])
	}
	return &p.batch, nil
}

// CSVOptions reads the options of read_csv and of COPY.
func CSVOptions(options map[string]string) (o files.CSVOptions, err error) {
	for name, value := range options {
		switch strings.ToLower(name) {
		case "format":
		case "header":
			o.HeaderSet = true
			if o.Header, err = optionBool(name, value); err != nil {
				return o, err
			}
		case "delimiter", "delim", "sep":
			o.Delimiter, err = optionByte(name, value)
		case "quote":
			o.Quote, err = optionByte(name, value)
		case "escape":
			o.Escape, err = optionByte(name, value)
		case "null", "nullstr":
			o.Null, o.NullSet = value, true
		default:
			return o, sqlstate.New(sqlstate.InvalidParameterValue, "option %q not recognized", name).
				WithHint("There are FORMAT, HEADER, DELIMITER, QUOTE, ESCAPE and NULL.")
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func optionByte(name, value string) (byte, error) {
	if len(value) != 1 {
		return 0, sqlstate.New(sqlstate.InvalidParameterValue, "COPY %s must be a single one-byte character", name)
	}
	return value[0], nil
}

func optionBool(name, value string) (bool, error) {
	if v, ok := types.ParseBool(value); ok {
		return v, nil
	}
	if value == "" || strings.EqualFold(value, "match") {
		return true, nil
	}
	return false, sqlstate.New(sqlstate.InvalidParameterValue, "%s requires a Boolean value, not %q", name, value)
}
