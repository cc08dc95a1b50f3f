package parser

// IsTest is what an IsExpr tests for.
type IsTest uint8

// The tests of IsExpr.
const (
	IsNull IsTest = iota
	IsTrue
	IsFalse
	IsUnknown
)

// IsExpr is x IS [NOT] NULL, TRUE, FALSE or UNKNOWN; ISNULL and NOTNULL too.
type IsExpr struct {
	Loc
	Operand Expr
	Test    IsTest
	Not     bool
}

// IsDistinctExpr is a IS [NOT] DISTINCT FROM b.
type IsDistinctExpr struct {
	Loc
	Left  Expr
	Right Expr
	Not   bool
}

// BetweenExpr is x [NOT] BETWEEN [SYMMETRIC] lo AND hi.
type BetweenExpr struct {
	Loc
	Operand   Expr
	Low       Expr
	High      Expr
	Not       bool
	Symmetric bool
}

// InExpr is x [NOT] IN (list) or x [NOT] IN (query).
type InExpr struct {
	Loc
	Operand Expr
	Not     bool
	// List has at least one expression, or is nil when Query is set.
	List  []Expr
	Query *SelectStmt
}

// LikeKind is the pattern language of a LikeExpr.
type LikeKind uint8

// The pattern predicates.
const (
	Like LikeKind = iota
	ILike
	SimilarTo
)

// LikeExpr is x [NOT] LIKE, ILIKE or SIMILAR TO pattern [ESCAPE e].
type LikeExpr struct {
	Loc
	Kind    LikeKind
	Not     bool
	Operand Expr
	Pattern Expr
	// Escape is nil for the default, a backslash.
	Escape Expr
}

// QuantifiedExpr is x op ANY (…) or x op ALL (…); SOME is ANY. LIKE and ILIKE
// with a quantifier are here with the operators ~~, !~~, ~~* and !~~*.
type QuantifiedExpr struct {
	Loc
	// OpPos is the byte offset of the operator.
	OpPos int
	// OpSchema is the schema in OPERATOR(pg_catalog.=), else empty.
	OpSchema string
	Op       string
	// All is true for ALL, false for ANY.
	All  bool
	Left Expr
	// Query is set for a subquery, else Array is.
	Query *SelectStmt
	Array Expr
}

// ExistsExpr is EXISTS (query); NOT EXISTS is a UnaryExpr around it.
type ExistsExpr struct {
	Loc
	Query *SelectStmt
}

// SubqueryExpr is a query in parentheses as a value: one column, at most one
// row; or several columns where a row is compared or assigned.
type SubqueryExpr struct {
	Loc
	Query *SelectStmt
}

func (*IsExpr) exprNode()         {}
func (*IsDistinctExpr) exprNode() {}
func (*BetweenExpr) exprNode()    {}
func (*InExpr) exprNode()         {}
func (*LikeExpr) exprNode()       {}
func (*QuantifiedExpr) exprNode() {}
func (*ExistsExpr) exprNode()     {}
func (*SubqueryExpr) exprNode()   {}
