package physical

import (
	"context"
	"sync/atomic"

	"htapdb/internal/files"
	"htapdb/vector"
)

// groupReader reads one row group of a Parquet file after the other, taking
// the next that no reader has.
type groupReader struct {
	scanner *fileScanner
	current files.Reader
}

// Next implements olap.Reader.
func (r *groupReader) Next(context.Context) (*vector.Batch, error) {
	for {
		if r.current == nil {
			g := int(atomic.AddInt64(&r.scanner.group, 1)) - 1
			if g >= r.scanner.parquet.RowGroups() {
				return nil, nil
			}
			r.current = r.scanner.parquet.Read(r.scanner.columns, g, g+1)
		}
		b, err := r.current.Next()
		if err != nil || b != nil {
			return b, err
		}
		r.Close()
	}
}

// Close implements olap.Reader.
func (r *groupReader) Close() {
	if r.current != nil {
		_ = r.current.Close()
		r.current = nil
	}
}
