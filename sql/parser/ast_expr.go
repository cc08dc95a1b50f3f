package parser

// ColumnRef is a name that stands for a column: a, t.a, s.t.a or c.s.t.a. A
// single name may also turn out to be a whole row (t), and in t.a the t may be
// a composite column; the binder decides.
type ColumnRef struct {
	Loc
	// Parts has one to four names, the column last.
	Parts []string
}

// Column returns the last part.
func (c *ColumnRef) Column() string { return c.Parts[len(c.Parts)-1] }

// Table returns the qualification that is next to the column, or "".
func (c *ColumnRef) Table() string {
	if len(c.Parts) < 2 {
		return ""
	}
	return c.Parts[len(c.Parts)-2]
}

// Schema returns the schema of the qualification, or "".
func (c *ColumnRef) Schema() string {
	if len(c.Parts) < 3 {
		return ""
	}
	return c.Parts[len(c.Parts)-3]
}

// Star is * or t.* in a select list, in RETURNING, in ROW(…) and as t.* in
// function arguments; and (x).*, all fields of a composite value.
type Star struct {
	Loc
	// Qualifier is empty, or the parts before the point.
	Qualifier []string
	// Of is the composite value of (x).*, else nil.
	Of Expr
	// Exclude are the columns of * EXCLUDE (a, t.b).
	Exclude []*ColumnRef
	// Replace are the columns of * REPLACE (expr AS a); every one has an
	// alias.
	Replace []*Target
	// Rename are the columns of * RENAME (a AS b); Expr is a *ColumnRef.
	Rename []*Target
}

// UnaryExpr is a prefix operator: "-", "+", "~", "@", "|/"… or NOT, spelt
// "not".
type UnaryExpr struct {
	Loc
	Op      string
	Operand Expr
}

// BinaryExpr is an infix operator other than AND and OR: arithmetic,
// comparison and any operator that PostgreSQL's lexer forms. != is stored as
// "<>". A chain is left-deep; its height is bounded, so that a reader may
// recurse.
type BinaryExpr struct {
	Loc
	// OpPos is the byte offset of the operator, where PostgreSQL reports an
	// operator that does not exist.
	OpPos int
	// OpSchema is the schema in OPERATOR(pg_catalog.~), else empty.
	OpSchema string
	Op       string
	Left     Expr
	Right    Expr
}

// BoolOp is the operator of a BoolExpr.
type BoolOp uint8

// The operators of BoolExpr.
const (
	And BoolOp = iota
	Or
)

// BoolExpr is a chain of AND or of OR with at least two arguments, flat from
// the left: a AND b AND c is one node.
type BoolExpr struct {
	Loc
	Op   BoolOp
	Args []Expr
}

// CastExpr is CAST(x AS t) or x::t.
type CastExpr struct {
	Loc
	Operand Expr
	Type    *TypeName
}

// CollateExpr is x COLLATE c.
type CollateExpr struct {
	Loc
	Operand   Expr
	Collation ObjectName
}

// CaseExpr is CASE [operand] WHEN … THEN … [ELSE …] END.
type CaseExpr struct {
	Loc
	// Operand is nil in the searched form.
	Operand Expr
	Whens   []*When
	// Else is nil when not written, which means NULL.
	Else Expr
}

// When is one branch of a CASE.
type When struct {
	Loc
	// Cond is a condition, or in the simple form the value to compare with.
	Cond   Expr
	Result Expr
}

// RowExpr is a row constructor: (a, b), ROW(a, b), ROW().
type RowExpr struct {
	Loc
	// Explicit is true when ROW was written; (a) without it is no row.
	Explicit bool
	Items    []Expr
}

// ArrayExpr is ARRAY[…], the same without the word, or ARRAY(query).
type ArrayExpr struct {
	Loc
	// Items are the elements; an inner [ … ] is an *ArrayExpr.
	Items []Expr
	// Query is set for ARRAY(query); Items is then nil.
	Query *SelectStmt
}

// IndexExpr is a[i] or, as a slice, a[lo:hi].
type IndexExpr struct {
	Loc
	Operand Expr
	// Index is the subscript, or the lower bound of a slice (nil if left out).
	Index Expr
	Slice bool
	// Upper is the upper bound of a slice (nil if left out).
	Upper Expr
}

// FieldExpr is (x).field: a field of a composite value.
type FieldExpr struct {
	Loc
	Operand Expr
	Field   string
}

// DefaultExpr is DEFAULT in the place of a value in INSERT and UPDATE.
type DefaultExpr struct{ Loc }

func (*ColumnRef) exprNode()   {}
func (*Star) exprNode()        {}
func (*UnaryExpr) exprNode()   {}
func (*BinaryExpr) exprNode()  {}
func (*BoolExpr) exprNode()    {}
func (*CastExpr) exprNode()    {}
func (*CollateExpr) exprNode() {}
func (*CaseExpr) exprNode()    {}
func (*RowExpr) exprNode()     {}
func (*ArrayExpr) exprNode()   {}
func (*IndexExpr) exprNode()   {}
func (*FieldExpr) exprNode()   {}
func (*DefaultExpr) exprNode() {}
