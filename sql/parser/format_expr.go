package parser

// precPrimary is the strength of what needs no parentheses anywhere.
const precPrimary = precUnary + 1

// strength is how tightly the outermost operator of e binds.
func strength(e Expr) int {
	switch e := e.(type) {
	case *BoolExpr:
		if e.Op == Or {
			return precOr
		}
		return precAnd
	case *UnaryExpr:
		switch e.Op {
		case "not":
			return precNot
		case "+", "-":
			return precUnary
		}
		return precOther
	case *BinaryExpr:
		return strengthOfOp(e.OpSchema, e.Op)
	case *QuantifiedExpr:
		return strengthOfOp(e.OpSchema, e.Op)
	case *IsExpr, *IsDistinctExpr:
		return precIs
	case *BetweenExpr, *InExpr, *LikeExpr:
		return precLike
	case *CollateExpr:
		return precCollate
	case *FuncCall:
		if e.Form == FormAtTimeZone {
			return precAt
		}
	}
	return precPrimary
}

// strengthOfOp is the strength of an operator as it will be printed.
func strengthOfOp(schema, op string) int {
	if schema != "" {
		return precOther
	}
	return opPrec(op)
}

// expr prints e, in parentheses if it binds less tightly than least.
func (w *printer) expr(e Expr, least int) {
	if strength(e) < least {
		w.query(e)
		return
	}
	e.format(w)
}

func (*NullLit) format(w *printer)     { w.str("NULL") }
func (*DefaultExpr) format(w *printer) { w.str("DEFAULT") }

func (n *BoolLit) format(w *printer) {
	if n.Value {
		w.str("TRUE")
		return
	}
	w.str("FALSE")
}

func (n *NumberLit) format(w *printer) { w.str(n.Text) }
func (n *StringLit) format(w *printer) { w.str(QuoteString(n.Value)) }

func (n *BitStringLit) format(w *printer) {
	if n.Hex {
		w.str("X'", n.Digits, "'")
		return
	}
	w.str("B'", n.Digits, "'")
}

func (n *TypedLit) format(w *printer) {
	n.Type.formatBase(w)
	w.str(" ", QuoteString(n.Value))
	n.Type.formatFields(w)
}

func (n *Param) format(w *printer) {
	w.WriteByte('$')
	w.int(int64(n.Number))
}

func (n *ColumnRef) format(w *printer) { w.parts(n.Parts) }

// parts prints a dotted name.
func (w *printer) parts(parts []string) {
	for i, part := range parts {
		w.opt(i > 0, ".")
		w.ident(part)
	}
}

func (n *Star) format(w *printer) {
	switch {
	case n.Of != nil:
		w.query(n.Of)
		w.str(".*")
	case len(n.Qualifier) > 0:
		w.parts(n.Qualifier)
		w.str(".*")
	default:
		w.str("*")
	}
	starList(w, " EXCLUDE (", n.Exclude)
	starList(w, " REPLACE (", n.Replace)
	starList(w, " RENAME (", n.Rename)
}

func starList[T Node](w *printer, before string, nodes []T) {
	listClause(w, before, nodes)
	w.opt(len(nodes) > 0, ")")
}

func (n *UnaryExpr) format(w *printer) {
	switch n.Op {
	case "not":
		w.str("NOT ")
		w.expr(n.Operand, precNot)
	case "+", "-":
		// Two signs without a blank would be another operator, or a comment.
		_, sign := n.Operand.(*UnaryExpr)
		w.str(n.Op)
		w.opt(sign, " ")
		w.expr(n.Operand, precUnary)
	default:
		w.str(n.Op, " ")
		w.expr(n.Operand, precOther+1)
	}
}

func (n *BinaryExpr) format(w *printer) {
	prec := strength(n)
	left := prec
	if prec == precCompare {
		left++ // comparisons do not chain
	}
	w.expr(n.Left, left)
	w.operator(n.OpSchema, n.Op)
	w.expr(n.Right, prec+1)
}

// operator prints an operator between blanks.
func (w *printer) operator(schema, op string) {
	if schema == "" {
		w.str(" ", op, " ")
		return
	}
	w.str(" OPERATOR(", QuoteIdent(schema), ".", op, ") ")
}

func (n *BoolExpr) format(w *printer) {
	word, prec := " AND ", precAnd
	if n.Op == Or {
		word, prec = " OR ", precOr
	}
	for i, arg := range n.Args {
		w.opt(i > 0, word)
		w.expr(arg, prec+1)
	}
}

func (n *CastExpr) format(w *printer) {
	w.expr(n.Operand, precPrimary)
	w.str("::")
	n.Type.format(w)
}

func (n *CollateExpr) format(w *printer) {
	w.expr(n.Operand, precCollate)
	w.str(" COLLATE ", n.Collation.String())
}

func (n *CaseExpr) format(w *printer) {
	w.str("CASE")
	w.clause(" ", n.Operand)
	for _, when := range n.Whens {
		w.str(" ")
		when.format(w)
	}
	w.clause(" ELSE ", n.Else)
	w.str(" END")
}

func (n *When) format(w *printer) {
	w.clause("WHEN ", n.Cond)
	w.clause(" THEN ", n.Result)
}

func (n *RowExpr) format(w *printer) {
	w.opt(n.Explicit, "ROW")
	w.str("(")
	list(w, n.Items)
	w.str(")")
}

func (n *ArrayExpr) format(w *printer) {
	w.str("ARRAY")
	if n.Query != nil {
		w.query(n.Query)
		return
	}
	n.formatItems(w)
}

// formatItems prints [ … ]; an inner array constructor is printed in the same
// way, without the word.
func (n *ArrayExpr) formatItems(w *printer) {
	w.str("[")
	for i, item := range n.Items {
		w.opt(i > 0, ", ")
		if inner, ok := item.(*ArrayExpr); ok && inner.Query == nil {
			inner.formatItems(w)
			continue
		}
		item.format(w)
	}
	w.str("]")
}

func (n *IndexExpr) format(w *printer) {
	// PostgreSQL takes subscripts of these only; and x::int[1] would be a cast
	// to an array type.
	switch n.Operand.(type) {
	case *ColumnRef, *Param, *IndexExpr, *FieldExpr, *SubqueryExpr, *ArrayExpr:
		n.Operand.format(w)
	default:
		w.query(n.Operand)
	}
	w.str("[")
	w.clause("", n.Index)
	w.opt(n.Slice, ":")
	w.clause("", n.Upper)
	w.str("]")
}

func (n *FieldExpr) format(w *printer) {
	w.query(n.Operand)
	w.str(".", QuoteIdent(n.Field))
}
