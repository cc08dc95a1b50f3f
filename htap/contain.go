package htap

import "htapdb/sql/sqlstate"

// contain, deferred, makes a panic the statement's error and ends what the
// statement had begun: a mistake of ours costs the statement, not the session.
// before is the execution that was there before it. What the operators do is
// contained in olap, where it runs.
func (s *Session) contain(err *error, sql string, before *execution) {
	p := recover()
	if p == nil {
		return
	}
	e := sqlstate.FromPanic(p)
	sqlstate.LogPanic(s.db.cfg.log, e, "statement", sql)
	if x := s.executing; x != before {
		*err = x.end(e)
		return
	}
	*err = s.failed(e)
}
