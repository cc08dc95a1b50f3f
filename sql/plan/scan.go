package plan

import (
	"htapdb/sql/types"
	"htapdb/vector/fn"
)

// KeyOrdinal is the ordinal of a ScanColumn that yields the row's locator: an
// opaque bytea which the row store turns back into the row (its encoded key).
const KeyOrdinal = -1

// ScanColumn is a table column that a scan produces.
type ScanColumn struct {
	Column
	// Ordinal is the position in Table.Columns, or KeyOrdinal.
	Ordinal int
}

// Scan reads a table.
type Scan struct {
	Table *Table
	// Alias is the name of the table in the query.
	Alias string
	// Cols are the columns read. Those that only Filters need are among them.
	Cols []ScanColumn
	// Filters are conjuncts over Cols and constants.
	Filters []fn.Expr
	// Access is nil until the router has decided.
	Access *Access

	cols []Column
}

// NewScan returns a scan of all columns, with fresh IDs.
func NewScan(t *Table, alias string, ids *IDs) *Scan {
	s := &Scan{Table: t, Alias: alias}
	for i, c := range t.Columns {
		s.Cols = append(s.Cols, ScanColumn{Column{ids.Next(), c.Name, c.Type, c.NotNull}, i})
	}
	s.cols = scanColumns(s.Cols)
	return s
}

// NewKeyColumn returns a locator column for a scan.
func NewKeyColumn(ids *IDs) ScanColumn {
	return ScanColumn{Column{ids.Next(), "key", types.TBytea, true}, KeyOrdinal}
}

// WithCols returns a copy that reads other columns.
func (s *Scan) WithCols(cols []ScanColumn) *Scan {
	c := *s
	c.Cols, c.cols = cols, scanColumns(cols)
	return &c
}

// Columns implements Node.
func (s *Scan) Columns() []Column { return s.cols }

// Children implements Node.
func (s *Scan) Children() []Node { return nil }

// WithChildren implements Node.
func (s *Scan) WithChildren([]Node) Node { return s }

// Exprs implements Node: the filters.
func (s *Scan) Exprs() []fn.Expr { return s.Filters }

// WithExprs implements Node.
func (s *Scan) WithExprs(exprs []fn.Expr) Node {
	c := *s
	c.Filters = exprs
	return &c
}

func scanColumns(cols []ScanColumn) []Column {
	out := make([]Column, len(cols))
	for i, c := range cols {
		out[i] = c.Column
	}
	return out
}

// FileScan reads a Parquet, CSV, JSON or Arrow file as a table.
type FileScan struct {
	// Path is as written, possibly with wildcards.
	Path string
	// Format is "parquet", "csv", "json", "arrow" or "" to go by the name.
	Format string
	// Options are those of read_csv(…) and its like, names in lower case.
	Options map[string]string
	// Alias is the name of the table in the query.
	Alias string
	// Cols are the columns read; Ordinal is the position in the file's schema.
	Cols []ScanColumn
	// Filters are conjuncts over Cols and constants.
	Filters []fn.Expr

	cols []Column
}

// WithCols returns a copy that reads other columns.
func (s *FileScan) WithCols(cols []ScanColumn) *FileScan {
	c := *s
	c.Cols, c.cols = cols, scanColumns(cols)
	return &c
}

// Columns implements Node.
func (s *FileScan) Columns() []Column { return s.cols }

// Children implements Node.
func (s *FileScan) Children() []Node { return nil }

// WithChildren implements Node.
func (s *FileScan) WithChildren([]Node) Node { return s }

// Exprs implements Node: the filters.
func (s *FileScan) Exprs() []fn.Expr { return s.Filters }

// WithExprs implements Node.
func (s *FileScan) WithExprs(exprs []fn.Expr) Node {
	c := *s
	c.Filters = exprs
	return &c
}

// TableFunc is a set-returning function in FROM. Its arguments are constant
// within the statement.
type TableFunc struct {
	// Name is the function's name in lower case: generate_series, train…
	Name string
	Args []fn.Expr
	// Cols are the columns produced; with Ordinality the last is the row's number from 1.
	Cols       []Column
	Ordinality bool
	Alias      string
}

// Columns implements Node.
func (f *TableFunc) Columns() []Column { return f.Cols }

// Children implements Node.
func (f *TableFunc) Children() []Node { return nil }

// WithChildren implements Node.
func (f *TableFunc) WithChildren([]Node) Node { return f }

// Exprs implements Node: the arguments.
func (f *TableFunc) Exprs() []fn.Expr { return f.Args }

// WithExprs implements Node.
func (f *TableFunc) WithExprs(exprs []fn.Expr) Node {
	c := *f
	c.Args = exprs
	return &c
}

// ProjectSet calls a set-returning function for every row of its input: a
// function in FROM whose arguments depend on columns. It yields the input's
// columns and Col.
type ProjectSet struct {
	Input Node
	// Name is the function's name in lower case.
	Name  string
	Args  []fn.Expr
	Col   Column
	Alias string
}

// Columns implements Node.
func (p *ProjectSet) Columns() []Column {
	in := p.Input.Columns()
	return append(in[:len(in):len(in)], p.Col)
}

// Children implements Node.
func (p *ProjectSet) Children() []Node { return []Node{p.Input} }

// WithChildren implements Node.
func (p *ProjectSet) WithChildren(children []Node) Node {
	c := *p
	c.Input = children[0]
	return &c
}

// Exprs implements Node: the arguments.
func (p *ProjectSet) Exprs() []fn.Expr { return p.Args }

// WithExprs implements Node.
func (p *ProjectSet) WithExprs(exprs []fn.Expr) Node {
	c := *p
	c.Args = exprs
	return &c
}

// Values produces literal rows. One row without columns is the FROM of a
// query that has none; no rows is the empty result.
type Values struct {
	// Rows hold one expression for each of Cols, of the column's type.
	Rows [][]fn.Expr
	Cols []Column
}

// Columns implements Node.
func (v *Values) Columns() []Column { return v.Cols }

// Children implements Node.
func (v *Values) Children() []Node { return nil }

// WithChildren implements Node.
func (v *Values) WithChildren([]Node) Node { return v }

// Exprs implements Node: the rows one after the other.
func (v *Values) Exprs() []fn.Expr { return exprList(v.Rows...) }

// WithExprs implements Node.
func (v *Values) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *v
	c.Rows = make([][]fn.Expr, len(v.Rows))
	for i, row := range v.Rows {
		c.Rows[i] = r.list(len(row))
	}
	return &c
}
