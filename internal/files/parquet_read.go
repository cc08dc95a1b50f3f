package files

import (
	"fmt"
	"io"

	"htapdb/sql/sqlstate"
	"htapdb/vector"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// ParquetFile is an open Parquet file. It is safe for concurrent use.
type ParquetFile struct {
	name   string
	file   *parquet.File
	leaves []leaf
}

// OpenParquet reads the footer of the file in r, size bytes long; name is for
// error messages.
func OpenParquet(r io.ReaderAt, size int64, name string) (p *ParquetFile, err error) {
	defer recoverBadFile(name, &err)
	f, err := parquet.OpenFile(r, size, &parquet.FileConfig{SkipPageIndex: true, SkipBloomFilters: true,
		ReadMode: parquet.ReadModeSync, ReadBufferSize: 1 << 20})
	if err != nil {
		return nil, badFile(name, err)
	}
	p = &ParquetFile{name: name, file: f}
	for i, field := range f.Schema().Fields() {
		l, err := leafOf(name, field, i)
		if err != nil {
			return nil, err
		}
		p.leaves = append(p.leaves, l)
	}
	if err := p.checkCodecs(); err != nil {
		return nil, err
	}
	rows := int64(0)
	for _, g := range f.RowGroups() {
		if len(g.ColumnChunks()) != len(p.leaves) {
			return nil, badFile(name, fmt.Errorf("a row group has %d columns, the schema %d", len(g.ColumnChunks()), len(p.leaves)))
		}
		rows += g.NumRows()
	}
	if rows != f.NumRows() || rows < 0 {
		return nil, badFile(name, fmt.Errorf("the footer says %d rows, the row groups %d", f.NumRows(), rows))
	}
	return p, nil
}

// checkCodecs refuses LZ4: parquet-go 0.32 decodes some of arrow-go's LZ4_RAW
// pages to wrong bytes without an error, and grows its buffer without end on
// malformed ones.
func (p *ParquetFile) checkCodecs() error {
	for _, g := range p.file.Metadata().RowGroups {
		for _, c := range g.Columns {
			if codec := c.MetaData.Codec; codec == format.Lz4Raw {
				return sqlstate.New(sqlstate.FeatureNotSupported, "%s is compressed with %s, which is not supported", p.name, codec).
					WithHint("Write it with zstd or snappy.")
			}
		}
	}
	return nil
}

// Columns returns the file's columns in order.
func (p *ParquetFile) Columns() []Column {
	cols := make([]Column, len(p.leaves))
	for i := range p.leaves {
		cols[i] = p.leaves[i].Column
	}
	return cols
}

// Rows returns the number of rows.
func (p *ParquetFile) Rows() int64 { return p.file.NumRows() }

// RowGroups returns the number of row groups.
func (p *ParquetFile) RowGroups() int { return len(p.file.RowGroups()) }

// Read returns a reader of the columns at the given positions (all if nil) in
// the row groups [from, to).
func (p *ParquetFile) Read(columns []int, from, to int) Reader {
	r := &parquetReader{file: p, group: from - 1, last: to}
	if columns == nil {
		for i := range p.leaves {
			columns = append(columns, i)
		}
	}
	for _, c := range columns {
		r.cols = append(r.cols, &parquetColumn{leaf: p.leaves[c]})
	}
	return r
}

// parquetReader reads the columns of consecutive row groups side by side.
type parquetReader struct {
	file        *ParquetFile
	cols        []*parquetColumn
	group, last int
	left        int64 // rows left in the current group
	batch       vector.Batch
}

// Columns implements Reader.
func (r *parquetReader) Columns() []Column {
	out := make([]Column, len(r.cols))
	for i, c := range r.cols {
		out[i] = c.Column
	}
	return out
}

// Next implements Reader. Batches end where any column's page ends, so that
// every column of a batch is a slice of a decoded page.
func (r *parquetReader) Next() (b *vector.Batch, err error) {
	defer recoverBadFile(r.file.name, &err)
	for r.left == 0 {
		r.group++
		if r.group >= r.last {
			return nil, nil
		}
		if err := r.openGroup(); err != nil {
			return nil, err
		}
	}
	n := int64(vector.MaxBatch)
	n = min(n, r.left)
	for _, c := range r.cols {
		if err := c.ensure(r.file.name); err != nil {
			return nil, err
		}
		n = min(n, int64(c.page.Len-c.at))
	}
	r.batch.Len, r.batch.Sel, r.batch.Cols = int(n), nil, r.batch.Cols[:0]
	for _, c := range r.cols {
		r.batch.Cols = append(r.batch.Cols, c.page.Slice(c.at, c.at+int(n)))
		c.at += int(n)
	}
	r.left -= n
	return &r.batch, nil
}

// openGroup starts the columns of the next row group.
func (r *parquetReader) openGroup() error {
	g := r.file.file.RowGroups()[r.group]
	r.left = g.NumRows()
	chunks := g.ColumnChunks()
	for _, c := range r.cols {
		if err := c.close(); err != nil {
			return badFile(r.file.name, err)
		}
		c.open(chunks[c.index].Pages())
	}
	return nil
}

// Close implements Reader.
func (r *parquetReader) Close() error {
	for _, c := range r.cols {
		_ = c.close()
	}
	return nil
}

// badFile is the error for a file that cannot be read as Parquet.
func badFile(name string, cause error) error {
	return sqlstate.Wrap(sqlstate.BadCopyFileFormat, cause, "%s is not a readable Parquet file: %v", name, cause)
}

// recoverBadFile turns a panic of the Parquet library on malformed input into
// an error.
func recoverBadFile(name string, err *error) {
	if p := recover(); p != nil {
		*err = badFile(name, fmt.Errorf("malformed: %v", p))
	}
}
