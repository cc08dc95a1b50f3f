package parser

// ObjectKind is a kind of catalog object in DROP, ALTER, COMMENT ON.
type ObjectKind uint8

// The kinds of object.
const (
	ObjectTable ObjectKind = iota
	ObjectIndex
	ObjectView
	ObjectMaterializedView
	ObjectSchema
	ObjectSequence
	ObjectType
	ObjectModel
	ObjectColumn
	ObjectConstraint
	ObjectDatabase
)

// String returns the kind in the words of SQL, lower case.
func (k ObjectKind) String() string { return objectKindNames[k] }

var objectKindNames = [...]string{
	ObjectTable:            "table",
	ObjectIndex:            "index",
	ObjectView:             "view",
	ObjectMaterializedView: "materialized view",
	ObjectSchema:           "schema",
	ObjectSequence:         "sequence",
	ObjectType:             "type",
	ObjectModel:            "model",
	ObjectColumn:           "column",
	ObjectConstraint:       "constraint",
	ObjectDatabase:         "database",
}

// CreateIndexStmt is CREATE INDEX.
type CreateIndexStmt struct {
	Loc
	Unique       bool
	Concurrently bool
	IfNotExists  bool
	// Name may be empty: the catalog chooses one.
	Name  ObjectName
	Table ObjectName
	// Method is the access method after USING, else "".
	Method string
	Elems  []*IndexElem
	// Include are the columns of INCLUDE (…).
	Include          []Ident
	NullsNotDistinct bool
	Options          []*Option
	// Where is the predicate of a partial index.
	Where Expr
}

// IndexElem is a key of an index, or of an ON CONFLICT target.
type IndexElem struct {
	Loc
	// Expr is a *ColumnRef of one part for a plain column.
	Expr      Expr
	Collation *ObjectName
	// OpClass is the operator class, nil for the default.
	OpClass *ObjectName
	Desc    bool
	Nulls   NullsOrder
}

// DropStmt is DROP of any kind of object.
type DropStmt struct {
	Loc
	Kind         ObjectKind
	IfExists     bool
	Concurrently bool
	Names        []ObjectName
	Cascade      bool
}

// CreateViewStmt is CREATE VIEW.
type CreateViewStmt struct {
	Loc
	Name        ObjectName
	OrReplace   bool
	Persistence Persistence
	Recursive   bool
	// Materialized is CREATE MATERIALIZED VIEW; IfNotExists and WithNoData
	// belong to that form.
	Materialized bool
	IfNotExists  bool
	WithNoData   bool
	Columns      []Ident
	Options      []*Option
	Query        *SelectStmt
	// CheckOption is "local", "cascaded" or "".
	CheckOption string
}

// CreateSchemaStmt is CREATE SCHEMA.
type CreateSchemaStmt struct {
	Loc
	Name        Ident
	IfNotExists bool
	// Owner is the role after AUTHORIZATION, else "".
	Owner string
}

// CreateEnumStmt is CREATE TYPE … AS ENUM.
type CreateEnumStmt struct {
	Loc
	Name   ObjectName
	Labels []*StringLit
}

// CreateSequenceStmt is CREATE SEQUENCE.
type CreateSequenceStmt struct {
	Loc
	Name        ObjectName
	Persistence Persistence
	IfNotExists bool
	Options     []*Option
}

// CommentStmt is COMMENT ON.
type CommentStmt struct {
	Loc
	Kind ObjectKind
	// Name is the object; for a column or a constraint, its table.
	Name ObjectName
	// Sub is the column or constraint, else empty.
	Sub Ident
	// Text is nil for IS NULL, which removes the comment.
	Text *StringLit
}

func (*CreateIndexStmt) stmtNode()    {}
func (*DropStmt) stmtNode()           {}
func (*CreateViewStmt) stmtNode()     {}
func (*CreateSchemaStmt) stmtNode()   {}
func (*CreateEnumStmt) stmtNode()     {}
func (*CreateSequenceStmt) stmtNode() {}
func (*CommentStmt) stmtNode()        {}
