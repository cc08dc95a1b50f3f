package parser

// AlterTableStmt is ALTER TABLE (or VIEW, INDEX, SEQUENCE for RENAME and SET
// SCHEMA).
type AlterTableStmt struct {
	Loc
	Kind     ObjectKind
	IfExists bool
	Name     ObjectName
	// Actions has at least one action; the RENAME forms stand alone.
	Actions []*AlterAction
}

// AlterKind is the kind of an AlterAction.
type AlterKind uint8

// The actions of ALTER TABLE.
const (
	AddColumn AlterKind = iota
	DropColumn
	RenameColumn
	RenameObject
	RenameConstraint
	// SetSchema moves the object to the schema NewName.
	SetSchema
	SetColumnType
	SetColumnDefault
	DropColumnDefault
	SetNotNull
	DropNotNull
	// AddIdentity and DropIdentity change GENERATED … AS IDENTITY.
	AddIdentity
	DropIdentity
	AddConstraint
	DropConstraint
	ValidateConstraint
	// SetOptions and ResetOptions are SET (…) and RESET (…).
	SetOptions
	ResetOptions
	// OwnerTo is OWNER TO NewName.
	OwnerTo
)

// AlterAction is one action of ALTER TABLE. Fields that the kind does not
// name are zero.
type AlterAction struct {
	Loc
	Kind AlterKind
	// Column is the definition of AddColumn.
	Column *ColumnDef
	// Name is the column or constraint that the action is about.
	Name Ident
	// NewName is the name of the RENAME forms, SetSchema and OwnerTo.
	NewName Ident
	// IfExists is for DropColumn and DropConstraint, IfNotExists for AddColumn.
	IfExists    bool
	IfNotExists bool
	Cascade     bool
	// Type and Using are for SetColumnType: TYPE t [USING expr].
	Type  *TypeName
	Using Expr
	// Default is the expression of SetColumnDefault.
	Default Expr
	// Identity is the constraint of AddIdentity.
	Identity *ColumnConstraint
	// Constraint is the definition of AddConstraint.
	Constraint *TableConstraint
	Options    []*Option
}

func (*AlterTableStmt) stmtNode() {}
