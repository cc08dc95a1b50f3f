package physical

import (
	"context"
	"time"

	"htapdb/colstore"
	"htapdb/htap/catalog"
	"htapdb/internal/files"
	"htapdb/rowstore"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// RowReader reads the row store as of one timestamp: a transaction, with its
// own writes of earlier statements, or a snapshot.
type RowReader interface {
	Get(schema *rowstore.Schema, key rowstore.Key) (rowstore.Row, bool, error)
	Scan(schema *rowstore.Schema, span rowstore.Span, opts rowstore.ScanOptions) *rowstore.Iterator
	ScanIndex(schema *rowstore.Schema, index uint32, span rowstore.Span, opts rowstore.ScanOptions) *rowstore.Iterator
}

// FileOpener gives the files that a statement names, within what the session may touch.
type FileOpener interface {
	// Open opens a file for reading: 58P01 if there is none, 42501 if it is out of bounds.
	Open(path string) (OpenFile, error)
}

// OpenFile is a file opened for reading.
type OpenFile interface {
	Read([]byte) (int, error)
	ReadAt([]byte, int64) (int, error)
	Close() error
	// Size is the file's length in bytes.
	Size() int64
}

// Statement is what one execution reads and writes. It belongs to one
// execution; its fields do not change while that runs.
type Statement struct {
	// Eval holds parameters, time and session values.
	Eval *fn.Context
	// Rows reads at TS. Txn is the transaction behind it, nil for a read at an
	// older snapshot.
	Rows RowReader
	Txn  *rowstore.Txn
	TS   rowstore.Timestamp
	// Catalog is the catalog at TS; Schemas compiles row schemas.
	Catalog *catalog.Snapshot
	Schemas *catalog.Store
	Columns *colstore.Store
	// Forced says that the route was forced: a column scan that cannot be served
	// is then an error instead of a row scan.
	Forced bool
	// FreshnessTimeout bounds the wait for the columns to reach TS.
	FreshnessTimeout time.Duration
	// Waited, if not nil, is told how long a scan waited for the columns.
	Waited func(time.Duration)
	// Retain, if not nil, is offered the snapshot of a column scan that ends; if it
	// takes it, it closes it.
	Retain func(*colstore.Snapshot) bool
	// Trace, if not nil, remembers which operators stand for which plan node.
	Trace *Trace
	Files FileOpener
	// Virtual computes the rows of a virtual table.
	Virtual func(t *plan.Table) ([][]types.Datum, error)
	// NextValue gives the next value of the sequence of a column.
	NextValue func(ctx context.Context, t *catalog.Table, ordinal int) (types.Datum, error)
}

// table returns the descriptor and the row schema of a stored table.
func (st *Statement) table(t *plan.Table) (*catalog.Table, *rowstore.Schema, error) {
	desc := st.Catalog.TableByID(t.ID)
	if desc == nil {
		return nil, nil, sqlstate.New(sqlstate.UndefinedTable, "relation %q does not exist", t.Name)
	}
	schema, err := st.Schemas.RowSchema(desc)
	return desc, schema, err
}

// constant computes an expression that is constant within the statement.
func (st *Statement) constant(e fn.Expr) (types.Datum, error) { return fn.EvalScalar(st.Eval, e) }

// openReader opens a file of a known format with all or some of its columns.
func (st *Statement) openReader(f OpenFile, path string, format files.Format, options map[string]string, columns []int) (files.Reader, error) {
	if format == files.Parquet {
		p, err := files.OpenParquet(f, f.Size(), path)
		if err != nil {
			return nil, err
		}
		return p.Read(columns, 0, p.RowGroups()), nil
	}
	o, err := CSVOptions(options)
	if err != nil {
		return nil, err
	}
	r, err := files.OpenCSV(f, path, o)
	if err != nil || columns == nil {
		return r, err
	}
	return &projected{Reader: r, columns: columns}, nil
}
