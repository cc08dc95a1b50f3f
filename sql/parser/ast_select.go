package parser

// SelectStmt is a query: a body with what applies to its whole result. It is
// a statement, a subquery, and (in parentheses) the operand of a set
// operation.
type SelectStmt struct {
	Loc
	// With is nil without a WITH clause.
	With *With
	Body QueryBody
	// OrderBy is empty without ORDER BY.
	OrderBy []*OrderItem
	// OrderByAll is ORDER BY ALL: every output column from left to right.
	// OrderBy is then empty.
	OrderByAll *OrderAll
	// Limit is nil for none and for LIMIT ALL; FETCH FIRST sets it too.
	Limit Expr
	// WithTies is FETCH FIRST … WITH TIES.
	WithTies bool
	// Offset is nil for none.
	Offset Expr
	// Locking holds the FOR UPDATE and FOR SHARE clauses.
	Locking []*LockingClause
}

// With is a WITH clause.
type With struct {
	Loc
	Recursive bool
	CTEs      []*CTE
}

// CTE is one common table expression.
type CTE struct {
	Loc
	Name string
	// Columns are the column aliases, empty when not given.
	Columns      []Ident
	Materialized Materialized
	// Stmt is a *SelectStmt, *InsertStmt, *UpdateStmt or *DeleteStmt.
	Stmt Stmt
}

// Materialized says what a CTE demands about being computed once.
type Materialized uint8

// The forms of AS [[NOT] MATERIALIZED].
const (
	MaterializedDefault Materialized = iota
	MaterializedAlways
	MaterializedNever
)

// SetOp is a set operation over two bodies. INTERSECT binds more tightly than
// UNION and EXCEPT; all of them are left-associative.
type SetOp struct {
	Loc
	Op    SetOpKind
	All   bool
	Left  QueryBody
	Right QueryBody
}

// SetOpKind is the kind of a set operation.
type SetOpKind uint8

// The set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// ValuesClause is VALUES (…), (…). An expression may be a *DefaultExpr where
// the clause is the source of an INSERT. All rows have the same length.
type ValuesClause struct {
	Loc
	Rows [][]Expr
}

// SelectCore is one SELECT … FROM … WHERE … without what follows set
// operations. `TABLE t` and FROM-first queries are in this form too: `FROM t`
// is SELECT * FROM t.
type SelectCore struct {
	Loc
	Distinct bool
	// DistinctOn is the list of DISTINCT ON; Distinct is then true.
	DistinctOn []Expr
	// Targets may be empty, as in PostgreSQL: SELECT FROM t.
	Targets []*Target
	// From is a list of items joined by commas.
	From    []TableExpr
	Where   Expr
	GroupBy *GroupBy
	Having  Expr
	// Windows are the definitions of the WINDOW clause.
	Windows []*WindowDef
	// Qualify filters on window functions, after them.
	Qualify Expr
}

// Target is an item of a select list or of RETURNING.
type Target struct {
	Loc
	// Expr may be a *Star.
	Expr Expr
	// Alias is empty when none was given; see OutputName.
	Alias string
}

// OrderItem is one sort key.
type OrderItem struct {
	Loc
	Expr  Expr
	Desc  bool
	Nulls NullsOrder
}

// OrderAll is ORDER BY ALL.
type OrderAll struct {
	Loc
	Desc  bool
	Nulls NullsOrder
}

// NullsOrder says where nulls sort.
type NullsOrder uint8

// The places of nulls. The default is last when ascending, first when
// descending.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// GroupBy is a GROUP BY clause. The grouping is the cross product of its
// elements.
type GroupBy struct {
	Loc
	// All is GROUP BY ALL: every target without an aggregate. Elements is
	// then empty.
	All bool
	// Distinct is GROUP BY DISTINCT: equal grouping sets count once.
	Distinct bool
	Elements []*GroupElement
}

// GroupElement is one element of GROUP BY.
type GroupElement struct {
	Loc
	Kind GroupKind
	// Exprs has one expression for GroupSimple (an integer literal is an
	// ordinal; a *RowExpr stands for its items), any number for GroupRollup
	// and GroupCube, none otherwise.
	Exprs []Expr
	// Sets are the elements of GroupSets; they may nest.
	Sets []*GroupElement
}

// GroupKind is the kind of a GROUP BY element.
type GroupKind uint8

// The kinds of GROUP BY elements.
const (
	GroupSimple GroupKind = iota
	// GroupEmpty is (): one group of all rows.
	GroupEmpty
	GroupRollup
	GroupCube
	// GroupSets is GROUPING SETS (…).
	GroupSets
)

// LockingClause is one FOR UPDATE, FOR SHARE… clause.
type LockingClause struct {
	Loc
	Strength LockStrength
	// Of restricts the clause to these tables; empty is all.
	Of   []ObjectName
	Wait LockWait
}

// LockStrength is the strength of a row lock.
type LockStrength uint8

// Row lock strengths, the weakest first.
const (
	ForKeyShare LockStrength = iota
	ForShare
	ForNoKeyUpdate
	ForUpdate
)

// LockWait says what to do about a row that another transaction holds.
type LockWait uint8

// The ways to meet a held lock.
const (
	LockBlock LockWait = iota
	LockNoWait
	LockSkip
)

func (*SelectStmt) stmtNode()    {}
func (*SelectStmt) queryBody()   {}
func (*SelectCore) queryBody()   {}
func (*SetOp) queryBody()        {}
func (*ValuesClause) queryBody() {}
