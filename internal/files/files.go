package files

import (
	"path"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Column is a column of a file.
type Column struct {
	Name string
	Type types.Type
}

// Reader yields a file's rows.
type Reader interface {
	// Columns are the columns that the batches have, in order.
	Columns() []Column
	// Next returns the next batch, nil at the end; it is valid until the next call.
	Next() (*vector.Batch, error)
	// Close releases what the reader holds; it does not close the file.
	Close() error
}

// Writer takes rows. After an error the file is not usable.
type Writer interface {
	// Write appends the alive rows of a batch.
	Write(b *vector.Batch) error
	// Close writes what is buffered and the file's end.
	Close() error
}

// Format is a file format.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	Parquet Format = "parquet"
)

// FormatOf returns the format that option says, or the extension of name if it is empty.
func FormatOf(option, name string) (Format, error) {
	switch f := Format(strings.ToLower(option)); f {
	case CSV, Parquet:
		return f, nil
	case "":
	default:
		return "", sqlstate.New(sqlstate.FeatureNotSupported, "format %q is not supported", option).
			WithHint("There are csv and parquet.")
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".parquet", ".pq":
		return Parquet, nil
	case ".csv", ".tsv", ".txt":
		return CSV, nil
	}
	return "", sqlstate.New(sqlstate.InvalidParameterValue, "cannot tell the format of %q from its name", name).
		WithHint("Say FORMAT csv or FORMAT parquet.")
}
