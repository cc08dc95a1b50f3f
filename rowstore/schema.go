package rowstore

import (
	"slices"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Column describes one column of a table.
type Column struct {
	// ID identifies the column for the life of the table; it is never reused.
	ID uint32
	// Namespace, the name of the SQL schema, and Name appear in errors only.
	Namespace, Name string
	// Type decides the encoding; it never changes within a storage id.
	Type types.Type
	// NotNull makes NULL an error (23502). Primary key columns are always not null.
	NotNull bool
	// Missing is the value that rows written before the column existed have
	// (ADD COLUMN … DEFAULT constant); the zero value is NULL.
	Missing types.Datum
	// Since is the first schema version that stores the column, 0 for always.
	Since uint16
	// Until is the first schema version that no longer stores it. It is set
	// only for entries of TableDef.Dropped.
	Until uint16
}

// Index describes a secondary index.
type Index struct {
	// ID is at least 1, unique within the table and never reused.
	ID uint32
	// Name is the name of the index or constraint, for errors.
	Name string
	// Columns are ordinals in TableDef.Columns.
	Columns []int
	// Unique refuses a second row with equal, not null column values (23505).
	Unique bool
}

// TableDef defines a table for the store. ID and the column IDs are what is
// on disk; ordinals are positions in Columns.
type TableDef struct {
	// ID is the storage id. 0 is reserved; ids below 100 are the catalog's.
	ID uint32
	// Namespace, the table's SQL schema, and Name appear in errors only.
	Namespace, Name string
	// Version is written into every row; it grows when Columns or Dropped change.
	Version uint16
	// Columns are the table's columns in SQL order.
	Columns []Column
	// Dropped are former columns that older rows may still hold.
	Dropped []Column
	// Primary are the ordinals of the primary key. Empty means a hidden 64-bit
	// key from a sequence.
	Primary []int
	// PrimaryName is the constraint's name, for errors.
	PrimaryName string
	// Indexes are the secondary indexes that every write maintains.
	Indexes []Index
}

// Schema is a compiled TableDef. It is immutable and safe for concurrent use.
type Schema struct {
	def     TableDef
	primary []byte // header of primary keys
	indexes []compiledIndex
	current *layout
	// layouts[v] describes rows written by schema version v ≤ def.Version.
	layouts []*layout
	// varOrder are the ordinals of the variable-width columns by column id.
	varOrder []int
	notNull  []int // ordinals that refuse NULL
	hidden   bool
}

// compiledIndex is an Index with what writes and scans need at hand.
type compiledIndex struct {
	Index
	header []byte
	types  []types.Type
}

// maxColumns bounds a table's columns, as in PostgreSQL.
const maxColumns = 1600

// NewSchema checks def and compiles it. Errors are 42P16 and name the table.
func NewSchema(def TableDef) (*Schema, error) {
	bad := func(format string, args ...any) error {
		return sqlstate.New(sqlstate.InvalidTableDefinition, "table \""+def.Name+"\": "+format, args...)
	}
	switch {
	case def.ID == 0:
		return nil, bad("storage id 0 is reserved")
	case len(def.Columns)+len(def.Dropped) > maxColumns:
		return nil, sqlstate.New(sqlstate.TooManyColumns, "table %q has more than %d columns", def.Name, maxColumns)
	}
	seen := make(map[uint32]bool)
	for _, c := range slices.Concat(def.Columns, def.Dropped) {
		if seen[c.ID] {
			return nil, bad("column id %d is used twice", c.ID)
		}
		seen[c.ID] = true
		if c.Type.Physical() == types.PhysNone {
			return nil, bad("column %q has type %s", c.Name, c.Type)
		}
	}
	s := &Schema{def: def, primary: appendHeader(nil, def.ID, 0), hidden: len(def.Primary) == 0}
	s.def.Columns = slices.Clone(def.Columns)
	for _, ord := range def.Primary {
		if ord < 0 || ord >= len(def.Columns) {
			return nil, bad("primary key column %d does not exist", ord)
		}
		s.def.Columns[ord].NotNull = true
	}
	ids := make(map[uint32]bool)
	for _, ix := range def.Indexes {
		if ix.ID == 0 || ids[ix.ID] {
			return nil, bad("index id %d is reserved or used twice", ix.ID)
		}
		ids[ix.ID] = true
		ci := compiledIndex{Index: ix, header: appendHeader(nil, def.ID, ix.ID)}
		for _, ord := range ix.Columns {
			if ord < 0 || ord >= len(def.Columns) {
				return nil, bad("column %d of index %q does not exist", ord, ix.Name)
			}
			ci.types = append(ci.types, def.Columns[ord].Type)
		}
		s.indexes = append(s.indexes, ci)
	}
	for i, c := range s.def.Columns {
		if c.NotNull {
			s.notNull = append(s.notNull, i)
		}
	}
	s.compileLayouts()
	return s, nil
}

// Def returns the definition the schema was made from; the caller must not
// change what its slices hold.
func (s *Schema) Def() *TableDef { return &s.def }

// TableID returns the storage id.
func (s *Schema) TableID() uint32 { return s.def.ID }

// Version returns the schema version.
func (s *Schema) Version() uint16 { return s.def.Version }

// HiddenKey reports a table without a primary key.
func (s *Schema) HiddenKey() bool { return s.hidden }

// index returns the compiled index with the id, or nil.
func (s *Schema) index(id uint32) *compiledIndex {
	for i := range s.indexes {
		if s.indexes[i].ID == id {
			return &s.indexes[i]
		}
	}
	return nil
}

// columnObject names a column of the table for errors.
func (s *Schema) columnObject(ord int) sqlstate.Object {
	return sqlstate.Object{Schema: s.def.Namespace, Table: s.def.Name, Column: s.def.Columns[ord].Name}
}

// constraintObject names a constraint of the table for errors.
func (s *Schema) constraintObject(name string) sqlstate.Object {
	return sqlstate.Object{Schema: s.def.Namespace, Table: s.def.Name, Constraint: name}
}

// checkNotNull returns 23502 for the first NULL in a column that refuses it.
func (s *Schema) checkNotNull(row []types.Datum) error {
	if len(row) != len(s.def.Columns) {
		return sqlstate.New(sqlstate.InternalError, "table %q has %d columns, the row %d", s.def.Name, len(s.def.Columns), len(row))
	}
	for _, i := range s.notNull {
		if row[i].IsNull() {
			return sqlstate.New(sqlstate.NotNullViolation,
				"null value in column %q of relation %q violates not-null constraint", s.def.Columns[i].Name, s.def.Name).
				WithDetail("Failing row contains %s.", formatRow(s, row)).WithObject(s.columnObject(i))
		}
	}
	return nil
}
