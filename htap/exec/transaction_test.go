package exec

import (
	"slices"
	"testing"
)

// What is done under a savepoint is taken back with it, unless the savepoint was
// released: then it belongs to what is around it.
func TestUndo(t *testing.T) {
	var tx Transaction
	var undone []string
	do := func(name string) { tx.OnRollback(func() { undone = append(undone, name) }) }
	do("outside")
	tx.SetDepth(1)
	do("in a")
	tx.SetDepth(2)
	do("in b")
	tx.SetDepth(1) // RELEASE b
	tx.SetDepth(2) // SAVEPOINT c
	do("in c")
	tx.Undo(2) // ROLLBACK TO c
	if !slices.Equal(undone, []string{"in c"}) {
		t.Errorf("ROLLBACK TO c took back %q", undone)
	}
	undone = nil
	tx.Undo(1) // ROLLBACK TO a
	if !slices.Equal(undone, []string{"in a", "in b"}) {
		t.Errorf("ROLLBACK TO a took back %q", undone)
	}
	undone = nil
	tx.Undo(0)
	if !slices.Equal(undone, []string{"outside"}) {
		t.Errorf("ROLLBACK took back %q", undone)
	}
	tx.Undo(0)
	if len(undone) > 1 {
		t.Errorf("a second time took back %q", undone)
	}
}

func TestCommitted(t *testing.T) {
	var tx Transaction
	var ran []int
	for i := range 3 {
		tx.OnCommit(func() { ran = append(ran, i) })
	}
	if tx.Pending() != 3 {
		t.Errorf("%d wait for the commit", tx.Pending())
	}
	if tx.Committed(); !slices.Equal(ran, []int{0, 1, 2}) {
		t.Errorf("the commit ran %v", ran)
	}
}
