package binder

import (
	"htapdb/sql/plan"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// Catalog answers what exists, as of the statement's snapshot. A schema of ""
// means the search path. A method that finds nothing returns nil without an error;
// an error ends the binding as it is.
type Catalog interface {
	// Table returns the table, stored or virtual, with the name.
	Table(schema, name string) (*plan.Table, error)
	// View returns the view with the name.
	View(schema, name string) (*View, error)
	// FileSchema returns names and types of a file's columns; IDs are 0.
	// Errors are those of reading it: 58P01, 22P04, 42501.
	FileSchema(path, format string, options map[string]string) ([]plan.Column, error)
	// Model returns the model with the name.
	Model(name string) (Model, error)
	// Function returns the function with the name and number of arguments whose
	// result depends on the catalog. It hides a function of the registry.
	Function(name string, args int) *fn.Scalar
	// TableFunction returns the table function with the name for the given
	// arguments. Built-in ones (generate_series, read_csv…) are not asked for.
	TableFunction(name string, args []fn.Expr) (*TableFunction, error)
}

// View is a named query.
type View struct {
	// ID is the catalog's identifier of the relation.
	ID           uint32
	Schema, Name string
	// Columns rename the first columns of the query.
	Columns []string
	// SQL is the text of the query.
	SQL string
	// Sources are the stored relations that the query names, as they were when
	// the view was made. A name that is not among them is looked up as any other.
	Sources []ViewSource
}

// ViewSource is a relation below a view: what its name in the view's text means,
// whatever has been renamed, added or dropped since.
type ViewSource struct {
	// Schema and Name are the name as the text has it.
	Schema, Name string
	// Table or View is the relation as it is now; neither if it is gone.
	Table *plan.Table
	View  *View
	// Columns are the columns of the view's creation that are still there.
	Columns []SourceColumn
}

// SourceColumn is a column of a ViewSource under its name of then.
type SourceColumn struct {
	Name string
	// Ordinal is its position in the relation now.
	Ordinal int
}

// Model is a trained model in expressions.
type Model interface {
	// Features are the model's inputs in the order in which Scalar takes them.
	Features() []Feature
	// Scalar returns the function that applies the model: fnName is predict,
	// predict_proba… Unknown functions are an error with SQLSTATE 42883. constants are
	// the literals between the model's name and the features, as texts: the class of
	// predict_proba('m', 'late', t).
	Scalar(fnName string, constants []string) (*fn.Scalar, error)
}

// Feature is an input of a model.
type Feature struct {
	Name string
	Type types.Type
}

// TableFunction is a function of the engine that is called in FROM.
type TableFunction struct {
	// Args are the types that the arguments are cast to.
	Args []types.Type
	// Columns describe the result; IDs are 0.
	Columns []plan.Column
}
