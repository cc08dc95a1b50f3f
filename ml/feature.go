package ml

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Kind says how a feature enters a model.
type Kind uint8

// The kinds of features.
const (
	// Number is a column of doubles: numbers, truth values (0 and 1), dates (days
	// since 1970-01-01) and timestamps (seconds since then).
	Number Kind = iota
	// Category is one of finitely many texts.
	Category
)

// Feature is an input column of a model.
type Feature struct {
	Name string
	// Type is that of the training query's column. A prediction may be given any type
	// of the same kind: no value is cast to it.
	Type types.Type
	Kind Kind
	// Categories are the distinct texts that training has seen, in byte order; the
	// code of one is its index.
	Categories []string
}

// Codes of a categorical value that is none of Feature.Categories.
const (
	// Missing is the code of NULL.
	Missing int32 = -1
	// Unseen is the code of a text that training has not seen.
	Unseen int32 = -2
)

// NewFeature returns the feature that a column of a type is; 0A000 for a type that
// models do not take.
func NewFeature(name string, t types.Type) (Feature, error) {
	f := Feature{Name: name, Type: t}
	switch {
	case t.IsString():
		f.Kind = Category
	case numeric(t):
	default:
		return f, sqlstate.New(sqlstate.FeatureNotSupported, "feature %q has type %s, which a model cannot use", name, t).
			WithHint("Cast it to a number or to text in the query.")
	}
	return f, nil
}

// numeric reports the types that become doubles.
func numeric(t types.Type) bool {
	switch t.Kind {
	case types.Bool, types.Date, types.Timestamp, types.TimestampTZ:
		return true
	}
	return t.IsNumber()
}

// Target is the column that a model predicts; the zero value is none.
type Target struct {
	Name string
	Type types.Type
	// Classes are the distinct values of a classifier's target as texts (see
	// classText), in the order of their type; a class's number is its index. nil for a
	// regression.
	Classes []string
}
