package copydata

import (
	"htapdb/htap/catalog"
	"htapdb/htap/load"
	"htapdb/internal/files"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// What the binary format of COPY needs: its bytes are those of a protocol, which
// is not known here, so it moves rows in batches.

// FromBatches is COPY … FROM STDIN (FORMAT binary) on the batches of next, in
// the types of [Types], until it returns nil.
func (x *Statement) FromBatches(c *parser.CopyStmt, next func() (*vector.Batch, error)) (int64, error) {
	if err := binaryOptions(c); err != nil {
		return 0, err
	}
	if err := x.checkFrom(c); err != nil {
		return 0, err
	}
	t, ords, in, err := x.input(c)
	if err != nil {
		return 0, err
	}
	conv, err := load.NewConverter(x, t, in, ords)
	if err != nil {
		return 0, err
	}
	return load.Insert(x.Statement, t, conv, next)
}

// ToBatches is COPY … TO STDOUT (FORMAT binary) into write; a batch is valid
// until write returns.
func (x *Statement) ToBatches(c *parser.CopyStmt, write func(*vector.Batch) error) (int64, error) {
	if err := binaryOptions(c); err != nil {
		return 0, err
	}
	q, err := x.query(c)
	if err != nil {
		return 0, err
	}
	return q.Run(write)
}

// binaryOptions refuses options that the binary format does not have.
func binaryOptions(c *parser.CopyStmt) error {
	options, err := Options(c)
	if err != nil {
		return err
	}
	for name := range options {
		if name != "format" {
			return sqlstate.New(sqlstate.SyntaxError, "cannot specify %s in BINARY mode", name)
		}
	}
	return nil
}

// input finds the table of a COPY FROM, the ordinals that the input goes to,
// and the input's columns, which have their types.
func (x *Statement) input(c *parser.CopyStmt) (*catalog.Table, []int, []files.Column, error) {
	t, err := x.Table(*c.Table)
	if err != nil {
		return nil, nil, nil, err
	}
	ords, err := x.targets(t, c.Columns)
	if err != nil {
		return nil, nil, nil, err
	}
	in := make([]files.Column, len(ords))
	for i, ord := range ords {
		in[i] = files.Column{Name: t.Columns[ord].Name, Type: t.Columns[ord].Type}
	}
	return t, ords, in, nil
}
