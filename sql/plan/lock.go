package plan

import "htapdb/vector/fn"

// LockStrength is the strength of a row lock, the weakest first.
type LockStrength uint8

// The row lock strengths.
const (
	ForKeyShare LockStrength = iota
	ForShare
	ForNoKeyUpdate
	ForUpdate
)

// LockWait says how to meet a lock that another transaction holds.
type LockWait uint8

// The ways to meet a held lock.
const (
	LockBlock LockWait = iota
	LockNoWait
	LockSkip
)

// Lock is SELECT … FOR UPDATE and its weaker forms: it locks the rows of the
// Targets for each input row. It stands above filters and sorts, below LIMIT.
//
// After a wait under READ COMMITTED the executor reads the newest version,
// drops the row unless Recheck holds for it (target columns replaced by the
// newest, the others as they came), and passes the newest values on.
type Lock struct {
	Input    Node
	Targets  []LockTarget
	Strength LockStrength
	Wait     LockWait
	// Recheck are the conjuncts of WHERE over target columns and others. Complete is
	// false when some condition could not be put this way (it was in a
	// subquery or a join with one); a changed row then restarts the statement.
	Recheck  []fn.Expr
	Complete bool
}

// LockTarget is one table whose rows are locked.
type LockTarget struct {
	Table *Table
	Alias string
	// Key is the locator column; NULL where an outer join found no row.
	Key ColID
	// Cols are the table's columns that the input yields.
	Cols []ScanColumn
}

// Columns implements Node.
func (l *Lock) Columns() []Column { return l.Input.Columns() }

// Children implements Node.
func (l *Lock) Children() []Node { return []Node{l.Input} }

// WithChildren implements Node.
func (l *Lock) WithChildren(children []Node) Node {
	c := *l
	c.Input = children[0]
	return &c
}

// Exprs implements Node: Recheck.
func (l *Lock) Exprs() []fn.Expr { return l.Recheck }

// WithExprs implements Node.
func (l *Lock) WithExprs(exprs []fn.Expr) Node {
	c := *l
	c.Recheck = exprs
	return &c
}
