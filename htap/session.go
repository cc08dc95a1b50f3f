package htap

import (
	"context"
	"strings"
	"sync"

	"htapdb/htap/catalog"
	"htapdb/rowstore"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Session is a connection's state: its settings, its transaction and its
// prepared statements. It belongs to one goroutine at a time.
type Session struct {
	db     *DB
	id     uint64
	ctx    context.Context
	cancel context.CancelFunc
	vars   vars
	// localVars are the values to restore when the transaction ends (SET LOCAL),
	// savedVars those to restore if it is rolled back.
	localVars map[string]*string
	savedVars map[string]*string

	tx transaction
	// room tells how many bytes a statement that holds none may take.
	room func() int64
	// rows is the result that is being read; the next statement ends it.
	rows *Rows

	// info is the cache of infoVars, nil after a setting has changed.
	info map[string]string

	// sequences are the session's values of sequences.
	sequences sessionSequences

	prepared map[string]*Stmt // PREPARE name AS …
	cursors  map[string]*cursor
	notice   func(*Error)
	changed  func(name, value string)
	closing  sync.Once
	// forget undoes that the end of the database ends ctx.
	forget func() bool
}

// transaction is the session's open transaction; txn is nil when there is none.
type transaction struct {
	txn *rowstore.Txn
	// explicit is set between BEGIN and COMMIT; else the transaction ends with
	// its statement, or its script.
	explicit bool
	script   bool
	failed   bool
	// ddl says that the transaction has changed the catalog.
	ddl        bool
	isolation  string
	readOnly   bool
	startUs    int64
	savepoints []savepoint
	// onCommit run when the transaction has been committed, undo when what they
	// belong to is rolled back.
	onCommit []func()
	undo     []undo
}

// undo takes back something that a transaction has done outside its write set.
type undo struct {
	// depth is the number of savepoints that were open.
	depth int
	run   func()
}

// undone runs what takes back the things done since there were depth savepoints.
func (t *transaction) undone(depth int) {
	kept := t.undo[:0]
	for _, u := range t.undo {
		if u.depth >= depth {
			u.run()
		} else {
			kept = append(kept, u)
		}
	}
	t.undo = kept
}

// onRollback has run called if what the transaction does now is rolled back.
func (t *transaction) onRollback(run func()) {
	t.undo = append(t.undo, undo{len(t.savepoints), run})
}

// savepoint is a named point in the transaction.
type savepoint struct {
	name string
	at   rowstore.Savepoint
	ddl  bool
}

// Session returns a new session; the end of ctx ends what it runs.
func (db *DB) Session(ctx context.Context) *Session {
	s := &Session{db: db, id: db.nextID.Add(1), vars: vars{values: map[string]string{}, defaults: map[string]string{}},
		prepared: map[string]*Stmt{}}
	if !db.cfg.syncCommit {
		s.vars.defaults["synchronous_commit"] = "off"
	}
	s.vars.refresh()
	s.room = func() int64 { return db.queries.Child("", s.vars.memoryLimit).Available() }
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

// warn sends a notice.
func (s *Session) warn(code sqlstate.Code, format string, args ...any) {
	if s.notice != nil {
		s.notice(sqlstate.New(code, format, args...))
	}
}

// Setting returns the text of a setting, as SHOW does.
func (s *Session) Setting(name string) (string, error) {
	def, err := lookupSetting(name)
	if err != nil {
		return "", err
	}
	if def == nil {
		v, ok := s.vars.values[strings.ToLower(name)]
		if !ok {
			return "", sqlstate.New(sqlstate.UndefinedObject, "unrecognized configuration parameter %q", name)
		}
		return v, nil
	}
	switch def.name {
	case "transaction_isolation":
		if s.tx.txn != nil {
			return s.tx.isolation, nil
		}
		return s.vars.get("default_transaction_isolation"), nil
	case "transaction_read_only":
		if s.tx.txn != nil && s.tx.readOnly {
			return "on", nil
		}
	case "htap.simd":
		return simdLevel(), nil
	}
	return s.vars.get(def.name), nil
}

// Set sets a setting for the session, as SET does.
func (s *Session) Set(name, value string) error { return s.set(name, value, false, false) }

// set changes a setting: local until the transaction ends, or to the default.
func (s *Session) set(name, value string, local, toDefault bool) error {
	def, err := lookupSetting(name)
	if err != nil {
		return err
	}
	key := strings.ToLower(name)
	if def != nil {
		key = strings.ToLower(def.name)
		if def.fixed {
			return sqlstate.New(sqlstate.CantChangeParam, "parameter %q cannot be changed", def.name)
		}
		if !toDefault {
			if def.name == "DateStyle" {
				value = s.fullDateStyle(value)
			}
			if value, err = def.check(value); err != nil {
				return err
			}
			if err := s.applySetting(def.name, value); err != nil {
				return err
			}
		}
	}
	s.remember(key, local)
	s.info = nil
	if toDefault {
		s.vars.drop(key)
	} else {
		s.vars.put(key, value)
	}
	if def != nil && def.report && s.changed != nil {
		s.changed(def.name, s.vars.get(def.name))
	}
	return nil
}

// fullDateStyle adds to a value of DateStyle what it leaves as it is. A value that
// is none stays, for the check to refuse.
func (s *Session) fullDateStyle(value string) string {
	st, err := types.ParseDateStyle(value, s.vars.style.Date)
	if err != nil {
		return value
	}
	return st.String()
}

// applySetting does what some settings do at once.
func (s *Session) applySetting(name, value string) error {
	switch name {
	case "htap.simd":
		return setSIMD(value)
	case "transaction_isolation":
		if s.tx.txn != nil && s.tx.txn.Statement() > 0 {
			return sqlstate.New(sqlstate.ActiveTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
		}
	}
	return nil
}

// remember notes a setting's value for the end of the transaction.
func (s *Session) remember(key string, local bool) {
	if s.tx.txn == nil {
		return
	}
	var old *string
	if v, ok := s.vars.values[key]; ok {
		old = &v
	}
	if local {
		if _, ok := s.localVars[key]; !ok {
			if s.localVars == nil {
				s.localVars = map[string]*string{}
			}
			s.localVars[key] = old
		}
		return
	}
	if _, ok := s.savedVars[key]; !ok {
		if s.savedVars == nil {
			s.savedVars = map[string]*string{}
		}
		s.savedVars[key] = old
	}
}

// restoreVars puts settings back at the end of a transaction.
func (s *Session) restoreVars(committed bool) {
	put := func(saved map[string]*string) {
		for key, old := range saved {
			if old == nil {
				s.vars.drop(key)
			} else {
				s.vars.put(key, *old)
			}
			if def := settings[key]; def != nil && def.report && s.changed != nil {
				s.changed(def.name, s.vars.get(def.name))
			}
		}
	}
	put(s.localVars)
	if !committed {
		put(s.savedVars)
	}
	if s.localVars != nil || s.savedVars != nil {
		s.info = nil
	}
	s.localVars, s.savedVars = nil, nil
}

// TextStyle is how the session writes values as text and reads them: by its
// settings TimeZone, DateStyle and IntervalStyle. It follows them; the session owns it.
func (s *Session) TextStyle() *types.TextStyle {
	s.vars.style.NowMicros = s.tx.startUs
	return &s.vars.style
}

// snapshot returns the catalog as the current statement sees it, or as of now
// outside a transaction.
func (s *Session) snapshot() (*catalog.Snapshot, error) {
	if err := s.db.begin(); err != nil {
		return nil, err
	}
	defer s.db.working.Done()
	if s.tx.txn != nil && s.tx.txn.Statement() > 0 {
		if s.tx.ddl {
			// A statement sees the changes of earlier ones only, so that of binding
			// has to be later than the one that changed the catalog.
			if err := s.finishRows(); err != nil {
				return nil, err
			}
			if err := s.tx.txn.StartStatement(s.ctx); err != nil {
				return nil, err
			}
		}
		return s.db.catalog.InTxn(s.tx.txn, s.tx.ddl)
	}
	snap := s.db.rows.Snapshot()
	defer snap.Close()
	return s.db.catalog.At(snap)
}
