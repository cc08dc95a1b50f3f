package flight

import (
	"context"
	"fmt"

	"htapdb/htap"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// query is a bound statement with a result set, to be run once.
type query struct {
	unit *unit
	stmt *htap.Stmt
	// args are the parameters, a row for each run; nil is one run without.
	args   [][]any
	schema *arrow.Schema
	ts     []types.Type
}

// newQuery describes stmt's result. The reference to u passes to the query.
func newQuery(u *unit, stmt *htap.Stmt, args [][]any) *query {
	q := &query{unit: u, stmt: stmt, args: args}
	q.schema, q.ts = resultSchema(stmt.Columns())
	return q
}

// discard gives up a query that was not run.
func (q *query) discard() { q.unit.release() }

// runs is the number of times that the statement is executed.
func (q *query) runs() int {
	if q.args == nil {
		return 1
	}
	return len(q.args)
}

// open starts run i.
func (q *query) open(ctx context.Context, i int) (*unitRows, error) {
	var args []any
	if q.args != nil {
		args = q.args[i]
	}
	var rows *htap.Rows
	err := q.unit.do(func(*htap.Session) (err error) {
		rows, err = q.stmt.Query(ctx, args...)
		return err
	})
	return &unitRows{q.unit, rows}, err
}

// bindStatement prepares sql in a unit of the call's session. The unit's
// reference is the caller's when err is nil.
func (v *service) bindStatement(ctx context.Context, sql string, transaction []byte) (*unit, *htap.Stmt, error) {
	u, err := sessionOf(ctx).acquire(transaction)
	if err != nil {
		return nil, nil, err
	}
	stmt, err := prepareIn(ctx, u, sql)
	if err != nil {
		u.release()
		return nil, nil, err
	}
	return u, stmt, nil
}

// prepareIn prepares sql in a unit.
func prepareIn(ctx context.Context, u *unit, sql string) (stmt *htap.Stmt, err error) {
	err = u.do(func(s *htap.Session) error {
		stmt, err = s.Prepare(ctx, sql)
		return err
	})
	return stmt, err
}

// GetFlightInfoStatement binds a statement. One with a result set waits behind
// a ticket; another runs now.
func (v *service) GetFlightInfoStatement(ctx context.Context, cmd flightsql.StatementQuery, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	u, stmt, err := v.bindStatement(ctx, cmd.GetQuery(), cmd.GetTransactionId())
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	if len(stmt.Params()) > 0 {
		u.release()
		return nil, toStatus(ctx, sqlstate.New(sqlstate.UndefinedParameter, "the statement has parameters").WithHint("Prepare it and bind them."))
	}
	return v.infoOf(ctx, u, stmt, nil, cmd.GetQuery(), desc)
}

// infoOf gives the FlightInfo of a bound statement. The unit's reference passes
// to the ticket, or is released.
func (v *service) infoOf(ctx context.Context, u *unit, stmt *htap.Stmt, args [][]any, sql string, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	if len(stmt.Columns()) == 0 {
		defer u.release()
		n, err := v.runNow(ctx, u, stmt, args, sql)
		if err != nil {
			return nil, err
		}
		return v.info(desc, arrow.NewSchema(nil, nil), "", n)
	}
	q := newQuery(u, stmt, args)
	name, err := v.tickets.add(q)
	if err != nil {
		q.discard()
		return nil, toStatus(ctx, err)
	}
	return v.info(desc, q.schema, name, -1)
}

// info builds a FlightInfo with one endpoint, whose ticket is a handle; the
// empty handle is a result without rows. For a statement without a result set
// records is the number of rows it affected.
func (v *service) info(desc *flight.FlightDescriptor, schema *arrow.Schema, name string, records int64) (*flight.FlightInfo, error) {
	ticket, err := flightsql.CreateStatementQueryTicket([]byte(name))
	if err != nil {
		return nil, err
	}
	return &flight.FlightInfo{
		Schema: flight.SerializeSchema(schema, v.opt.Alloc), FlightDescriptor: desc,
		Endpoint:     []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: ticket}}},
		TotalRecords: records, TotalBytes: -1,
	}, nil
}

// runNow runs a statement without a result set, once for each row of args, and
// returns the rows it affected.
func (v *service) runNow(ctx context.Context, u *unit, stmt *htap.Stmt, args [][]any, sql string) (n int64, err error) {
	runCtx, cancel := u.context(ctx)
	defer cancel(nil)
	if args == nil {
		args = [][]any{nil}
	}
	for _, row := range args {
		err = u.do(func(*htap.Session) error {
			res, err := stmt.Exec(runCtx, row...)
			n += res.RowsAffected
			return err
		})
		if err != nil {
			return n, toStatus(runCtx, err)
		}
	}
	sessionOf(ctx).after(u, sql)
	return n, nil
}

// GetSchemaStatement describes a statement's result without running it.
func (v *service) GetSchemaStatement(ctx context.Context, cmd flightsql.StatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	u, stmt, err := v.bindStatement(ctx, cmd.GetQuery(), cmd.GetTransactionId())
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	defer u.release()
	schema, _ := resultSchema(stmt.Columns())
	return &flight.SchemaResult{Schema: flight.SerializeSchema(schema, v.opt.Alloc)}, nil
}

// DoGetStatement runs the statement behind a ticket and streams its result.
func (v *service) DoGetStatement(ctx context.Context, ticket flightsql.StatementQueryTicket) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	name := string(ticket.GetStatementHandle())
	if name == "" {
		return emptyStream(arrow.NewSchema(nil, nil))
	}
	q, ok := v.tickets.take(name)
	if !ok {
		return nil, nil, toStatus(ctx, sqlstate.New(sqlstate.InvalidCursorName, "the ticket is unknown, has expired or was fetched already"))
	}
	return v.stream(ctx, name, q)
}

// emptyStream is a result without rows.
func emptyStream(schema *arrow.Schema) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	ch := make(chan flight.StreamChunk)
	close(ch)
	return schema, ch, nil
}

// stream runs a query, which is known as name to CancelFlightInfo meanwhile.
func (v *service) stream(ctx context.Context, name string, q *query) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	ctx, cancel := q.unit.context(ctx)
	v.mu.Lock()
	v.running[name] = cancel
	v.mu.Unlock()
	end := func() {
		v.mu.Lock()
		delete(v.running, name)
		v.mu.Unlock()
		cancel(nil)
		q.unit.release()
	}
	var rows *unitRows
	if q.runs() > 0 { // an error at the start is the call's, not the stream's
		var err error
		if rows, err = q.open(ctx, 0); err != nil {
			defer end()
			return nil, nil, toStatus(ctx, err)
		}
	}
	ch := make(chan flight.StreamChunk)
	// Ends with the result, or when ctx does, which is when the call's handler
	// returns; the handler reads ch to its end.
	go func() {
		defer close(ch)
		defer end()
		p := &producer{ctx: ctx, q: q, ch: ch, chunks: newChunker(q.schema, q.ts)}
		if err := v.contained(func() error { return p.run(rows) }); err != nil {
			p.send(flight.StreamChunk{Err: toStatus(ctx, err)})
		}
	}()
	return q.schema, ch, nil
}

// contained runs fn and turns a panic into an error.
func (v *service) contained(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = sqlstate.FromPanic(p)
			sqlstate.LogPanic(v.opt.Log, err)
		}
	}()
	return fn()
}

// producer reads the runs of a query into a channel.
type producer struct {
	ctx    context.Context
	q      *query
	ch     chan<- flight.StreamChunk
	chunks *chunker
}

// run sends everything; rows is the first run's result, nil for no run.
func (p *producer) run(rows *unitRows) error {
	for i := 0; i < p.q.runs(); i++ {
		if i > 0 {
			var err error
			if rows, err = p.q.open(p.ctx, i); err != nil {
				return err
			}
		}
		err := p.one(rows)
		if closeErr := rows.close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
	}
	recs, err := p.chunks.flush()
	if err != nil {
		return err
	}
	return p.sendAll(recs)
}

// one sends one result.
func (p *producer) one(rows *unitRows) error {
	for done := false; !done; {
		var recs []arrow.RecordBatch
		err := rows.next(func(b *vector.Batch) (err error) {
			if b == nil {
				done = true
				return nil
			}
			recs, err = p.chunks.add(b)
			return err
		})
		if sendErr := p.sendAll(recs); err == nil {
			err = sendErr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sendAll sends record batches; those that are not taken are released.
func (p *producer) sendAll(recs []arrow.RecordBatch) (err error) {
	for _, rec := range recs {
		if err != nil || !p.send(flight.StreamChunk{Data: rec}) {
			rec.Release()
			err = fmt.Errorf("flight: the client went away: %w", context.Canceled)
		}
	}
	return err
}

// send hands a chunk to the call; false when the call has ended.
func (p *producer) send(c flight.StreamChunk) bool {
	if c.Err == nil && p.ctx.Err() != nil {
		return false
	}
	if c.Err != nil {
		// The reader is still there after a cancel of the statement: it reads to
		// the end of the channel.
		p.ch <- c
		return true
	}
	select {
	case p.ch <- c:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// DoPutCommandStatementUpdate runs a statement and returns the rows it affected.
func (v *service) DoPutCommandStatementUpdate(ctx context.Context, cmd flightsql.StatementUpdate) (int64, error) {
	u, stmt, err := v.bindStatement(ctx, cmd.GetQuery(), cmd.GetTransactionId())
	if err != nil {
		return 0, toStatus(ctx, err)
	}
	defer u.release()
	return v.runNow(ctx, u, stmt, nil, cmd.GetQuery())
}

// CancelFlightInfo gives up a ticket or cancels the statement that runs behind it.
func (v *service) CancelFlightInfo(ctx context.Context, req *flight.CancelFlightInfoRequest) (flight.CancelFlightInfoResult, error) {
	found := false
	for _, e := range req.GetInfo().GetEndpoint() {
		t, err := flightsql.GetStatementQueryTicket(e.GetTicket())
		if err != nil {
			continue
		}
		name := string(t.GetStatementHandle())
		if q, ok := v.tickets.take(name); ok {
			q.discard()
			found = true
			continue
		}
		v.mu.Lock()
		cancel := v.running[name]
		v.mu.Unlock()
		if cancel != nil {
			cancel(errCancelled)
			found = true
		}
	}
	if !found {
		return flight.CancelFlightInfoResult{}, toStatus(ctx, sqlstate.New(sqlstate.InvalidCursorName, "the flight is unknown or has ended"))
	}
	return flight.CancelFlightInfoResult{Status: flight.CancelStatusCancelled}, nil
}
