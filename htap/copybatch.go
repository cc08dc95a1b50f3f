package htap

import (
	"context"
	"strconv"

	"htapdb/htap/catalog"
	"htapdb/htap/physical"
	"htapdb/internal/files"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/vector"
)

// What the binary format of COPY needs: its bytes are those of a protocol, which
// is not known here, so it moves rows in batches.

// CopyFromBatches runs COPY … FROM STDIN (FORMAT binary) on the batches of next,
// in the types of CopyFormat, until it returns nil.
func (st *Stmt) CopyFromBatches(ctx context.Context, next func() (*vector.Batch, error)) (Result, error) {
	return st.copyBinary(ctx, func(x *execution, c *parser.CopyStmt) (int64, error) {
		if x.s.tx.readOnly {
			return 0, readOnlyError("COPY FROM")
		}
		if c.Where != nil {
			return 0, sqlstate.New(sqlstate.FeatureNotSupported, "COPY FROM … WHERE is not supported")
		}
		t, targets, in, err := x.copyInput(c)
		if err != nil {
			return 0, err
		}
		conv, err := x.newConverter(t, in, targets)
		if err != nil {
			return 0, err
		}
		return x.insertAll(t, conv, next)
	})
}

// CopyToBatches runs COPY … TO STDOUT (FORMAT binary) into write; a batch is
// valid until write returns.
func (st *Stmt) CopyToBatches(ctx context.Context, write func(*vector.Batch) error) (Result, error) {
	return st.copyBinary(ctx, func(x *execution, c *parser.CopyStmt) (int64, error) {
		p, err := x.copyQuery(c)
		if err != nil {
			return 0, err
		}
		st := x.statement()
		return physical.Run(x.ctx, p.root, st, x.exec(st), write)
	})
}

// copyBinary runs a COPY with a stream in batches.
func (st *Stmt) copyBinary(ctx context.Context, run func(*execution, *parser.CopyStmt) (int64, error)) (Result, error) {
	c, ok := st.parsed.Stmt.(*parser.CopyStmt)
	if !ok || !c.Stdio {
		return Result{}, sqlstate.New(sqlstate.WrongObjectType, "the statement is no COPY with STDIN or STDOUT")
	}
	rows, err := st.s.runUtility(ctx, st, nil, func(x *execution) (string, int64, error) {
		options, err := copyOptions(c)
		if err != nil {
			return "", 0, err
		}
		for name := range options {
			if name != "format" {
				return "", 0, sqlstate.New(sqlstate.SyntaxError, "cannot specify %s in BINARY mode", name)
			}
		}
		n, err := run(x, c)
		return "COPY " + strconv.FormatInt(n, 10), n, err
	})
	if err != nil {
		return Result{}, err
	}
	return drain(rows)
}

// copyInput finds the table of a COPY FROM, the ordinals that the input goes to,
// and the input's columns, which have their types.
func (x *execution) copyInput(c *parser.CopyStmt) (*catalog.Table, []int, []files.Column, error) {
	t, err := x.table(*c.Table)
	if err != nil {
		return nil, nil, nil, err
	}
	targets, err := x.copyTargets(t, c.Columns)
	if err != nil {
		return nil, nil, nil, err
	}
	in := make([]files.Column, len(targets))
	for i, ord := range targets {
		in[i] = files.Column{Name: t.Columns[ord].Name, Type: t.Columns[ord].Type}
	}
	return t, targets, in, nil
}
