package flight

import (
	"context"
	"strings"

	"htapdb/htap"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/vector"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
)

// DoPutCommandStatementIngest loads the client's batches into a table, which it
// makes or empties first if the options say so, all in one transaction.
func (v *service) DoPutCommandStatementIngest(ctx context.Context, cmd flightsql.StatementIngest, r flight.MessageReader) (int64, error) {
	n, err := v.ingest(ctx, cmd, r)
	return n, toStatus(ctx, err)
}

func (v *service) ingest(ctx context.Context, cmd flightsql.StatementIngest, r flight.MessageReader) (n int64, err error) {
	if cmd.GetTemporary() {
		return 0, sqlstate.New(sqlstate.FeatureNotSupported, "temporary tables are not supported")
	}
	if c := cmd.GetCatalog(); c != "" && c != theName {
		return 0, sqlstate.New(sqlstate.InvalidCatalogName, "catalog %q does not exist", c)
	}
	input := &ingestReader{MessageReader: r}
	if err := input.begin(); err != nil {
		return 0, err
	}
	u, err := v.ingestUnit(sessionOf(ctx), cmd.GetTransactionId())
	if err != nil {
		return 0, err
	}
	defer u.release()
	ctx, cancel := u.context(ctx)
	defer cancel(nil)
	table := parser.QuoteIdent(cmd.GetTable())
	if s := cmd.GetSchema(); s != "" {
		table = parser.QuoteIdent(s) + "." + table
	}
	err = atomically(ctx, u, func() error {
		if err := makeTable(ctx, u, table, cmd.GetTableDefinitionOptions(), input.Schema()); err != nil {
			return err
		}
		return u.do(func(s *htap.Session) (err error) {
			n, err = s.Append(ctx, table, input)
			return err
		})
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// ingestUnit is clientSession.acquire, except that an ingest without a
// transaction runs in the session's open one if there is exactly one: ADBC's
// driver (1.13) leaves the id out, and its users expect commit and rollback to
// apply. Outside it the load could wait for the client's own locks for ever.
func (v *service) ingestUnit(cs *clientSession, transaction []byte) (*unit, error) {
	if len(transaction) == 0 {
		if u := v.onlyTransaction(cs); u != nil {
			return u, nil
		}
	}
	return cs.acquire(transaction)
}

// onlyTransaction returns the session's open transaction, retained, nil if it
// has none or several.
func (v *service) onlyTransaction(cs *clientSession) *unit {
	v.transactions.mu.Lock()
	defer v.transactions.mu.Unlock()
	var found *unit
	for _, e := range v.transactions.items {
		if e.value.owner != cs {
			continue
		}
		if found != nil {
			return nil
		}
		found = e.value
	}
	if found == nil {
		return nil
	}
	return found.retain()
}

// makeTable does what the options say when the table exists, and when it does not.
func makeTable(ctx context.Context, u *unit, table string, o *flightsql.TableDefinitionOptions, schema *arrow.Schema) error {
	create := o.GetIfNotExist() == flightsql.TableDefinitionOptionsTableNotExistOptionCreate
	if o.GetIfExists() == flightsql.TableDefinitionOptionsTableExistsOptionReplace {
		if err := u.exec(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
			return err
		}
		create = true
	}
	if !create {
		if o.GetIfExists() == flightsql.TableDefinitionOptionsTableExistsOptionFail {
			return sqlstate.New(sqlstate.InvalidParameterValue, "the options let table %s neither exist nor be made", table)
		}
		return nil
	}
	clause := "CREATE TABLE "
	if o.GetIfExists() == flightsql.TableDefinitionOptionsTableExistsOptionAppend {
		clause = "CREATE TABLE IF NOT EXISTS "
	}
	columns := make([]string, schema.NumFields())
	for i, f := range schema.Fields() {
		t, err := vector.FromArrowType(f.Type, f.Name)
		if err != nil {
			return err
		}
		columns[i] = parser.QuoteIdent(f.Name) + " " + t.String()
	}
	return u.exec(ctx, clause+table+" ("+strings.Join(columns, ", ")+")")
}

// ingestReader is the client's stream, whose schema is known only with its
// first batch: that one is read ahead.
type ingestReader struct {
	flight.MessageReader
	first, ended bool
}

var _ array.RecordReader = (*ingestReader)(nil)

// begin reads the first batch.
func (r *ingestReader) begin() error {
	r.first = r.MessageReader.Next()
	r.ended = !r.first
	if err := r.Err(); err != nil {
		return sqlstate.Wrap(sqlstate.ProtocolViolation, err, "reading the batches: %v", err)
	}
	if r.Schema() == nil {
		return sqlstate.New(sqlstate.ProtocolViolation, "the stream to ingest has no schema")
	}
	return nil
}

// Next moves to the next batch.
func (r *ingestReader) Next() bool {
	if r.first {
		r.first = false
		return true
	}
	if r.ended {
		return false
	}
	return r.MessageReader.Next()
}
