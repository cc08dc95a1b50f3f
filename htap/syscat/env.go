package syscat

import (
	"htapdb/htap/catalog"
	"htapdb/ml"
	"htapdb/sql/plan"
	"htapdb/sql/types"
)

// Env is what the relations show beside the catalog: the running session and
// the state of the columns. The session implements it.
type Env interface {
	// Settings are the session's settings with their values.
	Settings() []Setting
	// Cursors are the session's open cursors, Prepared its statements by name.
	Cursors() []Cursor
	Prepared() []Prepared
	// Sessions are those of the database, by ID.
	Sessions() []SessionInfo
	// ViewColumns are the columns of a view; none if it no longer binds.
	ViewColumns(v *catalog.View) []plan.TableColumn
	// RowCount is how many rows a table has, −1 if nobody has counted.
	RowCount(t *catalog.Table) float32
	Sizes
	// TableStates are the states of the columns of all tables.
	TableStates() []TableState
	// Model reads a model's state.
	Model(m *catalog.Model) (*ml.Model, error)
	// Warn tells the client what the rows lack.
	Warn(format string, args ...any)
	// Algorithms are those that models can be trained with.
	Algorithms() []*ml.Info
}

// Sizes are those of the columns.
type Sizes interface {
	// ColumnBytes is the size of a table's columns.
	ColumnBytes(t *catalog.Table) int64
}

// Setting is a row of pg_settings.
type Setting struct {
	Name, Value, Default, About string
	// Type, Unit and Context are the columns vartype, unit and context.
	Type, Unit, Context string
	// Source and Reset are the columns source and reset_val.
	Source, Reset string
}

// Cursor is a row of pg_cursors.
type Cursor struct {
	Name, SQL    string
	Hold, Scroll bool
}

// Prepared is a row of pg_prepared_statements.
type Prepared struct {
	Name, SQL string
	// Since is when it was prepared, in µs of the Unix epoch.
	Since   int64
	Params  []types.Type
	FromSQL bool
}

// TableState is a row of htap.tables.
type TableState struct {
	Name, State, Reason string
	Rows, LagMicros     int64
	DeltaRows           int64
	Segments            int
	ColumnBytes         int64
}
