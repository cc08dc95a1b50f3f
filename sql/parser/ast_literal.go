package parser

// NullLit is NULL.
type NullLit struct{ Loc }

// BoolLit is TRUE or FALSE.
type BoolLit struct {
	Loc
	Value bool
}

// NumberLit is a number without sign.
type NumberLit struct {
	Loc
	// Text is the number without underscores: digits, or the forms 0x1f, 0o17
	// and 0b11, for an integer; with a point or an exponent otherwise.
	Text string
	// Integer is false for a number with a point or an exponent, which is
	// numeric in PostgreSQL. An integer may exceed 64 bits; it is numeric then.
	Integer bool
}

// StringLit is a string constant in any of its spellings ('…', E'…', $tag$…),
// decoded. Its type is unknown until the context decides.
type StringLit struct {
	Loc
	Value string
}

// BitStringLit is B'1010' or X'1F'.
type BitStringLit struct {
	Loc
	// Hex is true for X'…'.
	Hex bool
	// Digits are as written, validated for the base, in lower case.
	Digits string
}

// TypedLit is a type name before a string constant: date '1998-12-01',
// interval '90' day (Type.Fields is "day" then), timestamp '…'. It means a
// cast of the constant.
type TypedLit struct {
	Loc
	Type  *TypeName
	Value string
}

// Param is a parameter, $1 or ?; a ? has the number of its place from left to
// right in its statement.
type Param struct {
	Loc
	// Number counts from 1.
	Number int
}

func (*NullLit) exprNode()      {}
func (*BoolLit) exprNode()      {}
func (*NumberLit) exprNode()    {}
func (*StringLit) exprNode()    {}
func (*BitStringLit) exprNode() {}
func (*TypedLit) exprNode()     {}
func (*Param) exprNode()        {}
