package parser

func (n *SelectStmt) format(w *printer) {
	if n.With != nil {
		n.With.format(w)
		w.str(" ")
	}
	w.body(n.Body, 0)
	switch {
	case n.OrderByAll != nil:
		w.str(" ORDER BY ")
		n.OrderByAll.format(w)
	default:
		listClause(w, " ORDER BY ", n.OrderBy)
	}
	switch {
	case n.WithTies:
		w.str(" FETCH FIRST ")
		w.expr(n.Limit, precPrimary)
		w.str(" ROWS WITH TIES")
	default:
		w.clause(" LIMIT ", n.Limit)
	}
	w.clause(" OFFSET ", n.Offset)
	for _, l := range n.Locking {
		l.format(w)
	}
}

// body prints a body as an operand of a set operation that binds with least; 0
// is no operand.
func (w *printer) body(b QueryBody, least int) {
	paren := false
	switch b := b.(type) {
	case *SelectStmt:
		paren = true
	case *SetOp:
		paren = setOpPrec(b.Op) < least
	}
	if paren {
		w.query(b)
		return
	}
	b.format(w)
}

// setOpPrec is how tightly a set operation binds.
func setOpPrec(op SetOpKind) int {
	if op == Intersect {
		return 2
	}
	return 1
}

var setOpNames = [...]string{Union: " UNION ", Intersect: " INTERSECT ", Except: " EXCEPT "}

func (n *SetOp) format(w *printer) {
	prec := setOpPrec(n.Op)
	w.body(n.Left, prec)
	w.str(setOpNames[n.Op])
	w.opt(n.All, "ALL ")
	w.body(n.Right, prec+1)
}

func (n *With) format(w *printer) {
	w.str("WITH ")
	w.opt(n.Recursive, "RECURSIVE ")
	list(w, n.CTEs)
}

var materializedNames = [...]string{"", "MATERIALIZED ", "NOT MATERIALIZED "}

func (n *CTE) format(w *printer) {
	w.ident(n.Name)
	w.parenIdents(" ", n.Columns)
	w.str(" AS ", materializedNames[n.Materialized])
	w.query(n.Stmt)
}

func (n *ValuesClause) format(w *printer) {
	w.str("VALUES ")
	for i, row := range n.Rows {
		w.opt(i > 0, ", ")
		w.str("(")
		list(w, row)
		w.str(")")
	}
}

func (n *SelectCore) format(w *printer) {
	w.str("SELECT")
	w.opt(n.Distinct, " DISTINCT")
	if len(n.DistinctOn) > 0 {
		listClause(w, " ON (", n.DistinctOn)
		w.str(")")
	}
	listClause(w, " ", n.Targets)
	listClause(w, " FROM ", n.From)
	w.clause(" WHERE ", n.Where)
	if n.GroupBy != nil {
		w.str(" GROUP BY ")
		n.GroupBy.format(w)
	}
	w.clause(" HAVING ", n.Having)
	listClause(w, " WINDOW ", n.Windows)
	if n.Qualify != nil {
		// In parentheses the word cannot be taken for an alias.
		w.str(" QUALIFY ")
		w.query(n.Qualify)
	}
}

func (n *Target) format(w *printer) {
	n.Expr.format(w)
	w.alias(n.Alias)
}

// alias prints AS name, if there is a name.
func (w *printer) alias(name string) {
	if name != "" {
		w.str(" AS ", QuoteIdent(name))
	}
}

func (n *OrderItem) format(w *printer) {
	n.Expr.format(w)
	w.direction(n.Desc, n.Nulls)
}

func (n *OrderAll) format(w *printer) {
	w.str("ALL")
	w.direction(n.Desc, n.Nulls)
}

func (w *printer) direction(desc bool, nulls NullsOrder) {
	w.opt(desc, " DESC")
	w.opt(nulls == NullsFirst, " NULLS FIRST")
	w.opt(nulls == NullsLast, " NULLS LAST")
}

func (n *GroupBy) format(w *printer) {
	w.opt(n.All, "ALL")
	w.opt(n.Distinct, "DISTINCT ")
	list(w, n.Elements)
}

func (n *GroupElement) format(w *printer) {
	switch n.Kind {
	case GroupEmpty:
		w.str("()")
		return
	case GroupSimple:
		list(w, n.Exprs)
		return
	case GroupRollup:
		w.str("ROLLUP (")
	case GroupCube:
		w.str("CUBE (")
	case GroupSets:
		w.str("GROUPING SETS (")
	}
	list(w, n.Exprs)
	list(w, n.Sets)
	w.str(")")
}

var lockStrengths = [...]string{
	ForKeyShare: " FOR KEY SHARE", ForShare: " FOR SHARE", ForNoKeyUpdate: " FOR NO KEY UPDATE", ForUpdate: " FOR UPDATE",
}

func (n *LockingClause) format(w *printer) {
	w.str(lockStrengths[n.Strength])
	if len(n.Of) > 0 {
		w.str(" OF ")
		w.names(n.Of)
	}
	w.opt(n.Wait == LockNoWait, " NOWAIT")
	w.opt(n.Wait == LockSkip, " SKIP LOCKED")
}

func (n *TableAlias) format(w *printer) {
	w.alias(n.Name)
	w.parenIdents(" ", n.Columns)
}

// tableAlias prints an alias that may be nil.
func (w *printer) tableAlias(n *TableAlias) {
	if n != nil {
		n.format(w)
	}
}

func (n *TableRef) format(w *printer) {
	w.opt(n.Only, "ONLY ")
	w.str(n.Name.String())
	w.tableAlias(n.Alias)
}

func (n *FileRef) format(w *printer) {
	w.str(QuoteString(n.Path))
	w.tableAlias(n.Alias)
}

func (n *SubqueryRef) format(w *printer) {
	w.opt(n.Lateral, "LATERAL ")
	w.query(n.Query)
	w.tableAlias(n.Alias)
}

func (n *FunctionRef) format(w *printer) {
	w.opt(n.Lateral, "LATERAL ")
	n.Call.format(w)
	w.opt(n.Ordinality, " WITH ORDINALITY")
	w.tableAlias(n.Alias)
	if len(n.ColumnDefs) > 0 {
		w.opt(n.Alias == nil, " AS")
		listClause(w, " (", n.ColumnDefs)
		w.str(")")
	}
}

func (n *FunctionColumn) format(w *printer) {
	w.str(QuoteIdent(n.Name), " ")
	n.Type.format(w)
}

var joinNames = [...]string{
	InnerJoin: "JOIN ", LeftJoin: "LEFT JOIN ", RightJoin: "RIGHT JOIN ", FullJoin: "FULL JOIN ", CrossJoin: "CROSS JOIN ",
}

func (n *JoinExpr) format(w *printer) {
	if n.Alias != nil {
		w.str("(")
		n.formatJoin(w)
		w.str(")")
		n.Alias.format(w)
		return
	}
	n.formatJoin(w)
}

// formatJoin prints the join without its alias. A join on the right side
// needs parentheses, on the left side it needs none.
func (n *JoinExpr) formatJoin(w *printer) {
	n.Left.format(w)
	w.str(" ")
	w.opt(n.Natural, "NATURAL ")
	w.opt(n.Asof, "ASOF ")
	w.str(joinNames[n.Kind])
	if right, ok := n.Right.(*JoinExpr); ok && right.Alias == nil {
		w.query(right)
	} else {
		n.Right.format(w)
	}
	w.clause(" ON ", n.On)
	w.parenIdents(" USING ", n.Using)
	if n.UsingAlias != nil {
		n.UsingAlias.format(w)
	}
}
