package plan

import "htapdb/vector/fn"

// Target describes the rows that an Update or Delete changes.
//
// After a lock wait under READ COMMITTED the executor reads the newest version of the row
// and evaluates Recheck and the node's other expressions again, with
// the columns of Cols replaced by the newest values and all others as Source gave them.
type Target struct {
	Table *Table
	Alias string
	// Source yields the rows to change: Key, Cols and what else expressions
	// use. One row may occur several times (UPDATE … FROM); the first counts.
	Source Node
	// Key is the locator column of the target table.
	Key ColID
	// Cols are the target's columns in Source that the node's expressions use.
	Cols []ScanColumn
	// Recheck are the conjuncts of WHERE without subqueries; Complete is
	// false when there were others: a row that changed under the lock then
	// restarts the statement on a new snapshot.
	Recheck  []fn.Expr
	Complete bool
}

// Update changes rows of a table. It yields the rows of Returned if there is a
// RETURNING, else nothing.
type Update struct {
	Target
	// Set are assignments over Source's columns, of the columns' types.
	Set []Assignment
	// NewCols has one column for each table column: the row after the update.
	NewCols []Column
	// Checks are over NewCols.
	Checks []BoundCheck
	// Returning are over NewCols and Source's other columns.
	Returning []fn.Expr
	Returned  []Column
}

// Columns implements Node: the columns of RETURNING.
func (n *Update) Columns() []Column { return n.Returned }

// Children implements Node.
func (n *Update) Children() []Node { return []Node{n.Source} }

// WithChildren implements Node.
func (n *Update) WithChildren(children []Node) Node {
	c := *n
	c.Source = children[0]
	return &c
}

// Exprs implements Node: Recheck, Set, Checks, Returning.
func (n *Update) Exprs() []fn.Expr {
	return exprList(n.Recheck, assignExprs(n.Set), checkExprs(n.Checks), n.Returning)
}

// WithExprs implements Node.
func (n *Update) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *n
	c.Recheck = r.list(len(n.Recheck))
	c.Set = r.assignments(n.Set)
	c.Checks = r.checks(n.Checks)
	c.Returning = r.list(len(n.Returning))
	return &c
}

// Delete removes rows of a table. It yields the rows of Returned if there is a
// RETURNING, else nothing.
type Delete struct {
	Target
	// Returning are over Source's columns; the target's are the old values.
	Returning []fn.Expr
	Returned  []Column
}

// Columns implements Node: the columns of RETURNING.
func (n *Delete) Columns() []Column { return n.Returned }

// Children implements Node.
func (n *Delete) Children() []Node { return []Node{n.Source} }

// WithChildren implements Node.
func (n *Delete) WithChildren(children []Node) Node {
	c := *n
	c.Source = children[0]
	return &c
}

// Exprs implements Node: Recheck, Returning.
func (n *Delete) Exprs() []fn.Expr { return exprList(n.Recheck, n.Returning) }

// WithExprs implements Node.
func (n *Delete) WithExprs(exprs []fn.Expr) Node {
	r := exprReader{exprs}
	c := *n
	c.Recheck = r.list(len(n.Recheck))
	c.Returning = r.list(len(n.Returning))
	return &c
}
