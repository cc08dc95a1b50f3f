package parser

var isolationNames = [...]string{
	ReadUncommitted: "READ UNCOMMITTED", ReadCommitted: "READ COMMITTED",
	RepeatableRead: "REPEATABLE READ", Serializable: "SERIALIZABLE",
}

func (n *BeginStmt) format(w *printer) {
	if n.Start {
		w.str("START TRANSACTION")
	} else {
		w.str("BEGIN")
	}
	w.txModes(n.Modes)
}

// txModes prints the modes that were said, each with a blank before it.
func (w *printer) txModes(m TxModes) {
	if m.Isolation != IsolationDefault {
		w.str(" ISOLATION LEVEL ", isolationNames[m.Isolation])
	}
	w.choice(m.ReadOnly, " READ ONLY", " READ WRITE")
	w.choice(m.Deferrable, " DEFERRABLE", " NOT DEFERRABLE")
}

// choice prints yes or no, or nothing for nil.
func (w *printer) choice(b *bool, yes, no string) {
	if b == nil {
		return
	}
	if *b {
		w.str(yes)
		return
	}
	w.str(no)
}

func (n *CommitStmt) format(w *printer) {
	w.str("COMMIT")
	w.opt(n.Chain, " AND CHAIN")
}

func (n *RollbackStmt) format(w *printer) {
	w.str("ROLLBACK")
	w.opt(n.Chain, " AND CHAIN")
}

func (n *SavepointStmt) format(w *printer)  { w.str("SAVEPOINT ", QuoteIdent(n.Name)) }
func (n *ReleaseStmt) format(w *printer)    { w.str("RELEASE SAVEPOINT ", QuoteIdent(n.Name)) }
func (n *RollbackToStmt) format(w *printer) { w.str("ROLLBACK TO SAVEPOINT ", QuoteIdent(n.Name)) }
func (*CheckpointStmt) format(w *printer)   { w.str("CHECKPOINT") }

func (n *SetTransactionStmt) format(w *printer) {
	w.str("SET ")
	w.opt(n.Session, "SESSION CHARACTERISTICS AS ")
	w.str("TRANSACTION")
	if n.Snapshot != "" {
		w.str(" SNAPSHOT ", QuoteString(n.Snapshot))
		return
	}
	w.txModes(n.Modes)
}

func (n *CopyStmt) format(w *printer) {
	w.str("COPY ")
	if n.Table != nil {
		w.str(n.Table.String())
		w.parenIdents(" ", n.Columns)
	} else {
		w.query(n.Query)
	}
	std := "STDOUT"
	if n.From {
		w.str(" FROM ")
		std = "STDIN"
	} else {
		w.str(" TO ")
	}
	if n.Stdio {
		w.str(std)
	} else {
		w.str(QuoteString(n.File))
	}
	w.options(" WITH ", n.Options)
	w.clause(" WHERE ", n.Where)
}

func (n *ExplainStmt) format(w *printer) {
	w.str("EXPLAIN ")
	w.options("", n.Options)
	w.opt(len(n.Options) > 0, " ")
	n.Stmt.format(w)
}

func (n *SetStmt) format(w *printer) {
	w.str("SET ")
	w.opt(n.Scope == SetLocal, "LOCAL ")
	w.dotted(n.Name)
	if len(n.Values) == 0 {
		w.str(" TO DEFAULT")
		return
	}
	w.str(" TO ")
	w.optionValues(n.Values)
}

// setting prints a setting's name, or ALL.
func (w *printer) setting(verb, name string) {
	w.str(verb)
	if name == "all" {
		w.str("ALL")
		return
	}
	w.dotted(name)
}

func (n *ShowStmt) format(w *printer)  { w.setting("SHOW ", n.Name) }
func (n *ResetStmt) format(w *printer) { w.setting("RESET ", n.Name) }

func (n *DiscardStmt) format(w *printer) { w.str("DISCARD ", upper(n.What)) }

func (n *PrepareStmt) format(w *printer) {
	w.str("PREPARE ", QuoteIdent(n.Name))
	if len(n.Types) > 0 {
		listClause(w, " (", n.Types)
		w.str(")")
	}
	w.clause(" AS ", n.Stmt)
}

func (n *ExecuteStmt) format(w *printer) {
	w.str("EXECUTE ", QuoteIdent(n.Name))
	if len(n.Args) > 0 {
		listClause(w, " (", n.Args)
		w.str(")")
	}
}

// nameOrAll prints a name, ALL for none.
func (w *printer) nameOrAll(verb, name string) {
	if name == "" {
		w.str(verb, "ALL")
		return
	}
	w.str(verb, QuoteIdent(name))
}

func (n *DeallocateStmt) format(w *printer) { w.nameOrAll("DEALLOCATE ", n.Name) }
func (n *CloseStmt) format(w *printer)      { w.nameOrAll("CLOSE ", n.Name) }

func (n *DeclareStmt) format(w *printer) {
	w.str("DECLARE ", QuoteIdent(n.Name))
	w.opt(n.Binary, " BINARY")
	w.choice(n.Scroll, " SCROLL", " NO SCROLL")
	w.str(" CURSOR")
	w.opt(n.Hold, " WITH HOLD")
	w.clause(" FOR ", n.Query)
}

var fetchDirections = [...]string{
	FetchForward: "FORWARD ", FetchBackward: "BACKWARD ", FetchAbsolute: "ABSOLUTE ", FetchRelative: "RELATIVE ",
}

func (n *FetchStmt) format(w *printer) {
	if n.Move {
		w.str("MOVE ")
	} else {
		w.str("FETCH ")
	}
	w.str(fetchDirections[n.Direction])
	if n.All {
		w.str("ALL")
	} else {
		w.int(n.Count)
	}
	w.str(" FROM ", QuoteIdent(n.Cursor))
}

func (n *AnalyzeStmt) format(w *printer) {
	w.str("ANALYZE")
	w.options(" ", n.Options)
	listClause(w, " ", n.Tables)
}

func (n *VacuumStmt) format(w *printer) {
	w.str("VACUUM")
	w.options(" ", n.Options)
	listClause(w, " ", n.Tables)
}

func (n *MaintainedTable) format(w *printer) {
	w.str(n.Name.String())
	w.parenIdents(" ", n.Columns)
}
