package files

import (
	"io"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/vector"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// ParquetOptions are those of COPY … TO (FORMAT parquet).
type ParquetOptions struct {
	// Compression is zstd (default), snappy, gzip, brotli or uncompressed.
	Compression string
	// RowGroupSize is the number of rows of a row group, 0 for the default of 1 Mi.
	RowGroupSize int64
}

// codecs are the compressions by name.
var codecs = map[string]compress.Compression{
	"": compress.Codecs.Zstd, "zstd": compress.Codecs.Zstd, "snappy": compress.Codecs.Snappy,
	"gzip": compress.Codecs.Gzip, "brotli": compress.Codecs.Brotli,
	"uncompressed": compress.Codecs.Uncompressed, "none": compress.Codecs.Uncompressed,
}

const defaultRowGroup = 1 << 20

// parquetWriter writes batches as Arrow records.
type parquetWriter struct {
	schema *arrow.Schema
	w      *pqarrow.FileWriter
}

// NewParquetWriter returns a writer of the columns to w, which stays open.
func NewParquetWriter(w io.Writer, columns []Column, o ParquetOptions) (Writer, error) {
	codec, ok := codecs[strings.ToLower(o.Compression)]
	if !ok {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "compression %q is not supported", o.Compression).
			WithHint("There are zstd, snappy, gzip, brotli and uncompressed.")
	}
	if o.RowGroupSize <= 0 {
		o.RowGroupSize = defaultRowGroup
	}
	names := make([]string, len(columns))
	batch := &vector.Batch{}
	for i, c := range columns {
		names[i] = c.Name
		batch.Cols = append(batch.Cols, &vector.Vector{Type: c.Type})
	}
	p := &parquetWriter{schema: vector.ArrowSchema(names, batch.Types())}
	var err error
	p.w, err = pqarrow.NewFileWriter(p.schema, keepOpen{w},
		parquet.NewWriterProperties(parquet.WithCompression(codec), parquet.WithCreatedBy("htapdb"),
			parquet.WithMaxRowGroupLength(o.RowGroupSize), parquet.WithVersion(parquet.V2_LATEST), parquet.WithPageIndexEnabled(true)),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, sqlstate.Wrap(sqlstate.FeatureNotSupported, err, "cannot write the columns as Parquet: %v", err)
	}
	return p, nil
}

// Write implements Writer.
func (p *parquetWriter) Write(b *vector.Batch) error {
	rec, err := vector.ToArrow(p.schema, b)
	if err != nil {
		return err
	}
	defer rec.Release()
	if err := p.w.WriteBuffered(rec); err != nil {
		return sqlstate.Wrap(sqlstate.IOError, err, "writing Parquet: %v", err)
	}
	return nil
}

// Close implements Writer.
func (p *parquetWriter) Close() error {
	if err := p.w.Close(); err != nil {
		return sqlstate.Wrap(sqlstate.IOError, err, "writing Parquet: %v", err)
	}
	return nil
}

// keepOpen hides the writer's Close from a library that would call it.
type keepOpen struct{ io.Writer }
