package rowstore

import (
	"fmt"
	"testing"
)

// TestMovedRow: whoever finds a row gone since its snapshot learns whether it
// lives on under another key, also when the key has been taken again.
func TestMovedRow(t *testing.T) {
	for _, c := range []struct {
		name         string
		change       func(tx *Txn, sch *Schema)
		found, moved bool
	}{
		{"deleted", func(tx *Txn, sch *Schema) {
			must(tx.Delete(bg, sch, mustKey(t, sch, 1)))
		}, false, false},
		{"moved", func(tx *Txn, sch *Schema) {
			must(tx.Update(bg, sch, mustKey(t, sch, 1), ints(5, 10)))
		}, false, true},
		{"moved, key taken", func(tx *Txn, sch *Schema) {
			must(tx.Update(bg, sch, mustKey(t, sch, 1), ints(5, 10)))
			for i := int64(0); i < 3; i++ {
				start(t, tx)
				if i == 0 {
					must(tx.Insert(bg, sch, ints(1, i)))
				} else {
					must(tx.Update(bg, sch, mustKey(t, sch, 1), ints(1, i)))
				}
			}
		}, true, true},
		{"move undone", func(tx *Txn, sch *Schema) {
			sp := tx.Savepoint()
			must(tx.Update(bg, sch, mustKey(t, sch, 1), ints(5, 10)))
			if err := tx.RollbackTo(sp); err != nil {
				t.Fatal(err)
			}
			must(tx.Delete(bg, sch, mustKey(t, sch, 1)))
		}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, sch := openMem(t), pairSchema(t, 100)
			write(t, s, func(tx *Txn) { must(tx.Insert(bg, sch, ints(1, 10))) })
			tx := begin(t, s, TxnOptions{})
			defer tx.Rollback()
			write(t, s, func(tx *Txn) { c.change(tx, sch) })
			l := must(tx.Lock(bg, sch, mustKey(t, sch, 1), LockUpdate, Wait))
			if l.Found != c.found || l.Moved != c.moved {
				t.Errorf("found %v, moved %v", l.Found, l.Moved)
			}
			start(t, tx)
			if l := must(tx.Lock(bg, sch, mustKey(t, sch, 1), LockUpdate, Wait)); l.Moved {
				t.Error("moved since a snapshot that has seen it")
			}
		})
	}
}

// TestMovesBounded: what has been forgotten may have moved.
func TestMovesBounded(t *testing.T) {
	var m moves
	for ts := Timestamp(1); ts <= maxMoves+10; ts++ {
		m.add(ts, []string{fmt.Sprintf("key%d", uint64(ts))})
	}
	if len(m.order) != maxMoves || len(m.last) != maxMoves || m.floor != 10 {
		t.Errorf("%d moves, %d keys, floor %d", len(m.order), len(m.last), m.floor)
	}
	if !m.after(9, "other") || m.after(10, "other") || !m.after(10, "key11") || m.after(11, "key11") {
		t.Error("wrong answer at the floor")
	}
	m.add(maxMoves+20, make([]string, maxMoves+1))
	if len(m.order) != 0 || m.floor != maxMoves+20 {
		t.Errorf("after a large commit: %d moves, floor %d", len(m.order), m.floor)
	}
}
