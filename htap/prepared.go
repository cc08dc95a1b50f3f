package htap

import (
	"context"
	"time"

	"htapdb/htap/ddl"
	"htapdb/htap/exec"
	"htapdb/htap/setting"
	"htapdb/sql/binder"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// maxPrepared bounds the statements that PREPARE keeps in a session.
const maxPrepared = 10_000

// prepareStmt is PREPARE name AS ….
func (x *execution) prepareStmt(st *parser.PrepareStmt) (*exec.Output, error) {
	s := x.s
	if err := s.nameIsFree(st.Name); err != nil {
		return nil, err
	}
	var declared []types.Type
	for _, n := range st.Types {
		t, _, err := ddl.ColumnType(n, x.Script)
		if err != nil {
			return nil, err
		}
		declared = append(declared, t)
	}
	inner := parser.Statement{Stmt: st.Stmt, SQL: st.SQL, ParamCount: x.st.parsed.ParamCount}
	p, err := s.prepare(x.Ctx, inner, x.Script, declared)
	if err != nil {
		return nil, err
	}
	p.fromSQL, p.text = true, x.st.parsed.SQL
	s.keep(st.Name, p)
	return exec.Done, nil
}

// PrepareNamed is Prepare of a statement that the session keeps under a name,
// as PREPARE does; the empty name is that of Prepare.
func (s *Session) PrepareNamed(ctx context.Context, name, sql string, paramTypes ...types.Type) (*Stmt, error) {
	st, err := s.Prepare(ctx, sql, paramTypes...)
	if err != nil || name == "" {
		return st, err
	}
	if err := s.nameIsFree(name); err != nil {
		return nil, s.failed(err)
	}
	st.text = sql
	s.keep(name, st)
	return st, nil
}

// Prepared finds a statement that the session keeps, nil if there is none.
func (s *Session) Prepared(name string) *Stmt { return s.prepared[name] }

// PreparedCount is the number of statements that the session keeps.
func (s *Session) PreparedCount() int { return len(s.prepared) }

// nameIsFree refuses the name of a statement that is kept, or one too many.
func (s *Session) nameIsFree(name string) error {
	if s.prepared[name] != nil {
		return sqlstate.New(sqlstate.DuplicatePrepared, "prepared statement %q already exists", name)
	}
	if len(s.prepared) >= maxPrepared {
		return sqlstate.New(sqlstate.ConfigurationLimit, "a session can have %d prepared statements", maxPrepared).WithHint("DEALLOCATE some.")
	}
	return nil
}

// keep keeps a statement under a name that is free.
func (s *Session) keep(name string, st *Stmt) {
	st.name, st.prepared = name, time.Now()
	s.prepared[name] = st
}

func (s *Session) lookupPrepared(name string) (*Stmt, error) {
	st := s.prepared[name]
	if st == nil {
		return nil, sqlstate.New(sqlstate.InvalidStatementName, "prepared statement %q does not exist", name)
	}
	return st, nil
}

// executeStmt is EXECUTE name (args).
func (s *Session) executeStmt(ctx context.Context, outer *Stmt, st *parser.ExecuteStmt) (*Rows, error) {
	p, err := s.lookupPrepared(st.Name)
	if err != nil {
		return nil, s.failed(err)
	}
	if len(st.Args) != len(p.params) {
		return nil, s.failed(sqlstate.New(sqlstate.SyntaxError, "wrong number of parameters for prepared statement %q", st.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.params), len(st.Args)))
	}
	cat, err := s.snapshot()
	if err != nil {
		return nil, s.failed(err)
	}
	args := make([]types.Datum, len(st.Args))
	for i, a := range st.Args {
		e, err := binder.BindExpr(a, nil, p.params[i], binder.Options{SQL: outer.script, Catalog: &binding{s: s, cat: cat}})
		if err != nil {
			return nil, s.failed(err)
		}
		if args[i], err = fn.EvalScalar(&fn.Context{ZoneName: setting.TimeZone.Get(&s.vars), DateStyle: s.style.Date, IntervalStyle: s.style.Interval}, e); err != nil {
			return nil, s.failed(err)
		}
	}
	return s.run(ctx, p, args)
}

// deallocate is DEALLOCATE name or ALL.
func (x *execution) deallocate(st *parser.DeallocateStmt) (*exec.Output, error) {
	if st.Name == "" {
		clear(x.s.prepared)
		return &exec.Output{Tag: "DEALLOCATE ALL"}, nil
	}
	p, err := x.s.lookupPrepared(st.Name)
	if err != nil {
		return nil, err
	}
	p.Close()
	return exec.Done, nil
}
