package htap

import (
	"context"
	"strconv"
	"sync"
	"time"

	"htapdb/htap/catalog"
	"htapdb/htap/exec"
	"htapdb/htap/sequence"
	"htapdb/htap/setting"
	"htapdb/internal/memory"
	"htapdb/rowstore"
	"htapdb/sql/types"
)

// Session is a connection's state: its settings, its transaction and its
// prepared statements. It belongs to one goroutine at a time.
type Session struct {
	db *DB
	id uint64
	// started is when the session began.
	started time.Time
	ctx     context.Context
	cancel  context.CancelFunc
	vars    setting.Vars
	// style is made of vars, see restyle.
	style types.TextStyle

	tx transaction
	// points is the account of statements on one row, which need none of their own.
	points *memory.Account
	// rows is the result that is being read; the next statement ends it.
	rows *Rows

	// executing is the execution that began last, until it ends.
	executing *execution
	// preparing is the context of the statement that is being prepared, nil outside.
	preparing *statementContext

	// info is the cache of infoVars, nil after a setting has changed.
	info map[string]string

	// sequences are the session's values of sequences.
	sequences sequence.Values

	prepared map[string]*Stmt // PREPARE name AS …
	cursors  map[string]*cursor
	notice   func(*Error)
	changed  func(name, value string)
	notified func(Notification)
	closing  sync.Once
	// forget undoes that the end of the database ends ctx.
	forget func() bool
}

// transaction is the session's open transaction.
type transaction struct {
	exec.Transaction
	// explicit is set between BEGIN and COMMIT; else the transaction ends with
	// its statement, or its script.
	explicit bool
	script   bool
	failed   bool
	startUs  int64
	// settings are those at the beginning, to go back to.
	settings   setting.Mark
	savepoints []savepoint
}

// savepoint is a named point in the transaction.
type savepoint struct {
	name     string
	at       rowstore.Savepoint
	ddl      bool
	readOnly bool
	settings setting.Mark
}

// Session returns a new session; the end of ctx ends what it runs.
func (db *DB) Session(ctx context.Context) *Session {
	s := &Session{db: db, id: db.nextID.Add(1), started: time.Now(), vars: setting.New(db.settings), prepared: map[string]*Stmt{}}
	s.restyle()
	s.points = db.queries.Child("query "+strconv.FormatUint(s.id, 10), 0)
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.forget = context.AfterFunc(db.ctx, s.cancel)
	db.mu.Lock()
	defer db.mu.Unlock()
	db.sessions[s] = struct{}{}
	return s
}

// Close rolls back an open transaction and ends the session.
func (s *Session) Close() error {
	s.closing.Do(func() {
		s.forget()
		s.cancel()
		if s.rows != nil {
			_ = s.rows.Close()
		}
		s.dropCursors(func(*cursor) bool { return true })
		s.endTxn(false)
		s.db.channels.forget(s)
		s.db.mu.Lock()
		delete(s.db.sessions, s)
		s.db.mu.Unlock()
	})
	return nil
}

// DB returns the session's database.
func (s *Session) DB() *DB { return s.db }

// TxState is 'I' idle, 'T' in a transaction, 'E' in a failed transaction, as
// PostgreSQL's ReadyForQuery says it.
func (s *Session) TxState() byte {
	switch {
	case !s.tx.explicit:
		return 'I'
	case s.tx.failed:
		return 'E'
	}
	return 'T'
}

// OnNotice has fn called for each notice and warning of the session's statements.
func (s *Session) OnNotice(fn func(*Error)) { s.notice = fn }

// OnSetting has fn called when one of the settings that PostgreSQL reports
// (DateStyle, TimeZone, application_name …) changes.
func (s *Session) OnSetting(fn func(name, value string)) { s.changed = fn }

// TextStyle is how the session writes values as text and reads them: by its
// settings TimeZone, DateStyle and IntervalStyle. It follows them; the session owns it.
func (s *Session) TextStyle() *types.TextStyle {
	s.style.NowMicros = s.tx.startUs
	return &s.style
}

// along has a catalog find names along the session's search_path.
func (s *Session) along(cat *catalog.Snapshot, err error) (*catalog.Snapshot, error) {
	path := setting.SearchPath.Get(&s.vars)
	if err != nil || path.Default {
		return cat, err
	}
	return cat.Along(path.Schemas), nil
}

// inStatement reports whether there is a transaction with a statement in it, whose
// view of the data the catalog is of; else it is as of now.
func (s *Session) inStatement() bool { return s.tx.Txn != nil && s.tx.Txn.Statement() > 0 }

// snapshot returns the catalog as the current statement sees it, or as of now
// outside a transaction.
func (s *Session) snapshot() (*catalog.Snapshot, error) {
	if err := s.db.begin(); err != nil {
		return nil, err
	}
	defer s.db.working.Done()
	if s.inStatement() {
		if s.tx.DDL {
			// A statement sees the changes of earlier ones only, so that of binding
			// has to be later than the one that changed the catalog.
			if err := s.finishRows(); err != nil {
				return nil, err
			}
			if err := s.tx.Txn.StartStatement(s.ctx); err != nil {
				return nil, err
			}
		}
		return s.along(s.db.engine.Catalog.InTxn(s.tx.Txn, s.tx.DDL))
	}
	snap := s.db.engine.Rows.Snapshot()
	defer snap.Close()
	return s.along(s.db.engine.Catalog.At(snap))
}
