package exec

import "htapdb/rowstore"

// Transaction is a session's open transaction as its statements see it.
type Transaction struct {
	// Txn is nil when there is none.
	Txn *rowstore.Txn
	// DDL says that the transaction has changed the catalog.
	DDL bool
	// Isolation is the level in SQL's words, such as "read committed".
	Isolation string
	ReadOnly  bool

	// onCommit run when the transaction has been committed, undo when what they
	// belong to is rolled back.
	onCommit []func()
	undo     []undo
	// depth is the number of savepoints that are open.
	depth int
}

// undo takes back something that a transaction has done outside its write set.
type undo struct {
	depth int // the number of savepoints that were open
	run   func()
}

// OnCommit has run called when the transaction has been committed.
func (t *Transaction) OnCommit(run func()) { t.onCommit = append(t.onCommit, run) }

// Pending is the number of calls that wait for the commit.
func (t *Transaction) Pending() int { return len(t.onCommit) }

// OnRollback has run called if what the transaction does now is rolled back.
func (t *Transaction) OnRollback(run func()) { t.undo = append(t.undo, undo{t.depth, run}) }

// SetDepth tells that so many savepoints are open now. What was done under more
// than that belongs to the outer ones: its savepoints were released.
func (t *Transaction) SetDepth(depth int) {
	t.depth = depth
	for k := range t.undo {
		t.undo[k].depth = min(t.undo[k].depth, depth)
	}
}

// Undo takes back the things done since there were depth savepoints, in the order
// in which they were done.
func (t *Transaction) Undo(depth int) {
	kept := t.undo[:0]
	for _, u := range t.undo {
		if u.depth >= depth {
			u.run()
		} else {
			kept = append(kept, u)
		}
	}
	t.undo = kept
}

// Committed runs what waits for the commit.
func (t *Transaction) Committed() {
	for _, run := range t.onCommit {
		run()
	}
}
