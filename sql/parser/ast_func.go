package parser

// FuncForm is the spelling of a FuncCall. It matters to Format only: whatever
// the form, Name and Args say what is called.
type FuncForm uint8

// The forms of a call, with the arguments that each produces.
const (
	// FormCall is name(args…).
	FormCall FuncForm = iota
	// FormKeyword is a call without parentheses, CURRENT_DATE,
	// CURRENT_TIMESTAMP, LOCALTIME, CURRENT_USER, SESSION_USER, USER,
	// CURRENT_ROLE, CURRENT_CATALOG, CURRENT_SCHEMA…; the name is that word in
	// lower case. The time functions may have a precision as their argument.
	FormKeyword
	// FormExtract is EXTRACT(field FROM x): extract('field', x).
	FormExtract
	// FormSubstring is SUBSTRING(x FROM a FOR b): substring(x, a, b). Without
	// FROM the start is 1.
	FormSubstring
	// FormPosition is POSITION(a IN b): position(b, a), as strpos takes them.
	FormPosition
	// FormTrim is TRIM([BOTH|LEADING|TRAILING] [chars] FROM x): btrim, ltrim
	// or rtrim of (x) or (x, chars).
	FormTrim
	// FormOverlay is OVERLAY(x PLACING y FROM a FOR b): overlay(x, y, a, b).
	FormOverlay
	// FormAtTimeZone is x AT TIME ZONE z: timezone(z, x). x AT LOCAL is
	// timezone(x).
	FormAtTimeZone
)

// FuncCall is a call of a function, aggregate or window function. COALESCE,
// NULLIF, GREATEST, LEAST and GROUPING are ordinary calls.
type FuncCall struct {
	Loc
	Form FuncForm
	Name ObjectName
	// Args may end with *NamedArg nodes, may hold a *TableArg, and t.* as a
	// *Star.
	Args []Expr
	// Star is f(*); Args is then empty.
	Star bool
	// Distinct is f(DISTINCT …).
	Distinct bool
	// Variadic is true when the last argument was marked VARIADIC.
	Variadic bool
	// OrderBy is the ORDER BY inside the parentheses.
	OrderBy []*OrderItem
	// WithinGroup is WITHIN GROUP (ORDER BY …).
	WithinGroup []*OrderItem
	// Filter is FILTER (WHERE …), nil without.
	Filter Expr
	// Nulls is IGNORE NULLS or RESPECT NULLS.
	Nulls NullTreatment
	// Over is the window, nil for a call that is no window function.
	Over *WindowSpec
}

// NullTreatment is the clause of a window function about null arguments.
type NullTreatment uint8

// The null treatments.
const (
	NullsNotSaid NullTreatment = iota
	RespectNulls
	IgnoreNulls
)

// NamedArg is an argument by name: a => 1, or the older a := 1.
type NamedArg struct {
	Loc
	Name  string
	Value Expr
}

// TableArg is TABLE t as an argument of a table function.
type TableArg struct {
	Loc
	Table ObjectName
}

func (*FuncCall) exprNode() {}
func (*NamedArg) exprNode() {}
func (*TableArg) exprNode() {}
