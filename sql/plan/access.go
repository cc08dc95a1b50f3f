package plan

import "htapdb/vector/fn"

// Path is how a Scan reaches its rows.
type Path uint8

// The access paths. Unrouted is a scan that the router has not seen.
const (
	Unrouted Path = iota
	// ColumnScan reads the column store.
	ColumnScan
	// RowScan reads the whole primary index of the row store.
	RowScan
	// RowPointGet reads one row by its full primary key or a unique index.
	RowPointGet
	// RowMultiGet is RowPointGet for a list of keys.
	RowMultiGet
	// RowIndexScan reads one or more ranges of the primary or a secondary index.
	RowIndexScan
	// VirtualScan asks the engine for the rows of a virtual table.
	VirtualScan
)

var pathNames = [...]string{
	Unrouted:     "Scan",
	ColumnScan:   "Column Scan",
	RowScan:      "Row Scan",
	RowPointGet:  "Row Point Get",
	RowMultiGet:  "Row Multi Get",
	RowIndexScan: "Row Index Scan",
	VirtualScan:  "Virtual Scan",
}

// String returns the name that EXPLAIN prints.
func (p Path) String() string { return pathNames[p] }

// IsRow reports a path through the row store.
func (p Path) IsRow() bool { return p >= RowScan && p <= RowIndexScan }

// Access is the router's decision about a Scan. The scan's Filters hold all
// conjuncts, those that Keys, Lo and Hi come from included: applying them again is harmless.
type Access struct {
	Path Path
	// Index is the index that Keys and bounds refer to; nil is the primary key.
	Index *Index
	// Keys are equality prefixes of the index columns, all of one length. For
	// RowPointGet there is one, for RowMultiGet one or more, each of the whole
	// key. For RowIndexScan there may be none, and each names a range with
	// the bounds. Elements are constant within the statement (literals,
	// parameters, calls of stable functions) and have exactly the type of the index column;
	// a NULL matches nothing. Equal keys may occur twice and count once.
	Keys [][]fn.Expr
	// Lo and Hi bound the index column after the prefix (RowIndexScan); nil is open.
	Lo, Hi *Bound
	// RowCost and ColumnCost are estimates in µs of one core; negative where
	// the path is impossible, for the Reason.
	RowCost, ColumnCost float64
	// Reason says why a path is impossible, "" when both are possible.
	Reason string
	// EstRows is the estimated number of rows after Filters.
	EstRows float64
}

// Bound is one end of an index range; its Expr obeys the rules of Access.Keys.
type Bound struct {
	Expr      fn.Expr
	Inclusive bool
}
