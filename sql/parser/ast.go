package parser

import "unicode/utf8"

// Node is a part of the syntax tree. Nodes are pointers to the structs of this
// package (value types where a field says so), built by the parser and not
// changed afterwards: a tree may be shared by concurrent readers.
type Node interface {
	// Pos is the byte offset of the node's first token in the text that was
	// given to Parse; Position turns it into the character position that an
	// error message carries.
	Pos() int
	// children calls visit for every node directly below, in the order of the
	// text where the tree still knows it.
	children(visit func(Node))
	// format prints the node as SQL.
	format(w *printer)
}

// Stmt is a complete statement.
type Stmt interface {
	Node
	stmtNode()
}

// Expr is a scalar expression, or one of the forms that stand in its place:
// NamedArg and TableArg in arguments, DefaultExpr in VALUES and assignments, a
// bare Star in select lists. A qualified Star (t.*) the parser accepts in any
// expression, DefaultExpr in any VALUES, as PostgreSQL does; the binder says
// where they have a meaning.
type Expr interface {
	Node
	exprNode()
}

// QueryBody is what ORDER BY, LIMIT and WITH apply to: a *SelectCore, a
// *SetOp, a *ValuesClause, or a *SelectStmt in parentheses that has clauses of
// its own.
type QueryBody interface {
	Node
	queryBody()
}

// TableExpr is an item of a FROM clause: a *TableRef, *FileRef, *SubqueryRef,
// *FunctionRef or *JoinExpr.
type TableExpr interface {
	Node
	tableExpr()
}

// Loc is the source position that every node embeds: a byte offset into the
// text given to Parse, 0 for a node made by a program.
type Loc int

// Pos returns the byte offset.
func (l Loc) Pos() int { return int(l) }

// Statement is one statement of a script with the place where it stands.
type Statement struct {
	// Stmt is the syntax tree. Offsets in it count from the start of the
	// whole script, as PostgreSQL's error positions do.
	Stmt Stmt
	// SQL is the statement's own text, without the semicolon and without
	// blanks and comments around it.
	SQL string
	// Start and End are the byte range of SQL in the script.
	Start, End int
	// ParamCount is the highest parameter number in the statement; those of
	// the statement inside PREPARE are not counted here.
	ParamCount int
}

// Ident is a name with its position: folded to lower case unless it was
// quoted, as every name in the tree is.
type Ident struct {
	Loc
	Name string
}

// ObjectName names a table, view, index, function, model or other object.
// Parts that were not written are empty.
type ObjectName struct {
	Loc
	Catalog string
	Schema  string
	Name    string
}

// String returns the name as it would be written, quoted where it has to be.
func (n ObjectName) String() string {
	s := QuoteIdent(n.Name)
	if n.Schema != "" {
		s = QuoteIdent(n.Schema) + "." + s
	}
	if n.Catalog != "" {
		s = QuoteIdent(n.Catalog) + "." + s
	}
	return s
}

// Position turns a byte offset in sql into the 1-based position in characters
// that PostgreSQL reports. An offset outside the text is moved to its edge.
func Position(sql string, offset int) int {
	offset = max(0, min(offset, len(sql)))
	return utf8.RuneCountInString(sql[:offset]) + 1
}
