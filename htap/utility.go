package htap

import (
	"context"
	"reflect"

	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// utility is a statement that does not go through the planner as a whole.
type utility struct {
	// tag is the command tag; the handler may set another.
	tag string
	// writes keeps it out of read-only transactions.
	writes bool
	// columns describes the result set, nil for none.
	columns func(s *Session, stmt parser.Stmt) ([]Column, error)
	// run executes it; rows is nil without a result set.
	run func(x *execution, stmt parser.Stmt) (*output, error)
}

// output is what a utility statement gives.
type output struct {
	rows [][]types.Datum
	// tag replaces the utility's, n is the number of rows affected.
	tag string
	n   int64
}

// define adapts a typed handler to the table of utilities.
func define[S parser.Stmt](u utility, run func(x *execution, stmt S) (*output, error)) (reflect.Type, utility) {
	u.run = func(x *execution, stmt parser.Stmt) (*output, error) { return run(x, stmt.(S)) }
	return reflect.TypeFor[S](), u
}

// utilities are the statements by type; each handler stands in a file of its topic.
var utilities map[reflect.Type]utility

// The handlers refer to functions that use the table, which Go allows in init only.
func init() {
	utilities = map[reflect.Type]utility{}
	add := func(t reflect.Type, u utility) { utilities[t] = u }
	ddl := func(tag string) utility { return utility{tag: tag, writes: true} }
	add(define(ddl("CREATE TABLE"), (*execution).createTable))
	add(define(ddl("SELECT"), (*execution).createTableAs))
	add(define(ddl("DROP"), (*execution).drop))
	add(define(ddl("ALTER TABLE"), (*execution).alterTable))
	add(define(ddl("TRUNCATE TABLE"), (*execution).truncate))
	add(define(ddl("CREATE INDEX"), (*execution).createIndex))
	add(define(ddl("CREATE VIEW"), (*execution).createView))
	add(define(ddl("CREATE SCHEMA"), (*execution).createSchema))
	add(define(ddl("CREATE SEQUENCE"), (*execution).createSequence))
	add(define(ddl("COMMENT"), (*execution).comment))
	add(define(ddl("CREATE MODEL"), (*execution).createModel))
	add(define(utility{tag: "COPY"}, (*execution).copyFile))
	add(define(utility{tag: "EXPLAIN", columns: explainColumns}, (*execution).explain))
	add(define(utility{tag: "SHOW", columns: showColumns}, (*execution).show))
	add(define(utility{tag: "CHECK TABLE", columns: checkColumns}, (*execution).checkTable))
	add(define(utility{tag: "PREPARE"}, (*execution).prepareStmt))
	add(define(utility{tag: "DEALLOCATE"}, (*execution).deallocate))
	add(define(utility{tag: "DISCARD"}, (*execution).discard))
	add(define(utility{tag: "LISTEN"}, (*execution).listen))
	add(define(utility{tag: "UNLISTEN"}, (*execution).unlisten))
	add(define(utility{tag: "NOTIFY"}, (*execution).notify))
	add(define(utility{tag: "ANALYZE"}, (*execution).analyze))
	add(define(utility{tag: "VACUUM"}, (*execution).vacuum))
	add(define(utility{tag: "CHECKPOINT"}, (*execution).checkpoint))
}

// utilityColumns describes the result set of a utility statement.
func (s *Session) utilityColumns(stmt parser.Stmt) ([]Column, error) {
	if e, ok := stmt.(*parser.ExecuteStmt); ok {
		if st := s.prepared[e.Name]; st != nil {
			return st.columns, nil
		}
		return nil, nil // its run says that there is none
	}
	if f, ok := stmt.(*parser.FetchStmt); ok {
		c, err := s.cursor(f.Cursor)
		if err != nil || f.Move {
			return nil, err
		}
		return c.cols, nil
	}
	u, ok := utilities[reflect.TypeOf(stmt)]
	if !ok || u.columns == nil {
		return nil, nil
	}
	return u.columns(s, stmt)
}

// runUtility runs a utility statement; custom replaces its handler.
func (s *Session) runUtility(ctx context.Context, st *Stmt, args []types.Datum, custom func(*execution) (string, int64, error)) (*Rows, error) {
	if e, ok := st.parsed.Stmt.(*parser.ExecuteStmt); ok {
		return s.executeStmt(ctx, st, e)
	}
	u, ok := utilities[reflect.TypeOf(st.parsed.Stmt)]
	if !ok {
		return nil, s.failed(sqlstate.New(sqlstate.FeatureNotSupported, "%s is not supported", firstWord(st.parsed.SQL)))
	}
	x, err := s.newExecution(ctx, st, args)
	if err != nil {
		return nil, err
	}
	if u.writes && s.tx.readOnly {
		return nil, x.end(readOnlyError(u.tag))
	}
	if err := x.checkClauses(st.parsed.Stmt); err != nil {
		return nil, x.end(err)
	}
	out := &output{}
	if custom != nil {
		out.tag, out.n, err = custom(x)
	} else {
		out, err = x.runHandler(u)
	}
	if err = x.end(err); err != nil {
		return nil, err
	}
	c := &collected{res: Result{Tag: u.tag, RowsAffected: out.n}}
	if out.tag != "" {
		c.res.Tag = out.tag
	}
	if out.rows != nil {
		c.batches = []*vector.Batch{rowsBatch(st.columns, out.rows)}
	}
	return &Rows{cols: st.columns, source: c}, nil
}

// runHandler runs a utility's handler, again if an object that it locks was
// changed by others since the statement read the catalog.
func (x *execution) runHandler(u utility) (out *output, err error) {
	if !u.writes {
		return u.run(x, x.st.parsed.Stmt)
	}
	x.sp = x.s.tx.txn.Savepoint()
	out, err = u.run(x, x.st.parsed.Stmt)
	for tries := 0; x.restarts(err, tries); tries++ {
		if err = x.s.tx.txn.RollbackTo(x.sp); err == nil {
			err = x.settle()
		}
		if err == nil {
			out, err = u.run(x, x.st.parsed.Stmt)
		}
	}
	if err != nil {
		return nil, err
	}
	return out, x.s.tx.txn.Release(x.sp)
}

// rowsBatch turns rows of datums into a batch.
func rowsBatch(cols []Column, rows [][]types.Datum) *vector.Batch {
	b := &vector.Batch{Len: len(rows)}
	for i := range cols {
		v := vector.New(cols[i].Type, len(rows))
		for r, row := range rows {
			v.Set(r, row[i])
		}
		b.Cols = append(b.Cols, v)
	}
	return b
}

// done is the output of a statement without rows.
var done = &output{}
