package parser

// with prints a WITH clause that may be nil.
func (w *printer) with(n *With) {
	if n != nil {
		n.format(w)
		w.str(" ")
	}
}

func (n *InsertStmt) format(w *printer) {
	w.with(n.With)
	w.str("INSERT INTO ", n.Table.String())
	w.alias(n.Alias)
	w.parenIdents(" ", n.Columns)
	if n.Overriding != "" {
		w.str(" OVERRIDING ", upper(n.Overriding), " VALUE")
	}
	if n.Source == nil {
		w.str(" DEFAULT VALUES")
	} else {
		w.clause(" ", n.Source)
	}
	if n.OnConflict != nil {
		n.OnConflict.format(w)
	}
	listClause(w, " RETURNING ", n.Returning)
}

func (n *OnConflict) format(w *printer) {
	w.str(" ON CONFLICT")
	if len(n.Target) > 0 {
		listClause(w, " (", n.Target)
		w.str(")")
	}
	w.clause(" WHERE ", n.TargetWhere)
	if n.Constraint != "" {
		w.str(" ON CONSTRAINT ", QuoteIdent(n.Constraint))
	}
	if n.DoNothing {
		w.str(" DO NOTHING")
		return
	}
	listClause(w, " DO UPDATE SET ", n.Set)
	w.clause(" WHERE ", n.Where)
}

func (n *SetClause) format(w *printer) {
	w.opt(n.Multi, "(")
	w.idents(n.Columns)
	w.opt(n.Multi, ")")
	w.str(" = ")
	n.Value.format(w)
}

// where prints WHERE condition or WHERE CURRENT OF cursor.
func (w *printer) where(cond Expr, cursor string) {
	if cursor != "" {
		w.str(" WHERE CURRENT OF ", QuoteIdent(cursor))
		return
	}
	w.clause(" WHERE ", cond)
}

func (n *UpdateStmt) format(w *printer) {
	w.with(n.With)
	w.str("UPDATE ")
	n.Table.format(w)
	listClause(w, " SET ", n.Set)
	listClause(w, " FROM ", n.From)
	w.where(n.Where, n.WhereCurrentOf)
	listClause(w, " RETURNING ", n.Returning)
}

func (n *DeleteStmt) format(w *printer) {
	w.with(n.With)
	w.str("DELETE FROM ")
	n.Table.format(w)
	listClause(w, " USING ", n.Using)
	w.where(n.Where, n.WhereCurrentOf)
	listClause(w, " RETURNING ", n.Returning)
}

func (n *TruncateStmt) format(w *printer) {
	w.str("TRUNCATE TABLE ")
	w.names(n.Tables)
	w.opt(n.RestartIdentity, " RESTART IDENTITY")
	w.opt(n.Cascade, " CASCADE")
}
