// Package copydata is COPY: rows into a table from a file or a stream, and the
// rows of a table or a query out, as text, CSV, Parquet, or batches for the binary
// format of a protocol.
package copydata

import (
	"htapdb/htap/exec"
	"htapdb/htap/load"
	"htapdb/htap/physical"
	"htapdb/internal/fileaccess"
	"htapdb/sql/types"
)

// Statement is a COPY while it runs.
type Statement struct {
	*exec.Statement
	load.Host
	Files Files
	// Style is how the session writes values as text and reads them.
	Style *types.TextStyle
}

// Files opens and creates the files that the database may touch.
type Files interface {
	physical.FileOpener
	Create(path string) (*fileaccess.Created, error)
}
