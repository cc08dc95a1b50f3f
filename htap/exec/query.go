package exec

import (
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Planner binds expressions and plans queries for the statements that contain
// them, such as CREATE TABLE with its defaults and COPY with its query.
type Planner interface {
	// Names is the catalog as the binder sees it.
	Names() binder.Catalog
	// EvalContext is what expressions of the statement depend on.
	EvalContext() *fn.Context
	// Query plans a query, which stands in script, at the statement's catalog.
	// Declared are the types of its parameters, nil where they are to be found.
	Query(query parser.Stmt, script string, declared []types.Type) (*Query, error)
}

// Query is the plan of a query that is a part of a statement.
type Query struct {
	Columns []Column
	// Params are the types of its parameters.
	Params []types.Type
	// Sources are the stored relations that it names.
	Sources []binder.Source
	// Workers is how many goroutines may compute what is made of its rows.
	Workers int
	// Run runs the query once, at the statement's snapshot, into a consumer that must
	// copy what it keeps, and returns the number of rows.
	Run func(consume func(*vector.Batch) error) (int64, error)
}

// Column is a column of a query's result.
type Column struct {
	Name string
	Type types.Type
}
