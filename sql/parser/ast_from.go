package parser

// TableAlias is [AS] name [(column, …)].
type TableAlias struct {
	Loc
	Name string
	// Columns rename the first columns of the item; empty renames none.
	Columns []Ident
}

// TableRef is a table, view or CTE by name.
type TableRef struct {
	Loc
	Name ObjectName
	// Only is FROM ONLY t.
	Only  bool
	Alias *TableAlias
}

// FileRef is a file named by a string literal: FROM 'trips.parquet'.
type FileRef struct {
	Loc
	Path  string
	Alias *TableAlias
}

// SubqueryRef is a query in parentheses, VALUES included.
type SubqueryRef struct {
	Loc
	Lateral bool
	Query   *SelectStmt
	// Alias may be nil: the name is optional, as since PostgreSQL 16.
	Alias *TableAlias
}

// FunctionRef is a function call as a table. It may always refer to items to
// its left, LATERAL or not.
type FunctionRef struct {
	Loc
	Lateral bool
	// Call is a *FuncCall; its form may be a keyword such as CURRENT_DATE.
	Call *FuncCall
	// Ordinality is WITH ORDINALITY: a bigint column is added at the end.
	Ordinality bool
	Alias      *TableAlias
	// ColumnDefs is the column definition list of a function that returns
	// record: AS t (a int, b text). Alias.Columns is then empty.
	ColumnDefs []*FunctionColumn
}

// FunctionColumn is one column of a column definition list.
type FunctionColumn struct {
	Loc
	Name string
	Type *TypeName
}

// JoinExpr is a join of two FROM items.
type JoinExpr struct {
	Loc
	Kind    JoinKind
	Natural bool
	// Asof is ASOF JOIN: at most one match, the closest by the inequality of On.
	Asof  bool
	Left  TableExpr
	Right TableExpr
	// On is the condition, nil for CROSS, NATURAL and USING.
	On Expr
	// Using is the list of USING, else empty.
	Using []Ident
	// UsingAlias is JOIN … USING (…) AS name.
	UsingAlias *TableAlias
	// Alias is set for (a JOIN b …) AS name; it hides the names inside.
	Alias *TableAlias
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The kinds of join that SQL spells.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

func (*TableRef) tableExpr()    {}
func (*FileRef) tableExpr()     {}
func (*SubqueryRef) tableExpr() {}
func (*FunctionRef) tableExpr() {}
func (*JoinExpr) tableExpr()    {}
