package parser

import "strings"

// quotedFunctions are keywords that are not read as ordinary function names.
var quotedFunctions = wordSet(`
exists json_table national nchar row setof time timestamp treat trim values
xmlelement xmlexists xmlforest xmlparse xmlpi xmlroot xmlserialize xmltable`)

// funcName prints the name of a function.
func (w *printer) funcName(n ObjectName) {
	switch keywords[n.Name] {
	case typeFuncName, colName:
		if n.Schema == "" && !quotedFunctions[n.Name] {
			w.str(n.Name)
			return
		}
	}
	w.str(n.String())
}

func (n *FuncCall) format(w *printer) {
	switch n.Form {
	case FormKeyword:
		w.str(upper(n.Name.Name))
		if len(n.Args) > 0 {
			w.str("(")
			list(w, n.Args)
			w.str(")")
		}
	case FormExtract:
		n.formatExtract(w)
	case FormSubstring:
		w.clause("SUBSTRING(", n.Args[0])
		w.clause(" FROM ", n.Args[1])
		if len(n.Args) > 2 {
			w.clause(" FOR ", n.Args[2])
		}
		w.str(")")
	case FormPosition:
		w.str("POSITION(")
		w.expr(n.Args[1], precLike+1)
		w.str(" IN ")
		w.expr(n.Args[0], precLike+1)
		w.str(")")
	case FormTrim:
		n.formatTrim(w)
	case FormOverlay:
		w.clause("OVERLAY(", n.Args[0])
		w.clause(" PLACING ", n.Args[1])
		w.clause(" FROM ", n.Args[2])
		if len(n.Args) > 3 {
			w.clause(" FOR ", n.Args[3])
		}
		w.str(")")
	case FormAtTimeZone:
		n.formatAtTimeZone(w)
	default:
		n.formatCall(w)
	}
}

func (n *FuncCall) formatExtract(w *printer) {
	w.str("EXTRACT(")
	field, ok := n.Args[0].(*StringLit)
	if ok && isPlainIdent(field.Value) {
		w.str(field.Value)
	} else {
		n.Args[0].format(w)
	}
	w.clause(" FROM ", n.Args[1])
	w.str(")")
}

func (n *FuncCall) formatTrim(w *printer) {
	side := "BOTH"
	switch n.Name.Name {
	case "ltrim":
		side = "LEADING"
	case "rtrim":
		side = "TRAILING"
	}
	w.str("TRIM(", side)
	if len(n.Args) > 1 {
		w.clause(" ", n.Args[1])
	}
	w.clause(" FROM ", n.Args[0])
	w.str(")")
}

func (n *FuncCall) formatAtTimeZone(w *printer) {
	if len(n.Args) == 1 {
		w.expr(n.Args[0], precAt)
		w.str(" AT LOCAL")
		return
	}
	w.expr(n.Args[1], precAt)
	w.str(" AT TIME ZONE ")
	w.expr(n.Args[0], precAt+1)
}

// formatCall prints an ordinary call with its clauses.
func (n *FuncCall) formatCall(w *printer) {
	w.funcName(n.Name)
	w.str("(")
	w.opt(n.Star, "*")
	w.opt(n.Distinct, "DISTINCT ")
	for i, arg := range n.Args {
		w.opt(i > 0, ", ")
		w.opt(n.Variadic && i == len(n.Args)-1, "VARIADIC ")
		if i == 0 && n.Name.Name == "position" {
			w.expr(arg, precLike+1) // not POSITION(a IN b)
			continue
		}
		arg.format(w)
	}
	listClause(w, " ORDER BY ", n.OrderBy)
	w.str(")")
	if len(n.WithinGroup) > 0 {
		listClause(w, " WITHIN GROUP (ORDER BY ", n.WithinGroup)
		w.str(")")
	}
	if n.Filter != nil {
		w.clause(" FILTER (WHERE ", n.Filter)
		w.str(")")
	}
	switch n.Nulls {
	case IgnoreNulls:
		w.str(" IGNORE NULLS")
	case RespectNulls:
		w.str(" RESPECT NULLS")
	}
	if n.Over != nil {
		w.str(" OVER ")
		n.Over.format(w)
	}
}

func (n *NamedArg) format(w *printer) {
	w.str(QuoteIdent(n.Name), " => ")
	n.Value.format(w)
}

func (n *TableArg) format(w *printer) { w.str("TABLE ", n.Table.String()) }

func (n *WindowDef) format(w *printer) {
	w.str(QuoteIdent(n.Name), " AS ")
	n.Spec.format(w)
}

func (n *WindowSpec) format(w *printer) {
	if n.RefOnly {
		w.ident(n.Ref)
		return
	}
	var parts []string
	add := func(print func(w *printer)) {
		var part printer
		print(&part)
		parts = append(parts, part.String())
	}
	if n.Ref != "" {
		parts = append(parts, QuoteIdent(n.Ref))
	}
	if len(n.PartitionBy) > 0 {
		add(func(w *printer) { listClause(w, "PARTITION BY ", n.PartitionBy) })
	}
	if len(n.OrderBy) > 0 {
		add(func(w *printer) { listClause(w, "ORDER BY ", n.OrderBy) })
	}
	if n.Frame != nil {
		add(n.Frame.format)
	}
	w.str("(", strings.Join(parts, " "), ")")
}

var (
	frameModes      = [...]string{FrameRange: "RANGE", FrameRows: "ROWS", FrameGroups: "GROUPS"}
	frameBounds     = [...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}
	frameExclusions = [...]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}
)

func (n *Frame) format(w *printer) {
	w.str(frameModes[n.Mode], " BETWEEN ")
	n.Start.format(w)
	w.str(" AND ")
	n.End.format(w)
	w.str(frameExclusions[n.Exclude])
}

func (b FrameBound) format(w *printer) {
	if b.Offset != nil {
		w.expr(b.Offset, precIs)
		w.str(" ")
	}
	w.str(frameBounds[b.Kind])
}
