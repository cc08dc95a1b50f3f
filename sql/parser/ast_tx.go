package parser

// IsolationLevel is an isolation level as written.
type IsolationLevel uint8

// The isolation levels of SQL; IsolationDefault is 'not said'.
const (
	IsolationDefault IsolationLevel = iota
	ReadUncommitted
	ReadCommitted
	RepeatableRead
	Serializable
)

// TxModes are the characteristics of a transaction. A nil pointer is 'not
// said'.
type TxModes struct {
	Isolation  IsolationLevel
	ReadOnly   *bool
	Deferrable *bool
}

// BeginStmt is BEGIN or START TRANSACTION.
type BeginStmt struct {
	Loc
	// Start is true for START TRANSACTION; only the command's tag differs.
	Start bool
	Modes TxModes
}

// CommitStmt is COMMIT or END.
type CommitStmt struct {
	Loc
	// Chain is AND CHAIN: a new transaction with the same modes begins.
	Chain bool
}

// RollbackStmt is ROLLBACK or ABORT of the whole transaction.
type RollbackStmt struct {
	Loc
	// Chain is AND CHAIN.
	Chain bool
}

// SavepointStmt is SAVEPOINT name.
type SavepointStmt struct {
	Loc
	Name string
}

// ReleaseStmt is RELEASE [SAVEPOINT] name.
type ReleaseStmt struct {
	Loc
	Name string
}

// RollbackToStmt is ROLLBACK TO [SAVEPOINT] name.
type RollbackToStmt struct {
	Loc
	Name string
}

// SetTransactionStmt is SET TRANSACTION, or with Session SET SESSION
// CHARACTERISTICS AS TRANSACTION.
type SetTransactionStmt struct {
	Loc
	Session bool
	Modes   TxModes
	// Snapshot is the identifier of SET TRANSACTION SNAPSHOT, else "".
	Snapshot string
}

func (*BeginStmt) stmtNode()          {}
func (*CommitStmt) stmtNode()         {}
func (*RollbackStmt) stmtNode()       {}
func (*SavepointStmt) stmtNode()      {}
func (*ReleaseStmt) stmtNode()        {}
func (*RollbackToStmt) stmtNode()     {}
func (*SetTransactionStmt) stmtNode() {}
