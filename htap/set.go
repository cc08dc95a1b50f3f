package htap

import (
	"sort"
	"strings"
	"time"

	"htapdb/htap/exec"
	"htapdb/htap/setting"
	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Version is the engine's version.
const Version = setting.Version

// FormatBytes writes a size with a binary unit, for messages.
func FormatBytes(n int64) string { return setting.FormatBytes(n) }

// warn sends a notice, if client_min_messages lets it through.
func (s *Session) warn(code sqlstate.Code, format string, args ...any) {
	s.send(sqlstate.New(code, format, args...))
}

// send is warn with a notice that has been made.
func (s *Session) send(notice *Error) {
	if s.notice == nil {
		return
	}
	switch setting.ClientMinMessages.Get(&s.vars) {
	case "error":
		return
	case "warning":
		// The classes of warnings; the others are for information.
		if c := notice.SQLState(); !strings.HasPrefix(c, "01") && !strings.HasPrefix(c, "25") {
			return
		}
	}
	s.notice(notice)
}

// Setting returns the text of a setting, as SHOW does.
func (s *Session) Setting(name string) (string, error) {
	def, err := setting.Lookup(name)
	if err != nil {
		return "", err
	}
	if def != nil {
		return s.shown(def), nil
	}
	v, ok := s.vars.Custom(name)
	if !ok {
		return "", setting.Unknown(name)
	}
	return v, nil
}

// shown is a setting's value as SHOW prints it.
func (s *Session) shown(def *setting.Setting) string {
	switch {
	case def == setting.TransactionLevel.Setting && s.tx.Txn != nil:
		return s.tx.Isolation
	case def == setting.TransactionLevel.Setting:
		return setting.DefaultIsolation.Get(&s.vars)
	case def == setting.TransactionReading.Setting && s.tx.Txn != nil:
		return onOff(s.tx.ReadOnly)
	case def == setting.TransactionReading.Setting:
		return onOff(setting.DefaultReadOnly.Get(&s.vars))
	}
	return s.vars.Text(def)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// IdleLimit returns how long the session may go without a statement from now on,
// 0 for ever, and the error of a client that lets it pass: whoever serves the
// session sends that to the client and closes the session.
func (s *Session) IdleLimit() (time.Duration, *Error) {
	if s.tx.explicit {
		return setting.IdleInTransaction.Get(&s.vars), sqlstate.New(sqlstate.IdleInTransactionTimeout,
			"terminating connection due to idle-in-transaction timeout")
	}
	return setting.IdleSession.Get(&s.vars), sqlstate.New(sqlstate.IdleSessionTimeout, "terminating connection due to idle-session timeout")
}

// Set sets a setting for the session, as SET does.
func (s *Session) Set(name, value string) error { return s.set(name, &value, false) }

// KeepSettings makes the values that hold now the ones that RESET and DISCARD ALL
// go back to, as PostgreSQL does with those that come with a connection: a pool
// that resets its sessions must not lose them. It is for sessions outside of a
// transaction.
func (s *Session) KeepSettings() { s.vars.Begin() }

// set changes a setting, to its default if value is nil; local until the
// transaction ends.
func (s *Session) set(name string, value *string, local bool) error {
	def, err := setting.Lookup(name)
	if err != nil {
		return err
	}
	if def != nil && def.Scope != setting.Session {
		if def.Scope == setting.Transaction {
			return s.setInTransaction(def, value)
		}
		return def.Writable()
	}
	if def == nil && !setting.IsCustomName(name) {
		return sqlstate.New(sqlstate.InvalidName, "invalid configuration parameter name %q", name).
			WithDetail("Custom parameter names must be two or more simple identifiers separated by dots.")
	}
	before := s.vars.Mark()
	switch {
	case def == nil && value == nil:
		s.vars.SetCustomDefault(name, local)
	case def == nil:
		s.vars.SetCustom(name, *value, local)
	case value == nil:
		s.vars.SetDefault(def, local)
	default:
		if err := s.vars.Set(def, *value, local); err != nil {
			return err
		}
	}
	s.settingsChanged(before)
	return nil
}

// setInTransaction is set for a setting of the transaction in progress; outside
// one it would be that of the SET itself.
func (s *Session) setInTransaction(def *setting.Setting, value *string) error {
	text := s.shown(def)
	if value != nil {
		var err error
		if text, err = def.Parse(*value); err != nil {
			return err
		}
	}
	if !s.tx.explicit {
		return nil
	}
	if def == setting.TransactionLevel.Setting {
		return s.setModes(text, nil)
	}
	on := text == "on"
	return s.setModes("", &on)
}

// settingsChanged does what follows a change of settings.
func (s *Session) settingsChanged(before setting.Mark) {
	if s.vars.Mark() == before {
		return
	}
	s.info = nil
	s.restyle()
	if s.changed != nil {
		s.vars.Changed(before, func(d *setting.Setting, text string) { s.changed(d.Name, text) })
	}
}

// restyle makes the style of texts follow the settings.
func (s *Session) restyle() {
	s.style.Zone, _ = types.Zone(setting.TimeZone.Get(&s.vars)) // checked when it was set
	s.style.Date, s.style.Interval = setting.DateStyle.Get(&s.vars), setting.IntervalStyle.Get(&s.vars)
}

// setStmt is SET.
func (s *Session) setStmt(st *parser.SetStmt) error {
	if s.tx.failed {
		return errFailed()
	}
	local := st.Scope == parser.SetLocal
	if local && s.tx.Txn == nil {
		s.warn(sqlstate.NoActiveTransaction, "SET LOCAL can only be used in transaction blocks")
		return nil
	}
	if len(st.Values) == 0 {
		return s.set(st.Name, nil, local)
	}
	def, err := setting.Lookup(st.Name)
	if err != nil {
		return err
	}
	if len(st.Values) > 1 && def != nil && !def.List {
		return sqlstate.New(sqlstate.InvalidParameterValue, "SET %s takes only one argument", def.Name)
	}
	words := make([]string, len(st.Values))
	for i, v := range st.Values {
		words[i] = v.Text
		if def != nil && def.Names {
			words[i] = parser.QuoteIdent(v.Text)
		}
	}
	value := strings.Join(words, ", ")
	return s.set(st.Name, &value, local)
}

// resetStmt is RESET.
func (s *Session) resetStmt(st *parser.ResetStmt) error {
	if s.tx.failed {
		return errFailed()
	}
	if !strings.EqualFold(st.Name, "all") && st.Name != "" {
		return s.set(st.Name, nil, false)
	}
	s.resetAll()
	return nil
}

func (s *Session) resetAll() {
	before := s.vars.Mark()
	s.vars.SetAllDefault()
	s.settingsChanged(before)
}

// showColumns describes SHOW's result.
func showColumns(_ *Session, stmt parser.Stmt) ([]Column, error) {
	name := stmt.(*parser.ShowStmt).Name
	if strings.EqualFold(name, "all") {
		return []Column{{Name: "name", Type: types.TText}, {Name: "setting", Type: types.TText}, {Name: "description", Type: types.TText}}, nil
	}
	if def, err := setting.Lookup(name); err == nil && def != nil {
		name = def.Name
	}
	return []Column{{Name: name, Type: types.TText}}, nil
}

// show is SHOW.
func (x *execution) show(st *parser.ShowStmt) (*exec.Output, error) {
	if !strings.EqualFold(st.Name, "all") {
		v, err := x.s.Setting(st.Name)
		if err != nil {
			return nil, err
		}
		return &exec.Output{Rows: [][]types.Datum{{text(v)}}, N: 1}, nil
	}
	out := &exec.Output{}
	for _, d := range setting.All() {
		out.Rows = append(out.Rows, []types.Datum{text(d.Name), text(x.s.shown(d)), text(d.About)})
	}
	sort.Slice(out.Rows, func(i, j int) bool { return out.Rows[i][0].Str() < out.Rows[j][0].Str() })
	out.N = int64(len(out.Rows))
	return out, nil
}

// discard is DISCARD.
func (x *execution) discard(st *parser.DiscardStmt) (*exec.Output, error) {
	if st.What == "sequences" {
		x.s.sequences.Forget()
	}
	if st.What == "all" {
		if !x.auto {
			return nil, sqlstate.New(sqlstate.ActiveTransaction, "DISCARD ALL cannot run inside a transaction block")
		}
		clear(x.s.prepared)
		x.s.dropCursors(func(*cursor) bool { return true })
		x.s.db.channels.forget(x.s)
		x.s.sequences.Forget()
		x.s.resetAll()
	}
	return &exec.Output{Tag: "DISCARD " + strings.ToUpper(st.What)}, nil
}
