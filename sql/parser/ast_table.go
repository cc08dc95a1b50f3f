package parser

// Persistence is the life of a table.
type Persistence uint8

// The kinds of persistence.
const (
	Permanent Persistence = iota
	Temporary
	Unlogged
)

// CreateTableStmt is CREATE TABLE with a column list.
type CreateTableStmt struct {
	Loc
	Name        ObjectName
	Persistence Persistence
	IfNotExists bool
	// OrReplace is CREATE OR REPLACE TABLE.
	OrReplace   bool
	Columns     []*ColumnDef
	Constraints []*TableConstraint
	// Likes are the LIKE other_table items.
	Likes []*TableLike
	// Options are the storage parameters of WITH (…).
	Options []*Option
	// OnCommit is "preserve rows", "delete rows", "drop" or "".
	OnCommit string
}

// CreateTableAsStmt is CREATE TABLE … AS query.
type CreateTableAsStmt struct {
	Loc
	Name        ObjectName
	Persistence Persistence
	IfNotExists bool
	// OrReplace is CREATE OR REPLACE TABLE … AS.
	OrReplace bool
	// Columns name the first columns of the result; may be empty.
	Columns  []Ident
	Options  []*Option
	OnCommit string
	Query    *SelectStmt
	// WithNoData is WITH NO DATA: the table stays empty.
	WithNoData bool
}

// ColumnDef is a column of CREATE TABLE or ADD COLUMN.
type ColumnDef struct {
	Loc
	Name string
	Type *TypeName
	// Collation is nil without COLLATE.
	Collation   *ObjectName
	Constraints []*ColumnConstraint
}

// ConstraintKind is the kind of a column or table constraint.
type ConstraintKind uint8

// The kinds of constraint. The first group is for columns only.
const (
	ConstrNull ConstraintKind = iota
	ConstrNotNull
	ConstrDefault
	// ConstrIdentity is GENERATED {ALWAYS|BY DEFAULT} AS IDENTITY.
	ConstrIdentity
	// ConstrGenerated is GENERATED ALWAYS AS (expr) STORED.
	ConstrGenerated

	ConstrPrimaryKey
	ConstrUnique
	ConstrCheck
	ConstrForeignKey
)

// ColumnConstraint is a constraint in a column definition.
type ColumnConstraint struct {
	Loc
	// Name is the name after CONSTRAINT, else "".
	Name string
	Kind ConstraintKind
	// NullsNotDistinct is UNIQUE NULLS NOT DISTINCT.
	NullsNotDistinct bool
	// Expr is the expression of DEFAULT, CHECK and GENERATED … STORED.
	Expr Expr
	// Always is GENERATED ALWAYS, against BY DEFAULT.
	Always bool
	// Sequence are the options of an identity column.
	Sequence []*Option
	// References is set for ConstrForeignKey.
	References *References
	Deferral   Deferral
}

// TableConstraint is a constraint of a whole table.
type TableConstraint struct {
	Loc
	// Name is the name after CONSTRAINT, else "".
	Name string
	// Kind is one of the second group.
	Kind ConstraintKind
	// Columns are the key columns; empty for CHECK.
	Columns []Ident
	// NullsNotDistinct is UNIQUE NULLS NOT DISTINCT.
	NullsNotDistinct bool
	// Include are the columns of INCLUDE (…).
	Include []Ident
	// Expr is the condition of CHECK.
	Expr Expr
	// References is set for ConstrForeignKey.
	References *References
	Deferral   Deferral
	NotValid   bool
}

// References is the right side of a foreign key.
type References struct {
	Loc
	Table ObjectName
	// Columns is empty for the primary key of Table.
	Columns []Ident
	// Match is "full", "partial", "simple" or "".
	Match    string
	OnDelete RefAction
	OnUpdate RefAction
}

// RefAction is what a foreign key does when the referenced row changes.
type RefAction uint8

// The referential actions.
const (
	NoAction RefAction = iota
	Restrict
	Cascade
	SetNull
	SetDefault
)

// Deferral says when a constraint is checked.
type Deferral struct {
	Deferrable        bool
	InitiallyDeferred bool
}

// TableLike is LIKE t [INCLUDING x | EXCLUDING x …].
type TableLike struct {
	Loc
	Table ObjectName
	// Including and Excluding are the lower-case names: "all", "defaults"…
	Including []string
	Excluding []string
}

func (*CreateTableStmt) stmtNode()   {}
func (*CreateTableAsStmt) stmtNode() {}
