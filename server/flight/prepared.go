package flight

import (
	"context"
	"strconv"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// maxBoundRows bounds the parameter rows bound to a query, which are kept until
// it runs; an update takes any number, a row at a time.
const maxBoundRows = 10_000

// prepared is a prepared statement; it holds a reference to its unit.
type prepared struct {
	unit *unit
	sql  string
	stmt *htap.Stmt
	// bound are the parameters for the next query, guarded by unit.mu.
	bound [][]any
}

// close forgets the statement.
func (p *prepared) close() {
	_ = p.unit.do(func(*htap.Session) error { p.stmt.Close(); return nil })
	p.unit.release()
}

// CreatePreparedStatement prepares a statement.
func (v *service) CreatePreparedStatement(ctx context.Context, req flightsql.ActionCreatePreparedStatementRequest) (res flightsql.ActionCreatePreparedStatementResult, err error) {
	u, stmt, err := v.bindStatement(ctx, req.GetQuery(), req.GetTransactionId())
	if err != nil {
		return res, toStatus(ctx, err)
	}
	p := &prepared{unit: u, sql: req.GetQuery(), stmt: stmt}
	name, err := v.prepared.add(p)
	if err != nil {
		p.close()
		return res, toStatus(ctx, err)
	}
	schema, _ := resultSchema(stmt.Columns())
	update := len(stmt.Columns()) == 0
	return flightsql.ActionCreatePreparedStatementResult{
		Handle: []byte(name), DatasetSchema: schema, ParameterSchema: parameterSchema(stmt.Params()), IsUpdate: &update,
	}, nil
}

// parameterSchema describes parameters as $1, $2 …
func parameterSchema(params []types.Type) *arrow.Schema {
	fields := make([]arrow.Field, len(params))
	for i, t := range params {
		fields[i] = arrow.Field{Name: "$" + strconv.Itoa(i+1), Type: vector.ArrowType(t), Nullable: true, Metadata: typeMetadata(t, nil)}
	}
	return arrow.NewSchema(fields, nil)
}

// lookup returns the call's prepared statement.
func (v *service) lookup(ctx context.Context, name []byte) (*prepared, error) {
	p, ok := v.prepared.get(string(name))
	if !ok || p.unit.owner != sessionOf(ctx) {
		return nil, sqlstate.New(sqlstate.InvalidStatementName, "the prepared statement is closed or never was")
	}
	return p, nil
}

// target returns where the prepared statement is to run now, with a reference:
// its own unit, or that of a transaction which the client began since by a BEGIN.
func (p *prepared) target(ctx context.Context) (*unit, *htap.Stmt, error) {
	if !p.unit.transaction {
		if u := p.unit.owner.explicitUnit(); u != nil && u != p.unit {
			stmt, err := prepareIn(ctx, u, p.sql)
			if err != nil {
				u.release()
				return nil, nil, err
			}
			return u, stmt, nil
		} else if u != nil {
			u.release()
		}
		if err := p.unit.owner.refresh(p.unit); err != nil {
			return nil, nil, err
		}
	}
	return p.unit.retain(), p.stmt, nil
}

// ClosePreparedStatement forgets a prepared statement.
func (v *service) ClosePreparedStatement(ctx context.Context, req flightsql.ActionClosePreparedStatementRequest) error {
	if _, err := v.lookup(ctx, req.GetPreparedStatementHandle()); err != nil {
		return toStatus(ctx, err)
	}
	if p, ok := v.prepared.take(string(req.GetPreparedStatementHandle())); ok {
		p.close()
	}
	return nil
}

// arguments takes the parameters bound to the next query.
func (p *prepared) arguments() (args [][]any, err error) {
	err = p.unit.do(func(*htap.Session) error {
		args, p.bound = p.bound, nil
		if n := len(p.stmt.Params()); n > 0 && args == nil {
			return sqlstate.New(sqlstate.ProtocolViolation, "the statement has %d parameters, none are bound", n)
		}
		return nil
	})
	return args, err
}

// GetFlightInfoPreparedStatement is GetFlightInfoStatement for a prepared one.
func (v *service) GetFlightInfoPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	p, err := v.lookup(ctx, cmd.GetPreparedStatementHandle())
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	args, err := p.arguments()
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	u, stmt, err := p.target(ctx)
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	return v.infoOf(ctx, u, stmt, args, p.sql, desc)
}

// GetSchemaPreparedStatement describes a prepared statement's result.
func (v *service) GetSchemaPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	p, err := v.lookup(ctx, cmd.GetPreparedStatementHandle())
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	schema, _ := resultSchema(p.stmt.Columns())
	return &flight.SchemaResult{Schema: flight.SerializeSchema(schema, v.opt.Alloc)}, nil
}

// DoGetPreparedStatement runs a prepared statement for a client that made the
// ticket itself: each call runs it once.
func (v *service) DoGetPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	p, err := v.lookup(ctx, cmd.GetPreparedStatementHandle())
	if err != nil {
		return nil, nil, toStatus(ctx, err)
	}
	args, err := p.arguments()
	if err != nil {
		return nil, nil, toStatus(ctx, err)
	}
	u, stmt, err := p.target(ctx)
	if err != nil {
		return nil, nil, toStatus(ctx, err)
	}
	if len(stmt.Columns()) == 0 {
		defer u.release()
		if _, err := v.runNow(ctx, u, stmt, args, p.sql); err != nil {
			return nil, nil, err
		}
		return emptyStream(arrow.NewSchema(nil, nil))
	}
	return v.stream(ctx, newHandle(), newQuery(u, stmt, args))
}

// DoPutPreparedStatementQuery binds parameters for the next query.
func (v *service) DoPutPreparedStatementQuery(ctx context.Context, cmd flightsql.PreparedStatementQuery, r flight.MessageReader, _ flight.MetadataWriter) ([]byte, error) {
	p, err := v.lookup(ctx, cmd.GetPreparedStatementHandle())
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	bound := [][]any{}
	err = eachRow(r, p.stmt.Params(), func(row []any) error {
		if len(bound) >= maxBoundRows {
			return sqlstate.New(sqlstate.ProgramLimitExceeded, "more than %d rows of parameters are bound to a query", maxBoundRows)
		}
		bound = append(bound, append([]any(nil), row...))
		return nil
	})
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	err = p.unit.do(func(*htap.Session) error { p.bound = bound; return nil })
	return cmd.GetPreparedStatementHandle(), toStatus(ctx, err)
}

// DoPutPreparedStatementUpdate runs a prepared statement for each row of
// parameters, all in one transaction.
func (v *service) DoPutPreparedStatementUpdate(ctx context.Context, cmd flightsql.PreparedStatementUpdate, r flight.MessageReader) (int64, error) {
	p, err := v.lookup(ctx, cmd.GetPreparedStatementHandle())
	if err != nil {
		return 0, toStatus(ctx, err)
	}
	u, stmt, err := p.target(ctx)
	if err != nil {
		return 0, toStatus(ctx, err)
	}
	defer u.release()
	if len(stmt.Params()) == 0 {
		return v.runNow(ctx, u, stmt, nil, p.sql)
	}
	ctx, cancel := u.context(ctx)
	defer cancel(nil)
	n := int64(0)
	err = atomically(ctx, u, func() error {
		return eachRow(r, stmt.Params(), func(row []any) error {
			return u.do(func(*htap.Session) error {
				res, err := stmt.Exec(ctx, row...)
				n += res.RowsAffected
				return err
			})
		})
	})
	if err != nil {
		return 0, toStatus(ctx, err)
	}
	return n, nil
}

// atomically runs fn in a transaction of its own, unless one is open.
func atomically(ctx context.Context, u *unit, fn func() error) error {
	if u.state() != 'I' {
		return fn()
	}
	if err := u.exec(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := fn(); err != nil {
		_ = u.exec(context.WithoutCancel(ctx), "ROLLBACK")
		return err
	}
	return u.exec(ctx, "COMMIT")
}

// eachRow calls fn for each row of the client's batches, with its values for
// the parameters; the slice is reused.
func eachRow(r flight.MessageReader, params []types.Type, fn func(row []any) error) error {
	row := make([]any, len(params))
	for r.Next() {
		rec := r.RecordBatch()
		if int(rec.NumCols()) != len(params) {
			return sqlstate.New(sqlstate.ProtocolViolation, "the statement has %d parameters, the batch has %d columns", len(params), rec.NumCols())
		}
		b, err := vector.FromArrow(rec)
		if err != nil {
			return err
		}
		for i := range b.Len {
			for c, col := range b.Cols {
				d := col.Datum(i)
				if row[c] = d; col.Type != params[c] {
					row[c] = htap.GoValue(d, col.Type)
				}
			}
			if err := fn(row); err != nil {
				return err
			}
		}
	}
	return r.Err()
}
