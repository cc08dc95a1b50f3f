package parser

// CopyStmt is COPY, in the parenthesised and in the older form of options.
type CopyStmt struct {
	Loc
	// Table is nil for COPY (query).
	Table   *ObjectName
	Columns []Ident
	// Query is a *SelectStmt or a DML statement with RETURNING; nil with Table.
	Query Stmt
	// From is COPY … FROM, against TO.
	From bool
	// File is the path, or empty for STDIN and STDOUT.
	File string
	// Stdio is true for STDIN and STDOUT.
	Stdio   bool
	Options []*Option
	// Where filters the rows of COPY FROM.
	Where Expr
}

// ExplainStmt is EXPLAIN. EXPLAIN ANALYZE VERBOSE is in Options as "analyze"
// and "verbose".
type ExplainStmt struct {
	Loc
	Options []*Option
	Stmt    Stmt
}

// SetScope is the life of a setting's new value.
type SetScope uint8

// The scopes of SET; without a word it is the session.
const (
	SetSession SetScope = iota
	SetLocal
)

// SetStmt is SET name = value. SET TIME ZONE, SET NAMES, SET SCHEMA, SET ROLE
// and SET SESSION AUTHORIZATION are in this form with the names timezone,
// client_encoding, search_path, role and session_authorization.
type SetStmt struct {
	Loc
	Scope SetScope
	// Name is lower case, with its points: htap.route.
	Name string
	// Values is empty for SET … TO DEFAULT.
	Values []OptionValue
}

// ShowStmt is SHOW name; SHOW ALL has the name "all".
type ShowStmt struct {
	Loc
	Name string
}

// ResetStmt is RESET name; RESET ALL has the name "all".
type ResetStmt struct {
	Loc
	Name string
}

// DiscardStmt is DISCARD.
type DiscardStmt struct {
	Loc
	// What is "all", "plans", "sequences" or "temp".
	What string
}

// PrepareStmt is PREPARE name [(types)] AS stmt.
type PrepareStmt struct {
	Loc
	Name  string
	Types []*TypeName
	Stmt  Stmt
	// SQL is the text of Stmt.
	SQL string
	// ParamCount is the highest parameter number in Stmt.
	ParamCount int
}

// ExecuteStmt is EXECUTE name [(args)].
type ExecuteStmt struct {
	Loc
	Name string
	Args []Expr
}

// DeallocateStmt is DEALLOCATE; Name is empty for ALL.
type DeallocateStmt struct {
	Loc
	Name string
}

// DeclareStmt is DECLARE … CURSOR FOR query.
type DeclareStmt struct {
	Loc
	Name   string
	Binary bool
	// Scroll is nil when neither SCROLL nor NO SCROLL was said.
	Scroll *bool
	// Hold is WITH HOLD: the cursor outlives its transaction.
	Hold  bool
	Query *SelectStmt
	// SQL is the text of Query.
	SQL string
}

// FetchDirection is how FETCH and MOVE go.
type FetchDirection uint8

// The directions of FETCH. Next, Prior, First and Last are written as
// FetchForward 1, FetchBackward 1, FetchAbsolute 1 and FetchAbsolute -1.
const (
	FetchForward FetchDirection = iota
	FetchBackward
	FetchAbsolute
	FetchRelative
)

// FetchStmt is FETCH or, with Move, MOVE.
type FetchStmt struct {
	Loc
	Move      bool
	Cursor    string
	Direction FetchDirection
	// Count is the number of rows, or the position; ignored when All is true.
	Count int64
	All   bool
}

// CloseStmt is CLOSE; Name is empty for ALL.
type CloseStmt struct {
	Loc
	Name string
}

// AnalyzeStmt is ANALYZE.
type AnalyzeStmt struct {
	Loc
	Options []*Option
	// Tables is empty for the whole database.
	Tables []*MaintainedTable
}

// VacuumStmt is VACUUM; FULL, FREEZE, VERBOSE and ANALYZE are in Options.
type VacuumStmt struct {
	Loc
	Options []*Option
	// Tables is empty for the whole database.
	Tables []*MaintainedTable
}

// MaintainedTable is a table of ANALYZE or VACUUM.
type MaintainedTable struct {
	Loc
	Name    ObjectName
	Columns []Ident
}

// CheckpointStmt is CHECKPOINT.
type CheckpointStmt struct{ Loc }

func (*CopyStmt) stmtNode()       {}
func (*ExplainStmt) stmtNode()    {}
func (*SetStmt) stmtNode()        {}
func (*ShowStmt) stmtNode()       {}
func (*ResetStmt) stmtNode()      {}
func (*DiscardStmt) stmtNode()    {}
func (*PrepareStmt) stmtNode()    {}
func (*ExecuteStmt) stmtNode()    {}
func (*DeallocateStmt) stmtNode() {}
func (*DeclareStmt) stmtNode()    {}
func (*FetchStmt) stmtNode()      {}
func (*CloseStmt) stmtNode()      {}
func (*AnalyzeStmt) stmtNode()    {}
func (*VacuumStmt) stmtNode()     {}
func (*CheckpointStmt) stmtNode() {}
