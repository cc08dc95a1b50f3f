package parser

var isTestNames = [...]string{IsNull: "NULL", IsTrue: "TRUE", IsFalse: "FALSE", IsUnknown: "UNKNOWN"}

func (n *IsExpr) format(w *printer) {
	w.expr(n.Operand, precIs)
	w.str(" IS ")
	w.opt(n.Not, "NOT ")
	w.str(isTestNames[n.Test])
}

func (n *IsDistinctExpr) format(w *printer) {
	w.expr(n.Left, precIs)
	w.str(" IS ")
	w.opt(n.Not, "NOT ")
	w.str("DISTINCT FROM ")
	w.expr(n.Right, precIs+1)
}

func (n *BetweenExpr) format(w *printer) {
	w.expr(n.Operand, precLike+1)
	w.opt(n.Not, " NOT")
	w.str(" BETWEEN ")
	w.opt(n.Symmetric, "SYMMETRIC ")
	w.expr(n.Low, precLike+1)
	w.str(" AND ")
	w.expr(n.High, precLike+1)
}

func (n *InExpr) format(w *printer) {
	w.expr(n.Operand, precLike+1)
	w.opt(n.Not, " NOT")
	w.str(" IN ")
	if n.Query != nil {
		w.query(n.Query)
		return
	}
	w.str("(")
	list(w, n.List)
	w.str(")")
}

var likeNames = [...]string{Like: "LIKE ", ILike: "ILIKE ", SimilarTo: "SIMILAR TO "}

func (n *LikeExpr) format(w *printer) {
	w.expr(n.Operand, precLike+1)
	w.opt(n.Not, " NOT")
	w.str(" ", likeNames[n.Kind])
	w.expr(n.Pattern, precLike+1)
	if n.Escape != nil {
		w.str(" ESCAPE ")
		w.expr(n.Escape, precLike+1)
	}
}

func (n *QuantifiedExpr) format(w *printer) {
	w.expr(n.Left, strength(n)+1)
	w.operator(n.OpSchema, n.Op)
	if n.All {
		w.str("ALL ")
	} else {
		w.str("ANY ")
	}
	if n.Query != nil {
		w.query(n.Query)
		return
	}
	w.query(n.Array)
}

func (n *ExistsExpr) format(w *printer) {
	w.str("EXISTS ")
	w.query(n.Query)
}

func (n *SubqueryExpr) format(w *printer) { w.query(n.Query) }
