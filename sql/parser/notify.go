package parser

// ListenStmt is LISTEN channel.
type ListenStmt struct {
	Loc
	Channel string
}

// UnlistenStmt is UNLISTEN; Channel is empty for *.
type UnlistenStmt struct {
	Loc
	Channel string
}

// NotifyStmt is NOTIFY channel [, 'payload'].
type NotifyStmt struct {
	Loc
	Channel, Payload string
}

func (*ListenStmt) stmtNode()   {}
func (*UnlistenStmt) stmtNode() {}
func (*NotifyStmt) stmtNode()   {}

func (*ListenStmt) children(func(Node))   {}
func (*UnlistenStmt) children(func(Node)) {}
func (*NotifyStmt) children(func(Node))   {}

func (n *ListenStmt) format(w *printer) { w.str("LISTEN ", QuoteIdent(n.Channel)) }

func (n *UnlistenStmt) format(w *printer) {
	if n.Channel == "" {
		w.str("UNLISTEN *")
		return
	}
	w.str("UNLISTEN ", QuoteIdent(n.Channel))
}

func (n *NotifyStmt) format(w *printer) {
	w.str("NOTIFY ", QuoteIdent(n.Channel))
	if n.Payload != "" {
		w.str(", ", QuoteString(n.Payload))
	}
}

// notification parses LISTEN, UNLISTEN and NOTIFY, nil for other words. The
// words are no reserved ones: "notify" alone is an error of what follows it.
func (p *parser) notification(t token) Stmt {
	switch t.text {
	case "listen":
		return &ListenStmt{Loc: p.next().loc(), Channel: p.name()}
	case "unlisten":
		n := &UnlistenStmt{Loc: p.next().loc()}
		if !p.acceptOp("*") {
			n.Channel = p.name()
		}
		return n
	case "notify":
		n := &NotifyStmt{Loc: p.next().loc(), Channel: p.name()}
		if p.acceptPunct(",") {
			n.Payload = p.stringConst()
		}
		return n
	}
	return nil
}
