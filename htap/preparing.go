package htap

import (
	"context"
	"errors"
	"time"

	"htapdb/htap/setting"
	"htapdb/internal/memory"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
)

// accountedText is the length of a text from which its tree is accounted for; a
// shorter one's is below what a session takes anyway.
const accountedText = 64 << 10

// parse parses a text within the session's memory limit. The account has the tree
// until its Release; nil for a short text.
func (s *Session) parse(ctx context.Context, sql string) ([]parser.Statement, *memory.Hold, error) {
	if len(sql) < accountedText {
		list, err := parser.Parse(sql)
		return list, nil, err
	}
	var own statementContext
	own.start(ctx, s.ctx, time.Now(), setting.StatementTimeout.Get(&s.vars))
	defer own.close()
	hold := &memory.Hold{Account: s.db.queries.Child("syntax tree", setting.MemoryLimit.Get(&s.vars))}
	list, err := parser.ParseContext(own.open(), sql, parser.Limits{Reserve: func(n int) error { return hold.Reserve(int64(n)) }})
	if err != nil {
		hold.Close()
		if own.Err() != nil {
			err = s.interrupted(&own, nil)
		}
		return nil, nil, err
	}
	return list, hold, nil
}

// interrupted words the end of a statement's context as PostgreSQL does, also for one that
// has not come to its execution: the database closes, the time is over, or somebody
// canceled it. cause is what the statement failed with, or nil.
func (s *Session) interrupted(ctx context.Context, cause error) error {
	switch {
	case s.db.ctx.Err() != nil:
		return sqlstate.Wrap(sqlstate.AdminShutdown, cause, "terminating connection due to administrator command")
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return sqlstate.Wrap(sqlstate.QueryCanceled, cause, "canceling statement due to statement timeout")
	}
	return sqlstate.Wrap(sqlstate.QueryCanceled, errors.Join(cause, context.Cause(ctx)), "canceling statement due to user request")
}

// preparation begins binding and planning a statement under a context, until the
// function that it returns is called.
func (s *Session) preparation(ctx context.Context) (end func()) {
	before := s.preparing
	own := &statementContext{}
	own.start(ctx, s.ctx, time.Now(), setting.StatementTimeout.Get(&s.vars))
	s.preparing = own
	return func() {
		own.close()
		s.preparing = before
	}
}

// planCheck returns what binding and planning call to learn whether the statement
// was canceled: while it is prepared, or planned again as it is executed.
func (s *Session) planCheck() func() error {
	var ctx context.Context = s.ctx
	switch {
	case s.preparing != nil:
		ctx = s.preparing
	case s.executing != nil:
		ctx = s.executing.Ctx
	}
	return func() error {
		if ctx.Err() != nil {
			return s.interrupted(ctx, nil)
		}
		return nil
	}
}
