package htap

import (
	"cmp"
	"slices"

	"htapdb/htap/catalog"
	"htapdb/htap/model"
	"htapdb/htap/setting"
	"htapdb/htap/syscat"
	"htapdb/ml"
	"htapdb/sql/parser"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// systemEnv shows the system relations a session.
type systemEnv struct {
	s   *Session
	cat *catalog.Snapshot
}

var _ syscat.Env = systemEnv{}

// systemRows computes the rows of a system relation at the statement's catalog.
func (x *execution) systemRows(t *plan.Table) ([][]types.Datum, error) {
	return syscat.Rows(t, x.Cat, systemEnv{x.s, x.Cat})
}

func (e systemEnv) Settings() (out []syscat.Setting) {
	for _, d := range setting.All() {
		out = append(out, syscat.Setting{Name: d.Name, Value: d.InUnit(e.s.shown(d)), Default: d.InUnit(d.Default), About: d.About,
			Type: d.Type, Unit: d.Unit, Context: d.Scope.String(), Source: e.s.vars.Source(d), Reset: d.InUnit(e.s.vars.Start(d))})
	}
	return out
}

func (e systemEnv) Cursors() (out []syscat.Cursor) {
	for _, c := range e.s.cursors {
		out = append(out, syscat.Cursor{Name: c.name, SQL: c.sql, Hold: c.hold, Scroll: c.scroll})
	}
	return out
}

func (e systemEnv) Prepared() (out []syscat.Prepared) {
	for name, st := range e.s.prepared {
		out = append(out, syscat.Prepared{Name: name, SQL: st.text, Since: st.prepared.UnixMicro(), Params: st.params, FromSQL: st.fromSQL})
	}
	return out
}

func (e systemEnv) Sessions() (out []syscat.SessionInfo) {
	db := e.s.db
	db.mu.Lock()
	for s := range db.sessions {
		out = append(out, syscat.SessionInfo{ID: int64(s.id), Since: s.started.UnixMicro()})
	}
	db.mu.Unlock()
	slices.SortFunc(out, func(a, b syscat.SessionInfo) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (e systemEnv) ViewColumns(v *catalog.View) (out []plan.TableColumn) {
	sel, err := parser.ParseOne("SELECT * FROM " + parser.QuoteIdent(v.Schema) + "." + parser.QuoteIdent(v.Name))
	if err != nil {
		return nil
	}
	p, err := e.s.planQuery(sel.Stmt, "", nil, e.cat)
	if err != nil {
		return nil
	}
	for _, c := range p.columns {
		out = append(out, plan.TableColumn{Name: c.Name, Type: c.Type})
	}
	return out
}

func (e systemEnv) RowCount(t *catalog.Table) float32 {
	if ct, ok := e.s.db.engine.Feed.Columns().Table(t.StorageID); ok {
		return float32(ct.Stats().Rows)
	}
	return -1
}

func (e systemEnv) ColumnBytes(t *catalog.Table) int64 { return columnSizes{e.s.db}.ColumnBytes(t) }

// columnSizes implements syscat.Sizes. It stays in cached plans, which outlive
// the session that made them.
type columnSizes struct{ db *DB }

func (c columnSizes) ColumnBytes(t *catalog.Table) int64 {
	if ct, ok := c.db.engine.Feed.Columns().Table(t.StorageID); ok {
		return ct.Stats().Bytes
	}
	return 0
}

func (e systemEnv) TableStates() (out []syscat.TableState) {
	for _, t := range e.s.db.tableStatus(uint64(e.s.db.engine.Rows.Visible())) {
		out = append(out, syscat.TableState{Name: t.Name, State: t.State, Reason: t.Reason, Rows: t.Rows, LagMicros: t.LagMicros,
			DeltaRows: t.DeltaRows, Segments: t.Segments, ColumnBytes: t.ColumnBytes})
	}
	return out
}

func (e systemEnv) Model(m *catalog.Model) (*ml.Model, error) {
	b, err := e.s.boundModel(m)
	if err != nil {
		return nil, err
	}
	return b.Model(), nil
}

func (e systemEnv) Warn(format string, args ...any) {
	e.s.send(sqlstate.New(sqlstate.Success, format, args...))
}

func (e systemEnv) Algorithms() (out []*ml.Info) {
	for _, a := range model.Algorithms.All() {
		out = append(out, a.Info())
	}
	return out
}

// Function implements binder.Catalog.
func (b *binding) Function(name string, args int) *fn.Scalar {
	if b.names == nil {
		b.names = syscat.NewNames(b.cat, b.s.pathWithSystem(b.cat), columnSizes{b.s.db})
	}
	f := b.names.Function(name, args)
	if f != nil {
		b.deps.Whole(b.cat) // it has the catalog in it
	}
	return f
}
