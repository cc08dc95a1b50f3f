package htap

import (
	"context"
	"reflect"

	"htapdb/htap/check"
	"htapdb/htap/ddl"
	"htapdb/htap/exec"
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
	run func(x *execution, stmt parser.Stmt) (*exec.Output, error)
}

// define adapts a typed handler to the table of utilities.
func define[S parser.Stmt](u utility, run func(x *execution, stmt S) (*exec.Output, error)) (reflect.Type, utility) {
	u.run = func(x *execution, stmt parser.Stmt) (*exec.Output, error) { return run(x, stmt.(S)) }
	return reflect.TypeFor[S](), u
}

// defineDDL is define for a statement that changes the catalog.
func defineDDL[S parser.Stmt](tag string, run func(x *ddl.Statement, stmt S) (*exec.Output, error)) (reflect.Type, utility) {
	return define(utility{tag: tag, writes: true}, func(x *execution, stmt S) (*exec.Output, error) { return run(x.ddl(), stmt) })
}

// ddl is the execution as the statements that change the catalog see it.
func (x *execution) ddl() *ddl.Statement { return &ddl.Statement{Statement: &x.Statement, Planner: x} }

// checkColumns describes CHECK TABLE's result.
func checkColumns(*Session, parser.Stmt) ([]Column, error) {
	var out []Column
	for _, c := range check.Columns() {
		out = append(out, Column{Name: c.Name, Type: c.Type})
	}
	return out, nil
}

// utilities are the statements by type; each handler stands in a file of its topic.
var utilities map[reflect.Type]utility

// The handlers refer to functions that use the table, which Go allows in init only.
func init() {
	utilities = map[reflect.Type]utility{}
	add := func(t reflect.Type, u utility) { utilities[t] = u }
	add(defineDDL("CREATE TABLE", (*ddl.Statement).CreateTable))
	add(defineDDL("SELECT", (*ddl.Statement).CreateTableAs))
	add(defineDDL("DROP", (*ddl.Statement).Drop))
	add(defineDDL("ALTER TABLE", (*ddl.Statement).AlterTable))
	add(defineDDL("TRUNCATE TABLE", (*ddl.Statement).Truncate))
	add(defineDDL("CREATE INDEX", (*ddl.Statement).CreateIndex))
	add(defineDDL("CREATE VIEW", (*ddl.Statement).CreateView))
	add(defineDDL("CREATE SCHEMA", (*ddl.Statement).CreateSchema))
	add(defineDDL("CREATE SEQUENCE", (*ddl.Statement).CreateSequence))
	add(defineDDL("COMMENT", (*ddl.Statement).Comment))
	add(defineDDL("CREATE MODEL", (*ddl.Statement).CreateModel))
	add(define(utility{tag: "COPY"}, (*execution).copyFile))
	add(define(utility{tag: "EXPLAIN", columns: explainColumns}, (*execution).explain))
	add(define(utility{tag: "SHOW", columns: showColumns}, (*execution).show))
	add(define(utility{tag: "CHECK TABLE", columns: checkColumns}, func(x *execution, st *parser.CheckTableStmt) (*exec.Output, error) {
		return check.Run(&x.Statement, st)
	}))
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
	if u.writes && s.tx.ReadOnly {
		return nil, x.end(exec.ReadOnlyError(u.tag))
	}
	if err := x.ddl().CheckClauses(st.parsed.Stmt); err != nil {
		return nil, x.end(err)
	}
	out := &exec.Output{}
	if custom != nil {
		out.Tag, out.N, err = custom(x)
	} else {
		out, err = x.runHandler(u)
	}
	if err = x.end(err); err != nil {
		return nil, err
	}
	c := &collected{res: Result{Tag: u.tag, RowsAffected: out.N}}
	if out.Tag != "" {
		c.res.Tag = out.Tag
	}
	if out.Rows != nil {
		c.batches = []*vector.Batch{rowsBatch(st.columns, out.Rows)}
	}
	return &Rows{cols: st.columns, source: c}, nil
}

// runHandler runs a utility's handler, again if an object that it locks was
// changed by others since the statement read the catalog.
func (x *execution) runHandler(u utility) (out *exec.Output, err error) {
	if !u.writes {
		return u.run(x, x.st.parsed.Stmt)
	}
	x.sp = x.Tx.Txn.Savepoint()
	out, err = u.run(x, x.st.parsed.Stmt)
	for tries := 0; x.restarts(err, tries); tries++ {
		if err = x.Tx.Txn.RollbackTo(x.sp); err == nil {
			err = x.Settle()
		}
		if err == nil {
			out, err = u.run(x, x.st.parsed.Stmt)
		}
	}
	if err != nil {
		return nil, err
	}
	return out, x.Tx.Txn.Release(x.sp)
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

// analyze is ANALYZE: statistics are kept with the columns.
func (x *execution) analyze(*parser.AnalyzeStmt) (*exec.Output, error) { return exec.Done, nil }

// vacuum is VACUUM: versions that nobody sees are removed in the background.
func (x *execution) vacuum(*parser.VacuumStmt) (*exec.Output, error) {
	if !x.auto {
		return nil, sqlstate.New(sqlstate.ActiveTransaction, "VACUUM cannot run inside a transaction block")
	}
	return exec.Done, nil
}

func (x *execution) checkpoint(*parser.CheckpointStmt) (*exec.Output, error) {
	return exec.Done, x.s.db.Checkpoint(x.Ctx)
}

// text is a TEXT value.
func text(s string) types.Datum { return types.NewString(s) }
