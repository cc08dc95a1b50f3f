package parser

// CreateModelStmt is CREATE MODEL … AS query.
type CreateModelStmt struct {
	Loc
	Name        ObjectName
	OrReplace   bool
	IfNotExists bool
	// Transform are the items of TRANSFORM (…), empty without.
	Transform []*Target
	// Target is the column that the model predicts, without a name for none.
	Target Ident
	// PartitionBy trains one model for each group; empty trains one.
	PartitionBy []Expr
	// Algorithm is the name after USING, lower case.
	Algorithm Ident
	// Options are the pairs of WITH (…).
	Options []*Option
	// MaintainContinuously asks the change feed to keep the model current.
	MaintainContinuously bool
	Query                *SelectStmt
}

// CheckTableStmt is CHECK TABLE t, …: compare a table's row and column copies.
type CheckTableStmt struct {
	Loc
	Tables []ObjectName
}

func (*CreateModelStmt) stmtNode() {}
func (*CheckTableStmt) stmtNode()  {}
