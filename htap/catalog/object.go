package catalog

import (
	"encoding/json"
	"slices"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// ID identifies an object for ever; it is never reused. User objects start at FirstUserID.
type ID = uint32

// FirstUserID is the first identifier of a user's object; the rows of smaller
// ones are the catalog's own tables.
const FirstUserID ID = 16384

// DefaultSchema is where an unqualified CREATE puts its object.
const DefaultSchema = "public"

// Table is the descriptor of a stored table. Descriptors are immutable once
// they are in a Snapshot: a change makes a new one.
type Table struct {
	// ID names the table; StorageID names its rows, and changes with TRUNCATE
	// and with rewrites, so that old rows are never mistaken for new ones.
	ID, StorageID ID
	Schema, Name  string
	Columns       []Column
	// Dropped are former columns that old rows may hold.
	Dropped []Column `json:",omitempty"`
	// Primary are the ordinals of the primary key; empty gives the table a hidden key.
	Primary []int `json:",omitempty"`
	// PrimaryName is the constraint's name in error messages.
	PrimaryName string  `json:",omitempty"`
	Indexes     []Index `json:",omitempty"`
	Checks      []Check `json:",omitempty"`
	// NextColumnID is the identifier of the next column: they are not reused.
	NextColumnID uint32
	// Version counts the changes of the row format.
	Version uint16
	// Comment is the text of COMMENT ON TABLE; PrimaryComment is that of the
	// constraint of the primary key, and PrimaryIndexComment that of its index.
	Comment             string `json:",omitempty"`
	PrimaryComment      string `json:",omitempty"`
	PrimaryIndexComment string `json:",omitempty"`

	// form is the stored text of a descriptor in a Snapshot, "" for one that is
	// being made.
	form string
}

// Column is one column of a Table.
type Column struct {
	ID      uint32
	Name    string
	Type    types.Type
	NotNull bool `json:",omitempty"`
	// Default is the SQL text of the default expression, "" for NULL.
	Default string `json:",omitempty"`
	// Sequence is the sequence of a serial or identity column, 0 for none;
	// Identity tells the latter, Always is GENERATED ALWAYS, which refuses
	// explicit values.
	Sequence ID   `json:",omitempty"`
	Identity bool `json:",omitempty"`
	Always   bool `json:",omitempty"`
	// Missing is the text of the value that rows written before the column was
	// added have, if HasMissing; else it is NULL.
	Missing    string `json:",omitempty"`
	HasMissing bool   `json:",omitempty"`
	// Since and Until are the versions of the row format that first have the
	// column and no longer have it (in Dropped).
	Since uint16 `json:",omitempty"`
	Until uint16 `json:",omitempty"`
	// Comment is the text of COMMENT ON COLUMN.
	Comment string `json:",omitempty"`
}

// Index is a secondary index of a Table.
type Index struct {
	ID      ID
	Name    string
	Columns []int
	Unique  bool `json:",omitempty"`
	// Constraint is true for an index made by UNIQUE, which only ALTER TABLE drops.
	Constraint bool `json:",omitempty"`
	// Comment is the text of COMMENT ON INDEX, ConstraintComment that of its constraint.
	Comment           string `json:",omitempty"`
	ConstraintComment string `json:",omitempty"`
}

// Check is a CHECK constraint: rows for which SQL is false are refused.
type Check struct {
	Name, SQL string
	// Comment is the text of COMMENT ON CONSTRAINT.
	Comment string `json:",omitempty"`
}

// View is a stored query.
type View struct {
	ID           ID
	Schema, Name string
	// Columns are the names of the columns.
	Columns []string `json:",omitempty"`
	SQL     string
	// Sources are the tables and views that the query names: they are found by
	// their identifiers, so that the view outlives changes of their names. What
	// constants of the text name, as nextval('s') does, is among them, for what depends
	// on it; such entries have no columns.
	Sources []ViewSource `json:",omitempty"`
	// Comment is the text of COMMENT ON VIEW, ColumnComments are those of its
	// columns by their names.
	Comment        string            `json:",omitempty"`
	ColumnComments map[string]string `json:",omitempty"`
}

// ViewSource is a relation that a view reads, as it was when the view was made.
type ViewSource struct {
	ID ID
	// Schema and Name are the relation's name as the view's text has it.
	Schema string `json:",omitempty"`
	Name   string
	// Columns are the names that the relation's columns had, IDs the
	// identifiers that go with them; a view's columns have none, they keep
	// their places.
	Columns []string
	IDs     []uint32 `json:",omitempty"`
	// Used are the identifiers of the table's columns that the view names.
	Used []uint32 `json:",omitempty"`
}

// Reads reports whether the view reads the relation: its column, if that is not 0.
func (v *View) Reads(relation ID, column uint32) bool {
	for i := range v.Sources {
		if s := &v.Sources[i]; s.ID == relation && (column == 0 || slices.Contains(s.Used, column)) {
			return true
		}
	}
	return false
}

// Sequence is a generator of numbers; its state is in the catalog's counters.
type Sequence struct {
	ID               ID
	Schema, Name     string
	Start, Increment int64
	// Min and Max bound the values, Cycle starts anew at the end. Both are 0 in
	// descriptors of before there were bounds; see Bounds.
	Min   int64 `json:",omitempty"`
	Max   int64 `json:",omitempty"`
	Cycle bool  `json:",omitempty"`
	// Owner is the table of a serial or identity column, 0 for a sequence of its own;
	// OwnerColumn is the column, 0 in descriptors of before for that which draws from it.
	Owner       ID     `json:",omitempty"`
	OwnerColumn uint32 `json:",omitempty"`
	// Comment is the text of COMMENT ON SEQUENCE.
	Comment string `json:",omitempty"`
}

// Model describes a trained model with what made it.
type Model struct {
	ID           ID
	Schema, Name string
	Version      int
	// Algorithm is the name after USING in its full form.
	Algorithm string
	// Task is what it is for, "" for models from before tasks were kept.
	Task string `json:",omitempty"`
	// Target is the predicted column, "" if there is none, Features the others in order.
	Target   string
	Features []string
	// Query is the SQL that gave the training rows, Options the WITH pairs.
	Query   string
	Options map[string]string `json:",omitempty"`
	// SnapshotTS is the timestamp of the snapshot it was trained on.
	SnapshotTS uint64
	RowCount   int64
	// Metrics are training metrics by name.
	Metrics map[string]float64
	// Notices tell what training dropped, regularized or did not converge to.
	Notices []string `json:",omitempty"`
	// Classes are the values of a classifier's target as texts, in order.
	Classes []string `json:",omitempty"`
	// StateID names the rows of the model's state, the estimator's own form
	// (ml.Model); StateBytes is its length, StateSum its CRC-32C. A model of before
	// states were rows has no StateID and its state in State.
	StateID    ID              `json:",omitempty"`
	StateBytes int64           `json:",omitempty"`
	StateSum   uint32          `json:",omitempty"`
	State      json.RawMessage `json:",omitempty"`
}

// Ordinal returns the position of the named column, −1 if there is none.
func (t *Table) Ordinal(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// OrdinalOf returns the position of the column with the identifier, −1 if there
// is none.
func (t *Table) OrdinalOf(id uint32) int {
	for i := range t.Columns {
		if t.Columns[i].ID == id {
			return i
		}
	}
	return -1
}

// HiddenKey reports whether the table has no primary key.
func (t *Table) HiddenKey() bool { return len(t.Primary) == 0 }

// Equal reports whether two descriptors of Snapshots say the same.
func (t *Table) Equal(o *Table) bool { return t.form == o.form && t.form != "" }

// Clone returns a copy whose slices can be changed.
func (t *Table) Clone() *Table {
	c := *t
	c.form = ""
	c.Columns = append([]Column(nil), t.Columns...)
	c.Dropped = append([]Column(nil), t.Dropped...)
	c.Primary = append([]int(nil), t.Primary...)
	c.Indexes = append([]Index(nil), t.Indexes...)
	c.Checks = append([]Check(nil), t.Checks...)
	return &c
}

// OwnedBy reports whether the sequence goes with a column of a table, which need not
// draw from it.
func (q *Sequence) OwnedBy(t *Table, c *Column) bool {
	return q.Owner == t.ID && (q.OwnerColumn == c.ID || q.OwnerColumn == 0 && c.Sequence == q.ID)
}

// QualifiedName returns schema.name, without the schema if it is the default.
func QualifiedName(schema, name string) string {
	if schema == "" || schema == DefaultSchema {
		return name
	}
	return schema + "." + name
}

// encode returns the stored form of a descriptor.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", sqlstate.Wrap(sqlstate.InternalError, err, "encoding a catalog object")
	}
	return string(b), nil
}

// decode reads the stored form of a descriptor named for the error message.
func decode[T any](text, name string) (*T, error) {
	v := new(T)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return nil, sqlstate.Wrap(sqlstate.DataCorrupted, err, "catalog entry of %q cannot be read", name)
	}
	return v, nil
}
