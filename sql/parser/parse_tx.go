package parser

// begin parses BEGIN and START TRANSACTION.
func (p *parser) begin() Stmt {
	t := p.next()
	n := &BeginStmt{Loc: t.loc(), Start: t.text == "start"}
	if n.Start {
		p.expect("transaction")
	} else {
		p.acceptAny("work", "transaction")
	}
	n.Modes = p.txModes(false)
	return n
}

// txModes parses the characteristics of a transaction, with or without commas
// between them; required demands at least one.
func (p *parser) txModes(required bool) TxModes {
	var m TxModes
	for first := true; p.err == nil; first = false {
		comma := !first && p.acceptPunct(",")
		switch {
		case p.accept("isolation", "level"):
			m.Isolation = p.isolation()
		case p.accept("read", "only"):
			m.ReadOnly = pointer(true)
		case p.accept("read", "write"):
			m.ReadOnly = pointer(false)
		case p.accept("deferrable"):
			m.Deferrable = pointer(true)
		case p.accept("not", "deferrable"):
			m.Deferrable = pointer(false)
		default:
			if comma || first && required {
				p.unexpected()
			}
			return m
		}
	}
	return m
}

func pointer(b bool) *bool { return &b }

// isolation parses the name of an isolation level.
func (p *parser) isolation() IsolationLevel {
	switch {
	case p.accept("serializable"):
		return Serializable
	case p.accept("repeatable", "read"):
		return RepeatableRead
	case p.accept("read", "committed"):
		return ReadCommitted
	}
	p.expect("read", "uncommitted")
	return ReadUncommitted
}

// commit parses COMMIT and END.
func (p *parser) commit() Stmt {
	t := p.next()
	if t.text == "commit" && p.at("prepared") {
		p.unsupported(t, "COMMIT PREPARED")
	}
	p.acceptAny("work", "transaction")
	return &CommitStmt{Loc: t.loc(), Chain: p.andChain()}
}

// rollback parses ROLLBACK, ABORT and ROLLBACK TO.
func (p *parser) rollback() Stmt {
	t := p.next()
	if t.text == "rollback" && p.at("prepared") {
		p.unsupported(t, "ROLLBACK PREPARED")
	}
	p.acceptAny("work", "transaction")
	if t.text == "rollback" && p.accept("to") {
		p.accept("savepoint")
		return &RollbackToStmt{Loc: t.loc(), Name: p.name()}
	}
	return &RollbackStmt{Loc: t.loc(), Chain: p.andChain()}
}

// andChain parses AND [NO] CHAIN.
func (p *parser) andChain() bool {
	if p.accept("and", "no", "chain") {
		return false
	}
	return p.accept("and", "chain")
}

// setTransaction parses what follows SET [SESSION CHARACTERISTICS AS]
// TRANSACTION.
func (p *parser) setTransaction(loc Loc, session bool) Stmt {
	n := &SetTransactionStmt{Loc: loc, Session: session}
	if !session && p.accept("snapshot") {
		n.Snapshot = p.stringConst()
		return n
	}
	n.Modes = p.txModes(true)
	return n
}
