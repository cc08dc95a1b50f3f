package shell

import (
	"context"
	"io"
	"strings"

	"htapdb/htap"
	"htapdb/sql/parser"
	"htapdb/sql/types"
)

// Conn is a session that the shell talks to.
type Conn interface {
	// Run runs a text of one or more statements, several in one implicit
	// transaction, and hands each outcome to each, which reads it to its end. A
	// COPY reads io.In or writes io.Out.
	Run(ctx context.Context, sql string, io Streams, each func(Result) error) error
	// TxState is 'I' idle, 'T' in a transaction, 'E' in a failed one.
	TxState() byte
	// OnNotice has fn called for notices and warnings.
	OnNotice(fn func(*htap.Error))
	// Name says where the session is: a directory, "memory", a host and port.
	Name() string
	// Lost reports that the connection has ended by itself.
	Lost() bool
	// Close ends the session, and the database if it is embedded.
	Close() error
}

// Streams are the data of COPY FROM STDIN and TO STDOUT.
type Streams struct {
	In  io.Reader
	Out io.Writer
}

// Result is the outcome of one statement, read once from the first row on.
type Result interface {
	// Columns is empty for a statement without a result set.
	Columns() []Column
	// Next returns the next row, valid until the next call; nil at the end or
	// after an error, which Err tells.
	Next() []Cell
	Err() error
	// Tag is PostgreSQL's command tag, known at the end.
	Tag() string
}

// Column describes a column of a result.
type Column struct {
	Name string
	Type types.Type
}

// Cell is a value as PostgreSQL writes it.
type Cell struct {
	Text string
	Null bool
}

// right reports types whose values are aligned at the right.
func (c Column) right() bool {
	switch c.Type.Kind {
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric:
		return true
	}
	return false
}

// typeName is the short name of the column's type, for the head of a table.
func (c Column) typeName() string {
	name := c.Type.String()
	for long, short := range shortTypes {
		if name == long {
			return short
		}
	}
	return strings.Replace(name, "character varying", "varchar", 1)
}

// shortTypes replace PostgreSQL's long spellings.
var shortTypes = map[string]string{
	"timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp",
	"time without time zone": "time", "double precision": "double",
}

// copyDirection tells whether sql is a single COPY with a stream.
func copyDirection(sql string) (in, out bool) {
	if !strings.Contains(strings.ToLower(sql), "copy") {
		return false, false
	}
	list, err := parser.Parse(sql)
	if err != nil || len(list) != 1 {
		return false, false
	}
	c, ok := list[0].Stmt.(*parser.CopyStmt)
	if !ok || !c.Stdio {
		return false, false
	}
	return c.From, !c.From
}
