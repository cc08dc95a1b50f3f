package fn

import (
	"strconv"
	"strings"

	"htapdb/sql/types"
)

// Type is the column's type.
func (e *Column) Type() types.Type { return e.Typ }

// Type is the constant's type.
func (e *Literal) Type() types.Type { return e.Typ }

// Type is the parameter's type.
func (e *Param) Type() types.Type { return e.Typ }

// Type is the result type of the call.
func (e *Call) Type() types.Type { return e.Typ }

// Type is BOOLEAN.
func (e *And) Type() types.Type { return types.TBool }

// Type is BOOLEAN.
func (e *Or) Type() types.Type { return types.TBool }

// Type is the common type of the branches.
func (e *Case) Type() types.Type { return e.Typ }

// Type is the common type of the operands.
func (e *Coalesce) Type() types.Type { return e.Typ }

// Type is BOOLEAN.
func (e *In) Type() types.Type { return types.TBool }

// Children is empty.
func (e *Column) Children() []Expr { return nil }

// Children is empty.
func (e *Literal) Children() []Expr { return nil }

// Children is empty.
func (e *Param) Children() []Expr { return nil }

// Children are the arguments.
func (e *Call) Children() []Expr { return e.Args }

// Children are the conjuncts.
func (e *And) Children() []Expr { return e.Args }

// Children are the disjuncts.
func (e *Or) Children() []Expr { return e.Args }

// Children are each branch's condition and result in turn, then Else if there is one.
func (e *Case) Children() []Expr {
	out := make([]Expr, 0, 2*len(e.Whens)+1)
	for _, w := range e.Whens {
		out = append(out, w.Cond, w.Then)
	}
	if e.Else != nil {
		out = append(out, e.Else)
	}
	return out
}

// Children are the operands.
func (e *Coalesce) Children() []Expr { return e.Args }

// Children is the tested operand; the list is constant.
func (e *In) Children() []Expr { return []Expr{e.Arg} }

// WithChildren returns e.
func (e *Column) WithChildren([]Expr) Expr { return e }

// WithChildren returns e.
func (e *Literal) WithChildren([]Expr) Expr { return e }

// WithChildren returns e.
func (e *Param) WithChildren([]Expr) Expr { return e }

// WithChildren returns the same call of other arguments.
func (e *Call) WithChildren(c []Expr) Expr { return &Call{Func: e.Func, Args: c, Typ: e.Typ} }

// WithChildren returns the conjunction of c.
func (e *And) WithChildren(c []Expr) Expr { return &And{Args: c} }

// WithChildren returns the disjunction of c.
func (e *Or) WithChildren(c []Expr) Expr { return &Or{Args: c} }

// WithChildren returns a CASE over c, laid out as Children does.
func (e *Case) WithChildren(c []Expr) Expr {
	n := &Case{Whens: make([]When, len(e.Whens)), Typ: e.Typ}
	for i := range n.Whens {
		n.Whens[i] = When{Cond: c[2*i], Then: c[2*i+1]}
	}
	if e.Else != nil {
		n.Else = c[len(c)-1]
	}
	return n
}

// WithChildren returns COALESCE over c.
func (e *Coalesce) WithChildren(c []Expr) Expr { return &Coalesce{Args: c, Typ: e.Typ} }

// WithChildren returns the same list test of c[0].
func (e *In) WithChildren(c []Expr) Expr {
	return &In{Arg: c[0], List: e.List, HasNull: e.HasNull, Negated: e.Negated}
}

// String is the column's name, or #index.
func (e *Column) String() string {
	if e.Name != "" {
		return e.Name
	}
	return "#" + strconv.Itoa(e.Index)
}

// String is the constant as a SQL literal.
func (e *Literal) String() string { return literalText(e.Value, e.Typ) }

// literalText writes d as SQL: numbers and booleans bare, text quoted, the rest quoted with a cast.
func literalText(d types.Datum, t types.Type) string {
	if d.IsNull() {
		return "NULL"
	}
	if t.Kind == types.Bool {
		return strconv.FormatBool(d.Bool())
	}
	text := types.Format(d, t, nil)
	if t.IsNumber() && text[0] >= '-' && text[0] <= '9' {
		return text
	}
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if t.IsString() || t.Kind == types.Unknown {
		return quoted
	}
	return quoted + "::" + t.String()
}

// String is $n, counted from 1 as in SQL.
func (e *Param) String() string { return "$" + strconv.Itoa(e.Index+1) }

// operatorText maps word operators to the way they are written.
var operatorText = map[Op]string{
	OpLike: "LIKE", OpNotLike: "NOT LIKE", OpILike: "ILIKE", OpNotILike: "NOT ILIKE",
	OpDistinct: "IS DISTINCT FROM", OpNotDistinct: "IS NOT DISTINCT FROM",
}

// String writes operators infix and in parentheses, casts as CAST(x AS t), and
// everything else as name(args).
func (e *Call) String() string {
	name, op := e.Func.Name, e.Func.Op
	switch {
	case op == OpCast:
		return "CAST(" + e.Args[0].String() + " AS " + e.Typ.String() + ")"
	case op == OpNot:
		return "(NOT " + e.Args[0].String() + ")"
	case op.Class() == ClassTest && len(e.Args) == 1:
		return "(" + e.Args[0].String() + " " + strings.ToUpper(name) + ")"
	case !isOperatorName(name) || len(e.Args) > 2:
		return name + "(" + joinExprs(e.Args, ", ") + ")"
	case len(e.Args) == 1:
		return "(" + name + " " + e.Args[0].String() + ")"
	}
	if text, ok := operatorText[op]; ok {
		name = text
	}
	return "(" + e.Args[0].String() + " " + name + " " + e.Args[1].String() + ")"
}

// isOperatorName tells operators ("+", "~~", "is distinct from") from functions.
func isOperatorName(name string) bool {
	c := name[0]
	return (c < 'a' || c > 'z') && c != '_' || strings.HasPrefix(name, "is ")
}

func joinExprs(es []Expr, sep string) string {
	var b strings.Builder
	for i, e := range es {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(e.String())
	}
	return b.String()
}

// String is (a AND b …).
func (e *And) String() string { return "(" + joinExprs(e.Args, " AND ") + ")" }

// String is (a OR b …).
func (e *Or) String() string { return "(" + joinExprs(e.Args, " OR ") + ")" }

// String is CASE WHEN … END.
func (e *Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range e.Whens {
		b.WriteString(" WHEN " + w.Cond.String() + " THEN " + w.Then.String())
	}
	if e.Else != nil {
		b.WriteString(" ELSE " + e.Else.String())
	}
	b.WriteString(" END")
	return b.String()
}

// String is COALESCE(…).
func (e *Coalesce) String() string { return "COALESCE(" + joinExprs(e.Args, ", ") + ")" }

// maxShownList is how many constants of an IN list String writes.
const maxShownList = 20

// String is (x IN (…)), long lists shortened.
func (e *In) String() string {
	var b strings.Builder
	b.WriteString("(" + e.Arg.String())
	if e.Negated {
		b.WriteString(" NOT")
	}
	b.WriteString(" IN (")
	for i, d := range e.List {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == maxShownList {
			b.WriteString("… " + strconv.Itoa(len(e.List)-i) + " more")
			break
		}
		b.WriteString(literalText(d, e.Arg.Type()))
	}
	if e.HasNull {
		if len(e.List) > 0 {
			b.WriteString(", ")
		}
		b.WriteString("NULL")
	}
	b.WriteString("))")
	return b.String()
}
