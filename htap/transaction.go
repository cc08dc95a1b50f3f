package htap

import (
	"context"
	"time"

	"htapdb/htap/exec"
	"htapdb/htap/setting"
	"htapdb/rowstore"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// TxOptions choose a transaction's isolation.
type TxOptions struct {
	// Isolation is "read committed" (default), "repeatable read" or
	// "serializable" (0A000), in SQL's words.
	Isolation string
	ReadOnly  bool
}

// Tx is a transaction begun with Session.Begin. Its statements run on the session.
type Tx struct{ s *Session }

// Begin starts a transaction on the session.
func (s *Session) Begin(ctx context.Context, o TxOptions) (*Tx, error) {
	if s.tx.explicit {
		return nil, sqlstate.New(sqlstate.ActiveTransaction, "there is already a transaction in progress")
	}
	if err := s.finishRows(); err != nil {
		return nil, err
	}
	if o.Isolation != "" {
		var err error
		if o.Isolation, err = setting.DefaultIsolation.Parse(o.Isolation); err != nil {
			return nil, err
		}
	}
	if err := s.beginTxn(o.Isolation, asked(o.ReadOnly)); err != nil {
		return nil, err
	}
	s.tx.explicit = true
	return &Tx{s}, nil
}

// Query runs one statement inside the transaction.
func (t *Tx) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	return t.s.Query(ctx, sql, args...)
}

// Exec runs statements inside the transaction.
func (t *Tx) Exec(ctx context.Context, sql string, args ...any) (Result, error) {
	return t.s.Exec(ctx, sql, args...)
}

// QueryArrow runs one statement inside the transaction.
func (t *Tx) QueryArrow(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return t.s.QueryArrow(ctx, sql, args...)
}

// Commit ends the transaction and returns when it is durable and visible. A
// transaction in which a statement failed is rolled back, which is an error.
func (t *Tx) Commit(ctx context.Context) error {
	if t.s.tx.Txn == nil {
		return sqlstate.New(sqlstate.NoActiveTransaction, "there is no transaction in progress")
	}
	if err := t.s.finishRows(); err != nil {
		return err
	}
	if t.s.tx.failed {
		t.s.endTxn(false)
		return sqlstate.New(sqlstate.InFailedTransaction, "the transaction was rolled back because one of its statements failed")
	}
	return t.s.commit(ctx)
}

// Rollback ends the transaction without effect; after Commit it does nothing.
func (t *Tx) Rollback() error {
	err := t.s.finishRows()
	t.s.endTxn(false)
	return err
}

// finishRows reads the rest of the result that is being read into memory, so
// that another statement can run; its rows stay readable.
func (s *Session) finishRows() error {
	if s.rows == nil {
		return nil
	}
	r := s.rows
	s.rows = nil
	_ = r.buffer() // its error is the result's own
	return nil
}

// isolations maps SQL's names.
var isolations = map[string]rowstore.Isolation{
	"read committed": rowstore.ReadCommitted, "read uncommitted": rowstore.ReadCommitted,
	"repeatable read": rowstore.RepeatableRead, "serializable": rowstore.Serializable,
}

// asked is a mode that is only ever asked for: false leaves the default.
func asked(on bool) *bool {
	if on {
		return &on
	}
	return nil
}

// beginTxn starts a transaction; isolation "" and readOnly nil are the defaults.
func (s *Session) beginTxn(isolation string, readOnly *bool) error {
	if isolation == "" {
		isolation = setting.DefaultIsolation.Get(&s.vars)
	}
	reads := setting.DefaultReadOnly.Get(&s.vars)
	if readOnly != nil {
		reads = *readOnly
	}
	txn, err := s.db.engine.Rows.Begin(rowstore.TxnOptions{
		Isolation: isolations[isolation], ReadOnly: reads, Sync: setting.SynchronousCommit.Get(&s.vars)})
	if err != nil {
		return err
	}
	s.tx = transaction{Transaction: exec.Transaction{Txn: txn, Isolation: isolation, ReadOnly: reads}, startUs: time.Now().UnixMicro(), settings: s.vars.Mark()}
	return nil
}

// commit commits the transaction.
func (s *Session) commit(ctx context.Context) error {
	if s.tx.Txn == nil {
		return nil
	}
	if err := s.db.begin(); err != nil {
		s.endTxn(false)
		return err
	}
	defer s.db.working.Done()
	if s.tx.DDL {
		// The columns of a table have one schema, that of the newest change applied
		// to them: none may be applied that a power loss can take back.
		s.tx.Txn.RequireSync()
	}
	_, err := s.tx.Txn.Commit(ctx)
	s.ended(err == nil)
	return err
}

// endTxn ends the transaction, if there is one, without reporting errors.
func (s *Session) endTxn(commit bool) {
	if s.tx.Txn == nil {
		return
	}
	if commit {
		_ = s.commit(context.Background())
		return
	}
	s.tx.Txn.Rollback()
	s.ended(false)
}

// ended cleans up after a transaction.
func (s *Session) ended(committed bool) {
	tx := s.tx
	s.db.counts.transaction(committed)
	s.endCursors(committed)
	s.tx = transaction{}
	before := s.vars.Mark()
	if committed {
		s.vars.Commit()
	} else {
		s.vars.Rollback(tx.settings)
	}
	s.settingsChanged(before)
	if !committed {
		tx.Undo(0)
		return
	}
	tx.Committed()
}

// modes turns the parsed transaction modes into options.
func modes(m parser.TxModes) (isolation string, readOnly *bool) {
	switch m.Isolation {
	case parser.ReadUncommitted:
		isolation = "read uncommitted"
	case parser.ReadCommitted:
		isolation = "read committed"
	case parser.RepeatableRead:
		isolation = "repeatable read"
	case parser.Serializable:
		isolation = "serializable"
	}
	return isolation, m.ReadOnly
}

// control runs a statement of transaction control; ok is false for any other.
func (s *Session) control(ctx context.Context, stmt parser.Stmt) (tag string, ok bool, err error) {
	switch st := stmt.(type) {
	case *parser.BeginStmt:
		if st.Start {
			return "START TRANSACTION", true, s.beginStmt(st)
		}
		return "BEGIN", true, s.beginStmt(st)
	case *parser.CommitStmt:
		tag, err := s.commitStmt(ctx, st.Chain)
		return tag, true, err
	case *parser.RollbackStmt:
		return "ROLLBACK", true, s.rollbackStmt(st.Chain)
	case *parser.SavepointStmt:
		return "SAVEPOINT", true, s.savepointStmt(ctx, st.Name)
	case *parser.ReleaseStmt:
		return "RELEASE", true, s.releaseStmt(st.Name)
	case *parser.RollbackToStmt:
		return "ROLLBACK", true, s.rollbackToStmt(st.Name)
	case *parser.SetTransactionStmt:
		return "SET", true, s.setTransaction(st)
	}
	return "", false, nil
}

func (s *Session) beginStmt(st *parser.BeginStmt) error {
	if s.tx.explicit {
		if s.tx.failed {
			return errFailed()
		}
		s.warn(sqlstate.ActiveTransaction, "there is already a transaction in progress")
		return nil
	}
	isolation, readOnly := modes(st.Modes)
	if s.tx.Txn != nil && isolation == "" && readOnly == nil {
		s.tx.explicit = true // a script's own transaction becomes the client's
		return nil
	}
	if s.tx.Txn != nil {
		if err := s.commit(s.ctx); err != nil {
			return err
		}
	}
	if err := s.beginTxn(isolation, readOnly); err != nil {
		return err
	}
	s.tx.explicit = true
	return nil
}

func (s *Session) commitStmt(ctx context.Context, chain bool) (string, error) {
	if !s.tx.explicit {
		if chain {
			return "", sqlstate.New(sqlstate.NoActiveTransaction, "COMMIT AND CHAIN can only be used in transaction blocks")
		}
		s.warn(sqlstate.NoActiveTransaction, "there is no transaction in progress")
		if s.tx.Txn == nil {
			return "COMMIT", nil
		}
	}
	tag, before := "COMMIT", s.tx
	if s.tx.failed {
		tag = "ROLLBACK"
		s.endTxn(false)
	} else if err := s.commit(ctx); err != nil {
		return tag, err
	}
	return tag, s.chain(chain, before)
}

func (s *Session) rollbackStmt(chain bool) error {
	if !s.tx.explicit {
		if chain {
			return sqlstate.New(sqlstate.NoActiveTransaction, "ROLLBACK AND CHAIN can only be used in transaction blocks")
		}
		s.warn(sqlstate.NoActiveTransaction, "there is no transaction in progress")
	}
	before := s.tx
	s.endTxn(false)
	return s.chain(chain, before)
}

// chain begins the next transaction of AND CHAIN.
func (s *Session) chain(chain bool, before transaction) error {
	if !chain {
		return nil
	}
	if err := s.beginTxn(before.Isolation, &before.ReadOnly); err != nil {
		return err
	}
	s.tx.explicit = true
	return nil
}

func (s *Session) savepointStmt(ctx context.Context, name string) error {
	if !s.tx.explicit {
		return sqlstate.New(sqlstate.NoActiveTransaction, "SAVEPOINT can only be used in transaction blocks")
	}
	if s.tx.failed {
		return errFailed()
	}
	if err := s.tx.Txn.StartStatement(ctx); err != nil {
		return err
	}
	s.tx.savepoints = append(s.tx.savepoints, savepoint{name, s.tx.Txn.Savepoint(), s.tx.DDL, s.tx.ReadOnly, s.vars.Mark()})
	s.tx.SetDepth(len(s.tx.savepoints))
	return nil
}

// findSavepoint returns the position of the newest savepoint with the name.
func (s *Session) findSavepoint(name, verb string) (int, error) {
	if !s.tx.explicit {
		return 0, sqlstate.New(sqlstate.NoActiveTransaction, "%s can only be used in transaction blocks", verb)
	}
	for i := len(s.tx.savepoints) - 1; i >= 0; i-- {
		if s.tx.savepoints[i].name == name {
			return i, nil
		}
	}
	return 0, sqlstate.New(sqlstate.InvalidSavepoint, "savepoint %q does not exist", name)
}

func (s *Session) releaseStmt(name string) error {
	if s.tx.failed {
		return errFailed()
	}
	i, err := s.findSavepoint(name, "RELEASE SAVEPOINT")
	if err != nil {
		return err
	}
	if err := s.tx.Txn.Release(s.tx.savepoints[i].at); err != nil {
		return err
	}
	s.tx.ReadOnly = s.tx.savepoints[i].readOnly // SET TRANSACTION READ ONLY is the subtransaction's
	s.tx.savepoints = s.tx.savepoints[:i]
	s.tx.SetDepth(i)
	return nil
}

func (s *Session) rollbackToStmt(name string) error {
	i, err := s.findSavepoint(name, "ROLLBACK TO SAVEPOINT")
	if err != nil {
		return err
	}
	sp := s.tx.savepoints[i]
	if err := s.tx.Txn.RollbackTo(sp.at); err != nil {
		return err
	}
	s.tx.Undo(i + 1)
	s.tx.savepoints = s.tx.savepoints[:i+1]
	s.tx.SetDepth(i + 1)
	s.dropCursors(func(c *cursor) bool { return c.txn && c.depth > i })
	s.tx.failed, s.tx.DDL, s.tx.ReadOnly = false, sp.ddl, sp.readOnly
	before := s.vars.Mark()
	s.vars.Rollback(sp.settings)
	s.settingsChanged(before)
	return nil
}

func (s *Session) setTransaction(st *parser.SetTransactionStmt) error {
	if st.Snapshot != "" {
		return sqlstate.New(sqlstate.FeatureNotSupported, "SET TRANSACTION SNAPSHOT is not supported")
	}
	isolation, readOnly := modes(st.Modes)
	if st.Session {
		if isolation != "" {
			if err := s.set(setting.DefaultIsolation.Name, &isolation, false); err != nil {
				return err
			}
		}
		if readOnly != nil {
			value := onOff(*readOnly)
			return s.set(setting.DefaultReadOnly.Name, &value, false)
		}
		return nil
	}
	if !s.tx.explicit {
		s.warn(sqlstate.NoActiveTransaction, "SET TRANSACTION can only be used in transaction blocks")
		return nil
	}
	return s.setModes(isolation, readOnly)
}

// setModes changes the modes of the transaction in progress; "" and nil leave
// one. After a query only what it did not depend on can change.
func (s *Session) setModes(isolation string, readOnly *bool) error {
	if isolation == "" {
		isolation = s.tx.Isolation
	}
	if readOnly == nil {
		readOnly = &s.tx.ReadOnly
	}
	if isolation == s.tx.Isolation && (*readOnly || *readOnly == s.tx.ReadOnly) {
		s.tx.ReadOnly = *readOnly
		return nil
	}
	if s.tx.Txn.Statement() > 0 {
		if isolation != s.tx.Isolation {
			return sqlstate.New(sqlstate.ActiveTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
		}
		return sqlstate.New(sqlstate.ActiveTransaction, "transaction read-write mode must be set before any query")
	}
	old := s.tx
	old.Txn.Rollback()
	if err := s.beginTxn(isolation, readOnly); err != nil {
		s.ended(false)
		return err
	}
	s.tx.explicit, s.tx.script, s.tx.settings, s.tx.startUs = old.explicit, old.script, old.settings, old.startUs
	return nil
}

// errFailed is the error of statements in a failed transaction.
func errFailed() error {
	return sqlstate.New(sqlstate.InFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

// allowedWhenFailed reports the statements that a failed transaction accepts.
func allowedWhenFailed(stmt parser.Stmt) bool {
	switch stmt.(type) {
	case *parser.CommitStmt, *parser.RollbackStmt, *parser.RollbackToStmt:
		return true
	}
	return false
}
