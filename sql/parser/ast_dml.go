package parser

// InsertStmt is INSERT INTO.
type InsertStmt struct {
	Loc
	With  *With
	Table ObjectName
	// Alias is the name after AS, "" without.
	Alias string
	// Columns is empty when no list was given.
	Columns []Ident
	// Overriding is OVERRIDING {SYSTEM|USER} VALUE: "system", "user" or "".
	Overriding string
	// Source is the query or VALUES; nil for DEFAULT VALUES.
	Source     *SelectStmt
	OnConflict *OnConflict
	Returning  []*Target
}

// OnConflict is ON CONFLICT of an INSERT.
type OnConflict struct {
	Loc
	// Target are the columns or expressions of the unique key; empty with
	// Constraint, and for any key (DO NOTHING only).
	Target []*IndexElem
	// TargetWhere is the predicate of a partial index.
	TargetWhere Expr
	// Constraint is the name in ON CONSTRAINT, else "".
	Constraint string
	// DoNothing is DO NOTHING; else Set is not empty.
	DoNothing bool
	Set       []*SetClause
	// Where restricts DO UPDATE.
	Where Expr
}

// SetClause is one assignment of UPDATE or DO UPDATE.
type SetClause struct {
	Loc
	// Columns has one name, or several for (a, b) = ….
	Columns []Ident
	// Multi is true for the parenthesised form, even with one column. Value
	// is then a *RowExpr or a *SubqueryExpr.
	Multi bool
	// Value may be a *DefaultExpr, and in a RowExpr its items may be.
	Value Expr
}

// UpdateStmt is UPDATE.
type UpdateStmt struct {
	Loc
	With  *With
	Table *TableRef
	Set   []*SetClause
	From  []TableExpr
	Where Expr
	// WhereCurrentOf is the cursor of WHERE CURRENT OF, else "".
	WhereCurrentOf string
	Returning      []*Target
}

// DeleteStmt is DELETE FROM.
type DeleteStmt struct {
	Loc
	With  *With
	Table *TableRef
	Using []TableExpr
	Where Expr
	// WhereCurrentOf is the cursor of WHERE CURRENT OF, else "".
	WhereCurrentOf string
	Returning      []*Target
}

// TruncateStmt is TRUNCATE.
type TruncateStmt struct {
	Loc
	Tables          []ObjectName
	RestartIdentity bool
	Cascade         bool
}

func (*InsertStmt) stmtNode()   {}
func (*UpdateStmt) stmtNode()   {}
func (*DeleteStmt) stmtNode()   {}
func (*TruncateStmt) stmtNode() {}
