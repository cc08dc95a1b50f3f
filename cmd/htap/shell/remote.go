package shell

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// cancelGrace is how long a server may take to answer a cancelled statement
// before the connection is given up.
const cancelGrace = 5 * time.Second

// Remote connects to a server by a URL (postgres://user@host:port/database) or
// a keyword string, as libpq knows them.
func Remote(ctx context.Context, url string) (Conn, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["application_name"] = "htap sql"
	r := &remote{}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if r.notice != nil {
			r.notice(serverError((*pgconn.PgError)(n)))
		}
	}
	// An interrupted statement is cancelled by a request; the connection stays.
	cfg.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelGrace}
	}
	if r.conn, err = pgconn.ConnectConfig(ctx, cfg); err != nil {
		return nil, connectError(err)
	}
	r.name = fmt.Sprintf("%s:%d", cfg.Host, cfg.Port)
	return r, nil
}

// connectError leaves out the lines that repeat, as for each try with and without TLS.
func connectError(err error) error {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Errorf("cannot connect: %s", pe.Message)
	}
	lines := strings.Split(err.Error(), "\n")
	return errors.New(strings.Join(slices.Compact(lines), "\n"))
}

// remote implements Conn on the wire protocol; results come as text.
type remote struct {
	conn   *pgconn.PgConn
	name   string
	notice func(*htap.Error)
}

// Run implements Conn.
func (r *remote) Run(ctx context.Context, sql string, io Streams, each func(Result) error) error {
	if in, out := copyDirection(sql); in || out {
		return r.copy(ctx, sql, in, io, each)
	}
	reader := r.conn.Exec(ctx, sql)
	for reader.NextResult() {
		res := &remoteResult{r: reader.ResultReader()}
		res.describe()
		if err := each(res); err != nil {
			_ = reader.Close()
			return clientError(err)
		}
	}
	return clientError(reader.Close())
}

// copy runs a COPY with a stream.
func (r *remote) copy(ctx context.Context, sql string, in bool, io Streams, each func(Result) error) error {
	var tag pgconn.CommandTag
	var err error
	if in {
		tag, err = r.conn.CopyFrom(ctx, io.In, sql)
	} else {
		tag, err = r.conn.CopyTo(ctx, io.Out, sql)
	}
	if err != nil {
		return clientError(err)
	}
	return each(copied(in, tag.String()))
}

// TxState implements Conn.
func (r *remote) TxState() byte { return r.conn.TxStatus() }

// OnNotice implements Conn.
func (r *remote) OnNotice(fn func(*htap.Error)) { r.notice = fn }

// Name implements Conn.
func (r *remote) Name() string { return r.name }

// Lost implements Conn.
func (r *remote) Lost() bool { return r.conn.IsClosed() }

// Close implements Conn.
func (r *remote) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	return r.conn.Close(ctx)
}

// clientError gives a server's error the engine's form.
func clientError(err error) error {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return serverError(pe)
	}
	return err
}

func serverError(pe *pgconn.PgError) *htap.Error {
	return &htap.Error{Code: sqlstate.Code(pe.Code), Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Position: int(pe.Position), Where: pe.Where,
		Object: sqlstate.Object{Schema: pe.SchemaName, Table: pe.TableName, Column: pe.ColumnName, DataType: pe.DataTypeName, Constraint: pe.ConstraintName}}
}

// remoteResult implements Result on a server's answer.
type remoteResult struct {
	r       *pgconn.ResultReader
	columns []Column
	cells   []Cell
	tag     string
	err     error
	done    bool
}

// describe reads the columns.
func (r *remoteResult) describe() {
	for _, f := range r.r.FieldDescriptions() {
		r.columns = append(r.columns, Column{Name: f.Name, Type: columnType(f.DataTypeOID, f.TypeModifier)})
	}
	r.cells = make([]Cell, len(r.columns))
}

// columnType is the type by PostgreSQL's numbers; an unknown one is text.
func columnType(oid uint32, modifier int32) types.Type {
	t, ok := types.FromOID(oid)
	if !ok {
		return types.TText
	}
	const header = 4 // PostgreSQL's modifiers of lengths and precisions start at 4
	if modifier < header {
		return t
	}
	switch m := modifier - header; t.Kind {
	case types.Numeric:
		t.Precision, t.Scale = uint8(m>>16), uint8(m&0x7ff)
	case types.Varchar, types.Char:
		t.Length = m
	}
	return t
}

// Columns implements Result.
func (r *remoteResult) Columns() []Column { return r.columns }

// Next implements Result.
func (r *remoteResult) Next() []Cell {
	if r.done {
		return nil
	}
	if !r.r.NextRow() {
		r.done = true
		tag, err := r.r.Close()
		r.tag, r.err = tag.String(), clientError(err)
		return nil
	}
	for i, v := range r.r.Values() {
		r.cells[i] = Cell{Text: string(v), Null: v == nil}
	}
	return r.cells
}

// Err implements Result.
func (r *remoteResult) Err() error { return r.err }

// Tag implements Result.
func (r *remoteResult) Tag() string {
	for !r.done {
		r.Next()
	}
	return r.tag
}
