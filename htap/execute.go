package htap

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/physical"
	"htapdb/htap/sequence"
	"htapdb/htap/setting"
	"htapdb/internal/memory"
	"htapdb/olap"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// execution is one run of a statement.
type execution struct {
	exec.Statement
	s     *Session
	st    *Stmt
	own   statementContext
	args  []types.Datum
	start time.Time
	// older is the snapshot of a read that may be stale, nil for an exact one.
	older *rowstore.Snapshot
	// sp is where the statement's writes begin.
	sp rowstore.Savepoint
	// texts is what the evaluation of expressions outside the operators holds of memory.
	texts memory.Hold
	// settings are what set_config has changed.
	settings statementSettings
	// reserved are bytes of buffered results.
	reserved int64
	// auto says that the transaction ends with the statement.
	auto    bool
	result  Result
	ended   bool
	left    sync.Once
	profile *olap.Profile
}

// run executes a prepared statement.
func (s *Session) run(ctx context.Context, st *Stmt, args []types.Datum) (rows *Rows, err error) {
	defer s.contain(&err, st.parsed.SQL, s.executing)
	if st.Empty() {
		return &Rows{source: &collected{}}, nil
	}
	switch st.parsed.Stmt.(type) {
	case *parser.FetchStmt, *parser.CloseStmt:
		// They go on with the result that is being read, or end it.
		rows, _, err := s.runCursor(ctx, st, args)
		return rows, err
	case *parser.CommitStmt, *parser.RollbackStmt:
		s.dropCursors(func(c *cursor) bool { return !c.hold })
	}
	if err := s.finishRows(); err != nil {
		return nil, err
	}
	if s.tx.failed && !allowedWhenFailed(st.parsed.Stmt) {
		return nil, errFailed()
	}
	if rows, ok, err := s.runPoint(ctx, st, args); ok {
		return rows, err
	}
	if rows, ok, err := s.runPointWrite(ctx, st, args); ok {
		return rows, err
	}
	if tag, ok, err := s.runControl(ctx, st.parsed.Stmt); ok {
		if err != nil {
			return nil, s.failed(err)
		}
		return &Rows{source: &collected{res: Result{Tag: tag}}}, nil
	}
	if isPlanned(st.parsed.Stmt) {
		return s.runPlanned(ctx, st, args)
	}
	if rows, ok, err := s.runCursor(ctx, st, args); ok {
		return rows, err
	}
	return s.runUtility(ctx, st, args, nil)
}

// runControl runs transaction control, and the settings statements, which need
// no transaction.
func (s *Session) runControl(ctx context.Context, stmt parser.Stmt) (string, bool, error) {
	if tag, ok, err := s.control(ctx, stmt); ok {
		return tag, true, err
	}
	switch st := stmt.(type) {
	case *parser.SetStmt:
		return "SET", true, s.setStmt(st)
	case *parser.ResetStmt:
		return "RESET", true, s.resetStmt(st)
	}
	return "", false, nil
}

// execution is a run of st in the session's transaction, without a context yet.
func (s *Session) execution(st *Stmt, args []types.Datum) *execution {
	return &execution{
		Statement: exec.Statement{Engine: &s.db.engine, Session: statementSession{s}, Tx: &s.tx.Transaction, Script: st.script, Params: st.params},
		s:         s, st: st, args: args, start: time.Now(), auto: !s.tx.explicit && !s.tx.script,
		settings: statementSettings{s: s, vars: s.vars},
	}
}

// newExecution prepares running: the context, the transaction, a new statement
// in it and the catalog.
func (s *Session) newExecution(ctx context.Context, st *Stmt, args []types.Datum) (*execution, error) {
	if err := s.db.begin(); err != nil {
		return nil, err
	}
	x := s.execution(st, args)
	timeout := setting.StatementTimeout.Get(&s.vars)
	if st.untimed {
		timeout = 0
	}
	s.executing = x
	x.own.start(ctx, s.ctx, x.start, timeout)
	x.Ctx = x.own.open()
	if err := x.startTxn(); err != nil {
		x.end(err)
		return nil, x.failure(err)
	}
	return x, nil
}

// statementSession is the session as its statements see it: an exec.Session.
type statementSession struct{ s *Session }

func (a statementSession) Along(cat *catalog.Snapshot, err error) (*catalog.Snapshot, error) {
	return a.s.along(cat, err)
}

func (a statementSession) Path(cat *catalog.Snapshot) []string { return a.s.pathWithSystem(cat) }

func (a statementSession) AwaitColumns(storageID catalog.ID) (live bool, reason string) {
	return a.s.awaitColumns(storageID)
}

func (a statementSession) Send(notice *Error) { a.s.send(notice) }

func (a statementSession) Done() <-chan struct{} { return a.s.ctx.Done() }

// startTxn begins a transaction if there is none, and the statement in it.
func (x *execution) startTxn() error {
	s := x.s
	if s.tx.Txn == nil {
		if err := s.beginTxn("", nil); err != nil {
			return err
		}
	}
	s.tx.Txn.SetLockTimeout(setting.LockTimeout.Get(&s.vars))
	if err := s.tx.Txn.StartStatement(x.Ctx); err != nil {
		return err
	}
	x.Memory = s.db.queries.Child(x.accountName(), setting.MemoryLimit.Get(&s.vars))
	x.texts.Account = x.Memory
	return x.LoadCatalog()
}

// accountName names the statement's memory in errors.
func (x *execution) accountName() string { return "query " + strconv.FormatUint(x.s.id, 10) }

// end finishes the statement: the transaction if it is the statement's own, and
// the books. err is the statement's error; the error to report is returned.
func (x *execution) end(err error) error {
	if x.ended {
		return err
	}
	x.ended = true
	s := x.s
	if s.executing == x {
		s.executing = nil
	}
	sqlstate.LogPanic(s.db.cfg.log, err, "statement", x.st.parsed.SQL)
	err = x.failure(err)
	if err != nil && s.tx.Txn != nil {
		// Locks are released before their commit is visible: an error about a row
		// of such a commit (40001, 23505) must not come before the row does, or
		// whoever tries again fails at it again.
		_ = s.tx.Txn.WaitRead(x.Ctx)
	}
	if x.older != nil {
		x.older.Close()
	}
	x.Memory.Release(x.reserved)
	x.texts.Close()
	if err == nil {
		err = x.settings.apply()
	}
	switch {
	case x.auto && err != nil:
		s.endTxn(false)
	case x.auto:
		if err = s.commit(x.Ctx); err != nil {
			err = x.failure(err)
			s.endTxn(false)
		}
	default:
		err = s.failed(err)
	}
	s.db.counts.statement(x.st.parsed.Stmt, time.Since(x.start), err)
	x.own.close()
	x.leave()
	return err
}

// leave tells that the statement uses the stores no more. A result that nobody
// reads any more must not keep the database from closing, so a streamed one
// leaves when its producer has stopped, before its reader has noticed.
func (x *execution) leave() { x.left.Do(x.s.db.working.Done) }

// failure is the error to report for err: the end of the context if that came first.
func (x *execution) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case x.Ctx.Err() == nil:
	case x.s.db.ctx.Err() != nil,
		errors.Is(x.Ctx.Err(), context.DeadlineExceeded),
		errors.Is(err, context.Canceled),
		sqlstate.Is(err, sqlstate.QueryCanceled):
		return x.s.interrupted(x.Ctx, err)
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return sqlstate.Wrap(sqlstate.InternalError, err, "%v", err)
}

// statement returns what physical plans read and write.
func (x *execution) statement() *physical.Statement {
	s := x.s
	st := &physical.Statement{
		Eval: x.EvalContext(), Rows: s.tx.Txn, Txn: s.tx.Txn, TS: s.tx.Txn.ReadTimestamp(),
		Catalog: x.Cat, Schemas: s.db.engine.Catalog, Columns: s.db.engine.Feed.Columns(),
		Forced: setting.Route.Get(&s.vars) != "auto", FreshnessTimeout: setting.FreshnessTimeout.Get(&s.vars),
		Waited: s.db.counts.waited, Files: &s.db.cfg.files, Virtual: x.systemRows, NextValue: x.NextValue,
	}
	if x.older != nil {
		st.Rows, st.Txn, st.TS = x.older, nil, x.older.Timestamp()
	}
	return st
}

// sequences are the functions over sequences.
func (x *execution) sequences() sequence.Functions {
	return sequence.Functions{Statement: &x.Statement, Values: &x.s.sequences}
}

// EvalContext implements exec.Planner.
func (x *execution) EvalContext() *fn.Context {
	s := x.s
	return &fn.Context{
		Params: x.args, NowMicros: s.tx.startUs, ZoneName: setting.TimeZone.Get(&s.vars), DateStyle: s.style.Date, IntervalStyle: s.style.Interval, Random: rand.Uint64(),
		Vars: s.infoVars(x.Cat), Sequences: x.sequences(), Memory: &x.texts, Settings: &x.settings,
	}
}

// workers is how many goroutines may compute for the statement.
func (x *execution) workers() int {
	if n := setting.Workers.Get(&x.s.vars); n > 0 {
		return min(n, x.s.db.pool.Size())
	}
	return x.s.db.pool.Size()
}

// executor returns the settings of the executor.
func (x *execution) executor(st *physical.Statement) *olap.Exec {
	s := x.s
	return &olap.Exec{Ctx: *st.Eval, Workers: x.workers(), BatchSize: setting.BatchSize.Get(&s.vars),
		Memory: x.Memory, Pool: s.db.pool, Profile: x.profile}
}

// NextValue implements load.Host and physical.Sequencer: it gives a serial or identity column its next value.
func (x *execution) NextValue(ctx context.Context, t *catalog.Table, ordinal int) (types.Datum, error) {
	col := &t.Columns[ordinal]
	seq := x.Cat.SequenceByID(col.Sequence)
	if seq == nil {
		return types.NullDatum, sqlstate.New(sqlstate.InternalError, "column %q has lost its sequence", col.Name)
	}
	n, err := x.sequences().Take(ctx, seq)
	if err != nil {
		return types.NullDatum, err
	}
	return convert(types.NewInt64(n), types.TInt8, col.Type)
}

// runPlanned runs a query or DML.
func (s *Session) runPlanned(ctx context.Context, st *Stmt, args []types.Datum) (*Rows, error) {
	x, err := s.newExecution(ctx, st, args)
	if err != nil {
		return nil, err
	}
	p, err := s.planAt(st, x.Cat)
	if err == nil && !sameColumns(p.columns, st.columns) {
		err = sqlstate.ChangedResult()
	}
	if err == nil && p.writes && s.tx.ReadOnly {
		err = exec.ReadOnlyError(firstWord(st.parsed.SQL))
	}
	if err != nil {
		return nil, x.end(err)
	}
	st.plan = p
	if !p.writes {
		if err := x.chooseSnapshot(p); err != nil {
			return nil, x.end(err)
		}
	}
	if p.inline {
		return x.collect(p)
	}
	rows := &Rows{cols: p.columns, source: x.stream(p)}
	s.rows = rows
	return rows, nil
}

func sameColumns(a, b []Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type != b[i].Type || a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

// chooseSnapshot applies htap.freshness to a read of its own: within the bound
// it reads at what the columns have, instead of waiting.
func (x *execution) chooseSnapshot(p *planned) error {
	bound := setting.Freshness.Get(&x.s.vars)
	if bound == setting.Exact || !x.auto || p.route == "row" {
		return nil
	}
	have, want := x.Feed.Applied(), x.Tx.Txn.ReadTimestamp()
	if have >= want || (uint64(want)-uint64(have))>>timestampShift > uint64(bound.Microseconds()) {
		return nil
	}
	if x.Cat.Version() > have {
		return nil // planned with a catalog that the columns have not come to
	}
	snap, err := x.Rows.SnapshotAt(have)
	if err != nil {
		return nil // the exact read is always possible
	}
	x.older = snap
	return nil
}

// timestampShift is where a timestamp's microseconds begin.
const timestampShift = 12

// maxRestarts bounds how often a statement starts over because a row changed.
const maxRestarts = 100

// collect runs a plan to its end and keeps the result: DML, and reads of few rows.
func (x *execution) collect(p *planned) (*Rows, error) {
	c := &collected{}
	x.sp = x.Tx.Txn.Savepoint()
	n, err := x.attempt(p, c)
	for tries := 0; x.restarts(err, tries); tries++ {
		c.batches = nil
		if p, err = x.again(); err == nil {
			n, err = x.attempt(p, c)
		}
	}
	if err == nil && len(c.batches) > 0 {
		// What others have committed and is not durable yet must not be shown.
		// Without rows the next statement waits, after an error end does.
		err = x.Tx.Txn.WaitRead(x.Ctx)
	}
	if err == nil {
		// A savepoint costs something for every write after it.
		err = x.Tx.Txn.Release(x.sp)
	}
	if err == nil {
		c.res = Result{Tag: commandTag(x.st.parsed.Stmt, n), RowsAffected: n}
	}
	if err = x.end(err); err != nil {
		return nil, err
	}
	return &Rows{cols: p.columns, source: c}, nil
}

// restarts reports whether the statement, which has been started over so many
// times, starts over after err.
func (x *execution) restarts(err error, tries int) bool {
	return errors.Is(err, physical.ErrRestart) && tries < maxRestarts && x.Tx.Isolation != "repeatable read"
}

// attempt runs the plan once.
func (x *execution) attempt(p *planned, c *collected) (int64, error) {
	st := x.statement()
	if p.writes {
		if err := x.lockTables(p.root); err != nil {
			return 0, err
		}
	}
	return physical.Run(x.Ctx, p.root, st, x.executor(st), func(b *vector.Batch) error { return x.keep(c, b) })
}

// again undoes the statement and plans it again: the catalog may be what changed.
func (x *execution) again() (*planned, error) {
	if err := x.Tx.Txn.RollbackTo(x.sp); err != nil {
		return nil, err
	}
	if err := x.NextStatement(); err != nil {
		return nil, err
	}
	return x.s.planAt(x.st, x.Cat)
}

// lockTables takes the shared lock of every table that the plan writes to or
// locks rows of. If the table was altered while we waited for it, the statement
// starts over.
func (x *execution) lockTables(root plan.Node) error {
	var err error
	lock := func(t *plan.Table) {
		if err == nil {
			err = x.LockTable(x.Cat.TableByID(t.ID), rowstore.LockTableShared)
		}
	}
	plan.Walk(root, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Insert:
			lock(n.Table)
		case *plan.Update:
			lock(n.Table)
		case *plan.Delete:
			lock(n.Table)
		case *plan.Lock:
			for i := range n.Targets {
				lock(n.Targets[i].Table)
			}
		}
		return err == nil
	})
	return err
}

// keep copies a batch that is valid only now into the result.
func (x *execution) keep(c *collected, b *vector.Batch) error {
	bytes := batchBytes(b)
	if err := x.Memory.Reserve(bytes); err != nil {
		return err
	}
	x.reserved += bytes
	c.batches = append(c.batches, b.Clone())
	return nil
}

// batchBytes is about how much a copy of the alive rows takes.
func batchBytes(b *vector.Batch) (bytes int64) {
	for _, col := range b.Cols {
		bytes += int64(b.Rows()) * 16
		if col.Type.Physical() != types.PhysString {
			continue
		}
		for i := range b.Rows() {
			bytes += int64(len(col.Datum(b.Row(i)).Str()))
		}
	}
	return bytes
}

// collected is a result that was computed at once.
type collected struct {
	batches []*vector.Batch
	res     Result
}

func (c *collected) next() (*vector.Batch, error) {
	if len(c.batches) == 0 {
		return nil, nil
	}
	b := c.batches[0]
	c.batches = c.batches[1:]
	return b, nil
}

func (c *collected) close() error { c.batches = nil; return nil }

func (c *collected) result() Result { return c.res }
