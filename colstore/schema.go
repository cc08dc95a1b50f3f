package colstore

import (
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Column describes one column of a table.
type Column struct {
	// ID identifies the column for as long as the table lives; never reused.
	ID   uint32
	Name string
	Type types.Type
	// Default is what rows written before the column existed hold; NULL unless a
	// column was added with a constant.
	Default types.Datum
}

// TableSchema describes a table. Its ID is the storage ID: a table that is
// truncated or whose column types change gets a new one.
type TableSchema struct {
	ID      uint32
	Name    string
	Columns []Column
}

// Types returns the columns' types in order.
func (s *TableSchema) Types() []types.Type {
	ts := make([]types.Type, len(s.Columns))
	for i, c := range s.Columns {
		ts[i] = c.Type
	}
	return ts
}

// Ordinal returns the position of the column with the ID, or −1.
func (s *TableSchema) Ordinal(id uint32) int {
	for i, c := range s.Columns {
		if c.ID == id {
			return i
		}
	}
	return -1
}

// validate reports what makes the schema unusable.
func (s *TableSchema) validate() error {
	seen := make(map[uint32]bool, len(s.Columns))
	for _, c := range s.Columns {
		if c.Type.Physical() == types.PhysNone {
			return sqlstate.New(sqlstate.FeatureNotSupported, "column %q of table %q has type %s, which columns cannot hold", c.Name, s.Name, c.Type)
		}
		if seen[c.ID] {
			return sqlstate.New(sqlstate.InternalError, "column ID %d occurs twice in table %q", c.ID, s.Name)
		}
		seen[c.ID] = true
	}
	return nil
}

// clone returns a copy that shares nothing with s.
func (s *TableSchema) clone() *TableSchema {
	c := *s
	c.Columns = append([]Column(nil), s.Columns...)
	return &c
}

// layout is the order of the columns in a chunk or a segment: that of the schema
// when it was made.
type layout struct {
	ids []uint32
}

// layoutOf returns the schema's layout.
func layoutOf(s *TableSchema) *layout {
	l := &layout{ids: make([]uint32, len(s.Columns))}
	for i, c := range s.Columns {
		l.ids[i] = c.ID
	}
	return l
}

// index returns where the column with the ID is, or −1; guess is tried first.
func (l *layout) index(guess int, id uint32) int {
	if guess < len(l.ids) && l.ids[guess] == id {
		return guess
	}
	for i, have := range l.ids {
		if have == id {
			return i
		}
	}
	return -1
}

// State says whether a table's columns may be read.
type State uint8

// The states. Only a Live table gives snapshots.
const (
	// Building: created or being filled for the first time.
	Building State = iota
	// Live: complete and following the feed.
	Live
	// Detached: not following the feed any more; SetState gave the reason.
	Detached
	// Rebuilding: being filled again from the row store.
	Rebuilding
)

// String returns the state's lower-case name.
func (s State) String() string {
	switch s {
	case Building:
		return "building"
	case Live:
		return "live"
	case Detached:
		return "detached"
	}
	return "rebuilding"
}
