package parser

// Walk calls visit for n and, where visit returns true, for the nodes below,
// parents first. Nodes are the pointers to this package's structs that have a
// position, subqueries and clauses included; names and options are none.
func Walk(n Node, visit func(Node) bool) {
	if !visit(n) {
		return
	}
	n.children(func(child Node) { Walk(child, visit) })
}

// visitList visits every element of a list of nodes.
func visitList[T Node](visit func(Node), list []T) {
	for _, n := range list {
		visit(n)
	}
}

// visitOpt visits a pointer that may be nil.
func visitOpt[T any, P interface {
	*T
	Node
}](visit func(Node), n P) {
	if n != nil {
		visit(n)
	}
}

// visitIf visits an interface value that may be nil.
func visitIf(visit func(Node), n Node) {
	if n != nil {
		visit(n)
	}
}

// Expressions.

func (*NullLit) children(func(Node))      {}
func (*BoolLit) children(func(Node))      {}
func (*NumberLit) children(func(Node))    {}
func (*StringLit) children(func(Node))    {}
func (*BitStringLit) children(func(Node)) {}
func (*Param) children(func(Node))        {}
func (*ColumnRef) children(func(Node))    {}
func (*DefaultExpr) children(func(Node))  {}
func (*TableArg) children(func(Node))     {}
func (*TypeName) children(func(Node))     {}

func (n *TypedLit) children(visit func(Node)) { visit(n.Type) }

func (n *Star) children(visit func(Node)) {
	visitIf(visit, n.Of)
	visitList(visit, n.Exclude)
	visitList(visit, n.Replace)
	visitList(visit, n.Rename)
}

func (n *UnaryExpr) children(visit func(Node)) { visit(n.Operand) }

func (n *BinaryExpr) children(visit func(Node)) {
	visit(n.Left)
	visit(n.Right)
}

func (n *BoolExpr) children(visit func(Node)) { visitList(visit, n.Args) }

func (n *CastExpr) children(visit func(Node)) {
	visit(n.Operand)
	visit(n.Type)
}

func (n *CollateExpr) children(visit func(Node)) { visit(n.Operand) }

func (n *CaseExpr) children(visit func(Node)) {
	visitIf(visit, n.Operand)
	visitList(visit, n.Whens)
	visitIf(visit, n.Else)
}

func (n *When) children(visit func(Node)) {
	visit(n.Cond)
	visit(n.Result)
}

func (n *RowExpr) children(visit func(Node)) { visitList(visit, n.Items) }

func (n *ArrayExpr) children(visit func(Node)) {
	visitList(visit, n.Items)
	visitOpt(visit, n.Query)
}

func (n *IndexExpr) children(visit func(Node)) {
	visit(n.Operand)
	visitIf(visit, n.Index)
	visitIf(visit, n.Upper)
}

func (n *FieldExpr) children(visit func(Node)) { visit(n.Operand) }

func (n *IsExpr) children(visit func(Node)) { visit(n.Operand) }

func (n *IsDistinctExpr) children(visit func(Node)) {
	visit(n.Left)
	visit(n.Right)
}

func (n *BetweenExpr) children(visit func(Node)) {
	visit(n.Operand)
	visit(n.Low)
	visit(n.High)
}

func (n *InExpr) children(visit func(Node)) {
	visit(n.Operand)
	visitList(visit, n.List)
	visitOpt(visit, n.Query)
}

func (n *LikeExpr) children(visit func(Node)) {
	visit(n.Operand)
	visit(n.Pattern)
	visitIf(visit, n.Escape)
}

func (n *QuantifiedExpr) children(visit func(Node)) {
	visit(n.Left)
	visitOpt(visit, n.Query)
	visitIf(visit, n.Array)
}

func (n *ExistsExpr) children(visit func(Node))   { visit(n.Query) }
func (n *SubqueryExpr) children(visit func(Node)) { visit(n.Query) }

func (n *FuncCall) children(visit func(Node)) {
	visitList(visit, n.Args)
	visitList(visit, n.OrderBy)
	visitList(visit, n.WithinGroup)
	visitIf(visit, n.Filter)
	visitOpt(visit, n.Over)
}

func (n *NamedArg) children(visit func(Node)) { visit(n.Value) }

// Queries.

func (n *SelectStmt) children(visit func(Node)) {
	visitOpt(visit, n.With)
	visit(n.Body)
	visitList(visit, n.OrderBy)
	visitOpt(visit, n.OrderByAll)
	visitIf(visit, n.Limit)
	visitIf(visit, n.Offset)
	visitList(visit, n.Locking)
}

func (n *With) children(visit func(Node)) { visitList(visit, n.CTEs) }
func (n *CTE) children(visit func(Node))  { visit(n.Stmt) }

func (n *SetOp) children(visit func(Node)) {
	visit(n.Left)
	visit(n.Right)
}

func (n *ValuesClause) children(visit func(Node)) {
	for _, row := range n.Rows {
		visitList(visit, row)
	}
}

func (n *SelectCore) children(visit func(Node)) {
	visitList(visit, n.DistinctOn)
	visitList(visit, n.Targets)
	visitList(visit, n.From)
	visitIf(visit, n.Where)
	visitOpt(visit, n.GroupBy)
	visitIf(visit, n.Having)
	visitList(visit, n.Windows)
	visitIf(visit, n.Qualify)
}

func (n *Target) children(visit func(Node))    { visit(n.Expr) }
func (n *OrderItem) children(visit func(Node)) { visit(n.Expr) }
func (*OrderAll) children(func(Node))          {}
func (n *GroupBy) children(visit func(Node))   { visitList(visit, n.Elements) }

func (n *GroupElement) children(visit func(Node)) {
	visitList(visit, n.Exprs)
	visitList(visit, n.Sets)
}

func (*LockingClause) children(func(Node))     {}
func (n *WindowDef) children(visit func(Node)) { visit(n.Spec) }

func (n *WindowSpec) children(visit func(Node)) {
	visitList(visit, n.PartitionBy)
	visitList(visit, n.OrderBy)
	visitOpt(visit, n.Frame)
}

func (n *Frame) children(visit func(Node)) {
	visitIf(visit, n.Start.Offset)
	visitIf(visit, n.End.Offset)
}

// FROM items.

func (n *TableRef) children(visit func(Node)) { visitOpt(visit, n.Alias) }
func (n *FileRef) children(visit func(Node))  { visitOpt(visit, n.Alias) }
func (*TableAlias) children(func(Node))       {}

func (n *SubqueryRef) children(visit func(Node)) {
	visit(n.Query)
	visitOpt(visit, n.Alias)
}

func (n *FunctionRef) children(visit func(Node)) {
	visit(n.Call)
	visitOpt(visit, n.Alias)
	visitList(visit, n.ColumnDefs)
}

func (n *FunctionColumn) children(visit func(Node)) { visit(n.Type) }

func (n *JoinExpr) children(visit func(Node)) {
	visit(n.Left)
	visit(n.Right)
	visitIf(visit, n.On)
	visitOpt(visit, n.UsingAlias)
	visitOpt(visit, n.Alias)
}
