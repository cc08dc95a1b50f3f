package htap

import (
	"context"
	"strings"
	"time"

	"htapdb/internal/memory"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Stmt is a prepared statement of a session.
type Stmt struct {
	s *Session
	// parsed is the statement; script is the text that its positions count in.
	parsed parser.Statement
	script string
	// declared are the parameter types that the client gave.
	declared []types.Type
	params   []types.Type
	columns  []Column
	plan     *planned
	// untimed keeps statement_timeout from the query of a cursor: it is for each FETCH.
	untimed bool
	// name is that under which the session keeps the statement, "" if it does not.
	name string
	// fromSQL says that PREPARE made it.
	fromSQL bool
	// text is what PREPARE or the client's message said.
	text     string
	prepared time.Time
}

// Prepare parses and binds one statement; paramTypes may give types of the
// first parameters (the zero Type leaves one to inference).
func (s *Session) Prepare(ctx context.Context, sql string, paramTypes ...types.Type) (*Stmt, error) {
	list, hold, err := s.parse(ctx, sql)
	if err != nil {
		return nil, s.failed(err)
	}
	if hold != nil {
		// What is kept of it is the client's to close, as its plan is.
		defer hold.Close()
	}
	if len(list) > 1 {
		return nil, s.failed(sqlstate.New(sqlstate.SyntaxError, "cannot insert multiple commands into a prepared statement"))
	}
	if len(list) == 0 {
		return &Stmt{s: s, script: sql}, nil
	}
	st, err := s.prepare(ctx, list[0], sql, paramTypes)
	if err != nil {
		return nil, s.failed(err)
	}
	return st, nil
}

// failed marks an explicit transaction as failed and returns err.
func (s *Session) failed(err error) error {
	if err != nil && s.tx.explicit {
		s.tx.failed = true
		if len(s.tx.savepoints) == 0 {
			// Nothing can revive it: its locks must not hold up others until the
			// client says ROLLBACK. A result that is still being read reads through it.
			if r := s.rows; r != nil {
				s.rows = nil
				r.abort(errFailed())
			}
			s.dropCursors(func(c *cursor) bool { return c.txn })
			s.tx.Txn.Rollback()
		}
	}
	return err
}

// prepare binds a parsed statement.
func (s *Session) prepare(ctx context.Context, p parser.Statement, script string, declared []types.Type) (prepared *Stmt, err error) {
	defer s.contain(&err, p.SQL, s.executing)
	defer s.preparation(ctx)()
	st := &Stmt{s: s, parsed: p, script: script, declared: declared}
	if s.tx.failed && !allowedWhenFailed(p.Stmt) {
		return nil, errFailed()
	}
	if isPlanned(p.Stmt) {
		pl, err := s.plan(st)
		if err != nil {
			return nil, err
		}
		st.plan, st.params, st.columns = pl, pl.params, pl.columns
		return st, nil
	}
	cols, err := s.utilityColumns(p.Stmt)
	if err != nil {
		return nil, err
	}
	st.columns = cols
	if p.ParamCount > 0 {
		return s.prepareUtility(st)
	}
	return st, nil
}

// prepareUtility gives the parameters of a statement that wraps a query
// (EXPLAIN, CREATE TABLE AS, COPY) their types.
func (s *Session) prepareUtility(st *Stmt) (*Stmt, error) {
	inner := innerQuery(st.parsed.Stmt)
	if inner == nil {
		return nil, sqlstate.New(sqlstate.UndefinedParameter, "there is no parameter $1 in this kind of statement")
	}
	pl, err := s.plan(&Stmt{s: s, parsed: parser.Statement{Stmt: inner}, script: st.script, declared: st.declared})
	if err != nil {
		return nil, err
	}
	st.params = pl.params
	return st, nil
}

// innerQuery returns the statement that a utility statement runs, nil for none.
func innerQuery(stmt parser.Stmt) parser.Stmt {
	switch u := stmt.(type) {
	case *parser.ExplainStmt:
		return u.Stmt
	case *parser.CreateTableAsStmt:
		return u.Query
	case *parser.CopyStmt:
		return u.Query
	case *parser.DeclareStmt:
		return u.Query
	}
	return nil
}

// isPlanned reports statements that go through the binder as a whole.
func isPlanned(stmt parser.Stmt) bool {
	switch stmt.(type) {
	case *parser.SelectStmt, *parser.InsertStmt, *parser.UpdateStmt, *parser.DeleteStmt:
		return true
	}
	return false
}

// SQL returns the statement's text.
func (st *Stmt) SQL() string { return st.parsed.SQL }

// Empty reports a text without a statement.
func (st *Stmt) Empty() bool { return st.parsed.Stmt == nil }

// Params returns the types of the parameters.
func (st *Stmt) Params() []types.Type { return st.params }

// Columns describes the result set, nil for a statement without one.
func (st *Stmt) Columns() []Column { return st.columns }

// Close has the session forget the statement, if it keeps it under a name; one
// that runs goes on.
func (st *Stmt) Close() {
	if st.name != "" && st.s.prepared[st.name] == st {
		delete(st.s.prepared, st.name)
	}
}

// Query runs the statement.
func (st *Stmt) Query(ctx context.Context, args ...any) (*Rows, error) {
	datums, err := st.arguments(args)
	if err != nil {
		return nil, st.s.failed(err)
	}
	return st.QueryDatums(ctx, datums)
}

// QueryDatums is Query with parameters in the types that Params says.
func (st *Stmt) QueryDatums(ctx context.Context, args []types.Datum) (*Rows, error) {
	if len(args) != len(st.params) {
		return nil, st.s.failed(sqlstate.New(sqlstate.ProtocolViolation, "the statement has %d parameters, got %d", len(st.params), len(args)))
	}
	return st.s.run(ctx, st, args)
}

// Exec runs the statement to its end.
func (st *Stmt) Exec(ctx context.Context, args ...any) (Result, error) {
	rows, err := st.Query(ctx, args...)
	if err != nil {
		return Result{}, err
	}
	return drain(rows)
}

// drain reads a result to its end.
func drain(rows *Rows) (Result, error) {
	for {
		b, err := rows.NextBatch()
		if err != nil {
			return Result{}, err
		}
		if b == nil {
			break
		}
	}
	if err := rows.Close(); err != nil {
		return Result{}, err
	}
	return rows.Result(), nil
}

// Query runs one statement; args are its parameters, for $1, $2 … or ?.
func (s *Session) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	st, err := s.Prepare(ctx, sql, inferTypes(args)...)
	if err != nil {
		return nil, err
	}
	return st.Query(ctx, args...)
}

// Exec runs one or more statements to the end and returns the last one's
// result; args only with one. Several run in one transaction, as PostgreSQL's
// simple protocol has it.
func (s *Session) Exec(ctx context.Context, sql string, args ...any) (Result, error) {
	if len(args) > 0 {
		rows, err := s.Query(ctx, sql, args...)
		if err != nil {
			return Result{}, err
		}
		return drain(rows)
	}
	script, err := s.Script(ctx, sql)
	if err != nil {
		return Result{}, err
	}
	var res Result
	for {
		st, err := script.Next(ctx)
		if err == nil && st != nil {
			res, err = st.Exec(ctx)
		}
		if err != nil {
			return Result{}, script.End(ctx, err)
		}
		if st == nil {
			return res, script.End(ctx, nil)
		}
	}
}

// Script is a parsed text of statements.
type Script struct {
	s    *Session
	sql  string
	list []parser.Statement
	// tree is the memory of list, nil for little.
	tree *memory.Hold
	next int
	// implicit is set when several statements share a transaction of the script.
	implicit bool
}

// Script parses a text of several statements, which run one after the other in
// one implicit transaction unless they say otherwise. A cancel of ctx ends the
// parsing; the statements get theirs from Next.
func (s *Session) Script(ctx context.Context, sql string) (*Script, error) {
	list, hold, err := s.parse(ctx, sql)
	if err != nil {
		return nil, s.failed(err)
	}
	return &Script{s: s, sql: sql, list: list, tree: hold, implicit: len(list) > 1}, nil
}

// Next prepares the next statement, nil at the end; an empty text has none. A
// cancel that came between two statements ends the script before the next.
func (sc *Script) Next(ctx context.Context) (*Stmt, error) {
	s := sc.s
	if sc.next >= len(sc.list) {
		return nil, nil // End finishes what is being read
	}
	if ctx.Err() != nil {
		return nil, s.failed(s.interrupted(ctx, nil))
	}
	p := sc.list[sc.next]
	if _, fetch := p.Stmt.(*parser.FetchStmt); !fetch {
		if err := s.finishRows(); err != nil {
			return nil, err
		}
	}
	sc.next++
	if sc.implicit && s.tx.Txn == nil && needsTxn(p.Stmt) {
		if err := s.beginTxn("", nil); err != nil {
			return nil, err
		}
		s.tx.script = true
	}
	if s.tx.script && s.tx.Txn != nil && isPlanned(p.Stmt) {
		// Later statements are bound after the earlier ones' changes.
		if err := s.tx.Txn.StartStatement(ctx); err != nil {
			return nil, s.failed(err)
		}
	}
	st, err := s.prepare(ctx, p, sc.sql, nil)
	if err == nil && len(st.params) > 0 {
		err = undefinedParameter(sc.sql, p.Stmt)
	}
	if err != nil {
		return nil, s.failed(err)
	}
	return st, nil
}

// End commits the implicit transaction; err, if not nil, is the error of a
// statement, and rolls it back instead. It returns the error to report.
func (sc *Script) End(ctx context.Context, err error) error {
	s := sc.s
	if sc.tree != nil {
		sc.tree.Close()
		sc.tree = nil
	}
	if !s.tx.explicit || !s.readsCursor() {
		if e := s.finishRows(); err == nil {
			err = e
		}
	}
	if s.tx.Txn == nil || s.tx.explicit {
		return err
	}
	if err != nil {
		s.endTxn(false)
		return err
	}
	return s.commit(ctx)
}

// needsTxn reports statements that begin the implicit transaction of a script.
func needsTxn(stmt parser.Stmt) bool {
	switch stmt.(type) {
	case *parser.BeginStmt, *parser.CommitStmt, *parser.RollbackStmt, *parser.ShowStmt:
		return false
	}
	return true
}

// firstWord is the statement's verb, for messages.
func firstWord(sql string) string {
	f := strings.Fields(sql)
	if len(f) == 0 {
		return "statement"
	}
	return strings.ToUpper(f[0])
}
