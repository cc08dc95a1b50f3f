package htap

import (
	"context"
	"io"
	"strconv"

	"htapdb/htap/copydata"
	"htapdb/htap/exec"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// CopyFormat describes the stream of a COPY … FROM STDIN or TO STDOUT.
type CopyFormat struct {
	// In is FROM STDIN.
	In bool
	// Columns is the number of columns, Types are their types.
	Columns int
	Types   []types.Type
	// Binary is FORMAT binary, for CopyFromBatches and CopyToBatches.
	Binary bool
}

// Copy returns the format of a COPY with a stream; ok is false for any other
// statement. The error is that of a table, column or option that is not there.
func (st *Stmt) Copy() (f CopyFormat, ok bool, err error) {
	c, ok := st.parsed.Stmt.(*parser.CopyStmt)
	if !ok || !c.Stdio {
		return f, false, nil
	}
	cat, err := st.s.snapshot()
	if err != nil {
		return f, true, st.s.failed(err)
	}
	ts, err := copydata.Types(cat, c, st.script, func(query parser.Stmt) ([]types.Type, error) {
		p, err := st.s.planQuery(query, st.script, nil, cat)
		if err != nil {
			return nil, err
		}
		var ts []types.Type
		for _, col := range p.columns {
			ts = append(ts, col.Type)
		}
		return ts, nil
	})
	if err != nil {
		return f, true, st.s.failed(err)
	}
	options, err := copydata.Options(c)
	if err != nil {
		return f, true, st.s.failed(err)
	}
	return CopyFormat{In: c.From, Columns: len(ts), Types: ts, Binary: options["format"] == "binary"}, true, nil
}

// CopyFrom runs COPY … FROM STDIN on the bytes of r.
func (st *Stmt) CopyFrom(ctx context.Context, r io.Reader) (Result, error) {
	return st.copyStream(ctx, r, nil)
}

// CopyTo runs COPY … TO STDOUT, writing to w.
func (st *Stmt) CopyTo(ctx context.Context, w io.Writer) (Result, error) {
	return st.copyStream(ctx, nil, w)
}

func (st *Stmt) copyStream(ctx context.Context, r io.Reader, w io.Writer) (Result, error) {
	return st.copy(ctx, func(x *copydata.Statement, c *parser.CopyStmt) (int64, error) { return x.Run(c, r, w) })
}

// CopyFromBatches runs COPY … FROM STDIN (FORMAT binary) on the batches of next,
// in the types of CopyFormat, until it returns nil.
func (st *Stmt) CopyFromBatches(ctx context.Context, next func() (*vector.Batch, error)) (Result, error) {
	return st.copy(ctx, func(x *copydata.Statement, c *parser.CopyStmt) (int64, error) { return x.FromBatches(c, next) })
}

// CopyToBatches runs COPY … TO STDOUT (FORMAT binary) into write; a batch is
// valid until write returns.
func (st *Stmt) CopyToBatches(ctx context.Context, write func(*vector.Batch) error) (Result, error) {
	return st.copy(ctx, func(x *copydata.Statement, c *parser.CopyStmt) (int64, error) { return x.ToBatches(c, write) })
}

// copy runs a COPY with a stream.
func (st *Stmt) copy(ctx context.Context, run func(*copydata.Statement, *parser.CopyStmt) (int64, error)) (Result, error) {
	c, ok := st.parsed.Stmt.(*parser.CopyStmt)
	if !ok || !c.Stdio {
		return Result{}, sqlstate.New(sqlstate.WrongObjectType, "the statement is no COPY with STDIN or STDOUT")
	}
	rows, err := st.s.runUtility(ctx, st, nil, func(x *execution) (string, int64, error) {
		n, err := run(x.copy(), c)
		return copyTag(n), n, err
	})
	if err != nil {
		return Result{}, err
	}
	return drain(rows)
}

func copyTag(n int64) string { return "COPY " + strconv.FormatInt(n, 10) }

// copy is the execution as COPY sees it.
func (x *execution) copy() *copydata.Statement {
	return &copydata.Statement{Statement: &x.Statement, Host: x, Files: &x.s.db.cfg.files, Style: x.s.TextStyle()}
}

// copyFile is COPY with a file.
func (x *execution) copyFile(st *parser.CopyStmt) (*exec.Output, error) {
	if st.Stdio {
		return nil, sqlstate.New(sqlstate.FeatureNotSupported, "COPY with STDIN or STDOUT needs a client that streams").
			WithHint("Use Stmt.CopyFrom and Stmt.CopyTo, psql, or name a file.")
	}
	n, err := x.copy().Run(st, nil, nil)
	return &exec.Output{Tag: copyTag(n), N: n}, err
}
