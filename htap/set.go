package htap

import (
	"sort"
	"strings"

	"htapdb/sql/parser"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// simdLevel is the level in force, setSIMD changes it for the process.
func simdLevel() string { return vector.SIMDLevel() }

func setSIMD(level string) error { return vector.SetSIMD(level) }

// setStmt is SET.
func (s *Session) setStmt(st *parser.SetStmt) error {
	if s.tx.failed {
		return errFailed()
	}
	words := make([]string, len(st.Values))
	for i, v := range st.Values {
		words[i] = v.Text
	}
	return s.set(st.Name, strings.Join(words, ", "), st.Scope == parser.SetLocal, len(st.Values) == 0)
}

// resetStmt is RESET.
func (s *Session) resetStmt(st *parser.ResetStmt) error {
	if !strings.EqualFold(st.Name, "all") && st.Name != "" {
		return s.set(st.Name, "", false, true)
	}
	s.resetAll()
	return nil
}

func (s *Session) resetAll() {
	for key := range s.vars.values {
		_ = s.set(key, "", false, true)
	}
}

// showColumns describes SHOW's result.
func showColumns(_ *Session, stmt parser.Stmt) ([]Column, error) {
	name := stmt.(*parser.ShowStmt).Name
	if strings.EqualFold(name, "all") {
		return []Column{{Name: "name", Type: types.TText}, {Name: "setting", Type: types.TText}, {Name: "description", Type: types.TText}}, nil
	}
	if def, err := lookupSetting(name); err == nil && def != nil {
		name = def.name
	}
	return []Column{{Name: name, Type: types.TText}}, nil
}

// show is SHOW.
func (x *execution) show(st *parser.ShowStmt) (*output, error) {
	if !strings.EqualFold(st.Name, "all") {
		v, err := x.s.Setting(st.Name)
		if err != nil {
			return nil, err
		}
		return &output{rows: [][]types.Datum{{text(v)}}, n: 1}, nil
	}
	out := &output{}
	for i := range settingList {
		v, err := x.s.Setting(settingList[i].name)
		if err != nil {
			return nil, err
		}
		out.rows = append(out.rows, []types.Datum{text(settingList[i].name), text(v), text(settingList[i].about)})
	}
	sort.Slice(out.rows, func(i, j int) bool { return out.rows[i][0].Str() < out.rows[j][0].Str() })
	out.n = int64(len(out.rows))
	return out, nil
}

// discard is DISCARD.
func (x *execution) discard(st *parser.DiscardStmt) (*output, error) {
	if st.What == "all" {
		if !x.auto {
			return nil, sqlstate.New(sqlstate.ActiveTransaction, "DISCARD ALL cannot run inside a transaction block")
		}
		clear(x.s.prepared)
		x.s.dropCursors(func(*cursor) bool { return true })
		x.s.resetAll()
	}
	return &output{tag: "DISCARD " + strings.ToUpper(st.What)}, nil
}
