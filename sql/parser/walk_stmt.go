package parser

// Changes of data.

func (n *InsertStmt) children(visit func(Node)) {
	visitOpt(visit, n.With)
	visitOpt(visit, n.Source)
	visitOpt(visit, n.OnConflict)
	visitList(visit, n.Returning)
}

func (n *OnConflict) children(visit func(Node)) {
	visitList(visit, n.Target)
	visitIf(visit, n.TargetWhere)
	visitList(visit, n.Set)
	visitIf(visit, n.Where)
}

func (n *SetClause) children(visit func(Node)) { visit(n.Value) }

func (n *UpdateStmt) children(visit func(Node)) {
	visitOpt(visit, n.With)
	visit(n.Table)
	visitList(visit, n.Set)
	visitList(visit, n.From)
	visitIf(visit, n.Where)
	visitList(visit, n.Returning)
}

func (n *DeleteStmt) children(visit func(Node)) {
	visitOpt(visit, n.With)
	visit(n.Table)
	visitList(visit, n.Using)
	visitIf(visit, n.Where)
	visitList(visit, n.Returning)
}

func (*TruncateStmt) children(func(Node)) {}

// Definitions.

func (n *CreateTableStmt) children(visit func(Node)) {
	visitList(visit, n.Columns)
	visitList(visit, n.Constraints)
	visitList(visit, n.Likes)
}

func (n *CreateTableAsStmt) children(visit func(Node)) { visit(n.Query) }

func (n *ColumnDef) children(visit func(Node)) {
	visit(n.Type)
	visitList(visit, n.Constraints)
}

func (n *ColumnConstraint) children(visit func(Node)) {
	visitIf(visit, n.Expr)
	visitOpt(visit, n.References)
}

func (n *TableConstraint) children(visit func(Node)) {
	visitIf(visit, n.Expr)
	visitOpt(visit, n.References)
}

func (*References) children(func(Node)) {}
func (*TableLike) children(func(Node))  {}

func (n *CreateIndexStmt) children(visit func(Node)) {
	visitList(visit, n.Elems)
	visitIf(visit, n.Where)
}

func (n *IndexElem) children(visit func(Node)) { visit(n.Expr) }

func (n *CreateViewStmt) children(visit func(Node)) { visit(n.Query) }
func (n *CreateEnumStmt) children(visit func(Node)) { visitList(visit, n.Labels) }
func (*CreateSchemaStmt) children(func(Node))       {}
func (*CreateSequenceStmt) children(func(Node))     {}
func (*DropStmt) children(func(Node))               {}
func (n *CommentStmt) children(visit func(Node))    { visitOpt(visit, n.Text) }

func (n *CreateModelStmt) children(visit func(Node)) {
	visitList(visit, n.Transform)
	visitList(visit, n.PartitionBy)
	visit(n.Query)
}

func (*CheckTableStmt) children(func(Node)) {}

func (n *AlterTableStmt) children(visit func(Node)) { visitList(visit, n.Actions) }

func (n *AlterAction) children(visit func(Node)) {
	visitOpt(visit, n.Column)
	visitOpt(visit, n.Type)
	visitIf(visit, n.Using)
	visitIf(visit, n.Default)
	visitOpt(visit, n.Identity)
	visitOpt(visit, n.Constraint)
}

// Transactions and utilities.

func (*BeginStmt) children(func(Node))          {}
func (*CommitStmt) children(func(Node))         {}
func (*RollbackStmt) children(func(Node))       {}
func (*SavepointStmt) children(func(Node))      {}
func (*ReleaseStmt) children(func(Node))        {}
func (*RollbackToStmt) children(func(Node))     {}
func (*SetTransactionStmt) children(func(Node)) {}
func (*SetStmt) children(func(Node))            {}
func (*ShowStmt) children(func(Node))           {}
func (*ResetStmt) children(func(Node))          {}
func (*DiscardStmt) children(func(Node))        {}
func (*DeallocateStmt) children(func(Node))     {}
func (*FetchStmt) children(func(Node))          {}
func (*CloseStmt) children(func(Node))          {}
func (*MaintainedTable) children(func(Node))    {}
func (*CheckpointStmt) children(func(Node))     {}

func (n *CopyStmt) children(visit func(Node)) {
	visitIf(visit, n.Query)
	visitIf(visit, n.Where)
}

func (n *ExplainStmt) children(visit func(Node)) { visit(n.Stmt) }

func (n *PrepareStmt) children(visit func(Node)) {
	visitList(visit, n.Types)
	visit(n.Stmt)
}

func (n *ExecuteStmt) children(visit func(Node)) { visitList(visit, n.Args) }
func (n *DeclareStmt) children(visit func(Node)) { visit(n.Query) }
func (n *AnalyzeStmt) children(visit func(Node)) { visitList(visit, n.Tables) }
func (n *VacuumStmt) children(visit func(Node))  { visitList(visit, n.Tables) }
