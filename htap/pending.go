package htap

import (
	"context"
	"io"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/apache/arrow-go/v18/arrow/array"
)

var errNotYet = sqlstate.New(sqlstate.FeatureNotSupported, "under construction")

// DB is an open database.
type DB struct{}

// Option configures Open.
type Option func(*config)

type config struct{}

// Open opens or creates the database in dir; "" or ":memory:" keeps nothing.
func Open(dir string, options ...Option) (*DB, error) { return nil, errNotYet }

// Close ends all sessions, writes a checkpoint and closes the stores.
func (db *DB) Close() error { return errNotYet }

// Session returns a new session; ctx ends it and cancels what it runs.
func (db *DB) Session(ctx context.Context) *Session { return &Session{} }

// Append adds the rows of an Arrow stream to a table by column name, as a bulk load.
func (db *DB) Append(ctx context.Context, table string, r array.RecordReader) (rows int64, err error) {
	return 0, errNotYet
}

// Session is a connection's state.
type Session struct{}

// Close rolls back an open transaction and ends the session.
func (s *Session) Close() error { return nil }

// Query runs one statement; args are its parameters.
func (s *Session) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	return nil, errNotYet
}

// Exec runs one or more statements to the end; args only with one.
func (s *Session) Exec(ctx context.Context, sql string, args ...any) (Result, error) {
	return Result{}, errNotYet
}

// QueryArrow runs one statement and returns its result as Arrow record batches.
func (s *Session) QueryArrow(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return nil, errNotYet
}

// Prepare parses and binds one statement; paramTypes may give types of the
// first parameters (the zero Type leaves one to inference).
func (s *Session) Prepare(ctx context.Context, sql string, paramTypes ...types.Type) (*Stmt, error) {
	return nil, errNotYet
}

// Script parses a text of several statements, which run one after the other in
// one implicit transaction unless they say otherwise.
func (s *Session) Script(sql string) (*Script, error) { return nil, errNotYet }

// Begin starts a transaction on the session.
func (s *Session) Begin(ctx context.Context, o TxOptions) (*Tx, error) { return nil, errNotYet }

// TxState is 'I' idle, 'T' in a transaction, 'E' in a failed transaction, as
// PostgreSQL's ReadyForQuery says it.
func (s *Session) TxState() byte { return 'I' }

// Setting returns the text of a setting, as SHOW does.
func (s *Session) Setting(name string) (string, error) { return "", errNotYet }

// Set sets a setting for the session, as SET does.
func (s *Session) Set(name, value string) error { return errNotYet }

// OnNotice has fn called for each notice and warning of the session's statements.
func (s *Session) OnNotice(fn func(*Error)) {}

// OnSetting has fn called when one of the settings that PostgreSQL reports
// (DateStyle, TimeZone, application_name …) changes.
func (s *Session) OnSetting(fn func(name, value string)) {}

// TxOptions choose a transaction's isolation.
type TxOptions struct {
	// Isolation is "read committed" (default), "repeatable read" or
	// "serializable" (0A000), in SQL's words.
	Isolation string
	ReadOnly  bool
}

// Tx is a transaction begun with Session.Begin. Statements run on the session.
type Tx struct{}

// Query, Exec and QueryArrow are the session's, inside the transaction.
func (t *Tx) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	return nil, errNotYet
}

// Exec is Session.Exec inside the transaction.
func (t *Tx) Exec(ctx context.Context, sql string, args ...any) (Result, error) {
	return Result{}, errNotYet
}

// Commit ends the transaction and returns when it is durable and visible.
func (t *Tx) Commit(ctx context.Context) error { return errNotYet }

// Rollback ends the transaction without effect; after Commit it does nothing.
func (t *Tx) Rollback() error { return nil }

// Stmt is a prepared statement of a session.
type Stmt struct{}

// SQL returns the statement's text.
func (st *Stmt) SQL() string { return "" }

// Params returns the types of the parameters.
func (st *Stmt) Params() []types.Type { return nil }

// Columns describes the result set, nil for a statement without one.
func (st *Stmt) Columns() []Column { return nil }

// Query runs the statement.
func (st *Stmt) Query(ctx context.Context, args ...any) (*Rows, error) { return nil, errNotYet }

// QueryDatums is Query with parameters in the types that Params says.
func (st *Stmt) QueryDatums(ctx context.Context, args []types.Datum) (*Rows, error) {
	return nil, errNotYet
}

// Exec runs the statement to its end.
func (st *Stmt) Exec(ctx context.Context, args ...any) (Result, error) { return Result{}, errNotYet }

// Close forgets the statement.
func (st *Stmt) Close() {}

// CopyFormat describes the stream of a COPY … FROM STDIN or TO STDOUT.
type CopyFormat struct {
	// In is FROM STDIN.
	In bool
	// Columns is the number of columns, Binary always false for now (csv and text).
	Columns int
}

// Copy returns the format of a COPY with a stream; ok is false for any other statement.
func (st *Stmt) Copy() (f CopyFormat, ok bool) { return CopyFormat{}, false }

// CopyFrom runs COPY … FROM STDIN on the bytes of r.
func (st *Stmt) CopyFrom(ctx context.Context, r io.Reader) (Result, error) {
	return Result{}, errNotYet
}

// CopyTo runs COPY … TO STDOUT, writing to w.
func (st *Stmt) CopyTo(ctx context.Context, w io.Writer) (Result, error) { return Result{}, errNotYet }

// Script is a parsed text of statements.
type Script struct{}

// Next prepares the next statement, nil at the end; an empty text has none.
func (sc *Script) Next(ctx context.Context) (*Stmt, error) { return nil, errNotYet }

// End commits the implicit transaction; err, if not nil, is the error of a
// statement, and rolls it back instead. It returns the error to report.
func (sc *Script) End(ctx context.Context, err error) error { return errNotYet }

// Status is what the status page and the metrics show.
type Status struct {
	// Version is the program's version, StartMicros when the database was opened.
	Version     string
	StartMicros int64
	Tables      []TableStatus
	// LagMicros is how far the columns are behind the visible timestamp now.
	LagMicros int64
	// Counters are monotonic, by Prometheus-like name: commits_total, queries_total …
	Counters map[string]float64
	// Gauges are current values by name: memory_used_bytes, sessions …
	Gauges map[string]float64
}

// TableStatus describes one table.
type TableStatus struct {
	Name  string
	Rows  int64
	State string // building, live, detached, rebuilding
	// Reason says why a table is detached.
	Reason      string
	LagMicros   int64
	DeltaRows   int64
	Segments    int
	ColumnBytes int64
}

// Status returns the current figures.
func (db *DB) Status() Status { return Status{} }
