package plan

import "htapdb/sql/types"

// Table describes a stored or virtual table as of the catalog version that the
// statement was bound at. The catalog owns it and does not change it.
type Table struct {
	// ID is the catalog's identifier of the relation.
	ID uint32
	// Schema and Name are as in the catalog.
	Schema, Name string
	// Columns are the live columns; their positions are the ordinals that
	// everything else here refers to.
	Columns []TableColumn
	// PrimaryKey holds the ordinals of the key columns in key order; empty for
	// a table with a hidden key.
	PrimaryKey []int
	// PrimaryName is the name of the primary key's constraint.
	PrimaryName string
	// Indexes are the secondary indexes. The primary key is not among them.
	Indexes []Index
	// Stats may be nil: then the planner assumes a default size.
	Stats TableStats
	// Virtual tables (pg_catalog, information_schema, ml.models) have no
	// store: the engine computes their rows, and the router leaves them alone.
	Virtual bool
	// Checks are the table's CHECK constraints as SQL conditions over its columns.
	Checks []Check
}

// Check is a CHECK constraint.
type Check struct {
	Name string
	// SQL is the condition as text.
	SQL string
}

// TableColumn is a column of a Table.
type TableColumn struct {
	// ID is never reused within the table, the ordinal may change with DDL.
	ID   uint32
	Name string
	Type types.Type
	// NotNull is the declared constraint; key columns have it too.
	NotNull bool
	// Default is the SQL text of the default expression, "" for none (NULL).
	Default string
	// Sequence is true for identity and serial columns: a row that gives no
	// value takes the next one of the column's sequence.
	Sequence bool
	// Identity is GENERATED … AS IDENTITY: OVERRIDING USER VALUE takes the
	// sequence's value also where one is given.
	Identity bool
	// AlwaysGenerated is GENERATED ALWAYS AS IDENTITY: an explicit value needs
	// OVERRIDING SYSTEM VALUE.
	AlwaysGenerated bool
}

// Index is a secondary index.
type Index struct {
	ID   uint32
	Name string
	// Columns are table ordinals in index order.
	Columns []int
	Unique  bool
	// Valid is false while the index is being built: it is not read, and ON
	// CONFLICT does not infer it.
	Valid bool
}

// TableStats is what the planner knows about a table's content. Figures are
// estimates and may be stale; methods are safe for concurrent use.
type TableStats interface {
	// RowCount is the number of live rows.
	RowCount() float64
	// Column describes the column at the ordinal; zero when nothing is known.
	Column(ordinal int) ColumnStats
}

// ColumnStats describes the values of a column.
type ColumnStats struct {
	// Distinct is the number of distinct non-null values, 0 if unknown.
	Distinct float64
	// Min and Max bound the values; both NULL if unknown.
	Min, Max types.Datum
	// NullFraction is the share of rows that are NULL, 0 to 1.
	NullFraction float64
	// AvgBytes is the average width of a variable-length value, 0 if unknown.
	AvgBytes float64
}

// DefaultRowCount is the size assumed for a table without statistics.
const DefaultRowCount = 1000

// RowCount returns the table's estimated number of rows, at least 1.
func (t *Table) RowCount() float64 {
	if t.Stats == nil {
		return DefaultRowCount
	}
	return max(t.Stats.RowCount(), 1)
}

// ColumnStats returns the statistics of the column at the ordinal; zero when unknown.
func (t *Table) ColumnStats(ordinal int) ColumnStats {
	if t.Stats == nil || ordinal < 0 {
		return ColumnStats{}
	}
	return t.Stats.Column(ordinal)
}

// Ordinal returns the ordinal of the column with the name, −1 without one.
func (t *Table) Ordinal(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// HasUniqueKey reports whether some set of NOT NULL key columns within
// ordinals identifies at most one row: the primary key, or a valid unique index.
func (t *Table) HasUniqueKey(ordinals map[int]bool) bool {
	if len(t.PrimaryKey) > 0 && containsAll(ordinals, t.PrimaryKey) {
		return true
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if !x.Unique || !x.Valid || !containsAll(ordinals, x.Columns) {
			continue
		}
		notNull := true
		for _, o := range x.Columns {
			notNull = notNull && t.Columns[o].NotNull
		}
		if notNull {
			return true
		}
	}
	return false
}

func containsAll(set map[int]bool, list []int) bool {
	for _, o := range list {
		if !set[o] {
			return false
		}
	}
	return true
}
